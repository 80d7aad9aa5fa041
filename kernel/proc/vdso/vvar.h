// The page that the kernel shares with its vDSO, just below it. Written under |seq|, which is odd
// while it changes, and stays odd if the time stamp counter cannot be used: the vDSO then makes the
// system call. The meaning of the numbers is that of kernel/base/clock.h.
#pragma once

#include <stdint.h>

#define VVAR_SHIFT 63 // a constant: one instruction; time stamp counters from 0.5 GHz on

struct vvar {
	uint32_t seq;
	uint32_t reserved;
	uint64_t base_tsc;
	uint64_t mult;       // ns = base_ns + ((tsc - base_tsc) * mult >> VVAR_SHIFT)
	uint64_t base_ns[2]; // CLOCK_MONOTONIC, CLOCK_REALTIME
};
