bd/obj/kernel/base/clock.o: kernel/base/clock.c kernel/base/clock.h \
 lib/compiler.h kernel/base/apic.h kernel/base/boottables.h \
 kernel/base/types.h kernel/base/clockmath.h kernel/base/cpu.h \
 kernel/base/cpufeat.h kernel/base/lock.h kernel/base/log.h
kernel/base/clock.h:
lib/compiler.h:
kernel/base/apic.h:
kernel/base/boottables.h:
kernel/base/types.h:
kernel/base/clockmath.h:
kernel/base/cpu.h:
kernel/base/cpufeat.h:
kernel/base/lock.h:
kernel/base/log.h:
