// Choosing an address for a mapping: Linux's top-down placement for x86-64 (mm/mmap.c and
// arch/x86/kernel/sys_x86_64.c of 6.18). Pure: it reads the vma set, the lock is held.
#include "mm/virt/place.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/mman.h>

#include "kernel/sched/cred.h"
#include "mm/virt/mmap.h"
#include "mm/virt/vma.h"

#define LOW_2G_START   0x40000000ull // MAP_32BIT: the second GiB
#define LOW_2G_END     0x80000000ull
#define BOTTOM_UP_BASE (ALIGN_DOWN(USER_TOP / 3, PAGE_SIZE))

static bool hint_is_free(struct aspace *as, va_t addr, uint64_t bytes, va_t limit)
{
	struct vma *next;

	if (bytes > limit || addr > limit - bytes)
		return false;
	next = aspace_find_vma(as, addr);
	return !next || addr + bytes <= vma_start_with_gap(next);
}

static int64_t place_in_low_2g(struct aspace *as, va_t addr, uint64_t bytes)
{
	va_t at;

	if (addr && hint_is_free(as, ALIGN_UP(addr, PAGE_SIZE), bytes, LOW_2G_END))
		return (int64_t)ALIGN_UP(addr, PAGE_SIZE);
	if (vma_gap_lowest(as, LOW_2G_START, LOW_2G_END, bytes, &at))
		return (int64_t)at;
	return -ENOMEM;
}

static int64_t place_anywhere(struct aspace *as, uint64_t bytes, va_t low)
{
	va_t at;

	if (vma_gap_next(as, low, bytes, &at) || vma_gap_next_slow(as, low, bytes, &at) ||
	    vma_gap_lowest(as, MAX(BOTTOM_UP_BASE, low), USER_TOP, bytes, &at))
		return (int64_t)at;
	return -ENOMEM;
}

// Anonymous memory in multiples of 2 MiB is placed so that large pages can hold it.
static int64_t place_for_huge(struct aspace *as, uint64_t bytes, va_t low)
{
	int64_t at = place_anywhere(as, bytes + HUGE_SIZE, low);

	if (at < 0)
		return at;
	// Linux takes the higher place when the lower one is aligned already.
	return (int64_t)ALIGN_DOWN((va_t)at + HUGE_SIZE, HUGE_SIZE);
}

static int64_t choose(struct aspace *as, va_t addr, uint64_t bytes, unsigned flags, bool anonymous)
{
	va_t low = VM_MMAP_MIN_ADDR;
	int64_t at;

	if (flags & MAP_32BIT)
		return place_in_low_2g(as, addr, bytes);
	if (addr && hint_is_free(as, addr, bytes, USER_TOP))
		return (int64_t)addr;
	if (flags & MAP_ABOVE4G)
		low = 4 * GIGA_SIZE;
	if (anonymous && bytes && IS_ALIGNED(bytes, HUGE_SIZE)) {
		at = place_for_huge(as, bytes, low);
		if (at >= 0)
			return at;
	}
	return place_anywhere(as, bytes, low);
}

int64_t place_mapping_slow(struct aspace *as, va_t addr, uint64_t bytes, unsigned flags,
			   bool anonymous)
{
	int64_t at = (int64_t)addr;

	if (bytes > USER_TOP)
		return -ENOMEM;
	if (!(flags & MAP_FIXED)) {
		at = choose(as, addr, bytes, flags, anonymous);
		if (at < 0)
			return at;
	}
	if ((va_t)at > USER_TOP - bytes)
		return -ENOMEM;
	if (!IS_ALIGNED((va_t)at, PAGE_SIZE))
		return -EINVAL;
	if ((va_t)at < VM_MMAP_MIN_ADDR && !cred_has_cap(cred_current(), CAP_SYS_RAWIO))
		return -EPERM;
	return at;
}
