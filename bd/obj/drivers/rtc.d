bd/obj/drivers/rtc.o: drivers/rtc.c drivers/rtc.h lib/compiler.h \
 kernel/base/clockmath.h kernel/base/cpu.h kernel/base/types.h
drivers/rtc.h:
lib/compiler.h:
kernel/base/clockmath.h:
kernel/base/cpu.h:
kernel/base/types.h:
