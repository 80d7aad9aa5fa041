// Memory mapping calls: all policy is in mm/virt/mmap.c. Owns no state.
#include <asm/errno.h>
#include <linux/mman.h>

#include "fs/file.h"
#include "kernel/sched/thread.h"
#include "mm/virt/mmap.h"
#include "syscall/args.h"
#include "syscall/calls.h"

static struct aspace *aspace_current(void)
{
	return thread_current()->aspace;
}

static __noinline int64_t mmap_file(uint64_t addr, uint64_t bytes, unsigned prot, unsigned flags,
				    int fd, uint64_t offset)
{
	struct mmap_source src = { 0 };
	struct file *f = user_file(fd);
	int64_t result;

	if (!f)
		return -EBADF;
	if (bytes)
		src.error = file_mmap_source(f, prot, flags, &src);
	result = vm_mmap(aspace_current(), addr, bytes, prot, flags, &src, offset);
	file_put(f);
	return result;
}

int64_t sys_mmap(uint64_t addr, uint64_t bytes, uint64_t prot, uint64_t flags, int fd,
		 uint64_t offset)
{
	if (offset & ~PAGE_MASK)
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS))
		return mmap_file(addr, bytes, (unsigned)prot, (unsigned)flags, fd, offset);
	return vm_mmap(aspace_current(), addr, bytes, (unsigned)prot, (unsigned)flags, NULL,
		       offset);
}

int64_t sys_munmap(uint64_t addr, uint64_t bytes)
{
	return vm_munmap(aspace_current(), addr, bytes);
}

int64_t sys_mprotect(uint64_t addr, uint64_t bytes, uint64_t prot)
{
	// The call below takes the flags that exist; higher bits are as wrong as unknown low ones.
	unsigned known = prot >> 32 ? ~0u : (unsigned)prot;

	return vm_mprotect(aspace_current(), addr, bytes, known);
}

// Without protection keys in the CPU, Linux knows only "no key" here and has none to give.
int64_t sys_pkey_mprotect(uint64_t addr, uint64_t bytes, uint64_t prot, int pkey)
{
	uint64_t len = ALIGN_UP(bytes, PAGE_SIZE);

	if (pkey == -1)
		return sys_mprotect(addr, bytes, prot);
	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (!bytes)
		return 0;
	return addr + len <= addr ? -ENOMEM : -EINVAL;
}

int64_t sys_pkey_alloc(uint64_t flags, uint64_t rights)
{
	return flags || rights & ~(uint64_t)(PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE) ? -EINVAL
										       : -ENOSPC;
}

int64_t sys_pkey_free(int pkey)
{
	return -EINVAL;
}

int64_t sys_brk(uint64_t addr)
{
	return vm_brk(aspace_current(), addr);
}

int64_t sys_mremap(uint64_t addr, uint64_t old_bytes, uint64_t new_bytes, uint64_t flags,
		   uint64_t new_addr)
{
	if (flags >> 32)
		return -EINVAL;
	return vm_mremap(aspace_current(), addr, old_bytes, new_bytes, (unsigned)flags, new_addr);
}

int64_t sys_msync(uint64_t addr, uint64_t bytes, int flags)
{
	return vm_msync(aspace_current(), addr, bytes, (unsigned)flags);
}

int64_t sys_mincore(uint64_t addr, uint64_t bytes, struct uptr vec)
{
	return vm_mincore(aspace_current(), addr, bytes, vec);
}

int64_t sys_madvise(uint64_t addr, uint64_t bytes, int advice)
{
	return vm_madvise(aspace_current(), addr, bytes, advice);
}

int64_t sys_mlock(uint64_t addr, uint64_t bytes)
{
	return vm_mlock(aspace_current(), addr, bytes, 0);
}

int64_t sys_mlock2(uint64_t addr, uint64_t bytes, uint64_t flags)
{
	if (flags & ~(uint64_t)MLOCK_ONFAULT)
		return -EINVAL;
	return vm_mlock(aspace_current(), addr, bytes, (unsigned)flags);
}

int64_t sys_munlock(uint64_t addr, uint64_t bytes)
{
	return vm_munlock(aspace_current(), addr, bytes);
}

int64_t sys_mlockall(uint64_t flags)
{
	return vm_mlockall(aspace_current(), flags >> 32 ? ~0u : (unsigned)flags);
}

int64_t sys_munlockall(void)
{
	return vm_munlockall(aspace_current());
}
