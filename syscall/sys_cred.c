// User and group ids, supplementary groups, capabilities. A thread's credentials are replaced by a
// changed copy, never changed in place; threads of a process have their own, as on Linux. Rules:
// Linux kernel/sys.c and security/commoncap.c. Owns no state.
#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/limits.h>

#include "kernel/proc/process.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "lib/string.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define ID_NONE (~0u) // "leave it as it is"

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

int64_t sys_getresuid(struct uptr ruid, struct uptr euid, struct uptr suid)
{
	const struct cred *c = cred_current();

	return put_user(c->uid, ruid) || put_user(c->euid, euid) || put_user(c->suid, suid)
		       ? -EFAULT
		       : 0;
}

int64_t sys_getresgid(struct uptr rgid, struct uptr egid, struct uptr sgid)
{
	const struct cred *c = cred_current();

	return put_user(c->gid, rgid) || put_user(c->egid, egid) || put_user(c->sgid, sgid)
		       ? -EFAULT
		       : 0;
}

// Makes |c| the calling thread's credentials; takes it over.
static void commit(struct cred *c)
{
	struct cred *old = cred_exchange(c);

	if (old->uid != c->uid)
		rlimit_user_changed();
	if (old->euid != c->euid || old->egid != c->egid || old->fsuid != c->fsuid ||
	    old->fsgid != c->fsgid) { // others of the new user may not look into it
		WRITE_ONCE(process_current()->dumpable, 0);
		uthread_current()->pdeath_signal = 0;
	}
	cred_put(old);
}

// What leaving and entering user 0 does to capabilities (cap_emulate_setxuid).
static void adjust_caps(struct cred *c, const struct cred *old)
{
	bool was_root = !old->uid || !old->euid || !old->suid;

	if (was_root && c->uid && c->euid && c->suid) {
		c->cap_permitted = 0;
		c->cap_effective = 0;
		c->cap_ambient = 0;
	}
	if (!old->euid && c->euid)
		c->cap_effective = 0;
	if (old->euid && !c->euid)
		c->cap_effective = c->cap_permitted;
}

struct ids {
	uint32_t real, effective, saved;
};

static int commit_uids(struct ids to)
{
	const struct cred *old = cred_current();
	struct cred *c = cred_clone(old);

	if (!c)
		return -ENOMEM;
	c->uid = to.real;
	c->euid = c->fsuid = to.effective;
	c->suid = to.saved;
	adjust_caps(c, old);
	commit(c);
	return 0;
}

static int commit_gids(struct ids to)
{
	struct cred *c = cred_clone(cred_current());

	if (!c)
		return -ENOMEM;
	c->gid = to.real;
	c->egid = c->fsgid = to.effective;
	c->sgid = to.saved;
	commit(c);
	return 0;
}

static struct ids current_uids(void)
{
	const struct cred *c = cred_current();

	return (struct ids){ c->uid, c->euid, c->suid };
}

static struct ids current_gids(void)
{
	const struct cred *c = cred_current();

	return (struct ids){ c->gid, c->egid, c->sgid };
}

static bool one_of(uint32_t id, const struct ids *ids)
{
	return id == ids->real || id == ids->effective || id == ids->saved;
}

// The rules below are the same for users and groups. 0, -EINVAL or -EPERM; |ids| is changed.
static int rule_set(struct ids *ids, uint32_t id, bool privileged)
{
	if (id == ID_NONE)
		return -EINVAL;
	if (privileged)
		ids->real = ids->saved = id;
	else if (id != ids->real && id != ids->saved)
		return -EPERM;
	ids->effective = id;
	return 0;
}

static int rule_setre(struct ids *ids, uint32_t real, uint32_t effective, bool privileged)
{
	struct ids old = *ids;

	if (real != ID_NONE && !privileged && real != old.real && real != old.effective)
		return -EPERM;
	if (effective != ID_NONE && !privileged && !one_of(effective, &old))
		return -EPERM;
	if (real != ID_NONE)
		ids->real = real;
	if (effective != ID_NONE)
		ids->effective = effective;
	if (real != ID_NONE || (effective != ID_NONE && effective != old.real))
		ids->saved = ids->effective;
	return 0;
}

static int rule_setres(struct ids *ids, uint32_t real, uint32_t effective, uint32_t saved,
		       bool privileged)
{
	struct ids old = *ids;

	if (!privileged && ((real != ID_NONE && !one_of(real, &old)) ||
			    (effective != ID_NONE && !one_of(effective, &old)) ||
			    (saved != ID_NONE && !one_of(saved, &old))))
		return -EPERM;
	if (real != ID_NONE)
		ids->real = real;
	if (effective != ID_NONE)
		ids->effective = effective;
	if (saved != ID_NONE)
		ids->saved = saved;
	return 0;
}

static bool may_setuid(void)
{
	return cred_has_cap(cred_current(), CAP_SETUID);
}

static bool may_setgid(void)
{
	return cred_has_cap(cred_current(), CAP_SETGID);
}

int64_t sys_setuid(unsigned uid)
{
	struct ids ids = current_uids();
	int err = rule_set(&ids, uid, may_setuid());

	return err ? err : commit_uids(ids);
}

int64_t sys_setgid(unsigned gid)
{
	struct ids ids = current_gids();
	int err = rule_set(&ids, gid, may_setgid());

	return err ? err : commit_gids(ids);
}

int64_t sys_setreuid(unsigned ruid, unsigned euid)
{
	struct ids ids = current_uids();
	int err = rule_setre(&ids, ruid, euid, may_setuid());

	return err ? err : commit_uids(ids);
}

int64_t sys_setregid(unsigned rgid, unsigned egid)
{
	struct ids ids = current_gids();
	int err = rule_setre(&ids, rgid, egid, may_setgid());

	return err ? err : commit_gids(ids);
}

int64_t sys_setresuid(unsigned ruid, unsigned euid, unsigned suid)
{
	struct ids ids = current_uids();
	int err = rule_setres(&ids, ruid, euid, suid, may_setuid());

	return err ? err : commit_uids(ids);
}

int64_t sys_setresgid(unsigned rgid, unsigned egid, unsigned sgid)
{
	struct ids ids = current_gids();
	int err = rule_setres(&ids, rgid, egid, sgid, may_setgid());

	return err ? err : commit_gids(ids);
}

// setfsuid and setfsgid tell what was before, whether or not they changed it.
int64_t sys_setfsuid(unsigned uid)
{
	const struct cred *old = cred_current();
	struct ids ids = current_uids();
	uint32_t was = old->fsuid;
	struct cred *c;

	if (uid == ID_NONE || !(one_of(uid, &ids) || uid == was || may_setuid()))
		return was;
	c = cred_clone(old);
	if (c) {
		c->fsuid = uid;
		commit(c);
	}
	return was;
}

int64_t sys_setfsgid(unsigned gid)
{
	const struct cred *old = cred_current();
	struct ids ids = current_gids();
	uint32_t was = old->fsgid;
	struct cred *c;

	if (gid == ID_NONE || !(one_of(gid, &ids) || gid == was || may_setgid()))
		return was;
	c = cred_clone(old);
	if (c) {
		c->fsgid = gid;
		commit(c);
	}
	return was;
}

int64_t sys_getgroups(int size, struct uptr list)
{
	const struct cred *c = cred_current();

	if (size < 0 || (size && (unsigned)size < c->ngroups))
		return -EINVAL;
	if (size && copy_to_user(list, c->groups, c->ngroups * sizeof(c->groups[0])))
		return -EFAULT;
	return c->ngroups;
}

int64_t sys_setgroups(uint64_t size, struct uptr list)
{
	unsigned n = (unsigned)size;
	struct cred *c;

	if (!may_setgid())
		return -EPERM;
	if (n > NGROUPS_MAX)
		return -EINVAL;
	if (n > CRED_MAX_GROUPS)
		return -ENOMEM;
	c = cred_clone(cred_current());
	if (!c)
		return -ENOMEM;
	if (copy_from_user(c->groups, list, n * sizeof(c->groups[0]))) {
		cred_put(c);
		return -EFAULT;
	}
	c->ngroups = n;
	commit(c);
	return 0;
}

// How many 32-bit words of each set the header's version means; 0: unknown, and the header then
// gets the version we prefer.
static int cap_words(struct uptr header, unsigned *words)
{
	uint32_t version, preferred = _LINUX_CAPABILITY_VERSION_3;

	*words = 0;
	if (get_user(version, header))
		return -EFAULT;
	if (version == _LINUX_CAPABILITY_VERSION_1)
		*words = _LINUX_CAPABILITY_U32S_1;
	else if (version == _LINUX_CAPABILITY_VERSION_2 || version == _LINUX_CAPABILITY_VERSION_3)
		*words = _LINUX_CAPABILITY_U32S_3;
	else if (put_user(preferred, header))
		return -EFAULT;
	return *words ? 0 : -EINVAL;
}

static int cap_pid(struct uptr header, int *pid)
{
	return get_user(*pid, uptr_add(header, offsetof(struct __user_cap_header_struct, pid)));
}

__stack_guarded int64_t sys_capget(struct uptr header, struct uptr data)
{
	struct __user_cap_data_struct caps[2];
	const struct cred *c = cred_current();
	unsigned words;
	int pid, err = cap_words(header, &words);

	if (err)
		return err == -EINVAL && !data.va ? 0 : err;
	if (cap_pid(header, &pid))
		return -EFAULT;
	if (pid < 0)
		return -EINVAL;
	if (pid && pid != thread_current()->tid) {
		struct thread *t = pid_find_thread(pid);

		if (!t)
			return -ESRCH;
		thread_put(t);
	}
	if (!data.va)
		return 0;
	for (unsigned i = 0; i < 2; i++)
		caps[i] = (struct __user_cap_data_struct){
			(uint32_t)(c->cap_effective >> (32 * i)),
			(uint32_t)(c->cap_permitted >> (32 * i)),
			(uint32_t)(c->cap_inheritable >> (32 * i)),
		};
	return copy_to_user(data, caps, words * sizeof(caps[0]));
}

// Linux cap_capset: nothing may be gained.
static int cap_check(const struct cred *old, uint64_t effective, uint64_t permitted,
		     uint64_t inheritable)
{
	if (!cred_has_cap(old, CAP_SETPCAP) &&
	    (inheritable & ~(old->cap_inheritable | old->cap_permitted)))
		return -EPERM;
	if (inheritable & ~(old->cap_inheritable | old->cap_bounding))
		return -EPERM;
	if ((permitted & ~old->cap_permitted) || (effective & ~permitted))
		return -EPERM;
	return 0;
}

__stack_guarded int64_t sys_capset(struct uptr header, struct uptr data)
{
	struct __user_cap_data_struct d[2];
	uint64_t effective, permitted, inheritable;
	const struct cred *old = cred_current();
	struct cred *c;
	unsigned words;
	int pid, err = cap_words(header, &words);

	if (err)
		return err;
	if (cap_pid(header, &pid))
		return -EFAULT;
	if (pid && pid != thread_current()->tid)
		return -EPERM;
	memset(d, 0, sizeof(d));
	if (copy_from_user(d, data, words * sizeof(d[0])))
		return -EFAULT;
	effective = d[0].effective | (uint64_t)d[1].effective << 32;
	permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	err = cap_check(old, effective, permitted, inheritable);
	if (err)
		return err;
	c = cred_clone(old);
	if (!c)
		return -ENOMEM;
	c->cap_effective = effective;
	c->cap_permitted = permitted;
	c->cap_inheritable = inheritable;
	c->cap_ambient &= permitted & inheritable;
	commit(c);
	return 0;
}
