bd/obj/kernel/proc/exec_stack.o: kernel/proc/exec_stack.c \
 kernel/proc/exec_stack.h lib/compiler.h lib/string.h lib/uapi_new.h \
 mm/phys/kmalloc.h
kernel/proc/exec_stack.h:
lib/compiler.h:
lib/string.h:
lib/uapi_new.h:
mm/phys/kmalloc.h:
