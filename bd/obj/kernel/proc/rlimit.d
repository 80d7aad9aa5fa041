bd/obj/kernel/proc/rlimit.o: kernel/proc/rlimit.c kernel/proc/rlimit.h \
 lib/compiler.h fs/fdtable.h fs/file.h fs/path.h lib/list.h lib/rbtree.h \
 kernel/base/types.h kernel/sched/mutex.h kernel/sched/waitq.h \
 kernel/base/lock.h kernel/proc/process_internal.h kernel/proc/process.h \
 kernel/proc/signal.h kernel/base/ptregs.h lib/restart.h \
 kernel/sched/thread.h kernel/base/percpu.h kernel/sched/timer.h \
 kernel/sched/cred.h mm/virt/aspace.h mm/phys/mapper.h mm/phys/page.h \
 mm/virt/memobj.h lib/radix.h
kernel/proc/rlimit.h:
lib/compiler.h:
fs/fdtable.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
kernel/proc/process_internal.h:
kernel/proc/process.h:
kernel/proc/signal.h:
kernel/base/ptregs.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
kernel/sched/cred.h:
mm/virt/aspace.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/virt/memobj.h:
lib/radix.h:
