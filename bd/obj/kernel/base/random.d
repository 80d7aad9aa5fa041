bd/obj/kernel/base/random.o: kernel/base/random.c kernel/base/random.h \
 lib/compiler.h kernel/base/cpu.h kernel/base/cpufeat.h \
 kernel/base/lock.h lib/chacha20.h lib/string.h
kernel/base/random.h:
lib/compiler.h:
kernel/base/cpu.h:
kernel/base/cpufeat.h:
kernel/base/lock.h:
lib/chacha20.h:
lib/string.h:
