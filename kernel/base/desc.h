// Segments, the task state segment and the interrupt descriptor table of a CPU. The selectors are
// Linux's: programs see the user ones in signal frames and core files.
#pragma once

// Selectors. trap.S includes this file.
#define SEL_KERNEL_CS 0x10
#define SEL_KERNEL_DS 0x18
#define SEL_USER32_CS 0x23
#define SEL_USER_DS   0x2b
#define SEL_USER_CS   0x33
#define SEL_TSS       0x40
#define SEL_CPU_NODE  0x7b // its limit is the CPU's number (vDSO getcpu, NMI entry)

// Exception vectors (SDM 3A table 6-1).
#define VECTOR_DE  0
#define VECTOR_DB  1
#define VECTOR_NMI 2
#define VECTOR_BP  3
#define VECTOR_OF  4
#define VECTOR_BR  5
#define VECTOR_UD  6
#define VECTOR_NM  7
#define VECTOR_DF  8
#define VECTOR_TS  10
#define VECTOR_NP  11
#define VECTOR_SS  12
#define VECTOR_GP  13
#define VECTOR_PF  14
#define VECTOR_MF  16
#define VECTOR_AC  17
#define VECTOR_MC  18
#define VECTOR_XM  19

#define TRAP_STUB_BYTES 16 // distance of the entry stubs of neighbouring vectors

#ifndef __ASSEMBLER__
#include "lib/compiler.h"

// Loads the boot CPU's GDT and TSS and unmaps the guard pages below its stacks.
void desc_init(void);
// The same for a further CPU, with its own IST stacks (desc_finish_gates says which): their tops
// are |distance| apart. Loads the IDT that desc_finish_gates made.
void desc_init_cpu(uint64_t first_ist_top, uint64_t distance);
// Points |count| vectors from |first| to stubs TRAP_STUB_BYTES apart; interrupts off on entry.
void desc_set_gates(unsigned first, unsigned count, const char *stubs);
// After all gates are set: user-callable ones, IST stacks (#DF, NMI, #MC, #DB), loads the IDT.
void desc_finish_gates(void);
// Enables SYSCALL with its entry at |entry|.
void desc_init_syscall(const char *entry);
// Where this CPU's kernel stack starts at the next entry from user mode. The context switch calls
// it with the top (highest address, 16-byte aligned) of the next thread's stack.
void desc_set_kernel_stack(uint64_t top);
// True if |va| lies in a guard page below the boot CPU's own stacks.
bool desc_is_stack_guard(uint64_t va);
#endif
