// W^X of the kernel's own image. The boot tables live on as the kernel's tables; here their rights
// are set from the linker's section bounds, whatever the entry code left, so that this one place
// says what the rights are. Runs once; owns nothing after.

#include "mm/phys/kernelmap.h"

#include "kernel/base/boottables.h"
#include "kernel/base/cpu.h"
#include "kernel/base/sections.h"
#include "mm/phys/pte.h"

#define ALWAYS (PTE_PRESENT | PTE_ACCESSED | PTE_GLOBAL)

static pte_t rights_at(va_t va)
{
	if (va >= (va_t)__text_start && va < (va_t)__text_end)
		return ALWAYS;
	// What lies before the text is entry code that has done its work.
	if (va < (va_t)__data_start)
		return ALWAYS | PTE_NX;
	return ALWAYS | PTE_WRITE | PTE_DIRTY | PTE_NX;
}

int kernel_map_init(void)
{
	va_t va = ALIGN_DOWN((va_t)__kernel_start, PAGE_SIZE);

	boot_pml4[0] = 0;
	// boot_pt_kernel is also what the direct map shows there; its directory entry there says
	// NX.
	for (; va < (va_t)__kernel_end; va += PAGE_SIZE) {
		pte_t *e = (pte_t *)&boot_pt_kernel[pte_slot(va, 0)];

		if (*e)
			*e = (*e & PTE_ADDR) | rights_at(va);
	}
	boot_pd_physmap[pte_slot((va_t)__kernel_start - KERNEL_VMA, 1)] |= PTE_NX;
	cpu_flush_tlb_all();
	return 0;
}
