// The program of the image: reads the configuration (lib/image.h) and what the command line
// overrides (ouro.env=K=V, ouro.log=, ouro.seed=, -- ARG...), and starts it as pid 2.
#pragma once

#include "lib/compiler.h"

// Starts the thread that execs the program; the caller then becomes idle. A program that cannot be
// started ends the machine with CTL_EXIT_NOT_FOUND or CTL_EXIT_NOT_EXECUTABLE. 0 or -ENOMEM.
int __must_check init_start_program(const char *cmdline);
// The words of |cmdline| that must take effect before the image is read: ouro.log=, ouro.seed=.
void init_early_options(const char *cmdline);
