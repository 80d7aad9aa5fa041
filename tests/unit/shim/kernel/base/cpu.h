// Host shadow of the hardware seam: a model of one CPU per thread. TLB and CR3 live in
// tests/unit/host_mem.c; the interrupt flag is a variable of each model CPU.
#pragma once

#include "lib/compiler.h"

#define RFLAGS_IF (1ull << 9)
#define RFLAGS_DF (1ull << 10)
#define RFLAGS_TF (1ull << 8)
#define RFLAGS_NT (1ull << 14)
#define RFLAGS_AC (1ull << 18)
#define CR4_PGE   (1ull << 7)
#define CR4_PCIDE (1ull << 17)

extern _Thread_local bool host_irqs_off;
// host_seam.c: another thread may run; and, with interrupts on, what host_interrupts does.
void host_yield(void);
void host_halt(void); // until there was an interrupt

static inline void cpu_irq_disable(void)
{
	host_irqs_off = true;
}
static inline void cpu_irq_enable(void)
{
	host_irqs_off = false;
}
static inline bool cpu_irqs_enabled(void)
{
	return !host_irqs_off;
}
static inline uint64_t cpu_read_flags(void)
{
	return host_irqs_off ? 0 : RFLAGS_IF;
}
static inline uint64_t cpu_irq_save(void)
{
	uint64_t flags = cpu_read_flags();

	host_irqs_off = true;
	return flags;
}
static inline void cpu_irq_restore(uint64_t flags)
{
	host_irqs_off = !(flags & RFLAGS_IF);
}
static inline void cpu_relax(void)
{
	host_yield();
}
static inline void cpu_wait_for_irq(void)
{
	host_irqs_off = false;
	host_halt();
}
uint64_t cpu_rdtsc(void); // nanoseconds
static inline void cpu_clear_page(void *page)
{
	__builtin_memset(page, 0, 4096);
}
static inline void cpu_copy_page(void *dst, const void *src)
{
	__builtin_memcpy(dst, src, 4096);
}

// The model MMU (host_mem.c).
uint64_t cpu_read_cr2(void);
uint64_t cpu_read_cr3(void);
void cpu_write_cr3(uint64_t v);
uint64_t cpu_read_cr4(void);
void cpu_write_cr4(uint64_t v);
void cpu_invlpg(uint64_t va);
void cpu_flush_tlb_user(void);
void cpu_flush_tlb_all(void);
