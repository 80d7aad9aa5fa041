// Calls off the usual path that cost the usual path nothing. A thunk saves every register, so that
// the compiler need not keep values away from the ones that a call may change: a function whose
// only calls are such ones saves no registers itself. For slow paths of inline functions; where the
// call is usual, an ordinary one is cheaper. Owns nothing.
#pragma once

#include "lib/compiler.h"

#ifdef OURO_HOST_TEST
#define RARE_CALL_THUNK(fn)
#define rare_call(fn, arg)      fn(arg)
#define rare_call_2(fn, a1, a2) fn(a1, a2)
#else
// The compiler does not see the call; gcc, which looks at the whole kernel, would drop |fn|.
#ifdef __clang__
#define RARE_CALL_KEEP(fn)
#else
#define RARE_CALL_KEEP(fn) extern __typeof__(fn) fn __attribute__((used));
#endif
// In the file that defines |fn|, which returns nothing.
#define RARE_CALL_THUNK(fn)                                                                        \
	RARE_CALL_KEEP(fn)                                                                         \
	__asm__(".pushsection .text." #fn "_rare, \"ax\", @progbits\n"                             \
		".globl " #fn "_rare\n.type " #fn "_rare, @function\n" #fn "_rare:\n"              \
		"pushq %rbp; movq %rsp, %rbp\n"                                                    \
		"pushq %rax; pushq %rcx; pushq %rdx; pushq %rsi; pushq %rdi\n"                     \
		"pushq %r8; pushq %r9; pushq %r10; pushq %r11\n"                                   \
		"call " #fn "\n"                                                                   \
		"popq %r11; popq %r10; popq %r9; popq %r8\n"                                       \
		"popq %rdi; popq %rsi; popq %rdx; popq %rcx; popq %rax\n"                          \
		"popq %rbp; ret\n"                                                                 \
		".popsection\n")
// Calls |fn| through its thunk: with one argument, or with two.
#define rare_call(fn, arg)                                                                         \
	do {                                                                                       \
		if (0)                                                                             \
			fn(arg); /* for the types */                                               \
		__asm__ volatile("call " #fn "_rare" : : "D"(arg) : "memory", "cc");               \
	} while (0)
#define rare_call_2(fn, a1, a2)                                                                    \
	do {                                                                                       \
		if (0)                                                                             \
			fn(a1, a2);                                                                \
		__asm__ volatile("call " #fn "_rare" : : "D"(a1), "S"(a2) : "memory", "cc");       \
	} while (0)
#endif
