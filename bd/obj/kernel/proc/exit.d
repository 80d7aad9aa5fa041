bd/obj/kernel/proc/exit.o: kernel/proc/exit.c drivers/ctl.h \
 lib/compiler.h lib/ctlproto.h fs/fdtable.h fs/file.h fs/path.h \
 lib/list.h lib/rbtree.h kernel/base/types.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h kernel/base/panic.h \
 kernel/base/ptregs.h kernel/proc/futex.h kernel/proc/process_internal.h \
 kernel/proc/process.h kernel/proc/rlimit.h kernel/proc/signal.h \
 lib/restart.h kernel/sched/thread.h kernel/base/percpu.h \
 kernel/sched/timer.h kernel/sched/pid.h kernel/sched/sched.h \
 mm/phys/mapper.h mm/phys/page.h mm/virt/aspace.h mm/virt/memobj.h \
 lib/radix.h mm/virt/uaccess.h
drivers/ctl.h:
lib/compiler.h:
lib/ctlproto.h:
fs/fdtable.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
kernel/proc/futex.h:
kernel/proc/process_internal.h:
kernel/proc/process.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
kernel/sched/pid.h:
kernel/sched/sched.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/virt/aspace.h:
mm/virt/memobj.h:
lib/radix.h:
mm/virt/uaccess.h:
