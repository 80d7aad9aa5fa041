/* First 64-bit code at the kernel's own addresses: drops the identity map, sets the boot CPU's
 * per-CPU base and stack, and calls C. */
#include "kernel/base/boottables.h"

	.text
	.code64
	.global boot_enter64
boot_enter64:
	/* Segments first: the descriptors are reached through the identity map. */
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$0x18, %ecx
	movl	%ecx, %ss

	movq	%rax, boot_pml4
	movq	%rax, boot_pdpt_kernel
	movq	%cr3, %rcx
	movq	%rcx, %cr3
	/* Global pages only now: the identity map's entries are the same ones. */
	movq	%cr4, %rcx
	orq	$(1 << 7), %rcx
	movq	%rcx, %cr4

	xorl	%edx, %edx
	movl	$0xc0000101, %ecx	/* GS base 0: the linked per-CPU section in place */
	wrmsr

	leaq	boot_stack + STACK_GUARD_BYTES + BOOT_STACK_BYTES, %rsp
	movl	%ebp, %edi
	movl	%esi, %esi
	xorl	%ebp, %ebp
	pushq	$0			/* a return address of 0 ends a backtrace */
	jmp	boot_main
	.section .note.GNU-stack, "", @progbits
