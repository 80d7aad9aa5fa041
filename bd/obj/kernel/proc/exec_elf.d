bd/obj/kernel/proc/exec_elf.o: kernel/proc/exec_elf.c fs/fdtable.h \
 fs/file.h fs/path.h lib/list.h lib/compiler.h lib/rbtree.h \
 kernel/base/types.h kernel/sched/mutex.h kernel/sched/waitq.h \
 kernel/base/lock.h fs/namei.h fs/inode.h kernel/proc/exec_internal.h \
 kernel/proc/exec.h kernel/base/ptregs.h kernel/proc/exec_stack.h \
 lib/elf.h lib/string.h mm/phys/kmalloc.h mm/virt/mmap.h mm/virt/aspace.h \
 mm/phys/mapper.h mm/phys/page.h mm/virt/memobj.h lib/radix.h \
 mm/virt/uaccess.h
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
fs/namei.h:
fs/inode.h:
kernel/proc/exec_internal.h:
kernel/proc/exec.h:
kernel/base/ptregs.h:
kernel/proc/exec_stack.h:
lib/elf.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/virt/mmap.h:
mm/virt/aspace.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/virt/memobj.h:
lib/radix.h:
mm/virt/uaccess.h:
