// Where things go in a new address space: Linux's layout and entropy for 64-bit programs
// (arch/x86/mm/mmap.c, arch/x86/kernel/process.c, fs/binfmt_elf.c of 6.18). Pure functions of the
// random words they are given; 0 gives the layout without randomisation.
#pragma once

#include "kernel/base/types.h"

#define ASLR_MMAP_BITS       28u // vm.mmap_rnd_bits
#define ASLR_STACK_PAGES     0x3fffffull
#define ASLR_BRK_BYTES       (1ull << 30)
#define ASLR_STACK_GAP_PAGES 256ull // stack_guard_gap
#define ASLR_PIE_BASE        (USER_TOP / 3 * 2)

va_t aslr_stack_top(uint64_t random);
// |stack_limit_bytes| is RLIMIT_STACK.
va_t aslr_mmap_base(uint64_t random, uint64_t stack_limit_bytes);
va_t aslr_pie_base(uint64_t random);
// The start of the heap for a program whose data ends at |end_va| (page aligned up).
va_t aslr_brk(uint64_t random, va_t end_va);
// Bytes to leave out below the strings, for the alignment of the stack.
unsigned aslr_stack_gap(uint64_t random);
