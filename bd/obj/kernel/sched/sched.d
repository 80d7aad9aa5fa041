bd/obj/kernel/sched/sched.o: kernel/sched/sched.c kernel/sched/sched.h \
 kernel/sched/thread.h kernel/base/percpu.h lib/compiler.h \
 kernel/base/ptregs.h kernel/base/types.h lib/list.h kernel/base/clock.h \
 kernel/base/cpu.h kernel/base/cpufeat.h kernel/base/desc.h \
 kernel/base/fpu.h kernel/base/irq.h kernel/base/lock.h \
 kernel/base/panic.h kernel/sched/sched_internal.h kernel/sched/timer.h \
 lib/rbtree.h kernel/sched/timer_internal.h mm/phys/pmm.h lib/bootinfo.h \
 mm/phys/page.h mm/phys/tlb.h mm/phys/mapper.h
kernel/sched/sched.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
lib/compiler.h:
kernel/base/ptregs.h:
kernel/base/types.h:
lib/list.h:
kernel/base/clock.h:
kernel/base/cpu.h:
kernel/base/cpufeat.h:
kernel/base/desc.h:
kernel/base/fpu.h:
kernel/base/irq.h:
kernel/base/lock.h:
kernel/base/panic.h:
kernel/sched/sched_internal.h:
kernel/sched/timer.h:
lib/rbtree.h:
kernel/sched/timer_internal.h:
mm/phys/pmm.h:
lib/bootinfo.h:
mm/phys/page.h:
mm/phys/tlb.h:
mm/phys/mapper.h:
