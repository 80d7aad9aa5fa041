// Storage of the boot page tables and of the boot CPU's stacks. Filled by boot/entry32.S, handed to
// mm/phys; see the header.
#include "kernel/base/boottables.h"

uint64_t boot_pml4[512] __aligned_to(4096);
uint64_t boot_pdpt_kernel[512] __aligned_to(4096);
uint64_t boot_pd_kernel[512] __aligned_to(4096);
uint64_t boot_pt_kernel[512] __aligned_to(4096);
uint64_t boot_pdpt_physmap[512] __aligned_to(4096);
uint64_t boot_pd_physmap[512] __aligned_to(4096);

char boot_stack[STACK_GUARD_BYTES + BOOT_STACK_BYTES] __aligned_to(4096);
char ist_stacks[IST_STACKS][STACK_GUARD_BYTES + IST_STACK_BYTES] __aligned_to(4096);

uint64_t boot_entry_tsc;
