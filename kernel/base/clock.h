// Clocks: time stamp counter to nanoseconds, and the wall-clock offset. Never steps back; may be
// read in any context. How the rate is found: clock.c and docs/core-rules.md "Time".
#pragma once

#include "lib/compiler.h"

// Nanoseconds since boot (CLOCK_MONOTONIC).
uint64_t clock_mono_ns(void);
// Nanoseconds since 1970 (CLOCK_REALTIME). The first call reads the machine's clock.
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
// Interrupts are off; it must not sleep or read a clock.
void clock_set_listener(void (*changed)(const struct clock_params *));
uint64_t clock_tsc_hz(void);

// Arms this CPU's one-shot timer interrupt at CLOCK_MONOTONIC |deadline_ns| (UINT64_MAX: none). It
// may come early (a 32-bit count at most, a rate not refined yet): the handler looks at the clock
// and arms again.
void clock_arm_timer(uint64_t deadline_ns);

// ---- for kernel/init ----

// Before other CPUs run: what is found out at first use is found out now.
void clock_prepare_cpus(void);

// A counter of known frequency to measure the time stamp counter against.
struct clock_reference {
	const char *name;
	uint64_t hz;
	uint64_t (*read)(void);
	uint64_t mask; // counts wrap to 0 after this
};
// Starts measuring; the local APIC must be on. |extra| (may be NULL) comes before the PIT where no
// hypervisor tells the rate. The rate itself is computed when a clock is first asked for.
void clock_init(const struct clock_reference *extra);
// True if clock_init will need a reference, so that looking for one in ACPI's tables is worth it.
bool clock_wants_reference(void);
// How clock_real_ns finds the time of day: |read_ns| gives CLOCK_REALTIME now (0: unknown).
void clock_set_wall_source(uint64_t (*read_ns)(void));
// Measures again over the time since clock_init (100 ms or more: else it does nothing) and adjusts
// the rate. True if there is nothing more to gain. Any context.
bool clock_refine(void);
