bd/obj/kernel/proc/exec_strings.o: kernel/proc/exec_strings.c \
 kernel/proc/exec_internal.h kernel/proc/exec.h kernel/base/ptregs.h \
 lib/compiler.h kernel/base/types.h kernel/proc/exec_stack.h lib/elf.h \
 lib/string.h mm/phys/kmalloc.h mm/virt/uaccess.h
kernel/proc/exec_internal.h:
kernel/proc/exec.h:
kernel/base/ptregs.h:
lib/compiler.h:
kernel/base/types.h:
kernel/proc/exec_stack.h:
lib/elf.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/virt/uaccess.h:
