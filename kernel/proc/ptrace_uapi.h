// <linux/ptrace.h>, whose struct pt_regs is kernel/base/ptregs.h's here.
#pragma once

#define pt_regs linux_pt_regs
#include <linux/ptrace.h>
#undef pt_regs
