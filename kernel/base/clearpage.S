/* void cpu_clear_page(void *page): 16 bytes a store. An emulator does these in half the steps of REP
 * STOSQ, and hardware is as fast where it matters (the page is not in the cache). The one SSE register
 * used is saved on the stack: the user's state may be live in the registers, and nothing between here
 * and the end can switch threads. Needs CR4.OSFXSR (cpufeat_init). */
	.section .text.cpu_clear_page, "ax", @progbits
	.balign	16
	.global	cpu_clear_page
	.type	cpu_clear_page, @function
cpu_clear_page:
	subq	$24, %rsp
	movups	%xmm0, (%rsp)
	xorps	%xmm0, %xmm0
	leaq	4096(%rdi), %rax
1:
	.set	offset, 0
	.rept	32
	movaps	%xmm0, offset(%rdi)
	.set	offset, offset + 16
	.endr
	addq	$512, %rdi
	cmpq	%rax, %rdi
	jne	1b
	movups	(%rsp), %xmm0
	addq	$24, %rsp
	ret
	.size	cpu_clear_page, . - cpu_clear_page

	.section .note.GNU-stack, "", @progbits
