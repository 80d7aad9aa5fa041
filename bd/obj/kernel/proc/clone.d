bd/obj/kernel/proc/clone.o: kernel/proc/clone.c kernel/proc/clone.h \
 kernel/base/ptregs.h lib/compiler.h kernel/base/types.h fs/fdtable.h \
 fs/file.h fs/path.h lib/list.h lib/rbtree.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h kernel/base/cpu.h \
 kernel/base/fpu.h kernel/proc/process_internal.h kernel/proc/process.h \
 kernel/proc/rlimit.h kernel/proc/signal.h lib/restart.h \
 kernel/sched/thread.h kernel/base/percpu.h kernel/sched/timer.h \
 kernel/sched/cred.h kernel/sched/pid.h kernel/sched/sched.h lib/string.h \
 mm/phys/kmalloc.h mm/virt/aspace.h mm/phys/mapper.h mm/phys/page.h \
 mm/virt/memobj.h lib/radix.h mm/virt/uaccess.h
kernel/proc/clone.h:
kernel/base/ptregs.h:
lib/compiler.h:
kernel/base/types.h:
fs/fdtable.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/rbtree.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
kernel/base/cpu.h:
kernel/base/fpu.h:
kernel/proc/process_internal.h:
kernel/proc/process.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
kernel/sched/cred.h:
kernel/sched/pid.h:
kernel/sched/sched.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/virt/aspace.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/virt/memobj.h:
lib/radix.h:
mm/virt/uaccess.h:
