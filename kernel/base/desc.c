// GDT and TSS of each CPU, the IDT that they share, and the MSRs of SYSCALL. Built once; later only
// TSS.rsp0 changes, by its own CPU. The tables are in writable memory of the kernel that no program
// reaches.
#include "kernel/base/desc.h"

#include "kernel/base/boottables.h"
#include "kernel/base/cpu.h"
#include "kernel/base/percpu.h"
#include "lib/string.h"

// SDM 3A 8.7 figure 8-11.
struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, iomap_offset;
} __packed;
_Static_assert(sizeof(struct tss) == 104, "hardware layout");

#define GDT_ENTRIES 16
static DEFINE_PERCPU(struct tss, percpu_tss);
static DEFINE_PERCPU(uint64_t, percpu_gdt[GDT_ENTRIES]);

struct idt_gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};
static struct {
	struct idt_gate gate[256];
} idt __aligned_to(16);

// Every defined flag but bit 1, as Linux 6.18 syscall_init: IF and TF for the entry path, DF for C,
// AC so that the entry needs no CLAC.
#define SYSCALL_FLAGS_CLEARED 0x257fd5

#define GATE_INTERRUPT 0x8e // present, DPL 0, interrupts off on entry
#define GATE_USER      0x60 // DPL 3

// The exceptions that must not run on the interrupted stack, by vector; index + 1 is the IST slot.
static const uint8_t ist_vectors[IST_STACKS] = { VECTOR_DF, VECTOR_NMI, VECTOR_MC, VECTOR_DB };

static void set_gate(unsigned vector, uint64_t handler, unsigned type)
{
	idt.gate[vector] = (struct idt_gate){
		.offset_low = handler,
		.selector = SEL_KERNEL_CS,
		.type = type,
		.offset_mid = handler >> 16,
		.offset_high = handler >> 32,
	};
}

void desc_set_gates(unsigned first, unsigned count, const char *stubs)
{
	for (unsigned i = 0; i < count; i++)
		set_gate(first + i, (uint64_t)stubs + (uint64_t)i * TRAP_STUB_BYTES,
			 GATE_INTERRUPT);
}

void desc_finish_gates(void)
{
	// INT3, INTO, BOUND: programs may use the instructions.
	idt.gate[VECTOR_BP].type |= GATE_USER;
	idt.gate[VECTOR_OF].type |= GATE_USER;
	for (unsigned i = 0; i < IST_STACKS; i++)
		idt.gate[ist_vectors[i]].ist = i + 1;
	cpu_lidt(&idt, sizeof(idt));
}

static void init_gdt(uint64_t *gdt, const struct tss *tss, unsigned cpu)
{
	uint64_t base = (uint64_t)tss, limit = sizeof(*tss) - 1;
	gdt[SEL_KERNEL_CS / 8] = 0x00af9b000000ffff;
	gdt[SEL_KERNEL_DS / 8] = 0x00cf93000000ffff;
	gdt[SEL_USER32_CS / 8] = 0x00cffb000000ffff; // SYSRET counts from here
	gdt[SEL_USER_DS / 8] = 0x00cff3000000ffff;
	gdt[SEL_USER_CS / 8] = 0x00affb000000ffff;
	gdt[SEL_TSS / 8] =
		limit | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
	gdt[SEL_TSS / 8 + 1] = base >> 32;
	gdt[SEL_CPU_NODE / 8] = 0x0040f50000000000 | cpu;
	cpu_lgdt(gdt, GDT_ENTRIES * sizeof(*gdt));
	cpu_ltr(SEL_TSS);
}

// A kernel stack that overflows must fault at once: what lies below it is unmapped.
static void unmap_guard(const char *guard)
{
	boot_pt_kernel[kernel_sym_pa(guard) >> PAGE_SHIFT & 511] = 0;
	cpu_invlpg((uint64_t)guard);
	cpu_invlpg(BOOT_PHYSMAP_BASE + kernel_sym_pa(guard));
}

static void load_tables(struct tss *tss)
{
	tss->iomap_offset = sizeof(*tss);
	init_gdt(*this_cpu_ptr(percpu_gdt), tss, this_cpu_id());
}

void desc_init(void)
{
	struct tss *tss = this_cpu_ptr(percpu_tss);
	unmap_guard(boot_stack);
	for (unsigned i = 0; i < IST_STACKS; i++) {
		unmap_guard(ist_stacks[i]);
		tss->ist[i] = (uint64_t)ist_stacks[i + 1];
	}
	load_tables(tss);
	desc_set_kernel_stack((uint64_t)(boot_stack + sizeof(boot_stack)));
}

void desc_init_cpu(uint64_t first_ist_top, uint64_t distance)
{
	struct tss *tss = this_cpu_ptr(percpu_tss);
	for (unsigned i = 0; i < IST_STACKS; i++)
		tss->ist[i] = first_ist_top + i * distance;
	load_tables(tss);
	cpu_lidt(&idt, sizeof(idt));
}

void desc_init_syscall(const char *entry)
{
	cpu_wrmsr(MSR_STAR, (uint64_t)SEL_USER32_CS << 48 | (uint64_t)SEL_KERNEL_CS << 32);
	cpu_wrmsr(MSR_LSTAR, (uint64_t)entry);
	cpu_wrmsr(MSR_SFMASK, SYSCALL_FLAGS_CLEARED);
	cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) | EFER_SCE);
}

void desc_set_kernel_stack(uint64_t top)
{
	this_cpu_ptr(percpu_tss)->rsp[0] = top;
	this_cpu_write(percpu_kernel_stack_top, top);
}

bool desc_is_stack_guard(uint64_t va)
{
	uint64_t page = va & PAGE_MASK;
	if (page == (uint64_t)boot_stack)
		return true;
	for (unsigned i = 0; i < IST_STACKS; i++)
		if (page == (uint64_t)ist_stacks[i])
			return true;
	return false;
}
