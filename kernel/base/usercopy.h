// The primitives that touch user memory: STAC, the access, CLAC, with fixups for page faults. Only
// mm/virt/uaccess.[ch] call them, with addresses that it has checked to lie below USER_TOP.
#pragma once

#include "lib/compiler.h"

// Copies |bytes| in either direction; returns how many at the end were NOT copied (0: all).
size_t __must_check raw_user_copy(void *dst, const void *src, size_t bytes);
// The same with the direction said: what callers use, because host tests must tell the sides apart.
static inline size_t __must_check raw_copy_from_user(void *dst, const void *src, size_t bytes)
{
	return raw_user_copy(dst, src, bytes);
}
static inline size_t __must_check raw_copy_to_user(void *dst, const void *src, size_t bytes)
{
	return raw_user_copy(dst, src, bytes);
}
#define USERCOPY_SITE(third_byte) /* see smap.h */                                                 \
	"771:	.byte 0x0f, 0x1f, 0x00\n"                                                            \
	".pushsection .smap_sites, \"a\"\n.long 771b - 0xffffffff80000000, " #third_byte           \
	"\n.popsection\n"
#define USERCOPY_FIXUP(access, fixup)                                                              \
	".pushsection .extable, \"a\"\n.balign 4\n.long " #access " - .\n.long " #fixup " - .\n"   \
	".popsection\n"
// raw_user_copy in place, for hot paths.
static __always_inline_fn size_t __must_check raw_user_copy_inline(void *dst, const void *src,
								   size_t bytes)
{
	size_t tail = bytes & 7;

	bytes >>= 3;
	__asm__ volatile(
		USERCOPY_SITE(0xcb) "1:	rep movsq\n"
				    "	movl	%k[tail], %%ecx\n"
				    "2:	rep movsb\n"
				    "3:\n" USERCOPY_SITE(
					    0xca) ".pushsection .text.unlikely, \"ax\", @progbits\n"
						  "4:	leaq	(%[tail], %%rcx, 8), %%rcx\n"
						  "5:	rep movsb\n"
						  "	jmp	3b\n"
						  ".popsection\n" USERCOPY_FIXUP(1b, 4b)
							  USERCOPY_FIXUP(2b, 3b)
								  USERCOPY_FIXUP(5b, 3b)
		: "+D"(dst), "+S"(src), "+c"(bytes)
		: [tail] "r"(tail)
		: "memory");
	return bytes;
}
// One 64-bit load. 0 or not.
static __always_inline_fn int __must_check raw_user_read64_inline(const uint64_t *p,
								  uint64_t *value)
{
	int failed = 0;

	__asm__ volatile(
		USERCOPY_SITE(0xcb) "1:	movq	%[p], %[value]\n"
				    "2:\n" USERCOPY_SITE(
					    0xca) ".pushsection .text.unlikely, \"ax\", @progbits\n"
						  "3:	incl	%[failed]\n"
						  "	jmp	2b\n"
						  ".popsection\n" USERCOPY_FIXUP(1b, 3b)
		: [value] "=&r"(*value), [failed] "+r"(failed)
		: [p] "m"(*p));
	return failed;
}
// One 32-bit load. False: a fault.
static __always_inline_fn bool __must_check raw_user_read32_inline(const uint32_t *p,
								   uint32_t *value)
{
	uint32_t v;

	__asm__ goto(USERCOPY_SITE(0xcb) "1:	movl	%[p], %[v]\n" USERCOPY_SITE(
			     0xca) ".pushsection .text.unlikely, \"ax\", @progbits\n"
				   "2:\n" USERCOPY_SITE(0xca) "	jmp	%l[failed]\n"
							      ".popsection\n" USERCOPY_FIXUP(1b, 2b)
		     : [v] "=&r"(v)
		     : [p] "m"(*p)
		     : "memory"
		     : failed);
	*value = v;
	return true;
failed:
	return false;
}
#define raw_copy_from_user_inline raw_user_copy_inline
#define raw_copy_to_user_inline   raw_user_copy_inline
// The same for zeroing.
size_t __must_check raw_user_clear(void *dst, size_t bytes);
// Atomic compare and exchange: *p == *expected ? *p = desired : (*expected = *p). 0, or -EFAULT.
int __must_check raw_user_cmpxchg32(uint32_t *p, uint32_t *expected, uint32_t desired);
// One 32-bit load. 0 or -EFAULT.
int __must_check raw_user_read32(const uint32_t *p, uint32_t *value);
