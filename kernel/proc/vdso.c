// Maps the vDSO and keeps its data page. One memory object holds the page and, behind it, the
// image; its pages are made at first touch. Lock: vdso.lock orders writers of the data page,
// readers use its sequence counter.

#include "kernel/proc/vdso.h"

#include <asm/errno.h>
#include <linux/mman.h>

#include "kernel/base/clock.h"
#include "kernel/base/lock.h"
#include "kernel/proc/vdso/vvar.h"
#include "lib/string.h"
#include "mm/phys/physmap.h"
#include "mm/virt/mmap.h"

// kernel/proc/vdso/image.S.
#include "kernel/proc/vdso_image.h"

#define VVAR_PAGES 1u

static struct {
	struct spinlock lock;
	struct memobj obj;
	struct vvar *data; // in the page that programs see; NULL until one is mapped and touched
} vdso = { .lock = SPINLOCK_INIT(RANK_VVAR, "vdso") };

static size_t image_bytes(void)
{
	return (size_t)(vdso_image_end - vdso_image);
}

static uint64_t image_pages(void)
{
	return ALIGN_UP(image_bytes(), PAGE_SIZE) >> PAGE_SHIFT;
}

static void write_params(struct vvar *v, const struct clock_params *p)
{
	__atomic_store_n(&v->seq, v->seq | 1, __ATOMIC_SEQ_CST);
	v->base_tsc = p->base_tsc;
	v->base_ns[0] = p->base_ns;
	v->base_ns[1] = p->base_ns + p->real_offset_ns;
	v->mult = (uint64_t)p->mult << (VVAR_SHIFT - p->shift);
	if (p->tsc_usable && v->mult >> (VVAR_SHIFT - p->shift) == p->mult)
		__atomic_store_n(&v->seq, v->seq + 1, __ATOMIC_SEQ_CST);
}

static void clock_changed(const struct clock_params *p)
{
	uint64_t irq = spin_lock_irqsave(&vdso.lock);

	if (vdso.data)
		write_params(vdso.data, p);
	spin_unlock_irqrestore(&vdso.lock, irq);
}

static int vdso_fill(struct memobj *o, uint64_t index, struct page **page)
{
	char *to = phys_to_virt(page_to_pa(*page));
	size_t start, n;

	if (index < VVAR_PAGES) {
		struct clock_params p;
		uint64_t irq;

		memset(to, 0, PAGE_SIZE);
		irq = spin_lock_irqsave(&vdso.lock);
		vdso.data = (struct vvar *)to;
		clock_get_params(&p);
		write_params(vdso.data, &p);
		spin_unlock_irqrestore(&vdso.lock, irq);
		return 0;
	}
	start = (index - VVAR_PAGES) << PAGE_SHIFT;
	n = MIN(image_bytes() - start, (size_t)PAGE_SIZE);
	memcpy(to, vdso_image + start, n);
	memset(to + n, 0, PAGE_SIZE - n);
	return 0;
}

// The object lives as long as the kernel: vdso_init's reference is never dropped.
static const struct memobj_ops vdso_ops = { .fill = vdso_fill };

int vdso_init(void)
{
	memobj_init(&vdso.obj, &vdso_ops, (VVAR_PAGES + image_pages()) << PAGE_SHIFT);
	clock_set_listener(clock_changed);
	return 0;
}

int vdso_map(struct aspace *as, va_t hint, va_t *base)
{
	struct mmap_source src = { .obj = &vdso.obj,
				   .may_read = true,
				   .may_write = true,
				   .may_exec = true,
				   .extra_vma_flags = VMA_SPECIAL | VMA_DONTEXPAND,
				   .name = "[vvar]" };
	uint64_t vvar_bytes = VVAR_PAGES << PAGE_SHIFT, bytes = image_pages() << PAGE_SHIFT;
	struct mmap_source none = { 0 };
	int64_t at, text;

	// One place for both: reserve it, then map over the reservation.
	at = vm_mmap(as, hint, vvar_bytes + bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, &none,
		     0);
	if (at < 0)
		return (int)at;
	*base = (va_t)at + vvar_bytes;
	at = vm_mmap(as, (va_t)at, vvar_bytes, PROT_READ, MAP_PRIVATE | MAP_FIXED, &src, 0);
	if (at < 0)
		return (int)at;
	src.name = "[vdso]";
	text = vm_mmap(as, *base, bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, &src,
		       vvar_bytes);
	return text < 0 ? (int)text : 0;
}
