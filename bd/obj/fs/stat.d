bd/obj/fs/stat.o: fs/stat.c fs/stat.h fs/inode.h kernel/sched/mutex.h \
 kernel/sched/waitq.h kernel/base/lock.h lib/compiler.h lib/list.h \
 fs/file.h fs/path.h lib/rbtree.h kernel/base/types.h fs/mount.h \
 fs/namei.h kernel/sched/cred.h mm/phys/pmm.h lib/bootinfo.h \
 mm/phys/page.h
fs/stat.h:
fs/inode.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
kernel/base/lock.h:
lib/compiler.h:
lib/list.h:
fs/file.h:
fs/path.h:
lib/rbtree.h:
kernel/base/types.h:
fs/mount.h:
fs/namei.h:
kernel/sched/cred.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/page.h:
