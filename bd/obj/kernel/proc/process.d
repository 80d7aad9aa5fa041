bd/obj/kernel/proc/process.o: kernel/proc/process.c fs/fdtable.h \
 fs/file.h fs/path.h lib/list.h lib/compiler.h lib/rbtree.h \
 kernel/base/types.h kernel/sched/mutex.h kernel/sched/waitq.h \
 kernel/base/lock.h kernel/base/clock.h kernel/proc/process_internal.h \
 kernel/proc/process.h kernel/proc/rlimit.h kernel/proc/signal.h \
 kernel/base/ptregs.h lib/restart.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/sched/timer.h kernel/sched/pid.h \
 kernel/sched/sched.h lib/radix.h lib/string.h mm/phys/kmalloc.h \
 mm/phys/pmm.h lib/bootinfo.h mm/phys/page.h mm/virt/aspace.h \
 mm/phys/mapper.h mm/virt/memobj.h
fs/fdtable.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/compiler.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
kernel/base/clock.h:
kernel/proc/process_internal.h:
kernel/proc/process.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
kernel/base/ptregs.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
kernel/sched/pid.h:
kernel/sched/sched.h:
lib/radix.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/page.h:
mm/virt/aspace.h:
mm/phys/mapper.h:
mm/virt/memobj.h:
