bd/obj/mm/virt/uio.o: mm/virt/uio.c mm/virt/uio.h kernel/base/types.h \
 lib/compiler.h lib/string.h mm/phys/kmalloc.h mm/virt/uaccess.h
mm/virt/uio.h:
kernel/base/types.h:
lib/compiler.h:
lib/string.h:
mm/phys/kmalloc.h:
mm/virt/uaccess.h:
