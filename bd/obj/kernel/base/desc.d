bd/obj/kernel/base/desc.o: kernel/base/desc.c kernel/base/desc.h \
 lib/compiler.h kernel/base/boottables.h kernel/base/types.h \
 kernel/base/cpu.h kernel/base/percpu.h lib/string.h
kernel/base/desc.h:
lib/compiler.h:
kernel/base/boottables.h:
kernel/base/types.h:
kernel/base/cpu.h:
kernel/base/percpu.h:
lib/string.h:
