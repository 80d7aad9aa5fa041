// Compiler attributes and small helpers that every layer may use.
// Owns nothing. Must not include anything but the compiler's own headers.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define __must_check             __attribute__((warn_unused_result))
#define __noreturn               __attribute__((noreturn))
#define __printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
#define __packed                 __attribute__((packed))
#define __aligned_to(n)          __attribute__((aligned(n)))
#define __cold                   __attribute__((cold))
#define __noinline               __attribute__((noinline))
#define __always_inline_fn       inline __attribute__((always_inline))
// For functions that keep an array on their stack (docs/decisions/0005; `make lint` names who
// does not say so). Clang has no such attribute and guards more of its own accord.
#ifdef __clang__
#define __stack_guarded
#else
#define __stack_guarded __attribute__((stack_protect))
#endif
#define __maybe_unused __attribute__((unused))
#define likely(x)      __builtin_expect(!!(x), 1)
#define unlikely(x)    __builtin_expect(!!(x), 0)

#define ARRAY_SIZE(a)                   (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
// Of the arguments' common type; each argument is evaluated once.
#define MIN(a, b)                                                                                  \
	({                                                                                         \
		__typeof__(1 ? (a) : (b)) min_a_ = (a), min_b_ = (b);                              \
		min_a_ < min_b_ ? min_a_ : min_b_;                                                 \
	})
#define MAX(a, b)                                                                                  \
	({                                                                                         \
		__typeof__(1 ? (a) : (b)) max_a_ = (a), max_b_ = (b);                              \
		max_a_ > max_b_ ? max_a_ : max_b_;                                                 \
	})

// |align| must be a power of two; the value must not overflow (use lib/checked.h for user input).
#define ALIGN_DOWN(x, align) ((x) & ~((__typeof__(x))(align)-1))
#define ALIGN_UP(x, align)   ALIGN_DOWN((x) + (__typeof__(x))(align)-1, align)
#define IS_ALIGNED(x, align) (((x) & ((__typeof__(x))(align)-1)) == 0)

#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier()        __asm__ volatile("" ::: "memory")
