bd/obj/kernel/init/trap.o: kernel/init/trap.c kernel/init/trap.h \
 kernel/base/ptregs.h lib/compiler.h kernel/base/apic.h kernel/base/cpu.h \
 kernel/base/cpufeat.h kernel/base/desc.h kernel/base/irq.h \
 kernel/base/log.h kernel/base/panic.h kernel/base/sections.h \
 kernel/base/types.h kernel/init/regs_offsets.h \
 bd/gen/kernel/init/offsets.h kernel/proc/signal.h kernel/base/lock.h \
 lib/list.h lib/restart.h kernel/sched/thread.h kernel/base/percpu.h \
 mm/phys/kstack.h mm/virt/aspace.h kernel/sched/mutex.h \
 kernel/sched/waitq.h lib/rbtree.h mm/phys/mapper.h mm/phys/page.h \
 mm/virt/memobj.h lib/radix.h
kernel/init/trap.h:
kernel/base/ptregs.h:
lib/compiler.h:
kernel/base/apic.h:
kernel/base/cpu.h:
kernel/base/cpufeat.h:
kernel/base/desc.h:
kernel/base/irq.h:
kernel/base/log.h:
kernel/base/panic.h:
kernel/base/sections.h:
kernel/base/types.h:
kernel/init/regs_offsets.h:
bd/gen/kernel/init/offsets.h:
kernel/proc/signal.h:
kernel/base/lock.h:
lib/list.h:
lib/restart.h:
kernel/sched/thread.h:
kernel/base/percpu.h:
mm/phys/kstack.h:
mm/virt/aspace.h:
kernel/sched/mutex.h:
kernel/sched/waitq.h:
lib/rbtree.h:
mm/phys/mapper.h:
mm/phys/page.h:
mm/virt/memobj.h:
lib/radix.h:
