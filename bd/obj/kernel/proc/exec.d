bd/obj/kernel/proc/exec.o: kernel/proc/exec.c kernel/proc/exec.h \
 kernel/base/ptregs.h lib/compiler.h kernel/base/types.h fs/fdtable.h \
 fs/file.h fs/path.h lib/list.h lib/rbtree.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h fs/inode.h fs/mount.h fs/namei.h \
 kernel/base/cpu.h kernel/base/cpufeat.h kernel/base/desc.h \
 kernel/base/fpu.h kernel/base/random.h kernel/proc/aslr.h \
 kernel/proc/exec_internal.h kernel/proc/exec_stack.h lib/elf.h \
 kernel/proc/process_internal.h kernel/proc/process.h \
 kernel/proc/rlimit.h kernel/proc/signal.h lib/restart.h \
 kernel/sched/thread.h kernel/base/percpu.h kernel/sched/timer.h \
 kernel/proc/sigframe.h kernel/proc/vdso.h kernel/sched/cred.h \
 kernel/sched/sched.h lib/fmt.h lib/pathname.h lib/string.h \
 mm/phys/kmalloc.h mm/virt/aspace.h mm/phys/mapper.h mm/phys/page.h \
 mm/virt/memobj.h lib/radix.h mm/virt/mmap.h mm/virt/uaccess.h
kernel/proc/exec.h:
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
fs/inode.h:
fs/mount.h:
fs/namei.h:
kernel/base/cpu.h:
kernel/base/cpufeat.h:
kernel/base/desc.h:
kernel/base/fpu.h:
kernel/base/random.h:
kernel/proc/aslr.h:
kernel/proc/exec_internal.h:
kernel/proc/exec_stack.h:
lib/elf.h:
kernel/proc/process_internal.h:
kernel/proc/process.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
kernel/proc/sigframe.h:
kernel/proc/vdso.h:
kernel/sched/cred.h:
kernel/sched/sched.h:
lib/fmt.h:
lib/pathname.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/virt/aspace.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/virt/memobj.h:
lib/radix.h:
mm/virt/mmap.h:
mm/virt/uaccess.h:
