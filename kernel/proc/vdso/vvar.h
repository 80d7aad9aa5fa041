// The page that the kernel shares with its vDSO, just below it. Written under |seq| (odd while it
// changes); the meaning of the numbers is that of kernel/base/clock.h.
#pragma once

#include <stdint.h>

struct vvar {
	uint32_t seq;
	uint32_t tsc_usable; // 0: make the system call
	uint64_t base_tsc, base_ns;
	uint32_t mult, shift;
	uint64_t real_offset_ns;
};
