// Reading a program's credentials: getuid and its kin. Owns no state; credentials are never changed
// in place (kernel/sched/cred.h), so no lock is needed to read one's own.
#include <asm/errno.h>

#include "kernel/sched/cred.h"
#include "mm/virt/uaccess.h"
#include "syscall/calls.h"

int64_t sys_getuid(void)
{
	return cred_current()->uid;
}

int64_t sys_geteuid(void)
{
	return cred_current()->euid;
}

int64_t sys_getgid(void)
{
	return cred_current()->gid;
}

int64_t sys_getegid(void)
{
	return cred_current()->egid;
}

// Stores three ids, in this order, as far as the first bad address.
static int64_t put_ids(struct uptr a, uint32_t va, struct uptr b, uint32_t vb, struct uptr c,
		       uint32_t vc)
{
	int err = put_user(va, a);

	if (!err)
		err = put_user(vb, b);
	if (!err)
		err = put_user(vc, c);
	return err;
}

int64_t sys_getresuid(struct uptr ruid, struct uptr euid, struct uptr suid)
{
	const struct cred *c = cred_current();

	return put_ids(ruid, c->uid, euid, c->euid, suid, c->suid);
}

int64_t sys_getresgid(struct uptr rgid, struct uptr egid, struct uptr sgid)
{
	const struct cred *c = cred_current();

	return put_ids(rgid, c->gid, egid, c->egid, sgid, c->sgid);
}

// Size 0 asks for the count; a list that is too small is EINVAL (Linux kernel/groups.c).
int64_t sys_getgroups(int size, struct uptr list)
{
	const struct cred *c = cred_current();

	if (size < 0)
		return -EINVAL;
	if (size == 0)
		return c->ngroups;
	if (c->ngroups > (unsigned)size)
		return -EINVAL;
	if (copy_to_user(list, c->groups, c->ngroups * sizeof(c->groups[0])))
		return -EFAULT;
	return c->ngroups;
}
