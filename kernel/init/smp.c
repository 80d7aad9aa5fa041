// Starting the other CPUs, and interrupts between CPUs.
//
// All are sent their start-up messages at once, by the thread that first has a use for a second
// CPU, and nobody waits for them: each joins the scheduler when it is ready. A timer asks those
// again that have not come. The first code of a CPU (ap.S) runs where it lies in physical memory:
// until the last one has come the kernel's tables show the first 2 MiB there, too.
//
// State: written by the boot CPU alone before any other runs, read-only afterwards, but for
// |waiting|, which is atomic.
#include "kernel/init/smp.h"

#include "drivers/acpi.h"
#include "kernel/base/apic.h"
#include "kernel/base/boottables.h"
#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/desc.h"
#include "kernel/base/fpu.h"
#include "kernel/base/irq.h"
#include "kernel/base/log.h"
#include "kernel/base/percpu.h"
#include "kernel/base/sections.h"
#include "kernel/init/trap.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timer.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/kva.h"
#include "mm/phys/physmap.h"
#include "mm/phys/tlb.h"

#define LOW_RAM_END  0xa0000u
#define RETRY_NS     10000000ull
#define RETRIES      20u
#define TABLE_BITS   0x63ull // present, writable, accessed, dirty
#define LOW_2M_ENTRY 0xe1ull // present, accessed, dirty, large: to be executed, not written

uint32_t smp_apic_ids[MAX_CPUS];
uint64_t smp_stack_tops[MAX_CPUS];
unsigned smp_cpus_wanted = 1;

static struct {
	pa_t page;
	uint64_t ist_tops[MAX_CPUS]; // of the first of IST_STACKS
	uint64_t waiting;            // bit per CPU that has not come yet
	struct timer retry;
	unsigned retries;
} smp;

struct boot_range smp_choose_page(const struct bootinfo *info)
{
	for (unsigned i = 0; i < info->ram_ranges; i++) {
		const struct boot_range *r = &info->ram[i];
		uint64_t start = MAX(ALIGN_UP(r->start_pa, PAGE_SIZE), PAGE_SIZE);
		uint64_t end = MIN(r->start_pa + r->size_bytes, (uint64_t)LOW_RAM_END);

		if (start + PAGE_SIZE <= end)
			return (struct boot_range){ start, PAGE_SIZE };
	}
	return (struct boot_range){ 0, 0 };
}

// ---- interrupts to other CPUs ----

static void send_to_mask(uint64_t cpus, uint8_t vector)
{
	for (; cpus; cpus &= cpus - 1)
		apic_send_ipi(smp_apic_ids[__builtin_ctzll(cpus)], vector);
}

static void send_tlb(uint64_t cpus)
{
	send_to_mask(cpus, VECTOR_TLB);
}

static void send_resched(unsigned cpu)
{
	apic_send_ipi(smp_apic_ids[cpu], VECTOR_RESCHED);
}

void smp_send_nmi(unsigned cpu)
{
	apic_send_nmi(smp_apic_ids[cpu]);
}

// ---- on the new CPU ----

// All CPUs have come: what showed the trampoline goes.
static void hide_low_memory(void)
{
	boot_pml4[0] = 0;
	boot_pdpt_kernel[0] = 0;
	boot_pd_kernel[0] = 0;
}

void smp_cpu_main(unsigned cpu)
{
	cpufeat_init_cpu();
	desc_init_cpu(smp.ist_tops[cpu], IST_STACK_BYTES + STACK_GUARD_BYTES);
	trap_init_cpu();
	fpu_init_cpu();
	apic_init_cpu();
	tlb_forget_loaded();
	if (!__atomic_and_fetch(&smp.waiting, ~(1ull << cpu), __ATOMIC_SEQ_CST))
		hide_low_memory();
	percpu_set_running();
	cpu_flush_tlb_all();
	sched_cpu_started();
	sched_idle_loop();
}

// ---- on the CPU that starts them ----

static bool prepare_cpu(unsigned cpu)
{
	size_t bytes = __percpu_end - __percpu_start;
	char *area = kzalloc(bytes);
	uint64_t ist = area ? kva_alloc_stacks(IST_STACKS, IST_STACK_BYTES) : 0;
	struct thread *idle;

	if (!ist)
		goto err_area;
	percpu_add_cpu(area);
	idle = sched_add_cpu(cpu);
	if (!idle)
		return false; // what it has got is kept: it counts as ready, with nothing cached
	smp.ist_tops[cpu] = ist;
	smp_stack_tops[cpu] = (uint64_t)idle->kstack_top;
	return true;
err_area:
	kfree(area);
	return false;
}

static void place_trampoline(void)
{
	char *to = phys_to_virt(smp.page);

	memcpy(to, smp_trampoline, smp_trampoline_end - smp_trampoline);
	for (const uint16_t *f = smp_trampoline_fixups; *f; f++)
		*(uint32_t *)(to + *f) += smp.page;
	boot_pd_kernel[0] = LOW_2M_ENTRY;
	boot_pdpt_kernel[0] = kernel_sym_pa(boot_pd_kernel) | TABLE_BITS;
	boot_pml4[0] = kernel_sym_pa(boot_pdpt_kernel) | TABLE_BITS;
}

static void ask_again(struct timer *t)
{
	uint64_t waiting = __atomic_load_n(&smp.waiting, __ATOMIC_RELAXED);

	if (!waiting)
		return;
	if (++smp.retries == RETRIES) {
		log_warn("boot", "CPUs did not start: mask %lx", waiting);
		return;
	}
	for (; waiting; waiting &= waiting - 1)
		apic_send_startup(smp_apic_ids[__builtin_ctzll(waiting)], smp.page);
	timer_arm(t, clock_mono_ns() + RETRY_NS);
}

static void start_cpus(void)
{
	unsigned n = 1;

	while (n < cpu_count_online() && prepare_cpu(n))
		n++;
	if (n < cpu_count_online())
		log_warn("boot", "no memory for more than %u CPUs", n);
	smp_cpus_wanted = n;
	smp.waiting = (n == 64 ? 0 : 1ull << n) - 2;
	if (n == 1)
		return;
	clock_prepare_cpus();
	place_trampoline();
	tlb_set_shootdown(send_tlb);
	sched_set_kick(send_resched);
	irq_set_local_handler(VECTOR_TLB, tlb_shootdown_interrupt);
	irq_set_local_handler(VECTOR_RESCHED, sched_kicked);
	for (unsigned cpu = 1; cpu < n; cpu++)
		apic_send_init(smp_apic_ids[cpu]);
	for (unsigned cpu = 1; cpu < n; cpu++)
		apic_send_startup(smp_apic_ids[cpu], smp.page);
	timer_init(&smp.retry, ask_again);
	timer_arm(&smp.retry, clock_mono_ns() + RETRY_NS);
}

__stack_guarded void smp_init(const struct boot_range *page)
{
	uint32_t others[MAX_CPUS];
	unsigned n = acpi_other_cpus(others, MAX_CPUS - 1);

	if (!n || !page->size_bytes)
		return;
	smp.page = page->start_pa;
	smp_apic_ids[0] = apic_id();
	memcpy(&smp_apic_ids[1], others, n * sizeof(others[0]));
	percpu_set_online(n + 1);
	sched_set_more_cpus(start_cpus);
}
