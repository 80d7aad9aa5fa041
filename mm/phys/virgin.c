// Ranges of RAM that was never used, and the frames that hold page records and the kernel's tables.
//
// A chunk (2 MiB, aligned) is put to use as a whole: direct map, then the 16 KiB of page records
// for its 512 frames, then its free frames go to the buddy lists. Frames for records and for the
// kernel's page tables ("metadata") are carved from virgin RAM and never come back, so they need no
// records. Low memory serves first; machines with plenty give whole chunks. Guarded by the pmm's
// lock. Nothing here grows with RAM but the number of ranges the firmware reports.

#include "mm/phys/virgin.h"

#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/log.h"
#include "mm/phys/debug.h"
#include "mm/phys/kmap.h"
#include "mm/phys/physmap.h"

#include <linux/errno.h>

#define MAX_RANGES    (BOOTINFO_MAX_RANGES + 16)
#define RECORD_BYTES  (HUGE_SIZE / PAGE_SIZE * sizeof(struct page)) // of one chunk
#define RECORD_FRAMES (RECORD_BYTES / PAGE_SIZE)
#define RECORD_TABLES 3  // page tables above the records, at most
#define META_KEEP     2  // always left: tables of the direct map for the next chunk
#define META_CARVE    64 // frames at a time where RAM is short
#define META_SCARCE   (8ull << 20 >> PAGE_SHIFT) // fewer pages left: only what is needed
#define META_PLENTY   (64ull << 20) // bytes left in a range that may give a whole chunk
#define META_SPANS    8
#define KERNEL_PROT   (PT_READ | PT_WRITE | PT_GLOBAL | PT_ACCESSED | PT_DIRTY)

struct span {
	pa_t next, end;
};

struct range {
	pa_t start, next, end; // [next, end) is unused
};

static struct {
	struct range ranges[MAX_RANGES];
	unsigned n, current;
	uint64_t pages; // in all [next, end)
	struct span meta[META_SPANS];
	unsigned meta_frames;
	va_t last_records; // of the chunk backed last; its page table exists
} virgin;

static void add_range(pa_t start, pa_t end)
{
	if (start >= end)
		return;
	if (virgin.n == MAX_RANGES) {
		log_warn("mm", "memory map too fragmented, 0x%llx bytes not used",
			 (unsigned long long)(end - start));
		return;
	}
	virgin.ranges[virgin.n++] = (struct range){ start, start, end };
	virgin.pages += (end - start) >> PAGE_SHIFT;
}

// Adds what of [start, end) the reserved ranges from |i| on leave over.
static void add_without(pa_t start, pa_t end, const struct boot_range *reserved, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		pa_t from = ALIGN_DOWN(reserved[i].start_pa, PAGE_SIZE);
		pa_t to = ALIGN_UP(reserved[i].start_pa + reserved[i].size_bytes, PAGE_SIZE);

		if (!reserved[i].size_bytes || to <= start || from >= end)
			continue;
		if (from > start)
			add_without(start, from, reserved + i + 1, n - i - 1);
		if (to >= end)
			return;
		start = to;
	}
	add_range(start, end);
}

static void meta_add(pa_t start, pa_t end)
{
	for (unsigned i = 0; i < META_SPANS; i++) {
		struct span *s = &virgin.meta[i];

		if (s->next != s->end && s->end != start)
			continue;
		if (s->next == s->end)
			s->next = start;
		s->end = end;
		virgin.meta_frames += (end - start) >> PAGE_SHIFT;
		return;
	}
}

// Takes up to |frames| off the front of the range that is put to use next.
static void carve(struct range *r, uint64_t frames)
{
	pa_t start = r->next;

	frames = MIN(frames, (r->end - start) >> PAGE_SHIFT);
	r->next += frames << PAGE_SHIFT;
	virgin.pages -= frames;
	meta_add(start, r->next);
}

uint64_t virgin_init(const struct bootinfo *info, const struct boot_range *reserved,
		     unsigned n_reserved)
{
	uint64_t total;

	virgin.n = virgin.current = virgin.meta_frames = 0;
	virgin.pages = 0;
	for (unsigned i = 0; i < META_SPANS; i++)
		virgin.meta[i] = (struct span){ 0, 0 };
	for (unsigned i = 0; i < info->ram_ranges; i++) {
		const struct boot_range *r = &info->ram[i];
		pa_t end = ALIGN_DOWN(r->start_pa + r->size_bytes, PAGE_SIZE);

		// Frame 0 stays out: its address is "none" to much hardware and code.
		add_without(MAX(ALIGN_UP(r->start_pa, PAGE_SIZE), PAGE_SIZE), end, reserved,
			    n_reserved);
	}
	total = virgin.pages;
	virgin.last_records = 0;
	// The first range holds the records of all RAM of a small machine; a large one uses it up.
	if (virgin.n)
		carve(&virgin.ranges[0], total / 128 + RECORD_TABLES + RECORD_FRAMES);
	return total;
}

uint64_t virgin_pages(void)
{
	return virgin.pages;
}

static pa_t meta_take(struct kmap_source *unused)
{
	for (unsigned i = 0; i < META_SPANS; i++) {
		struct span *s = &virgin.meta[i];
		pa_t pa = s->next;

		if (pa == s->end)
			continue;
		s->next += PAGE_SIZE;
		virgin.meta_frames--;
		mem_unpoison(phys_to_virt(pa), PAGE_SIZE);
		cpu_clear_page(phys_to_virt(pa));
		return pa;
	}
	return 0;
}

static struct kmap_source meta_source = { .take = meta_take };

// The range that has something left, or NULL.
static struct range *current_range(void)
{
	while (virgin.current < virgin.n) {
		struct range *r = &virgin.ranges[virgin.current];

		if (r->next < r->end)
			return r;
		virgin.current++;
	}
	return NULL;
}

bool virgin_has_records(pa_t pa)
{
	return kmap_present((va_t)pa_to_page(ALIGN_DOWN(pa, HUGE_SIZE)));
}

// One GiB entry where the whole GiB is RAM of |r| and the CPU can; else 2 MiB.
static int map_chunk(pa_t chunk, const struct range *r)
{
	pa_t giga = ALIGN_DOWN(chunk, GIGA_SIZE);
	bool whole = r && giga && giga >= r->start && giga + GIGA_SIZE <= r->end;

	if (whole && cpu_features.gib_pages)
		return kmap_set((va_t)phys_to_virt(giga), giga, 18, KERNEL_PROT, &meta_source);
	return kmap_set((va_t)phys_to_virt(chunk), chunk, HUGE_ORDER, KERNEL_PROT, &meta_source);
}

static int back_chunk(pa_t chunk)
{
	va_t va = (va_t)pa_to_page(chunk);

	virgin.last_records = va;
	for (unsigned i = 0; i < RECORD_FRAMES; i++, va += PAGE_SIZE) {
		pa_t frame;
		int err;

		if (kmap_present(va))
			continue;
		frame = meta_take(NULL);
		if (!frame)
			return -ENOMEM;
		err = kmap_set(va, frame, 0, KERNEL_PROT, &meta_source);
		if (err)
			return err;
	}
	return 0;
}

// Metadata frames that putting |chunk| to use may take.
static unsigned meta_need(pa_t chunk)
{
	va_t va = (va_t)pa_to_page(chunk);
	bool table_known = va >> HUGE_SHIFT == virgin.last_records >> HUGE_SHIFT;

	return RECORD_FRAMES + META_KEEP + (table_known ? 0 : RECORD_TABLES);
}

// Gets metadata frames from RAM in use when no virgin RAM is left.
static void meta_from_buddy(struct buddy *b, unsigned need)
{
	for (int order = 4; order >= 0 && virgin.meta_frames < need;) {
		struct page *p = buddy_take(b, (unsigned)order);

		if (!p)
			order--;
		else
			meta_add(page_to_pa(p), page_to_pa(p) + (PAGE_SIZE << order));
	}
}

// Carves from the next chunk of |r|, which the direct map shows.
static void refill_meta(struct range *r, unsigned need)
{
	uint64_t in_chunk = (ALIGN_DOWN(r->next, HUGE_SIZE) + HUGE_SIZE - r->next) >> PAGE_SHIFT;
	uint64_t frames = META_CARVE;

	if (virgin.meta_frames >= need)
		return;
	if (r->end - r->next >= META_PLENTY)
		frames = in_chunk;
	else if (virgin.pages < META_SCARCE)
		frames = need - virgin.meta_frames;
	carve(r, MIN(frames, in_chunk));
}

// The range whose next chunk the direct map shows and has metadata frames for, or NULL.
static struct range *ready_range(void)
{
	for (;;) {
		struct range *r = current_range();
		unsigned need;

		if (!r || map_chunk(ALIGN_DOWN(r->next, HUGE_SIZE), r))
			return NULL;
		need = meta_need(ALIGN_DOWN(r->next, HUGE_SIZE));
		if (virgin.meta_frames >= need)
			return r;
		refill_meta(r, need); // may use the chunk, even the range, up
	}
}

bool virgin_activate(struct buddy *b)
{
	struct range *r = ready_range();
	pa_t start, end;

	if (!r || back_chunk(ALIGN_DOWN(r->next, HUGE_SIZE)))
		return false;
	start = r->next;
	end = MIN(ALIGN_DOWN(start, HUGE_SIZE) + HUGE_SIZE, r->end);
	r->next = end;
	virgin.pages -= (end - start) >> PAGE_SHIFT;
	buddy_give_range(b, start, end);
	return true;
}

int virgin_back_records(struct buddy *b, pa_t pa)
{
	pa_t chunk = ALIGN_DOWN(pa, HUGE_SIZE);
	struct range *r = current_range();
	unsigned need = meta_need(chunk);

	if (virgin_has_records(pa) && kmap_present((va_t)phys_to_virt(pa)))
		return 0;
	if (r && map_chunk(ALIGN_DOWN(r->next, HUGE_SIZE), r) == 0)
		refill_meta(r, need);
	if (virgin.meta_frames < need)
		meta_from_buddy(b, need);
	if (virgin.meta_frames < need || map_chunk(chunk, NULL))
		return -ENOMEM;
	return back_chunk(chunk);
}

void virgin_make_slot(pa_t pa)
{
	// -ENOMEM only says that this machine has no memory at all.
	int err = kmap_make_slot((va_t)phys_to_virt(pa), &meta_source);

	(void)err;
}
