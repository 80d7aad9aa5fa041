// Simulated RAM, page-table walker, model TLBs, allocation failures: see host_mem.h.
// Owns the address ranges at PHYSMAP_BASE, VMEMMAP_BASE and KVA_BASE. One mutex guards the TLBs.

#include "tests/unit/host_mem.h"

#include "kernel/base/cpu.h"
#include "kernel/base/percpu.h"
#include "kernel/base/usercopy.h"
#include "mm/phys/debug.h"
#include "mm/phys/pmm.h"
#include "tests/unit/shim/host_seam.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#define RAM_SPAN      (1ull << 40) // simulated physical addresses end here
#define VMEMMAP_SPAN  (RAM_SPAN / 4096 * 32)
#define KVA_HOST_BASE 0x220000000000ull
#define KVA_HOST_SPAN (1ull << 40)
#define TLB_ENTRIES   512

// Entry bits: SDM 3A 4.5, table 4-15 and following.
#define E_P    (1ull << 0)
#define E_RW   (1ull << 1)
#define E_US   (1ull << 2)
#define E_A    (1ull << 5)
#define E_D    (1ull << 6)
#define E_PS   (1ull << 7)
#define E_G    (1ull << 8)
#define E_NX   (1ull << 63)
#define E_ADDR 0x000ffffffffff000ull

struct tlb_entry {
	bool valid;
	pa_t root;
	va_t va; // of the page
	unsigned order;
	struct host_walk walk;
};

struct model_cpu {
	uint64_t cr3, cr4, cr2;
	unsigned next_victim;
	struct tlb_entry tlb[TLB_ENTRIES];
};

static struct {
	int fd;
	char *view; // the oracle's own mapping of RAM
	struct bootinfo info;
	pa_t boot_root;
	bool (*fault_handler)(va_t va, uint32_t error);
	uint64_t allocs, fail_at;
	bool failed;
} host = { .fd = -1 };

static struct model_cpu *model_cpus; // MAX_CPUS of them
static pthread_mutex_t tlb_lock = PTHREAD_MUTEX_INITIALIZER;

static void __noreturn fail(const char *what, uint64_t a, uint64_t b)
{
	fprintf(stderr, "host_mem: %s (0x%llx, 0x%llx)\n", what, (unsigned long long)a,
		(unsigned long long)b);
	fprintf(stderr, "seed: OURO_TEST_SEED=%llu\n", (unsigned long long)host_seed());
	abort();
}

void *host_ram(pa_t pa)
{
	return host.view + pa;
}

static struct model_cpu *me(void)
{
	return &model_cpus[host_cpu()];
}

// ---- the walker

static uint64_t entry_at(pa_t table, unsigned slot)
{
	return __atomic_load_n((uint64_t *)host_ram(table) + slot, __ATOMIC_RELAXED);
}

struct host_walk host_walk(pa_t root, va_t va)
{
	struct host_walk w = { .write = true, .user = true, .exec = true };
	pa_t table = root & E_ADDR;

	for (int level = 3; level >= 0; level--) {
		unsigned shift = 12 + 9 * level;

		w.tables[w.n_tables++] = table;
		w.raw = entry_at(table, (va >> shift) & 511);
		if (!(w.raw & E_P))
			return w;
		w.write &= !!(w.raw & E_RW);
		w.user &= !!(w.raw & E_US);
		w.exec &= !(w.raw & E_NX);
		if (level == 0 || (level < 3 && (w.raw & E_PS))) {
			uint64_t span = 1ull << shift;

			w.present = true;
			w.order = shift - 12;
			w.pa = (w.raw & E_ADDR & ~(span - 1)) | (va & (span - 1));
			w.global = w.raw & E_G;
			w.accessed = w.raw & E_A;
			w.dirty = w.raw & E_D;
			return w;
		}
		table = w.raw & E_ADDR;
	}
	return w;
}

static uint64_t count_below(pa_t table, int level, unsigned slots, bool leaves)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < slots; i++) {
		uint64_t e = entry_at(table, i);
		bool leaf = level == 0 || (e & E_PS) || !(e & E_P);

		if (!e)
			continue;
		if (leaf)
			n += leaves;
		else
			n += !leaves + count_below(e & E_ADDR, level - 1, 512, leaves);
	}
	return n;
}

// Slots of the kernel's areas on the host lie in the lower half of the boot root only.
uint64_t host_count_leaves(pa_t root)
{
	return count_below(root & E_ADDR, 3, 256, true);
}

uint64_t host_count_tables(pa_t root)
{
	return count_below(root & E_ADDR, 3, 256, false);
}

// ---- kernel addresses: filled in at the first touch, from the simulated tables

static void raw_mmap(uint64_t va, uint64_t bytes, int prot, int flags, int fd, uint64_t offset)
{
	long got = syscall(SYS_mmap, va, bytes, prot, flags, fd, offset);

	if (got != (long)va)
		fail("mmap failed", va, bytes);
}

static bool is_kernel_area(va_t va)
{
	return (va >= PHYSMAP_BASE && va < PHYSMAP_BASE + RAM_SPAN) ||
	       (va >= VMEMMAP_BASE && va < VMEMMAP_BASE + VMEMMAP_SPAN) ||
	       (va >= KVA_HOST_BASE && va < KVA_HOST_BASE + KVA_HOST_SPAN);
}

static void on_segv(int sig, siginfo_t *si, void *ctx)
{
	va_t va = (va_t)si->si_addr;
	struct host_walk w;
	uint64_t span;

	if (!is_kernel_area(va) || host.fd < 0) {
		fprintf(stderr, "host_mem: SIGSEGV at 0x%llx\n", (unsigned long long)va);
		abort();
	}
	w = host_walk(host.boot_root, va);
	if (!w.present)
		fail("touched a kernel address that is not mapped", va, w.raw);
	// 1 GiB entries are filled in 2 MiB at a time too.
	span = w.order >= HUGE_ORDER ? HUGE_SIZE : PAGE_SIZE;
	raw_mmap(va & ~(span - 1), span, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, host.fd,
		 w.pa & ~(span - 1));
}

// cmocka puts its own handler in place before each test and fixture: SIGSEGV stays ours meanwhile.
sighandler_t signal(int sig, sighandler_t handler)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	if (sig == SIGSEGV && host.fd >= 0)
		return SIG_DFL;
	return sigaction(sig, &sa, &old) ? SIG_ERR : old.sa_handler;
}

// Takes a host mapping of a kernel page away when the model's TLB entry for it is flushed and the
// tables no longer show it (or show another frame).
static void kernel_flush(va_t va)
{
	if (va >= KVA_HOST_BASE && va < KVA_HOST_BASE + KVA_HOST_SPAN)
		raw_mmap(va & PAGE_MASK, PAGE_SIZE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

static void kernel_flush_all(void)
{
	raw_mmap(KVA_HOST_BASE, KVA_HOST_SPAN, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

// ---- the model TLB

static bool tlb_covers(const struct tlb_entry *t, va_t va)
{
	uint64_t span = PAGE_SIZE << t->order;

	return t->valid && va >= t->va && va - t->va < span;
}

static struct tlb_entry *tlb_find(struct model_cpu *c, va_t va)
{
	for (unsigned i = 0; i < TLB_ENTRIES; i++) {
		struct tlb_entry *t = &c->tlb[i];

		if (tlb_covers(t, va) && (t->walk.global || t->root == (c->cr3 & E_ADDR)))
			return t;
	}
	return NULL;
}

static void tlb_insert(struct model_cpu *c, va_t va, const struct host_walk *w)
{
	struct tlb_entry *t = &c->tlb[c->next_victim++ % TLB_ENTRIES];

	*t = (struct tlb_entry){ .valid = true,
				 .root = c->cr3 & E_ADDR,
				 .va = va & ~((PAGE_SIZE << w->order) - 1),
				 .order = w->order,
				 .walk = *w };
}

static bool allows(const struct host_walk *w, bool write, bool exec)
{
	return w->present && w->user && (!write || w->write) && (!exec || w->exec);
}

// As the processor does it: atomically, and only if the entry is still what was walked.
static bool set_accessed(const struct host_walk *w, va_t va, bool write)
{
	unsigned shift = 12 + w->order;
	uint64_t *e = (uint64_t *)host_ram(w->tables[w->n_tables - 1]) + ((va >> shift) & 511);
	uint64_t was = w->raw;

	return __atomic_compare_exchange_n(e, &was, was | E_A | (write ? E_D : 0), false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

// Translates like the CPU. False: page fault, |*error| is its code.
static bool translate(va_t va, bool write, bool exec, pa_t *pa, uint32_t *error)
{
	struct model_cpu *c = me();
	struct tlb_entry *t;
	struct host_walk w;
	bool ok = false;

	pthread_mutex_lock(&tlb_lock);
	t = tlb_find(c, va);
	if (t && allows(&t->walk, write, exec) && (!write || t->walk.dirty)) {
		*pa = (t->walk.pa & ~((PAGE_SIZE << t->order) - 1)) + (va - t->va);
		pthread_mutex_unlock(&tlb_lock);
		return true;
	}
	if (t)
		t->valid = false; // a fault or a dirty update drops the entry (SDM 4.10.4.1)
	do {
		w = host_walk(c->cr3, va);
	} while (allows(&w, write, exec) && !set_accessed(&w, va, write));
	if (allows(&w, write, exec)) {
		w.accessed = true;
		w.dirty |= write;
		tlb_insert(c, va, &w);
		*pa = w.pa;
		ok = true;
	}
	c->cr2 = va;
	*error = (w.present ? 1u : 0) | (write ? 2u : 0) | 4u | (exec ? 16u : 0);
	pthread_mutex_unlock(&tlb_lock);
	return ok;
}

static void tlb_drop(struct model_cpu *c, bool global, bool by_va, va_t va)
{
	pthread_mutex_lock(&tlb_lock);
	for (unsigned i = 0; i < TLB_ENTRIES; i++) {
		struct tlb_entry *t = &c->tlb[i];

		if (by_va ? tlb_covers(t, va) : (global || !t->walk.global))
			t->valid = false;
	}
	pthread_mutex_unlock(&tlb_lock);
}

uint64_t cpu_read_cr2(void)
{
	return me()->cr2;
}

uint64_t cpu_read_cr3(void)
{
	return me()->cr3;
}

void cpu_write_cr3(uint64_t v)
{
	me()->cr3 = v;
	tlb_drop(me(), false, false, 0);
}

uint64_t cpu_read_cr4(void)
{
	return me()->cr4;
}

void cpu_write_cr4(uint64_t v)
{
	me()->cr4 = v;
}

void cpu_invlpg(uint64_t va)
{
	tlb_drop(me(), true, true, va);
	kernel_flush(va);
}

void cpu_flush_tlb_user(void)
{
	tlb_drop(me(), false, false, 0);
}

void cpu_flush_tlb_all(void)
{
	tlb_drop(me(), true, false, 0);
	kernel_flush_all();
}

// Rights of a cached entry must not exceed what the tables say now.
static void check_entry(const struct tlb_entry *t)
{
	struct host_walk w = host_walk(t->root, t->va);

	if (!w.present)
		fail("TLB holds a translation that was removed", t->va, t->walk.raw);
	if (w.pa != (t->walk.pa & ~((PAGE_SIZE << t->order) - 1)))
		fail("TLB translates to another frame than the tables", t->va, t->walk.pa);
	if ((t->walk.write && !w.write) || (t->walk.exec && !w.exec) || (t->walk.user && !w.user))
		fail("TLB grants a right that was taken away", t->va, t->walk.raw);
}

void host_tlb_check(void)
{
	pthread_mutex_lock(&tlb_lock);
	for (unsigned c = 0; c < MAX_CPUS; c++) {
		for (unsigned i = 0; i < TLB_ENTRIES; i++) {
			if (model_cpus[c].tlb[i].valid)
				check_entry(&model_cpus[c].tlb[i]);
		}
	}
	pthread_mutex_unlock(&tlb_lock);
}

unsigned host_tlb_entries(unsigned cpu)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TLB_ENTRIES; i++)
		n += model_cpus[cpu].tlb[i].valid;
	return n;
}

void host_tlb_forget(void)
{
	pthread_mutex_lock(&tlb_lock);
	for (unsigned c = 0; c < MAX_CPUS; c++)
		memset(model_cpus[c].tlb, 0, sizeof(model_cpus[c].tlb));
	pthread_mutex_unlock(&tlb_lock);
}

// Both the frames a translation leads to and the tables it came through (paging-structure caches).
void mem_frames_freed(pa_t pa, uint64_t bytes)
{
	if (!model_cpus)
		return;
	pthread_mutex_lock(&tlb_lock);
	for (unsigned c = 0; c < MAX_CPUS; c++) {
		for (unsigned i = 0; i < TLB_ENTRIES && model_cpus[c].next_victim; i++) {
			const struct tlb_entry *t = &model_cpus[c].tlb[i];
			uint64_t span = PAGE_SIZE << t->order;
			pa_t to = t->walk.pa & ~(span - 1);

			if (!t->valid)
				continue;
			if (to < pa + bytes && pa < to + span)
				fail("frame freed while a TLB translates to it", pa, t->va);
			for (unsigned k = 0; k < t->walk.n_tables; k++) {
				if (t->walk.tables[k] >= pa && t->walk.tables[k] < pa + bytes)
					fail("table freed while a TLB came through it", pa, t->va);
			}
		}
	}
	pthread_mutex_unlock(&tlb_lock);
}

// ---- user memory

void host_set_fault_handler(bool (*handler)(va_t va, uint32_t error))
{
	host.fault_handler = handler;
}

// The byte's place in RAM and how many follow it in the page; NULL after an unhandled fault.
static void *user_ram(va_t va, bool write, bool exec, uint32_t error_mask, size_t *room)
{
	uint32_t error;
	pa_t pa;

	while (!translate(va, write, exec, &pa, &error)) {
		if (!host.fault_handler || !host.fault_handler(va, error & error_mask))
			return NULL;
	}
	*room = PAGE_SIZE - (va & (PAGE_SIZE - 1));
	return host_ram(pa);
}

enum user_op { OP_READ, OP_WRITE, OP_CLEAR };

static size_t user_transfer(va_t va, void *buf, size_t bytes, enum user_op op, uint32_t error_mask)
{
	size_t done = 0, room;

	while (done < bytes) {
		void *ram = user_ram(va + done, op != OP_READ, false, error_mask, &room);
		size_t n = MIN(room, bytes - done);

		if (!ram)
			break;
		if (op == OP_READ)
			memcpy((char *)buf + done, ram, n);
		else if (op == OP_WRITE)
			memcpy(ram, (char *)buf + done, n);
		else
			memset(ram, 0, n);
		done += n;
	}
	return done;
}

size_t host_user_read(void *dst, va_t va, size_t bytes)
{
	return user_transfer(va, dst, bytes, OP_READ, ~0u);
}

size_t host_user_write(va_t va, const void *src, size_t bytes)
{
	return user_transfer(va, (void *)src, bytes, OP_WRITE, ~0u);
}

bool host_user_fetch(va_t va)
{
	size_t room;

	return user_ram(va, false, true, ~0u, &room) != NULL;
}

#define KERNEL_MODE (~4u) // the error code of a kernel access has no user bit

size_t raw_copy_from_user(void *dst, const void *src, size_t bytes)
{
	return bytes - user_transfer((va_t)src, dst, bytes, OP_READ, KERNEL_MODE);
}

size_t raw_copy_to_user(void *dst, const void *src, size_t bytes)
{
	return bytes - user_transfer((va_t)dst, (void *)src, bytes, OP_WRITE, KERNEL_MODE);
}

size_t raw_user_clear(void *dst, size_t bytes)
{
	return bytes - user_transfer((va_t)dst, NULL, bytes, OP_CLEAR, KERNEL_MODE);
}

int raw_user_cmpxchg32(uint32_t *p, uint32_t *expected, uint32_t desired)
{
	size_t room;
	uint32_t *ram = user_ram((va_t)p, true, false, KERNEL_MODE, &room);

	if (!ram)
		return -EFAULT;
	__atomic_compare_exchange_n(ram, expected, desired, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	return 0;
}

int raw_user_read32(const uint32_t *p, uint32_t *value)
{
	size_t room;
	uint32_t *ram = user_ram((va_t)p, false, false, KERNEL_MODE, &room);

	if (!ram)
		return -EFAULT;
	*value = __atomic_load_n(ram, __ATOMIC_SEQ_CST);
	return 0;
}

// ---- allocation failures and poison

bool mem_alloc_should_fail(void)
{
	uint64_t n = __atomic_add_fetch(&host.allocs, 1, __ATOMIC_RELAXED);

	if (!host.fail_at || n != host.fail_at)
		return false;
	host.failed = true;
	return true;
}

void host_alloc_fail_at(uint64_t n)
{
	host.fail_at = n ? __atomic_load_n(&host.allocs, __ATOMIC_RELAXED) + n : 0;
	host.failed = false;
}

bool host_alloc_failed(void)
{
	return host.failed;
}

uint64_t host_alloc_count(void)
{
	return host.allocs;
}

void mem_poison(void *p, size_t bytes)
{
#if defined(__SANITIZE_ADDRESS__)
	ASAN_POISON_MEMORY_REGION(p, bytes);
#endif
}

void mem_unpoison(void *p, size_t bytes)
{
#if defined(__SANITIZE_ADDRESS__)
	ASAN_UNPOISON_MEMORY_REGION(p, bytes);
#endif
}

// ---- the machine

#define BOOT_PML4 HOST_KERNEL_PA
#define BOOT_PDPT (HOST_KERNEL_PA + 0x1000)
#define BOOT_PD   (HOST_KERNEL_PA + 0x2000)

// As boot/ leaves it: the first 4 MiB in the direct map, nothing else.
static void make_boot_tables(void)
{
	uint64_t *pml4 = host_ram(BOOT_PML4), *pdpt = host_ram(BOOT_PDPT), *pd = host_ram(BOOT_PD);

	pml4[(PHYSMAP_BASE >> 39) & 511] = BOOT_PDPT | E_P | E_RW | E_NX;
	pdpt[0] = BOOT_PD | E_P | E_RW;
	pd[0] = 0 | E_P | E_RW | E_PS | E_NX;
	pd[1] = HUGE_SIZE | E_P | E_RW | E_PS | E_NX;
	host.boot_root = BOOT_PML4;
	for (unsigned i = 0; i < MAX_CPUS; i++)
		model_cpus[i].cr3 = BOOT_PML4;
}

static void reserve_area(uint64_t base, uint64_t span)
{
	raw_mmap(base, span, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
}

static void unpoison_area(uint64_t base, uint64_t bytes)
{
	mem_unpoison((void *)base, bytes);
}

void host_mem_init(const struct boot_range *ram, unsigned n)
{
	struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_NODEFER };

	host_mem_reset();
	host.fd = memfd_create("ram", MFD_CLOEXEC);
	if (host.fd < 0 || ftruncate(host.fd, RAM_SPAN))
		fail("memfd", errno, 0);
	host.view = mmap(NULL, RAM_SPAN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			 host.fd, 0);
	if (host.view == MAP_FAILED)
		fail("mmap of RAM", errno, 0);
	reserve_area(PHYSMAP_BASE, RAM_SPAN);
	reserve_area(VMEMMAP_BASE, VMEMMAP_SPAN);
	reserve_area(KVA_HOST_BASE, KVA_HOST_SPAN);
	model_cpus = calloc(MAX_CPUS, sizeof(*model_cpus));
	memset(&host.info, 0, sizeof(host.info));
	for (unsigned i = 0; i < n; i++)
		host.info.ram[host.info.ram_ranges++] = ram[i];
	make_boot_tables();
	sigaction(SIGSEGV, &sa, NULL);
	host.allocs = host.fail_at = 0;
	host.failed = false;
}

extern __typeof__(pmm_init) pmm_init __attribute__((weak));
void __attribute__((weak)) kmalloc_init(void);
void __attribute__((weak)) kva_init(void);

void host_mem_boot(const struct boot_range *ram, unsigned n)
{
	struct boot_range kernel = { HOST_KERNEL_PA, HOST_KERNEL_BYTES };

	host_mem_init(ram, n);
	if (pmm_init)
		pmm_init(&host.info, &kernel, 1);
	if (kmalloc_init)
		kmalloc_init();
	if (kva_init)
		kva_init();
}

void host_mem_boot_simple(uint64_t bytes)
{
	struct boot_range ram[2] = { { 0x10000, 0x90000 }, { 0x100000, bytes - 0x100000 } };

	host_mem_boot(ram, 2);
}

void host_mem_reset(void)
{
	uint64_t highest = 0;

	if (host.fd < 0)
		return;
	for (unsigned i = 0; i < host.info.ram_ranges; i++)
		highest = MAX(highest, host.info.ram[i].start_pa + host.info.ram[i].size_bytes);
	unpoison_area(PHYSMAP_BASE, MIN(highest, 1ull << 30));
	unpoison_area(KVA_HOST_BASE, 16ull << 20); // kernel stacks
	munmap(host.view, RAM_SPAN);
	close(host.fd);
	host.fd = -1;
	syscall(SYS_munmap, PHYSMAP_BASE, RAM_SPAN);
	syscall(SYS_munmap, VMEMMAP_BASE, VMEMMAP_SPAN);
	syscall(SYS_munmap, KVA_HOST_BASE, KVA_HOST_SPAN);
	free(model_cpus);
	model_cpus = NULL;
	host.fault_handler = NULL;
}

const struct bootinfo *host_bootinfo(void)
{
	return &host.info;
}
