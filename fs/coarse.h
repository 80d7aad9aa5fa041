// The clock of file times. They are as coarse as Linux's (which takes them from its last tick): for
// a span of TSC ticks, well below a millisecond, the last reading is used again. Both words are
// read without a lock: who sees |until_tsc| sees that time or a later one.
#pragma once

#include "fs/inode.h"
#include "kernel/base/cpu.h"
#include "lib/rare.h"

#define COARSE_TICKS (1u << 20)

struct coarse_clock {
	uint64_t until_tsc;
	uint64_t packed; // seconds above 32 bits of nanoseconds
	bool busy;       // somebody reads the real clock, for all; atomic
};
extern struct coarse_clock coarse_clock;

void coarse_clock_refresh(struct coarse_clock *c); // for coarse_now only

static __always_inline_fn struct timespec_k coarse_now(void)
{
	uint64_t left = __atomic_load_n(&coarse_clock.until_tsc, __ATOMIC_ACQUIRE) - cpu_rdtsc();
	uint64_t packed;

	if (unlikely(left > COARSE_TICKS))
		rare_call(coarse_clock_refresh, &coarse_clock);
	packed = READ_ONCE(coarse_clock.packed);
	return (struct timespec_k){ (int64_t)(packed >> 32), (uint32_t)packed };
}
