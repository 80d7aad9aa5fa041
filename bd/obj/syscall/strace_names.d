bd/obj/syscall/strace_names.o: syscall/strace_names.c \
 syscall/strace_names.h lib/compiler.h lib/uapi_new.h syscall/calls.h \
 kernel/base/ptregs.h kernel/base/types.h syscall/kinds.def \
 syscall/syscalls.def
syscall/strace_names.h:
lib/compiler.h:
lib/uapi_new.h:
syscall/calls.h:
kernel/base/ptregs.h:
kernel/base/types.h:
syscall/kinds.def:
syscall/syscalls.def:
