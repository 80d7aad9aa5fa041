// Options that switch on what kernel/init and syscall report: from the image's configuration
// (opt=WORD) and the kernel's command line, which wins.
#pragma once

#include "lib/compiler.h"

// After vfs_init. Options that other layers read themselves are left alone.
void options_apply(void);
bool options_want_stats(void);
