// See the header. No state.
#include "kernel/init/shutdown.h"

#include "drivers/acpi.h"
#include "drivers/ctl.h"
#include "drivers/power.h"
#include "fs/pseudo.h"
#include "kernel/base/boottables.h"
#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/base/lock.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "kernel/init/options.h"
#include "kernel/init/smp.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "lib/ctlproto.h"
#include "lib/fmt.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"
#include "syscall/dispatch.h"

// What several CPUs cost: interrupts to others, and waiting for them and for locks.
static void report_cpus(struct seq *out)
{
	const struct lock_stats lock = lock_get_stats();
	const struct tlb_stats tlb = tlb_get_stats();
	struct sched_cpu_stats s;

	sched_get_cpu_stats(&s);
	seq_printf(out, "kicks=%lu\nmoved=%lu\npulled=%lu\nlock_sleeps=%lu\n", s.kicks, s.moved,
		   s.pulled, s.sleeps);
	seq_printf(out, "spin_waits=%lu\nspin_wait_tsc=%lu\n", lock.spin_waits, lock.spin_wait_tsc);
	seq_printf(out, "tlb_requests=%lu\ntlb_wait_tsc=%lu\n", tlb.requests, tlb.wait_tsc);
}

// What ouro run --stats prints; tests/bench reads entry_tsc and tsc_hz.
static void send_stats(void)
{
	struct seq out = { 0 };
	struct pmm_stats pmm;
	pmm_get_stats(&pmm);
	seq_printf(&out, "entry_tsc=%lu\n", boot_entry_tsc);
	seq_printf(&out, "end_tsc=%lu\n", cpu_rdtsc());
	seq_printf(&out, "tsc_hz=%lu\n", clock_tsc_hz());
	seq_printf(&out, "total_pages=%lu\nfree_pages=%lu\n", pmm.total_pages, pmm.free_pages);
	if (cpu_count_ready() > 1)
		report_cpus(&out);
	syscall_report(&out);
	if (!out.oom)
		ctl_send_record(CTL_STATS, out.buf, out.len);
	kvfree(out.buf);
}

// Started by hand nobody reads the exit record: why nothing ran must be said on the console.
static void explain(uint32_t kind, uint32_t code)
{
	char line[96];
	int n = 0;
	if (kind == CTL_EXIT_NOT_FOUND)
		n = fmt_snprintf(line, sizeof(line), "ouro: the program is not in the image\n");
	else if (kind == CTL_EXIT_NOT_EXECUTABLE)
		n = fmt_snprintf(line, sizeof(line),
				 "ouro: the program cannot be executed: error %u\n", code);
	if (n && !ctl_connected())
		ctl_send_record(CTL_LOG, line, n);
}

static void end_machine(uint32_t kind, uint32_t code)
{
	const struct ctl_exit record = { .kind = kind, .code = code };
	if (options_want_stats())
		send_stats();
	explain(kind, code);
	ctl_send_record(CTL_EXIT, &record, sizeof(record));
	ctl_drain();
	acpi_init_power();
	power_off();
}

static void report_panic(const char *text, size_t bytes)
{
	// By hand the text has gone to the first UART already.
	if (!ctl_connected())
		return;
	ctl_send_record(CTL_PANIC, text, bytes);
	ctl_drain();
}

void shutdown_init(void)
{
	static const struct panic_handlers handlers = { .report = report_panic,
							.end = power_off,
							.send_nmi = smp_send_nmi };
	panic_set_handlers(&handlers);
	process_set_machine_end(end_machine);
}
