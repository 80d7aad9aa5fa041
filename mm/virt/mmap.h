// The operations behind the memory system calls. All take the address space's lock themselves, may
// sleep, and return 0, an address or a negative errno exactly as the Linux call does. Constants are
// those of <linux/mman.h>. Byte arguments come straight from the program: checked here.
#pragma once

#include "mm/virt/aspace.h"

// What mmap(2) maps, prepared by the fs layer for a file. A zero struct means anonymous memory.
struct mmap_source {
	struct memobj *obj; // borrowed; the vma takes its own reference
	void *owner;        // borrowed; the vma takes its own reference through |owner_ops|
	const struct vm_owner_ops *owner_ops;
	bool may_read, may_write, may_exec; // by the fd's mode, mount and seals
	bool deny_write_view; // sealed: a new shared view loses MAYWRITE and is no writer
	bool no_size;         // no regular file: any offset is within it
	unsigned extra_vma_flags;
	const char *name;
	int late_error; // of an mmap operation on Linux: what was mapped there is gone by then
	int error;      // why the descriptor cannot be mapped so, for the place in Linux's order
};

int64_t __must_check vm_mmap(struct aspace *as, va_t addr, uint64_t bytes, unsigned prot,
			     unsigned flags, const struct mmap_source *src, uint64_t offset_bytes);
// The same for MAP_PRIVATE | MAP_ANONYMOUS alone, at any address.
int64_t __must_check vm_mmap_plain(struct aspace *as, uint64_t bytes, unsigned prot);
int64_t __must_check vm_munmap(struct aspace *as, va_t addr, uint64_t bytes);
// Finds the first mapping at or above |*start| that belongs to |*owner| (NULL: to anything with
// |ops|) and shows of it what a view of all of it at |base| would have there: shmdt(2). 0 with the
// range and the owner, which gets a reference if |*owner| was NULL; or -EINVAL.
int __must_check vm_find_view(struct aspace *as, va_t base, const struct vm_owner_ops *ops,
			      va_t *start, va_t *end, void **owner);
int __must_check vm_mprotect(struct aspace *as, va_t addr, uint64_t bytes, uint64_t prot);
int64_t __must_check vm_mremap(struct aspace *as, va_t addr, uint64_t old_bytes, uint64_t new_bytes,
			       unsigned flags, va_t new_addr);
int64_t vm_brk(struct aspace *as, va_t new_brk); // the resulting break
int __must_check vm_madvise(struct aspace *as, va_t addr, uint64_t bytes, int advice);
int __must_check vm_msync(struct aspace *as, va_t addr, uint64_t bytes, unsigned flags);
int __must_check vm_mincore(struct aspace *as, va_t addr, uint64_t bytes, struct uptr vec);
int __must_check vm_mlock(struct aspace *as, va_t addr, uint64_t bytes, unsigned flags);
int __must_check vm_munlock(struct aspace *as, va_t addr, uint64_t bytes);
int __must_check vm_mlockall(struct aspace *as, unsigned flags);
int vm_munlockall(struct aspace *as);
// Memory policies, numbers below 32 (syscall/sys_numa.c); 0: none. |fn| turns an old one into a new
// one, or an errno; -ENOENT: leaves it. With |holes|, what is not mapped does not matter, and
// having left all of them is -ENOENT; without, -EFAULT.
typedef int vm_mempolicy_fn(void *arg, unsigned old);
int __must_check vm_mbind(struct aspace *as, va_t start, va_t end, vm_mempolicy_fn *fn, void *arg,
			  bool holes);
int vm_get_policy(struct aspace *as, va_t va); // or -EFAULT
// 0: the page at |va| is there, on node 0; -ENOENT: it is not; -EFAULT: nothing is mapped, or
// zeros.
int vm_page_node(struct aspace *as, va_t va);
// Up to |n| pages from |va| on to be read, each with a reference: the program's later writes show
// in them. What entries show already comes whatever the mapping's rights; from the first page on
// that needs a fault they count. Stacks do not grow. How many, or -EFAULT, -ENOMEM if none. May
// sleep.
int64_t __must_check vm_user_pages(struct aspace *as, va_t va, unsigned n, struct page **out);
// Duplicates the address space for fork, copy on write. -ENOMEM leaves the parent as it was.
int __must_check vm_fork(struct aspace *parent, struct aspace *child);
// Fault in [addr, addr + bytes) as if read or written; stops quietly at what cannot be
// (MAP_POPULATE).
void vm_populate(struct aspace *as, va_t addr, uint64_t bytes);
// Called with the object's views when part of it goes away (memobj.c).
void vm_zap_views(struct memobj *o, uint64_t first, uint64_t last, bool even_private);

// /proc/sys/vm/mmap_min_addr; cannot be changed.
#define VM_MMAP_MIN_ADDR 65536ull

struct vm_policy {                                    // sysctls
	uint64_t overcommit_memory;                   // 0, 1, 2: by vm_set_overcommit
	uint64_t overcommit_ratio, overcommit_kbytes; // %, or if that is not 0, KiB
	uint64_t admin_reserve_kbytes, user_reserve_kbytes;
	uint64_t max_map_count;
	uint64_t ram_pages; // not a sysctl: all there is, 0 until it was asked for once
};
extern struct vm_policy vm_policy;
void vm_set_overcommit(unsigned mode);
