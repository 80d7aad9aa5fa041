// Segments, the task state segment and the interrupt descriptor table of a CPU. The selectors are
// Linux's: programs see the user ones in signal frames and core files.
#pragma once

// Selectors. trap.S includes this file.
#define SEL_KERNEL_CS 0x10
#define SEL_KERNEL_DS 0x18
#define SEL_USER_DS   0x2b
#define SEL_USER_CS   0x33
#define SEL_TSS       0x40
#define SEL_CPU_NODE  0x7b // its limit is the CPU's number (vDSO getcpu, NMI entry)

#ifndef __ASSEMBLER__
#include "lib/compiler.h"

// Loads the boot CPU's GDT, TSS and IDT and enables SYSCALL. Interrupts stay off.
void desc_init(void);
// Where this CPU's kernel stack starts at the next entry from user mode. The context switch calls
// it with the top (highest address, 16-byte aligned) of the next thread's stack.
void desc_set_kernel_stack(uint64_t top);
// True if |va| lies in a guard page below the boot CPU's own stacks.
bool desc_is_stack_guard(uint64_t va);
#endif
