bd/obj/kernel/base/log.o: kernel/base/log.c kernel/base/log.h \
 lib/compiler.h kernel/base/lock.h lib/fmt.h lib/string.h
kernel/base/log.h:
lib/compiler.h:
kernel/base/lock.h:
lib/fmt.h:
lib/string.h:
