// Simulated memory for host tests: RAM, the MMU of each model CPU, and checks on both.
//
// RAM is a memfd. The kernel code reaches it at PHYSMAP_BASE, VMEMMAP_BASE and the kernel's own
// mapping area, but only where the simulated kernel page tables say so: a first touch is looked up
// in them (a SIGSEGV handler), and touching what is not mapped there fails the test. So activation
// on demand is really checked. User memory is reached through host_user_* and the raw_user_*
// primitives, which go through a model TLB per CPU. The test fails when a frame is freed while some
// TLB still translates to it, and host_tlb_check fails when an entry grants more than the tables.
//
// The page-table walker here is written from the SDM, not from mm/phys/mapper.c: it is the oracle.
#pragma once

#include "kernel/base/types.h"
#include "lib/bootinfo.h"

// Machine set-up. Each call starts from nothing (call host_mem_reset in a test's teardown).
// host_mem_init makes |n| ranges of RAM and stops there; host_mem_boot also calls pmm_init (weak:
// only if linked). The first 2 MiB behind HOST_KERNEL_PA are the "kernel" (boot page tables
// inside).
#define HOST_KERNEL_PA    0x200000ull
#define HOST_KERNEL_BYTES 0x40000ull
void host_mem_init(const struct boot_range *ram, unsigned n);
void host_mem_boot(const struct boot_range *ram, unsigned n);
// 64 KiB to 640 KiB and 1 MiB to |bytes|.
void host_mem_boot_simple(uint64_t bytes);
void host_mem_reset(void);
const struct bootinfo *host_bootinfo(void);

// RAM as the oracle sees it (no translation, no poison).
void *host_ram(pa_t pa);

// The independent walker.
struct host_walk {
	bool present; // the hardware present bits are all set
	pa_t pa;      // of the byte
	unsigned order;
	bool write, user, exec, global, accessed, dirty;
	uint64_t raw;   // the last entry read
	pa_t tables[4]; // table pages passed, root first
	unsigned n_tables;
};
struct host_walk host_walk(pa_t root, va_t va);
// Non-zero leaf entries and table pages (root excluded) below 2^47 of |root|.
uint64_t host_count_leaves(pa_t root);
uint64_t host_count_tables(pa_t root);

// User accesses of this thread's CPU with the root loaded in its CR3, through its TLB. A fault is
// passed to the handler set here (address, x86 error code); it returns true to retry.
void host_set_fault_handler(bool (*handler)(va_t va, uint32_t error));
// Bytes copied before a fault that was not handled.
size_t host_user_read(void *dst, va_t va, size_t bytes);
size_t host_user_write(va_t va, const void *src, size_t bytes);
bool host_user_fetch(va_t va); // an instruction fetch of one byte
// Fails the test unless every cached translation of every CPU is still allowed by the tables.
void host_tlb_check(void);
unsigned host_tlb_entries(unsigned cpu);
// Forgets all translations of all CPUs (a context switch nobody has to wait for).
void host_tlb_forget(void);

// The Nth allocation from now on fails (1: the next one; 0: none). True once it happened.
void host_alloc_fail_at(uint64_t n);
bool host_alloc_failed(void);
uint64_t host_alloc_count(void); // allocations asked for since host_mem_init
