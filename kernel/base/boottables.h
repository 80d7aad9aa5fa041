// The page tables that the entry code builds, the stacks of the boot CPU, and the kernel's place in
// memory. mm/phys takes the tables over in place; nothing else changes them.
//
// Every table is one page of .bss: tables of the kernel's half that live for ever.
//   boot_pml4[511] -> boot_pdpt_kernel[510] -> boot_pd_kernel[1] -> boot_pt_kernel: the 2 MiB that
//   hold the kernel, 4 KiB entries: text RX, read-only data R, all else RW and not executable.
//   boot_pml4[273] -> boot_pdpt_physmap[0] -> boot_pd_physmap: [0] is RAM 0 to 2 MiB, [1] is
//   boot_pt_kernel again, made not executable as a whole: the alias of text is read-only too.
#pragma once

#define BOOT_STACK_BYTES  16384 // the boot flow's, later the idle thread's of CPU 0
#define IST_STACK_BYTES   4096
#define STACK_GUARD_BYTES 4096

#ifndef __ASSEMBLER__
#include "kernel/base/types.h"

#define BOOT_PHYSMAP_BASE 0xffff888000000000ull
#define KERNEL_VMA        0xffffffff80000000ull

// A 2 MiB entry of the boot direct map: present, writable, accessed, dirty, large, global, NX.
#define BOOT_PDE_RAM 0x80000000000001e3ull

extern uint64_t boot_pml4[512], boot_pdpt_kernel[512], boot_pd_kernel[512], boot_pt_kernel[512];
extern uint64_t boot_pdpt_physmap[512], boot_pd_physmap[512];

// Stacks with a guard page below each; the guards are unmapped by desc_init.
extern char boot_stack[STACK_GUARD_BYTES + BOOT_STACK_BYTES];
#define IST_STACKS 4
extern char ist_stacks[IST_STACKS][STACK_GUARD_BYTES + IST_STACK_BYTES];

// Time stamp counter at the first instruction of the kernel.
extern uint64_t boot_entry_tsc;

// The physical address of something in the kernel's image.
static inline pa_t kernel_sym_pa(const void *sym)
{
	return (uint64_t)sym - KERNEL_VMA;
}
#endif
