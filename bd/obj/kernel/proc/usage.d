bd/obj/kernel/proc/usage.o: kernel/proc/usage.c kernel/base/clock.h \
 lib/compiler.h kernel/proc/process_internal.h kernel/proc/process.h \
 kernel/base/lock.h kernel/base/types.h kernel/proc/rlimit.h \
 kernel/proc/signal.h kernel/base/ptregs.h lib/list.h lib/restart.h \
 kernel/sched/thread.h kernel/base/percpu.h kernel/sched/timer.h \
 lib/rbtree.h kernel/sched/waitq.h lib/string.h mm/virt/aspace.h \
 kernel/sched/mutex.h mm/phys/mapper.h mm/phys/page.h mm/virt/memobj.h \
 lib/radix.h
kernel/base/clock.h:
lib/compiler.h:
kernel/proc/process_internal.h:
kernel/proc/process.h:
kernel/base/lock.h:
kernel/base/types.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
kernel/base/ptregs.h:
lib/list.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
lib/rbtree.h:
kernel/sched/waitq.h:
lib/string.h:
mm/virt/aspace.h:
kernel/sched/mutex.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/virt/memobj.h:
lib/radix.h:
