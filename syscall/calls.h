// Prototypes of every implemented system call, made from syscalls.def: sys_NAME takes its arguments
// as their kinds say and returns the result or a negative errno. A definition that does not fit its
// line in the list does not compile.
#pragma once

#include "kernel/base/ptregs.h"
#include "kernel/base/types.h"

enum arg_kind {
	KIND_NONE,
#define VALUE(kind, ctype) KIND_##kind,
#define POINTER(kind, way) KIND_##kind,
#include "syscall/kinds.def"
#undef VALUE
#undef POINTER
	KIND_COUNT,
};

#define VALUE(kind, ctype) typedef ctype arg_##kind;
#define POINTER(kind, way) typedef struct uptr arg_##kind;
#include "syscall/kinds.def"
#undef VALUE
#undef POINTER

#define ARGS_0(note)                void
#define ARGS_1(k1, a1, note)        arg_##k1 a1
#define ARGS_2(k1, a1, ...)         arg_##k1 a1, ARGS_1(__VA_ARGS__)
#define ARGS_3(k1, a1, ...)         arg_##k1 a1, ARGS_2(__VA_ARGS__)
#define ARGS_4(k1, a1, ...)         arg_##k1 a1, ARGS_3(__VA_ARGS__)
#define ARGS_5(k1, a1, ...)         arg_##k1 a1, ARGS_4(__VA_ARGS__)
#define ARGS_6(k1, a1, ...)         arg_##k1 a1, ARGS_5(__VA_ARGS__)
#define PROTO_FULL(name, n, ...)    int64_t sys_##name(ARGS_##n(__VA_ARGS__));
#define PROTO_PARTIAL(name, n, ...) PROTO_FULL(name, n, __VA_ARGS__)
#define PROTO_NOSYS(name, n, ...)
#define SYSCALL(nr, name, status, n, ...) PROTO_##status(name, n, __VA_ARGS__)
#include "syscall/syscalls.def"
#undef SYSCALL
