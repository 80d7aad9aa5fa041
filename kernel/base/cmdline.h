// Where the kernel's command line is kept; lib/cmdline.h finds words and options in it.
#pragma once

#include "lib/compiler.h"

// Keeps |line|, which must live for ever. Called once, before any reader.
void boot_set_cmdline(const char *line);
const char *boot_cmdline(void); // "" before boot_set_cmdline
