/* 32-bit entry: one label per protocol, CPU check, page tables, long mode.
 *
 * Runs at its physical address with paging off (linker.ld links .boot there). The loader has zeroed
 * .bss, and the tables with it. The kernel's half is W^X from the first instruction that runs with
 * paging on; kernel/base/boottables.h describes the layout. */
#include "kernel/base/boottables.h"

#define KERNEL_VMA	0xffffffff80000000
#define PA(sym)		((sym) - KERNEL_VMA)

#define PTE_P		0x001
#define PTE_W		0x002
#define PTE_AD		0x060		/* accessed and dirty preset: the CPU need not write them */
#define PTE_LARGE	0x080
#define PTE_GLOBAL	0x100
#define PTE_NX_HIGH	0x80000000	/* bit 63, in the upper half */

#define COM1		0x3f8
#define COM1_LSR	(COM1 + 5)

	.section .boot, "ax"
	.code32

	.global boot_entry_pvh
boot_entry_pvh:
	movl	$0, %ebp		/* enum boot_protocol: BOOT_PVH */
	jmp	enter

	.global boot_entry_multiboot2
boot_entry_multiboot2:
	movl	$1, %ebp		/* BOOT_MULTIBOOT2 */

/* EBX: the protocol's information, physical. EBP: which protocol. */
enter:
	rdtsc
	cli
	cld
	/* A loader that does not look may have put the end of the kernel where there is no RAM. */
	movl	$lacks_memory, %edi
	movl	$0x5a17c0de, PA(__kernel_end) - 4
	cmpl	$0x5a17c0de, PA(__kernel_end) - 4
	jne	refuse
	movl	$0, PA(__kernel_end) - 4

	movl	%eax, PA(boot_entry_tsc)
	movl	%edx, PA(boot_entry_tsc) + 4
	movl	$PA(boot_stack + STACK_GUARD_BYTES + BOOT_STACK_BYTES), %esp
	movl	%ebx, %esi

	/* CPUID itself (flag 21 can be toggled), then long mode and NX. */
	pushfl
	popl	%eax
	movl	%eax, %ecx
	xorl	$(1 << 21), %eax
	pushl	%eax
	popfl
	pushfl
	popl	%eax
	xorl	%ecx, %eax
	movl	$lacks_cpuid, %edi
	testl	$(1 << 21), %eax
	jz	refuse
	movl	$lacks_long_mode, %edi
	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	refuse
	movl	$0x80000001, %eax
	cpuid
	testl	$(1 << 29), %edx
	jz	refuse
	movl	$lacks_nx, %edi
	testl	$(1 << 20), %edx
	jz	refuse

	/* With SMAP, the NOPs listed in .smap_sites become CLAC or STAC: here, where nothing is
	 * write-protected yet. */
	xorl	%eax, %eax
	cpuid
	cmpl	$7, %eax
	jb	2f
	movl	$7, %eax
	xorl	%ecx, %ecx
	cpuid
	testl	$(1 << 20), %ebx
	jz	2f
	movl	$PA(__smap_sites_start), %edx
1:	cmpl	$PA(__smap_sites_end), %edx
	jae	2f
	movl	(%edx), %eax
	movl	4(%edx), %ecx
	movw	$0x010f, (%eax)
	movb	%cl, 2(%eax)
	addl	$8, %edx
	jmp	1b
2:
	/* The kernel's 2 MiB, a page at a time: text, read-only data, the rest. */
	movl	$PA(boot_pt_kernel), %edi
	movl	$(0x200000 + PTE_P + PTE_AD + PTE_GLOBAL), %eax
1:	movl	%eax, (%edi)
	addl	$4096, %eax
	addl	$8, %edi
	cmpl	$PA(__rodata_start), %eax
	jb	1b
	movl	$PTE_NX_HIGH, %edx
1:	movl	%eax, (%edi)
	movl	%edx, 4(%edi)
	addl	$4096, %eax
	addl	$8, %edi
	cmpl	$PA(__data_start), %eax
	jb	1b
	orl	$PTE_W, %eax
1:	movl	%eax, (%edi)
	movl	%edx, 4(%edi)
	addl	$4096, %eax
	addl	$8, %edi
	cmpl	$0x400000, %eax
	jb	1b

	/* Upper levels. Entry 0 of the top two is the identity map of the same 2 MiB, for the jump. */
	movl	$PA(boot_pt_kernel) + PTE_P + PTE_W + PTE_AD, %eax
	movl	%eax, PA(boot_pd_kernel) + 8 * 1
	movl	%eax, PA(boot_pd_physmap) + 8 * 1
	movl	%edx, PA(boot_pd_physmap) + 8 * 1 + 4
	movl	$(PTE_P + PTE_W + PTE_AD + PTE_LARGE + PTE_GLOBAL), PA(boot_pd_physmap)
	movl	%edx, PA(boot_pd_physmap) + 4
	movl	$PA(boot_pd_kernel) + PTE_P + PTE_W + PTE_AD, %eax
	movl	%eax, PA(boot_pdpt_kernel) + 8 * 0
	movl	%eax, PA(boot_pdpt_kernel) + 8 * 510
	movl	$PA(boot_pd_physmap) + PTE_P + PTE_W + PTE_AD, PA(boot_pdpt_physmap)
	movl	$PA(boot_pdpt_kernel) + PTE_P + PTE_W + PTE_AD, %eax
	movl	%eax, PA(boot_pml4) + 8 * 0
	movl	%eax, PA(boot_pml4) + 8 * 511
	movl	$PA(boot_pdpt_physmap) + PTE_P + PTE_W + PTE_AD, PA(boot_pml4) + 8 * 273

	movl	%cr4, %eax
	orl	$(1 << 5), %eax		/* PAE */
	movl	%eax, %cr4
	movl	$PA(boot_pml4), %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx	/* EFER: LME, NXE */
	rdmsr
	orl	$(1 << 8 | 1 << 11), %eax
	wrmsr
	movl	%cr0, %eax
	andl	$~(1 << 29 | 1 << 30), %eax	/* caches on */
	orl	$(1 << 31 | 1 << 16 | 1 << 0), %eax	/* PG, WP, PE */
	movl	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$0x10, $enter64

/* EDI: what is missing. Says so on the first serial port and ends the machine. No stack: it may lie
 * where there is no RAM. */
refuse:
	movl	%edi, %esi
	movl	$refuse_text, %edi
	movl	$1f, %ebp
	jmp	print
1:	movl	%esi, %edi
	movl	$1f, %ebp
	jmp	print
1:	movl	$refuse_end, %edi
	movl	$1f, %ebp
	jmp	print
1:	movb	$0xfe, %al		/* keyboard controller: reset */
	outb	%al, $0x64
	lidt	no_idt			/* else a triple fault */
	int3
1:	hlt
	jmp	1b

/* Prints the string at EDI, waiting a bounded time for each byte; goes on at EBP. */
print:
	movb	(%edi), %bl
	testb	%bl, %bl
	jz	3f
	movl	$100000, %ecx
1:	movw	$COM1_LSR, %dx
	inb	%dx, %al
	testb	$0x20, %al
	loopz	1b
	movw	$COM1, %dx
	movb	%bl, %al
	outb	%al, %dx
	incl	%edi
	jmp	print
3:	jmp	*%ebp

	.code64
enter64:
	movabsq	$boot_enter64, %rax
	jmp	*%rax

	.balign 8
gdt:
	.quad	0, 0
	.quad	0x00af9b000000ffff	/* 0x10: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x18: data */
gdt_pointer:
	.short	gdt_pointer - gdt - 1
	.long	gdt
no_idt:
	.short	0
	.long	0
refuse_text:
	.asciz	"ouro: the kernel cannot run here: "
refuse_end:
	.asciz	"\r\n"
lacks_memory:
	.asciz	"not enough memory (there is no RAM at the kernel's end)"
lacks_cpuid:
	.asciz	"this CPU lacks CPUID"
lacks_long_mode:
	.asciz	"this CPU lacks long mode (64-bit)"
lacks_nx:
	.asciz	"this CPU lacks NX (execute disable)"
