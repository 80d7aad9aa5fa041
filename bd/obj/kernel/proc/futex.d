bd/obj/kernel/proc/futex.o: kernel/proc/futex.c kernel/proc/futex.h \
 kernel/base/types.h lib/compiler.h kernel/base/clock.h kernel/base/cpu.h \
 kernel/proc/futex_key.h kernel/base/lock.h lib/list.h \
 kernel/proc/process_internal.h kernel/proc/process.h \
 kernel/proc/rlimit.h kernel/proc/signal.h kernel/base/ptregs.h \
 lib/restart.h kernel/sched/thread.h kernel/base/percpu.h \
 kernel/sched/timer.h lib/rbtree.h kernel/sched/waitq.h \
 kernel/sched/sched.h mm/virt/aspace.h kernel/sched/mutex.h \
 mm/phys/mapper.h mm/phys/page.h mm/virt/memobj.h lib/radix.h \
 mm/virt/uaccess.h
kernel/proc/futex.h:
kernel/base/types.h:
lib/compiler.h:
kernel/base/clock.h:
kernel/base/cpu.h:
kernel/proc/futex_key.h:
kernel/base/lock.h:
lib/list.h:
kernel/proc/process_internal.h:
kernel/proc/process.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
kernel/base/ptregs.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
lib/rbtree.h:
kernel/sched/waitq.h:
kernel/sched/sched.h:
mm/virt/aspace.h:
kernel/sched/mutex.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/virt/memobj.h:
lib/radix.h:
mm/virt/uaccess.h:
