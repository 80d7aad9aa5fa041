// See vm_helper.h.
#include "tests/unit/vm_helper.h"

#include "kernel/base/panic.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/thread.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/pmm.h"
#include "mm/phys/tlb.h"
#include "mm/virt/vma.h"
#include "tests/unit/shim/host_seam.h"

#include <linux/mman.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct aspace *vm_as;
_Thread_local enum fault_result vm_last_fault;
_Thread_local unsigned vm_fault_count;

static struct cred full, none;
static uint64_t pages_before, objects_before;

void sched_point(void)
{
}

static bool on_fault(va_t va, uint32_t error)
{
	struct thread *t = thread_current();

	vm_fault_count++;
	if (t->no_fault_depth)
		return false;
	vm_last_fault = aspace_fault(t->aspace, va, error);
	return vm_last_fault == FAULT_OK;
}

#define TEST_CPUS 16 // threads of a test are CPUs; what they cached is counted as free

static void heap_stats(struct kmem_stats *s)
{
	const unsigned online = host_online_cpus;

	host_online_cpus = TEST_CPUS;
	kmalloc_get_stats(s);
	host_online_cpus = online;
}

// Free, or kept by the heap for its next objects.
static uint64_t free_pages(void)
{
	struct kmem_stats heap;
	struct pmm_stats s;

	for (unsigned cpu = 0; cpu < TEST_CPUS; cpu++) {
		host_cpu_impersonate(cpu);
		pmm_drain();
	}
	host_cpu_impersonate(~0u);
	pmm_get_stats(&s);
	heap_stats(&heap);
	return s.free_pages + heap.backing_pages;
}

static uint64_t live_objects(void)
{
	struct kmem_stats s;

	heap_stats(&s);
	return s.live_objects;
}

void vm_load(struct aspace *as)
{
	thread_current()->aspace = as;
	tlb_switch(as ? &as->pt : pt_kernel());
}

void vm_set_caps(bool root)
{
	thread_current()->cred = root ? &full : &none;
}

int vm_group_setup(void **state)
{
	full = *cred_root();
	host_mem_boot_simple(64 << 20);
	host_set_fault_handler(on_fault);
	vm_set_caps(true);
	vm_as = aspace_create();
	ASSERT(vm_as);
	vm_load(vm_as);
	vm_as->mmap_base = 0x7f0000000000ull;
	// The shared zero page is made on first use and kept.
	ASSERT(vm_map(0x10000, PAGE_SIZE, PROT_READ, ANON | MAP_FIXED) == 0x10000);
	ASSERT(vm_peek(0x10000) == 0);
	vm_load(NULL);
	aspace_put(vm_as);
	return 0;
}

int vm_group_teardown(void **state)
{
	host_mem_reset();
	return 0;
}

int vm_setup(void **state)
{
	pages_before = free_pages();
	objects_before = live_objects();
	vm_set_caps(true);
	vm_as = aspace_create();
	ASSERT(vm_as);
	vm_as->mmap_base = 0x7f0000000000ull;
	vm_load(vm_as);
	return 0;
}

int vm_teardown(void **state)
{
	host_alloc_fail_at(0);
	vm_check(vm_as);
	vm_load(NULL);
	aspace_put(vm_as);
	vm_as = NULL;
	host_tlb_check();
	if (live_objects() != objects_before || free_pages() < pages_before) {
		fprintf(stderr, "leak: %ld objects, %ld pages\n",
			(long)(live_objects() - objects_before),
			(long)(pages_before - free_pages()));
		return -1;
	}
	return 0;
}

int vm_peek(va_t va)
{
	unsigned char c;

	return host_user_read(&c, va, 1) == 1 ? c : -1;
}

int vm_poke(va_t va, int value)
{
	unsigned char c = (unsigned char)value;

	return host_user_write(va, &c, 1) == 1 ? 0 : -1;
}

static unsigned view_count(struct memobj *o, const struct vma *v)
{
	unsigned n = 0;

	for (struct vma *w = view_first(o, 0, UINT64_MAX); w; w = view_next(w, 0, UINT64_MAX))
		n += w == v;
	return n;
}

struct totals {
	uint64_t pages, locked, anon, obj;
};

static int count_entry(void *arg, va_t va, const struct pt_entry *e)
{
	struct totals *t = arg;

	if (e->prot & PT_SPECIAL)
		return 0;
	if (pa_to_page(e->pa)->owner)
		t->obj += 1ull << e->order;
	else
		t->anon += 1ull << e->order;
	return 0;
}

void vm_check(struct aspace *as)
{
	struct totals t = { 0 };
	struct vma *prev = NULL;
	unsigned n = 0;

	for (struct vma *v = aspace_first_vma(as); v; v = vma_next(v)) {
		va_t from = prev ? prev->end : 0;
		uint64_t gap;

		n++;
		ASSERT(v->start < v->end && v->end <= USER_TOP);
		ASSERT(v->start >= from);
		ASSERT(v->aspace == as);
		gap = v->start - from;
		if (v->fresh)
			ASSERT(as->fresh[v->fresh - 1] == v);
		else
			ASSERT(v->max_gap >= MIN(gap, VMA_GAP_CAP));
		ASSERT(v->prev == prev && (!prev || prev->next == v));
		// Gaps above the place of the last mapping are too small for another one like it.
		if (as->place_at && v->start > as->place_at->start)
			ASSERT(MIN(from + gap, as->mmap_base) <
			       MIN(from, as->mmap_base) + as->place_bytes);
		ASSERT(!v->obj || view_count(v->obj, v) == 1);
		t.pages += vma_pages(v);
		if (v->flags & VMA_LOCKED)
			t.locked += vma_pages(v);
		if (!(v->flags & VMA_HUGETLB)) // not in these counters, as on Linux
			pt_walk(&as->pt, v->start, v->end, count_entry, &t);
		prev = v;
	}
	ASSERT(n == as->vma_count);
	ASSERT(as->highest == prev);
	ASSERT(t.pages == as->total_pages);
	ASSERT(t.locked == as->locked_pages);
	ASSERT((int64_t)t.anon == as->rss_anon);
	ASSERT((int64_t)t.obj == as->rss_file + as->rss_shmem);
}

const char *vm_maps(struct aspace *as, va_t start, va_t end)
{
	static char text[65536];
	size_t n = 0;

	text[0] = 0;
	for (struct vma *v = aspace_find_vma(as, start); v && v->start < end; v = vma_next(v)) {
		va_t s = MAX(v->start, start), e = MIN(v->end, end);

		n += (size_t)snprintf(
			text + n, sizeof(text) - n, "%s%lx-%lx %c%c%c%c", n ? "|" : "",
			(long)((s - start) >> PAGE_SHIFT), (long)((e - start) >> PAGE_SHIFT),
			(v->flags & VMA_READ) ? 'r' : '-', (v->flags & VMA_WRITE) ? 'w' : '-',
			(v->flags & VMA_EXEC) ? 'x' : '-', (v->flags & VMA_SHARED) ? 's' : 'p');
		if (v->obj)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %lx",
					      (long)vma_index(v, s));
	}
	return text;
}

static int count_one(void *arg, va_t va, const struct pt_entry *e)
{
	++*(unsigned *)arg;
	return 0;
}

unsigned vm_resident(struct aspace *as, va_t start, va_t end)
{
	unsigned n = 0;

	pt_walk(&as->pt, start, end, count_one, &n);
	return n;
}

static void file_get(void *owner)
{
	__atomic_fetch_add(&((struct vm_file *)owner)->refs, 1, __ATOMIC_RELAXED);
}

static void file_put(void *owner)
{
	vm_file_put(owner);
}

static int file_sync(void *owner, uint64_t start, uint64_t end)
{
	struct vm_file *f = owner;

	f->synced++;
	return f->sync_result;
}

static int file_punch(void *owner, uint64_t start, uint64_t bytes)
{
	struct vm_file *f = owner;

	f->punched++;
	return memobj_punch(f->obj, start, start + bytes);
}

static int file_collapse(void *owner, struct memobj *o, uint64_t index)
{
	return memobj_collapse(o, index);
}

static const struct vm_owner_ops file_ops = { file_get, file_put, file_sync, file_punch,
					      file_collapse };

struct vm_file *vm_file_new(uint64_t bytes)
{
	struct vm_file *f = calloc(1, sizeof(*f));

	f->refs = 1;
	f->obj = memobj_create_anon(bytes);
	ASSERT(f->obj);
	return f;
}

void vm_file_fill(struct vm_file *f, uint64_t first, uint64_t last)
{
	for (uint64_t i = first; i <= last; i++) {
		struct page *p;

		ASSERT(memobj_get_page(f->obj, i, MEMOBJ_ALLOC, &p) == 0);
		page_put(p, 0);
	}
}

void vm_file_put(struct vm_file *f)
{
	if (__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL))
		return;
	memobj_put(f->obj);
	free(f);
}

struct mmap_source vm_file_source(struct vm_file *f)
{
	return (struct mmap_source){
		.obj = f->obj,
		.owner = f,
		.owner_ops = &file_ops,
		.may_read = true,
		.may_write = true,
		.may_exec = true,
	};
}

int64_t vm_map_file(struct vm_file *f, va_t addr, uint64_t bytes, unsigned prot, unsigned flags,
		    uint64_t offset)
{
	struct mmap_source src = vm_file_source(f);

	return vm_mmap(vm_as, addr, bytes, prot, flags, &src, offset);
}

int64_t vm_map(va_t addr, uint64_t bytes, unsigned prot, unsigned flags)
{
	return vm_mmap(vm_as, addr, bytes, prot, flags, NULL, 0);
}
