// The PC's real-time clock (MC146818): the time of day at boot.
#pragma once

#include "lib/compiler.h"

// Seconds since 1970 (UTC) in nanoseconds; 0 if there is no clock or it makes no sense. Polls for
// at most about 2 ms. Any context.
uint64_t rtc_read_ns(void);
