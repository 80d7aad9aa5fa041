/* void cpu_clear_page(void *page), void cpu_copy_page(void *to, const void *from): 16 or 32 bytes a
 * store. An emulator does these in half or a quarter of the steps of REP STOSQ and MOVSQ, and hardware
 * is as fast where it matters (the page is not in the cache). The one vector register used is saved on
 * the stack: the user's state may be live in the registers, and nothing between here and the end can
 * switch threads. Needs CR4.OSFXSR (cpufeat_init); 32 bytes where cpu_has_wide_stores (fpu_init).
 *
 * Upper halves that are in their initial state are left so (VZEROUPPER): else the program's SSE code
 * would depend on them from then on. XGETBV tells (XINUSE, SDM 1 13.6). */

.macro function name
	.section .text.\name, "ax", @progbits
	.balign	16
	.global	\name
	.type	\name, @function
\name:
.endm

/* |step| bytes at |offset| and so on, |count| times. */
.macro store_run insn, reg, step, count
	.set	offset, 0
	.rept	\count
	\insn	\reg, offset(%rdi)
	.set	offset, offset + \step
	.endr
.endm

.macro copy_run load, store, reg, step, count
	.set	offset, 0
	.rept	\count
	\load	offset(%rsi), \reg
	\store	\reg, offset(%rdi)
	.set	offset, offset + \step
	.endr
.endm

.macro save_wide
	movl	$1, %ecx
	xgetbv				/* clobbers %rax and %rdx */
	movl	%eax, %ecx
	subq	$40, %rsp
	vmovups	%ymm0, (%rsp)
	leaq	4096(%rdi), %rax
.endm

.macro restore_wide
	testb	$4, %cl
	jz	8f
	vmovups	(%rsp), %ymm0
	addq	$40, %rsp
	ret
8:	vzeroupper
	movups	(%rsp), %xmm0
	addq	$40, %rsp
	ret
.endm

function cpu_clear_page
	cmpb	$0, cpu_has_wide_stores(%rip)
	jne	.Lclear_wide
	subq	$24, %rsp
	movups	%xmm0, (%rsp)
	xorps	%xmm0, %xmm0
	leaq	4096(%rdi), %rax
1:	store_run movaps, %xmm0, 16, 64
	addq	$1024, %rdi
	cmpq	%rax, %rdi
	jne	1b
	movups	(%rsp), %xmm0
	addq	$24, %rsp
	ret
.Lclear_wide:
	save_wide
	vxorps	%xmm0, %xmm0, %xmm0
1:	store_run vmovaps, %ymm0, 32, 32
	addq	$1024, %rdi
	cmpq	%rax, %rdi
	jne	1b
	restore_wide
	.size	cpu_clear_page, . - cpu_clear_page

function cpu_copy_page
	cmpb	$0, cpu_has_wide_stores(%rip)
	jne	.Lcopy_wide
	movl	$512, %ecx
	rep movsq
	ret
.Lcopy_wide:
	save_wide
1:	copy_run vmovaps, vmovaps, %ymm0, 32, 16
	addq	$512, %rsi
	addq	$512, %rdi
	cmpq	%rax, %rdi
	jne	1b
	restore_wide
	.size	cpu_copy_page, . - cpu_copy_page

	.section .note.GNU-stack, "", @progbits
