bd/obj/kernel/proc/sigdeliver.o: kernel/proc/sigdeliver.c \
 kernel/base/cpu.h lib/compiler.h kernel/base/desc.h kernel/base/fpu.h \
 kernel/base/log.h kernel/proc/rseq.h kernel/base/ptregs.h \
 kernel/proc/sigframe.h kernel/base/types.h kernel/proc/signal.h \
 kernel/base/lock.h lib/list.h lib/restart.h \
 kernel/proc/signal_internal.h kernel/proc/process_internal.h \
 kernel/proc/process.h kernel/proc/rlimit.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/sched/timer.h lib/rbtree.h \
 kernel/sched/waitq.h kernel/sched/sched.h lib/string.h mm/phys/kmalloc.h \
 mm/virt/uaccess.h
kernel/base/cpu.h:
lib/compiler.h:
kernel/base/desc.h:
kernel/base/fpu.h:
kernel/base/log.h:
kernel/proc/rseq.h:
kernel/base/ptregs.h:
kernel/proc/sigframe.h:
kernel/base/types.h:
kernel/proc/signal.h:
kernel/base/lock.h:
lib/list.h:
lib/restart.h:
kernel/proc/signal_internal.h:
kernel/proc/process_internal.h:
kernel/proc/process.h:
kernel/proc/rlimit.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
lib/rbtree.h:
kernel/sched/waitq.h:
kernel/sched/sched.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/virt/uaccess.h:
