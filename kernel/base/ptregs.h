// The user (or interrupted kernel) registers as every entry to the kernel saves them: Linux's
// struct pt_regs order, so that ptrace and core layouts need no translation. The offsets are used
// by trap.S (checked there by static asserts in trap.c).
#pragma once

#include "lib/compiler.h"

struct pt_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx;
	uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax; // system call number; -1 for traps and interrupts
	uint64_t rip, cs, rflags, rsp, ss;
};

static inline bool regs_from_user(const struct pt_regs *regs)
{
	return (regs->cs & 3) == 3;
}
