bd/obj/syscall/sys_cred.o: syscall/sys_cred.c kernel/sched/cred.h \
 lib/compiler.h mm/virt/uaccess.h kernel/base/types.h syscall/calls.h \
 kernel/base/ptregs.h syscall/kinds.def syscall/syscalls.def
kernel/sched/cred.h:
lib/compiler.h:
mm/virt/uaccess.h:
kernel/base/types.h:
syscall/calls.h:
kernel/base/ptregs.h:
syscall/kinds.def:
syscall/syscalls.def:
