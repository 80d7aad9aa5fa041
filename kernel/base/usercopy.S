/* Copies to and from user memory. Every access that may fault has an entry in .extable: pairs of
 * 32-bit offsets, each relative to its own place, of the access and of its fixup. */
#include <asm-generic/errno-base.h>

#include "kernel/base/smap.h"

.macro extable access, fixup
	.pushsection .extable, "a"
	.balign	4
	.long	\access - .
	.long	\fixup - .
	.popsection
.endm

.macro function name
	.section .text.\name, "ax", @progbits
	.balign	16
	.global	\name
	.type	\name, @function
\name:
.endm

/* size_t raw_user_copy(void *dst, const void *src, size_t bytes): bytes not copied.
 * Words, then the tail. A fault within the words goes on byte by byte, to be exact to the byte. */
function raw_user_copy
	movq	%rdx, %rcx
	smap_stac
	shrq	$3, %rcx
	andl	$7, %edx
.Lcopy_words:
	rep movsq
	movl	%edx, %ecx
.Lcopy_bytes:
	rep movsb
	xorl	%eax, %eax
	smap_clac
	ret
.Lcopy_words_fault:
	leaq	(%rdx, %rcx, 8), %rcx
.Lcopy_rest:
	rep movsb
.Lcopy_fault:
	movq	%rcx, %rax
	smap_clac
	ret
	extable	.Lcopy_words, .Lcopy_words_fault
	extable	.Lcopy_bytes, .Lcopy_fault
	extable	.Lcopy_rest, .Lcopy_fault

/* size_t raw_user_clear(void *dst, size_t bytes): bytes not cleared. */
function raw_user_clear
	movq	%rsi, %rcx
	movl	%esi, %edx
	xorl	%eax, %eax
	smap_stac
	shrq	$3, %rcx
	andl	$7, %edx
.Lclear_words:
	rep stosq
	movl	%edx, %ecx
.Lclear_bytes:
	rep stosb
	smap_clac
	ret
.Lclear_words_fault:
	leaq	(%rdx, %rcx, 8), %rcx
.Lclear_rest:
	rep stosb
.Lclear_fault:
	movq	%rcx, %rax
	smap_clac
	ret
	extable	.Lclear_words, .Lclear_words_fault
	extable	.Lclear_bytes, .Lclear_fault
	extable	.Lclear_rest, .Lclear_fault

/* int raw_user_cmpxchg32(uint32_t *p, uint32_t *expected, uint32_t desired): 0 or -EFAULT. */
function raw_user_cmpxchg32
	movl	(%rsi), %eax
	smap_stac
.Lcmpxchg:
	lock cmpxchgl %edx, (%rdi)
	smap_clac
	movl	%eax, (%rsi)
	xorl	%eax, %eax
	ret

/* int raw_user_read32(const uint32_t *p, uint32_t *value): 0 or -EFAULT. */
function raw_user_read32
	smap_stac
.Lread32:
	movl	(%rdi), %eax
	smap_clac
	movl	%eax, (%rsi)
	xorl	%eax, %eax
	ret
.Lword_fault:
	movl	$-EFAULT, %eax
	smap_clac
	ret
	extable	.Lcmpxchg, .Lword_fault
	extable	.Lread32, .Lword_fault

	.section .note.GNU-stack, "", @progbits
