// Clocks: time stamp counter to nanoseconds, and the wall-clock offset. Never steps back; may be
// read in any context. Calibration follows kernel-rules "Time" (see clock.c).
#pragma once

#include "lib/compiler.h"

// Nanoseconds since boot (CLOCK_MONOTONIC).
uint64_t clock_mono_ns(void);
// Nanoseconds since 1970 (CLOCK_REALTIME).
uint64_t clock_real_ns(void);
// Sets CLOCK_REALTIME. Any context.
void clock_set_real_ns(uint64_t ns);

// ns = base_ns + ((tsc - base_tsc) * mult >> shift); what the vDSO's page is filled from.
struct clock_params {
	uint64_t base_tsc, base_ns;
	uint32_t mult, shift;
	uint64_t real_offset_ns; // CLOCK_REALTIME - CLOCK_MONOTONIC
	bool tsc_usable;         // false: the vDSO must make the system call
};
void clock_get_params(struct clock_params *out);
// Called with the new parameters whenever they change (the vDSO page follows them). One listener.
void clock_set_listener(void (*changed)(const struct clock_params *));
uint64_t clock_tsc_hz(void);

// Arms this CPU's one-shot timer interrupt at CLOCK_MONOTONIC |deadline_ns| (UINT64_MAX: none).
void clock_arm_timer(uint64_t deadline_ns);
