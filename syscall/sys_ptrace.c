// ptrace, process_vm_readv, process_vm_writev. Owns no state.
#include <asm/errno.h>

#include "kernel/proc/ptrace.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"
#include "syscall/calls.h"

#define MAX_IOV 1024u

int64_t sys_ptrace(int64_t request, int64_t pid, uint64_t addr, uint64_t data)
{
	return ptrace_call(request, (int)pid, addr, data);
}

// The other process's buffers, which need not be the program's to touch. The array is |*out|.
static int copy_remote(struct uptr iov, uint64_t count, struct uio_seg **out)
{
	int err;

	*out = NULL;
	if (count > MAX_IOV)
		return -EINVAL;
	*out = kcalloc(count ? count : 1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	err = copy_from_user(*out, iov, count * sizeof(**out));
	for (uint64_t i = 0; !err && i < count; i++)
		if ((int64_t)(*out)[i].bytes < 0)
			err = -EINVAL;
	return err;
}

static __stack_guarded int64_t vm_rw(int pid, struct uptr local, uint64_t nlocal,
				     struct uptr remote, uint64_t nremote, uint64_t flags,
				     bool write)
{
	struct uio_seg fast[UIO_FAST_SEGS], *segs;
	uint64_t total = 0;
	struct uio u;
	int64_t result;

	if (flags)
		return -EINVAL;
	result = uio_init_user_iov(&u, local, nlocal, fast);
	if (result)
		return result;
	if (!u.resid)
		goto out;
	result = copy_remote(remote, nremote, &segs);
	for (uint64_t i = 0; !result && i < nremote; i++)
		total |= segs[i].bytes;
	if (total)
		result = process_vm_rw(pid, &u, segs, (unsigned)nremote, write);
	kfree(segs);
out:
	uio_release(&u, fast);
	return result;
}

int64_t sys_process_vm_readv(int pid, struct uptr local, uint64_t nlocal, struct uptr remote,
			     uint64_t nremote, uint64_t flags)
{
	return vm_rw(pid, local, nlocal, remote, nremote, flags, false);
}

int64_t sys_process_vm_writev(int pid, struct uptr local, uint64_t nlocal, struct uptr remote,
			      uint64_t nremote, uint64_t flags)
{
	return vm_rw(pid, local, nlocal, remote, nremote, flags, true);
}
