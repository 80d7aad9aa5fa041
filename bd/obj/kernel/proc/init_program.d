bd/obj/kernel/proc/init_program.o: kernel/proc/init_program.c \
 kernel/proc/init_program.h lib/compiler.h drivers/ctl.h lib/ctlproto.h \
 fs/console.h fs/fdtable.h fs/file.h fs/path.h lib/list.h lib/rbtree.h \
 kernel/base/types.h kernel/sched/mutex.h kernel/sched/waitq.h \
 kernel/base/lock.h fs/namei.h fs/inode.h fs/vfs.h kernel/base/log.h \
 kernel/base/random.h kernel/proc/exec.h kernel/base/ptregs.h \
 kernel/proc/process_internal.h kernel/proc/process.h \
 kernel/proc/rlimit.h kernel/proc/signal.h lib/restart.h \
 kernel/sched/thread.h kernel/base/percpu.h kernel/sched/timer.h \
 kernel/proc/program_config.h kernel/sched/cred.h kernel/sched/sched.h \
 lib/cmdline.h
kernel/proc/init_program.h:
lib/compiler.h:
drivers/ctl.h:
lib/ctlproto.h:
fs/console.h:
fs/fdtable.h:
fs/file.h:
fs/path.h:
lib/list.h:
lib/rbtree.h:
kernel/base/types.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
fs/namei.h:
fs/inode.h:
fs/vfs.h:
kernel/base/log.h:
kernel/base/random.h:
kernel/proc/exec.h:
kernel/base/ptregs.h:
kernel/proc/process_internal.h:
kernel/proc/process.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
kernel/proc/program_config.h:
kernel/sched/cred.h:
kernel/sched/sched.h:
lib/cmdline.h:
