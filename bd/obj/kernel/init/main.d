bd/obj/kernel/init/main.o: kernel/init/main.c kernel/init/main.h \
 lib/bootinfo.h lib/compiler.h drivers/acpi.h drivers/acpi_tables.h \
 drivers/ctl.h lib/ctlproto.h drivers/rtc.h fs/vfs.h kernel/base/apic.h \
 kernel/base/boottables.h kernel/base/types.h kernel/base/clock.h \
 kernel/base/cmdline.h kernel/base/cpu.h kernel/base/desc.h \
 kernel/base/fpu.h kernel/base/irq.h kernel/base/ptregs.h \
 kernel/base/log.h kernel/base/panic.h kernel/base/random.h \
 kernel/base/sections.h kernel/base/stackprot.h kernel/init/options.h \
 kernel/init/shutdown.h kernel/init/trap.h kernel/proc/init_program.h \
 kernel/proc/process.h kernel/base/lock.h kernel/proc/rlimit.h \
 kernel/proc/signal.h lib/list.h lib/restart.h kernel/sched/thread.h \
 kernel/base/percpu.h kernel/sched/timer.h lib/rbtree.h \
 kernel/sched/waitq.h kernel/sched/sched.h mm/phys/kernelmap.h \
 mm/phys/kmalloc.h mm/phys/kva.h mm/phys/physmap.h mm/phys/pmm.h \
 mm/phys/page.h
kernel/init/main.h:
lib/bootinfo.h:
lib/compiler.h:
drivers/acpi.h:
drivers/acpi_tables.h:
drivers/ctl.h:
lib/ctlproto.h:
drivers/rtc.h:
fs/vfs.h:
kernel/base/apic.h:
kernel/base/boottables.h:
kernel/base/types.h:
kernel/base/clock.h:
kernel/base/cmdline.h:
kernel/base/cpu.h:
kernel/base/desc.h:
kernel/base/fpu.h:
kernel/base/irq.h:
kernel/base/ptregs.h:
kernel/base/log.h:
kernel/base/panic.h:
kernel/base/random.h:
kernel/base/sections.h:
kernel/base/stackprot.h:
kernel/init/options.h:
kernel/init/shutdown.h:
kernel/init/trap.h:
kernel/proc/init_program.h:
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
kernel/sched/sched.h:
mm/phys/kernelmap.h:
mm/phys/kmalloc.h:
mm/phys/kva.h:
mm/phys/physmap.h:
mm/phys/pmm.h:
mm/phys/page.h:
