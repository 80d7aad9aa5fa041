// The order of initialisation, lowest layer first, and the wiring of callbacks that signal upwards.
#include "kernel/init/main.h"

#include "drivers/acpi.h"
#include "drivers/clockref.h"
#include "drivers/ctl.h"
#include "drivers/rtc.h"
#include "drivers/virtio_rng.h"
#include "fs/vfs.h"
#include "kernel/base/apic.h"
#include "kernel/base/boottables.h"
#include "kernel/base/clock.h"
#include "kernel/base/cmdline.h"
#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/desc.h"
#include "kernel/base/fpu.h"
#include "kernel/base/irq.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/base/random.h"
#include "kernel/base/sections.h"
#include "kernel/base/stackprot.h"
#include "kernel/init/options.h"
#include "kernel/init/shutdown.h"
#include "kernel/init/smp.h"
#include "kernel/init/trap.h"
#include "kernel/proc/init_program.h"
#include "kernel/proc/process.h"
#include "kernel/proc/ptrace.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timer.h"
#include "mm/phys/kernelmap.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/kva.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/virt/lazy.h"
#include "mm/virt/resv.h"
#include "syscall/dispatch.h"

#define CLOCK_REFINE_NS 120000000ull

static void init_cpu(void)
{
	desc_init();
	trap_init();
	fpu_init();
}

static void init_memory(const struct bootinfo *info, const struct boot_range *smp_page)
{
	pa_t start = kernel_sym_pa(__kernel_start);
	// Page 0: a physical address of 0 means "none" in many places.
	const struct boot_range reserved[] = {
		{ 0, PAGE_SIZE },
		*smp_page,
		{ start, kernel_sym_pa(__kernel_end) - start },
		info->initramfs,
	};
	pmm_init(info, reserved, ARRAY_SIZE(reserved));
	kmalloc_init();
	kva_init();
	resv_init();
	lazy_init();
	if (kernel_map_init() != 0)
		panic("no memory for the kernel's page tables");
}

static void init_time(void)
{
	pa_t apic_pa = apic_base_pa();
	if (physmap_ensure(apic_pa, PAGE_SIZE, true) != 0)
		panic("no memory to map the local APIC");
	apic_init(phys_to_virt(apic_pa));
	struct clock_reference reference;
	bool found = clock_wants_reference() && clockref_find(&reference);
	clock_init(found ? &reference : NULL);
	clock_set_wall_source(rtc_read_ns);
}

static void init_files(const struct bootinfo *info)
{
	const struct boot_range *image = &info->initramfs;
	if (image->size_bytes && physmap_ensure(image->start_pa, image->size_bytes, false) != 0)
		panic("no memory to map the initramfs");
	int err = vfs_init(image->size_bytes ? phys_to_virt(image->start_pa) : NULL,
			   image->size_bytes);
	if (err)
		panic("the root file system cannot be mounted: error %d", -err);
}

// The clock's first rate is a quick one: measure again once there is a base line of 0.1 s.
static void refine_clock(struct timer *t)
{
	if (!clock_refine())
		timer_arm(t, clock_mono_ns() + CLOCK_REFINE_NS);
}

static void start_program(void)
{
	static struct timer refine;
	timer_init(&refine, refine_clock);
	timer_arm(&refine, CLOCK_REFINE_NS);
	ptrace_set_call_watch(syscall_set_watched);
	int err = proc_init();
	if (!err)
		err = init_start_program(boot_cmdline());
	if (err)
		panic("the program cannot be started: error %d", -err);
}

void kernel_main(const struct bootinfo *info)
{
	boot_set_cmdline(info->cmdline);
	shutdown_init();
	init_cpu();
	init_early_options(info->cmdline);
	stackprot_set_canary(random_u64());
	struct boot_range smp_page = smp_choose_page(info);
	init_memory(info, &smp_page);
	acpi_init(info);
	init_time();
	sched_init();
	sched_set_user_entry(trap_enter_user);
	irq_set_router(acpi_init_ioapics);
	ctl_init();
	smp_init(&smp_page);
	if (!cpu_features.rdrand)
		virtio_rng_seed();
	init_files(info);
	options_apply();
	start_program();
	sched_idle_loop();
}
