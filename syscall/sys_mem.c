// Memory mapping calls: all policy is in mm/virt/mmap.c. Owns no state.
#include <asm/errno.h>
#include <linux/mman.h>

#include <linux/uio.h>

#include "fs/file.h"
#include "kernel/proc/pidfd.h"
#include "kernel/proc/process.h"
#include "kernel/sched/thread.h"
#include "lib/uapi_new.h"
#include "mm/virt/mmap.h"
#include "mm/virt/uaccess.h"
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
	struct file *f;
	int64_t result;

	if (offset & ~PAGE_MASK)
		return -EINVAL;
	f = user_file(fd);
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
	if (likely((uint32_t)flags == (MAP_PRIVATE | MAP_ANONYMOUS) && !(addr | offset)))
		return vm_mmap_plain(aspace_current(), bytes, (unsigned)prot);
	if (!(flags & MAP_ANONYMOUS))
		return mmap_file(addr, bytes, (unsigned)prot, (unsigned)flags, fd, offset);
	return vm_mmap(aspace_current(), addr, bytes, (unsigned)prot, (unsigned)flags, NULL,
		       offset);
}

int64_t sys_munmap(uint64_t addr, uint64_t bytes)
{
	return vm_munmap(aspace_current(), addr, bytes);
}

// Not part of its other caller: so vm_mprotect, called only here, becomes part of this.
__noinline int64_t sys_mprotect(uint64_t addr, uint64_t bytes, uint64_t prot)
{
	return vm_mprotect(aspace_current(), addr, bytes, prot);
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

// Is it the caller's own process? 1, 0, or -EBADF.
static int is_own_pidfd(int pidfd)
{
	struct process *p;
	struct file *f;

	if (pidfd == PIDFD_SELF_THREAD || pidfd == PIDFD_SELF_THREAD_GROUP)
		return 1;
	f = user_file(pidfd);
	p = f ? pidfd_process(f) : NULL;
	if (f)
		file_put(f);
	if (!p)
		return -EBADF;
	process_put(p);
	return p == thread_current()->process;
}

// As far as it went counts. Linux's iterator passes over empty ranges unseen, but for one that the
// list begins with.
int64_t sys_process_madvise(int pidfd, struct uptr vec, uint64_t count, int advice, uint64_t flags)
{
	uint64_t done = 0, total = 0;
	struct iovec v;
	int r;

	if (flags || count > UIO_MAXIOV)
		return -EINVAL;
	// All of the list is read before the descriptor is looked at.
	for (uint64_t i = 0; i < count; i++) {
		if (copy_from_user(&v, uptr_add(vec, i * sizeof(v)), sizeof(v)))
			return -EFAULT;
		if ((int64_t)v.iov_len < 0)
			return -EINVAL;
		total |= v.iov_len;
	}
	r = is_own_pidfd(pidfd);
	if (r <= 0)
		return r ? r : -EPERM;
	r = 0;
	for (uint64_t i = 0; i < count && !r; i++) {
		if (copy_from_user(&v, uptr_add(vec, i * sizeof(v)), sizeof(v)))
			r = -EFAULT;
		else if (v.iov_len || (!i && total))
			r = vm_madvise(aspace_current(), (uint64_t)v.iov_base, v.iov_len, advice);
		done += r ? 0 : v.iov_len;
	}
	return done ? (int64_t)done : r;
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
