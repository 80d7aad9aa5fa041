/* What a further CPU runs first: 16-bit code in a page below 1 MiB, copied there by smp.c, straight
 * into long mode on the kernel's own page tables (which show that page where it lies, for as long as
 * CPUs are being started), and on to smp_cpu_main on the CPU's own stack. Several CPUs may be here
 * at once: nothing is written. */
#include "kernel/base/boottables.h"

#define KERNEL_VMA	0xffffffff80000000
#define PA(sym)		((sym) - KERNEL_VMA)
#define HERE(sym)	((sym) - smp_trampoline)

#define CR0_START	0x80050033	/* PG, AM, WP, NE, ET, MP, PE: caches on */
#define CR4_START	0x000000a0	/* PGE, PAE */
#define MSR_EFER	0xc0000080
#define EFER_START	0x900		/* NXE, LME */
#define MSR_GS_BASE	0xc0000101

	.section .rodata.smp_trampoline, "a"
	.code16
	.global smp_trampoline, smp_trampoline_fixups, smp_trampoline_end
smp_trampoline:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	HERE(gdt_pointer)
	movl	$CR4_START, %eax
	movl	%eax, %cr4
	movl	$PA(boot_pml4), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	movl	$EFER_START, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$CR0_START, %eax
	movl	%eax, %cr0
	ljmpl	*HERE(far_pointer)

	.balign 8
gdt:
	.quad	0, 0
	.quad	0x00af9b000000ffff	/* 0x10: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x18: data */
gdt_pointer:
	.short	gdt_pointer - gdt - 1
fix_gdt:
	.long	HERE(gdt)
far_pointer:
	.long	HERE(in_long_mode)
	.short	0x10

	.code64
in_long_mode:
	movq	$smp_cpu_entry, %rax
	jmp	*%rax
smp_trampoline_end:

	/* Where the page's address is to be added: offsets, 0 at the end. */
	.balign 2
smp_trampoline_fixups:
	.short	HERE(fix_gdt), HERE(far_pointer), 0

	.text
	.code64
smp_cpu_entry:
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$0x18, %ecx
	movl	%ecx, %ss
	/* Which CPU this is: its number in smp_apic_ids. One that is not there, or was given no
	 * stack, stops. */
	movl	$1, %eax
	cpuid
	shrl	$24, %ebx
	xorl	%edi, %edi
1:	incl	%edi
	cmpl	smp_cpus_wanted, %edi
	jae	2f
	cmpl	smp_apic_ids(, %rdi, 4), %ebx
	jne	1b
	movq	percpu_offsets(, %rdi, 8), %rax
	movq	%rax, %rdx
	shrq	$32, %rdx
	movl	$MSR_GS_BASE, %ecx
	wrmsr
	movq	smp_stack_tops(, %rdi, 8), %rsp
	xorl	%ebp, %ebp
	pushq	$0			/* a return address of 0 ends a backtrace */
	jmp	smp_cpu_main
2:	cli
	hlt
	jmp	2b

	.section .note.GNU-stack, "", @progbits
