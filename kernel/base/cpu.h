// The hardware seam: every privileged or machine-specific instruction is in this file (and in the
// few .S files). Host tests shadow it with a model. Bits of control registers: Intel SDM vol.
// 3A 2.5.
#pragma once

#include "lib/compiler.h"

static inline void cpu_outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port));
}
static inline void cpu_outw(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" ::"a"(v), "Nd"(port));
}
static inline void cpu_outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" ::"a"(v), "Nd"(port));
}
static inline uint8_t cpu_inb(uint16_t port)
{
	uint8_t v;
	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline uint16_t cpu_inw(uint16_t port)
{
	uint16_t v;
	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline uint32_t cpu_inl(uint16_t port)
{
	uint32_t v;
	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

// One 4 KiB page.
void cpu_clear_page(void *page); // clearpage.S
void cpu_copy_page(void *to, const void *from);

// Interrupt flag. cpu_irq_save returns what cpu_irq_restore takes.
#define RFLAGS_IF (1ull << 9)
#define RFLAGS_DF (1ull << 10)
#define RFLAGS_TF (1ull << 8)
#define RFLAGS_NT (1ull << 14)
#define RFLAGS_AC (1ull << 18)

static inline uint64_t cpu_read_flags(void)
{
	uint64_t flags;
	__asm__ volatile("pushfq; popq %0" : "=r"(flags)::"memory");
	return flags;
}
static inline void cpu_irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}
static inline void cpu_irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}
static inline bool cpu_irqs_enabled(void)
{
	return cpu_read_flags() & RFLAGS_IF;
}
static inline uint64_t cpu_irq_save(void)
{
	uint64_t flags = cpu_read_flags();
	cpu_irq_disable();
	return flags;
}
static inline void cpu_irq_restore(uint64_t flags)
{
	if (flags & RFLAGS_IF)
		cpu_irq_enable();
}
// Enables interrupts and waits for one, with no window between the two.
static inline void cpu_wait_for_irq(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}
// Stops the CPU for good (an NMI may wake it: call in a loop).
static inline void cpu_halt(void)
{
	__asm__ volatile("cli; hlt" ::: "memory");
}
static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

// Control registers.
#define CR0_MP         (1ull << 1)
#define CR0_EM         (1ull << 2)
#define CR0_TS         (1ull << 3)
#define CR0_NE         (1ull << 5)
#define CR0_WP         (1ull << 16)
#define CR0_AM         (1ull << 18)
#define CR4_PGE        (1ull << 7)
#define CR4_OSFXSR     (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_UMIP       (1ull << 11)
#define CR4_FSGSBASE   (1ull << 16)
#define CR4_PCIDE      (1ull << 17)
#define CR4_OSXSAVE    (1ull << 18)
#define CR4_SMEP       (1ull << 20)
#define CR4_SMAP       (1ull << 21)

static inline uint64_t cpu_read_cr0(void)
{
	uint64_t v;
	__asm__ volatile("mov %%cr0, %0" : "=r"(v));
	return v;
}
static inline void cpu_write_cr0(uint64_t v)
{
	__asm__ volatile("mov %0, %%cr0" ::"r"(v) : "memory");
}
// The address of the last page fault.
static inline uint64_t cpu_read_cr2(void)
{
	uint64_t v;
	__asm__ volatile("mov %%cr2, %0" : "=r"(v));
	return v;
}
static inline uint64_t cpu_read_cr3(void)
{
	uint64_t v;
	__asm__ volatile("mov %%cr3, %0" : "=r"(v)::"memory");
	return v;
}
// Loads a page-table root; flushes what is not global.
static inline void cpu_write_cr3(uint64_t v)
{
	__asm__ volatile("mov %0, %%cr3" ::"r"(v) : "memory");
}
static inline uint64_t cpu_read_cr4(void)
{
	uint64_t v;
	__asm__ volatile("mov %%cr4, %0" : "=r"(v));
	return v;
}
static inline void cpu_write_cr4(uint64_t v)
{
	__asm__ volatile("mov %0, %%cr4" ::"r"(v) : "memory");
}

// TLB of this CPU.
static inline void cpu_invlpg(uint64_t va)
{
	__asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}
// Everything that is not global.
static inline void cpu_flush_tlb_user(void)
{
	cpu_write_cr3(cpu_read_cr3());
}
// Everything, global entries too (SDM 3A 4.10.4.1: a change of CR4.PGE).
static inline void cpu_flush_tlb_all(void)
{
	uint64_t cr4 = cpu_read_cr4();
	cpu_write_cr4(cr4 & ~CR4_PGE);
	cpu_write_cr4(cr4);
}

// Model-specific registers. One that the CPU lacks is a #GP: ask CPUID first.
#define MSR_APIC_BASE      0x1bu
#define MSR_EFER           0xc0000080u
#define MSR_STAR           0xc0000081u
#define MSR_LSTAR          0xc0000082u
#define MSR_SFMASK         0xc0000084u
#define MSR_FS_BASE        0xc0000100u
#define MSR_GS_BASE        0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define EFER_SCE           (1u << 0)
#define EFER_LME           (1u << 8)
#define EFER_NXE           (1u << 11)

static inline uint64_t cpu_rdmsr(uint32_t msr)
{
	uint32_t lo, hi;
	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}
static inline void cpu_wrmsr(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

static inline uint64_t cpu_rdtsc(void)
{
	uint64_t lo, hi; // the upper halves are zeroed

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return hi << 32 | lo;
}
struct cpuid_regs {
	uint32_t eax, ebx, ecx, edx;
};
static inline struct cpuid_regs cpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs r;
	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}
// A hardware random number; false: none this time. Needs cpu_features.rdrand or .rdseed.
static inline bool cpu_rdrand(uint64_t *out)
{
	bool ok;
	__asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(ok));
	return ok;
}
static inline bool cpu_rdseed(uint64_t *out)
{
	bool ok;
	__asm__ volatile("rdseed %0" : "=r"(*out), "=@ccc"(ok));
	return ok;
}

// Segment bases: need cpu_features.fsgsbase (else the MSRs). The user's GS base lies in
// MSR_KERNEL_GS_BASE while the kernel runs.
static inline uint64_t cpu_rdfsbase(void)
{
	uint64_t v;
	__asm__ volatile("rdfsbase %0" : "=r"(v));
	return v;
}
static inline void cpu_wrfsbase(uint64_t v)
{
	__asm__ volatile("wrfsbase %0" ::"r"(v) : "memory");
}
// Reads or sets the user's GS base without an MSR access. Interrupts must be off.
static inline uint64_t cpu_read_user_gsbase_fast(void)
{
	uint64_t v;
	__asm__ volatile("swapgs; rdgsbase %0; swapgs" : "=r"(v)::"memory");
	return v;
}
static inline void cpu_write_user_gsbase_fast(uint64_t v)
{
	__asm__ volatile("swapgs; wrgsbase %0; swapgs" ::"r"(v) : "memory");
}

// Sets it; what it was.
static inline uint64_t cpu_exchange_user_gsbase(uint64_t v)
{
	uint64_t old;
	__asm__ volatile("swapgs; rdgsbase %0; wrgsbase %1; swapgs"
			 : "=&r"(old)
			 : "r"(v)
			 : "memory");
	return old;
}

// Floating point and vector state. XSAVE forms need cpu_features.xsave.
static inline void cpu_xsetbv(uint32_t reg, uint64_t v)
{
	__asm__ volatile("xsetbv" ::"c"(reg), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}
static inline void cpu_xsave(void *area, uint64_t mask)
{
	__asm__ volatile("xsave64 %0"
			 : "+m"(*(char(*)[512])area)
			 : "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32))
			 : "memory");
}
static inline void cpu_fxsave(void *area)
{
	__asm__ volatile("fxsave64 %0" : "=m"(*(char(*)[512])area)::"memory");
}
static inline void cpu_xrstor(const void *area, uint64_t mask)
{
	__asm__ volatile("xrstor64 %0" ::"m"(*(const char(*)[512])area), "a"((uint32_t)mask),
			 "d"((uint32_t)(mask >> 32))
			 : "memory");
}
static inline void cpu_fxrstor(const void *area)
{
	__asm__ volatile("fxrstor64 %0" ::"m"(*(const char(*)[512])area) : "memory");
}
static inline void cpu_load_mxcsr(uint32_t v)
{
	__asm__ volatile("ldmxcsr %0" ::"m"(v));
}
static inline void cpu_fninit(void)
{
	__asm__ volatile("fninit");
}
static inline uint16_t cpu_read_fpu_status(void)
{
	uint16_t sw;
	__asm__ volatile("fnstsw %0" : "=a"(sw));
	return sw;
}
static inline uint16_t cpu_read_fpu_control(void)
{
	uint16_t cw;
	__asm__ volatile("fnstcw %0" : "=m"(cw));
	return cw;
}
static inline uint32_t cpu_read_mxcsr(void)
{
	uint32_t v;
	__asm__ volatile("stmxcsr %0" : "=m"(v));
	return v;
}

// Descriptor tables. |bytes| is the table's size.
struct cpu_table_ptr {
	uint16_t limit;
	uint64_t base;
} __packed;
static inline void cpu_lgdt(const void *table, uint16_t bytes)
{
	struct cpu_table_ptr p = { bytes - 1, (uint64_t)table };
	__asm__ volatile("lgdt %0" ::"m"(p) : "memory");
}
static inline void cpu_lidt(const void *table, uint16_t bytes)
{
	struct cpu_table_ptr p = { bytes - 1, (uint64_t)table };
	__asm__ volatile("lidt %0" ::"m"(p) : "memory");
}
static inline void cpu_ltr(uint16_t selector)
{
	__asm__ volatile("ltr %0" ::"r"(selector));
}

// Debug registers that the #DB handler needs.
static inline uint64_t cpu_read_dr6(void)
{
	uint64_t v;
	__asm__ volatile("mov %%dr6, %0" : "=r"(v));
	return v;
}
static inline void cpu_write_dr6(uint64_t v)
{
	__asm__ volatile("mov %0, %%dr6" ::"r"(v));
}
#define DR6_NONE 0xffff0ff0ull // nothing happened: the bits that read as 1
#define DR7_OFF  0x400ull
// Breakpoint addresses.
static inline void cpu_write_dr0123(const uint64_t va[4])
{
	__asm__ volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr2; mov %3, %%dr3" ::"r"(va[0]),
			 "r"(va[1]), "r"(va[2]), "r"(va[3]));
}
static inline void cpu_write_dr7(uint64_t v)
{
	__asm__ volatile("mov %0, %%dr7" ::"r"(v));
}

// Resets the CPU: an exception with no interrupt table.
static inline void __noreturn cpu_triple_fault(void)
{
	struct cpu_table_ptr none = { 0, 0 };
	for (;;)
		__asm__ volatile("lidt %0; int3" ::"m"(none) : "memory");
}
