bd/obj/kernel/base/percpu.o: kernel/base/percpu.c kernel/base/percpu.h \
 lib/compiler.h
kernel/base/percpu.h:
lib/compiler.h:
