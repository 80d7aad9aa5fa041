// Local APIC (xAPIC mode), IO-APIC, 8259. Registers: SDM 3A table 10-1; 82093AA data sheet.
// The local APIC belongs to its CPU; IO-APIC registers are guarded by apic.lock.
#include "kernel/base/apic.h"

#include <asm-generic/errno-base.h>

#include "kernel/base/cpu.h"
#include "kernel/base/irq.h"
#include "kernel/base/lock.h"

#define LAPIC_ID           0x020
#define LAPIC_EOI          0x0b0
#define LAPIC_SPURIOUS     0x0f0
#define LAPIC_ICR_LOW      0x300
#define LAPIC_ICR_HIGH     0x310
#define LAPIC_TIMER        0x320
#define LAPIC_LINT0        0x350
#define LAPIC_LINT1        0x360
#define LAPIC_ERROR        0x370
#define LAPIC_TIMER_COUNT  0x380
#define LAPIC_TIMER_NOW    0x390
#define LAPIC_TIMER_DIVIDE 0x3e0
#define LAPIC_ENABLE       0x100
#define LVT_MASKED         0x10000
#define LVT_NMI            0x400
#define DIVIDE_BY_1        0xb
#define ICR_PENDING        0x1000
#define ICR_ASSERT         0x4000
#define ICR_NMI            0x400
#define ICR_INIT           0x500
#define ICR_STARTUP        0x600

#define IOAPIC_SELECT   0x00
#define IOAPIC_WINDOW   0x10
#define IOAPIC_VERSION  1
#define IOAPIC_REDIR(n) (0x10 + 2 * (n))
#define REDIR_MASKED    (1u << 16)
#define REDIR_LEVEL     (1u << 15)
#define REDIR_LOW       (1u << 13)

#define MAX_IOAPICS 4

static struct {
	volatile uint32_t *local;
	struct spinlock lock;
	unsigned ioapics;
	struct {
		volatile uint32_t *regs;
		unsigned gsi_base, inputs;
	} io[MAX_IOAPICS];
} apic = { .lock = SPINLOCK_INIT(RANK_DEVICE, "ioapic") };

static uint32_t local_read(unsigned reg)
{
	return apic.local[reg / 4];
}

static void local_write(unsigned reg, uint32_t v)
{
	apic.local[reg / 4] = v;
}

uint64_t apic_base_pa(void)
{
	return cpu_rdmsr(MSR_APIC_BASE) & 0x000ffffffffff000ull;
}

// Moves the 8259s' vectors away from the exceptions (a spurious one may still come) and masks all.
static void mask_8259(void)
{
	static const uint8_t words[][2] = {
		{ 0x20, 0x11 }, { 0xa0, 0x11 }, { 0x21, 0x20 }, { 0xa1, 0x28 }, { 0x21, 0x04 },
		{ 0xa1, 0x02 }, { 0x21, 0x01 }, { 0xa1, 0x01 }, { 0x21, 0xff }, { 0xa1, 0xff },
	};
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		cpu_outb(words[i][0], words[i][1]);
}

void apic_init(volatile void *regs)
{
	apic.local = regs;
	mask_8259();
	apic_init_cpu();
}

void apic_init_cpu(void)
{
	local_write(LAPIC_SPURIOUS, LAPIC_ENABLE | VECTOR_SPURIOUS);
	local_write(LAPIC_LINT0, LVT_MASKED);
	local_write(LAPIC_LINT1, LVT_NMI);
	local_write(LAPIC_ERROR, LVT_MASKED);
	local_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
	local_write(LAPIC_TIMER, VECTOR_TIMER | LVT_MASKED);
}

bool apic_present(void)
{
	return apic.local != NULL;
}

uint32_t apic_id(void)
{
	return local_read(LAPIC_ID) >> 24;
}

void apic_eoi(void)
{
	local_write(LAPIC_EOI, 0);
}

void apic_timer_start(uint32_t count)
{
	local_write(LAPIC_TIMER, VECTOR_TIMER);
	local_write(LAPIC_TIMER_COUNT, count);
}

void apic_timer_start_counting(void)
{
	local_write(LAPIC_TIMER, VECTOR_TIMER | LVT_MASKED);
	local_write(LAPIC_TIMER_COUNT, UINT32_MAX);
}

uint32_t apic_timer_count(void)
{
	return local_read(LAPIC_TIMER_NOW);
}

// The two halves belong together: an interrupt that sends one itself must not come between.
static void send_command(uint32_t to_apic_id, uint32_t command)
{
	uint64_t irq = cpu_irq_save();

	while (local_read(LAPIC_ICR_LOW) & ICR_PENDING)
		cpu_relax();
	local_write(LAPIC_ICR_HIGH, to_apic_id << 24);
	local_write(LAPIC_ICR_LOW, command);
	cpu_irq_restore(irq);
}

void apic_send_ipi(uint32_t to_apic_id, uint8_t vector)
{
	send_command(to_apic_id, vector);
}

void apic_send_nmi(uint32_t to_apic_id)
{
	send_command(to_apic_id, ICR_ASSERT | ICR_NMI);
}

void apic_send_init(uint32_t to_apic_id)
{
	send_command(to_apic_id, ICR_ASSERT | ICR_INIT);
}

void apic_send_startup(uint32_t to_apic_id, uint64_t code_pa)
{
	send_command(to_apic_id, ICR_ASSERT | ICR_STARTUP | (uint32_t)(code_pa >> 12));
}

static uint32_t io_read(volatile uint32_t *regs, unsigned index)
{
	regs[IOAPIC_SELECT / 4] = index;
	return regs[IOAPIC_WINDOW / 4];
}

static void io_write(volatile uint32_t *regs, unsigned index, uint32_t v)
{
	regs[IOAPIC_SELECT / 4] = index;
	regs[IOAPIC_WINDOW / 4] = v;
}

void ioapic_init(volatile void *regs, unsigned gsi_base)
{
	if (apic.ioapics == MAX_IOAPICS)
		return;
	unsigned inputs = (io_read(regs, IOAPIC_VERSION) >> 16 & 0xff) + 1;
	apic.io[apic.ioapics].regs = regs;
	apic.io[apic.ioapics].gsi_base = gsi_base;
	apic.io[apic.ioapics].inputs = inputs;
	apic.ioapics++;
	for (unsigned i = 0; i < inputs; i++)
		io_write(regs, IOAPIC_REDIR(i), REDIR_MASKED);
}

int ioapic_route(unsigned gsi, uint8_t vector, bool level, bool active_low)
{
	for (unsigned i = 0; i < apic.ioapics; i++) {
		unsigned input = gsi - apic.io[i].gsi_base;
		if (gsi < apic.io[i].gsi_base || input >= apic.io[i].inputs)
			continue;
		uint32_t low = vector | (level ? REDIR_LEVEL : 0) | (active_low ? REDIR_LOW : 0);
		uint64_t irq = spin_lock_irqsave(&apic.lock);
		io_write(apic.io[i].regs, IOAPIC_REDIR(input) + 1, apic_id() << 24);
		io_write(apic.io[i].regs, IOAPIC_REDIR(input), low);
		spin_unlock_irqrestore(&apic.lock, irq);
		return 0;
	}
	return -ENODEV;
}
