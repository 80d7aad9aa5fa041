bd/obj/syscall/dispatch.o: syscall/dispatch.c syscall/dispatch.h \
 kernel/base/ptregs.h lib/compiler.h lib/restart.h fs/pseudo.h \
 kernel/base/log.h lib/string.h mm/phys/kmalloc.h syscall/calls.h \
 kernel/base/types.h syscall/kinds.def syscall/syscalls.def \
 syscall/strace.h
syscall/dispatch.h:
kernel/base/ptregs.h:
lib/compiler.h:
lib/restart.h:
fs/pseudo.h:
kernel/base/log.h:
lib/string.h:
mm/phys/kmalloc.h:
syscall/calls.h:
kernel/base/types.h:
syscall/kinds.def:
syscall/syscalls.def:
syscall/strace.h:
