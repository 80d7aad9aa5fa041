bd/obj/kernel/init/shutdown.o: kernel/init/shutdown.c \
 kernel/init/shutdown.h drivers/acpi.h drivers/acpi_tables.h \
 lib/compiler.h lib/bootinfo.h drivers/ctl.h lib/ctlproto.h \
 drivers/power.h fs/pseudo.h kernel/base/boottables.h kernel/base/types.h \
 kernel/base/clock.h kernel/base/cpu.h kernel/base/panic.h \
 kernel/base/ptregs.h kernel/init/options.h kernel/proc/process.h \
 kernel/base/lock.h kernel/proc/rlimit.h kernel/proc/signal.h lib/list.h \
 lib/restart.h kernel/sched/thread.h kernel/base/percpu.h \
 kernel/sched/timer.h lib/rbtree.h kernel/sched/waitq.h mm/phys/kmalloc.h \
 mm/phys/pmm.h mm/phys/page.h syscall/dispatch.h
kernel/init/shutdown.h:
drivers/acpi.h:
drivers/acpi_tables.h:
lib/compiler.h:
lib/bootinfo.h:
drivers/ctl.h:
lib/ctlproto.h:
drivers/power.h:
fs/pseudo.h:
kernel/base/boottables.h:
kernel/base/types.h:
kernel/base/clock.h:
kernel/base/cpu.h:
kernel/base/panic.h:
kernel/base/ptregs.h:
kernel/init/options.h:
kernel/proc/process.h:
kernel/base/lock.h:
kernel/proc/rlimit.h:
kernel/proc/signal.h:
lib/list.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
kernel/sched/timer.h:
lib/rbtree.h:
kernel/sched/waitq.h:
mm/phys/kmalloc.h:
mm/phys/pmm.h:
mm/phys/page.h:
syscall/dispatch.h:
