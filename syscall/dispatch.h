// System call entry: the table generated from syscalls.def.
#pragma once

#include "kernel/base/ptregs.h"
#include "lib/restart.h"

// Called by trap.S with interrupts on; stores the result in regs->rax.
void syscall_dispatch(struct pt_regs *regs);
