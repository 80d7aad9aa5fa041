// System call entry: the table generated from syscalls.def, and restart codes.
#pragma once

#include "kernel/base/ptregs.h"

// Internal results that must not reach a program (Linux include/linux/errno.h values).
#define ERESTARTSYS           512 // restart if SA_RESTART, else EINTR
#define ERESTARTNOINTR        513 // always restart
#define ERESTARTNOHAND        514 // restart if no handler ran
#define ERESTART_RESTARTBLOCK 516

// Called by trap.S with interrupts on; stores the result in regs->rax.
void syscall_dispatch(struct pt_regs *regs);
