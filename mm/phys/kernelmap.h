// The kernel's final mapping.
#pragma once

#include "lib/compiler.h"

// Takes the boot tables over for good: identity mapping gone, kernel text RX, read-only data R,
// data RW, all but text not executable, also through the direct map. Once at boot, after pmm_init.
// 0.
int __must_check kernel_map_init(void);
