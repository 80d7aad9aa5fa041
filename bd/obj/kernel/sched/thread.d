bd/obj/kernel/sched/thread.o: kernel/sched/thread.c kernel/sched/thread.h \
 kernel/base/percpu.h lib/compiler.h kernel/base/ptregs.h \
 kernel/base/types.h lib/list.h kernel/base/clock.h kernel/base/cpu.h \
 kernel/base/fpu.h kernel/base/lock.h kernel/base/panic.h \
 kernel/sched/cred.h kernel/sched/pid.h kernel/sched/sched.h \
 kernel/sched/sched_internal.h lib/string.h mm/phys/kmalloc.h \
 mm/phys/kstack.h
kernel/sched/thread.h:
kernel/base/percpu.h:
lib/compiler.h:
kernel/base/ptregs.h:
kernel/base/types.h:
lib/list.h:
kernel/base/clock.h:
kernel/base/cpu.h:
kernel/base/fpu.h:
kernel/base/lock.h:
kernel/base/panic.h:
kernel/sched/cred.h:
kernel/sched/pid.h:
kernel/sched/sched.h:
kernel/sched/sched_internal.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/phys/kstack.h:
