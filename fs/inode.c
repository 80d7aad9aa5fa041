// Life of inodes, permission checks and times.
#include "fs/inode.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/stat.h>

#include "fs/coarse.h"
#include "fs/file.h"
#include "fs/flock.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "fs/stat.h"
#include "fs/xattr.h"
#include "kernel/base/clock.h"
#include "kernel/base/cpu.h"
#include "kernel/base/panic.h"
#include "kernel/sched/cred.h"

void inode_init(struct inode *i, const struct inode_ops *ops, struct superblock *sb, uint32_t mode)
{
	const struct cred *c = cred_current();

	i->ops = ops;
	i->sb = sb;
	i->ino = __atomic_fetch_add(&sb->next_ino, 1, __ATOMIC_RELAXED);
	i->refs = 1;
	i->xattrs = NULL;
	i->watches = NULL;
	mutex_init(&i->lock, S_ISDIR(mode) ? RANK_DIR : RANK_INODE);
	i->mode = mode;
	i->nlink = S_ISDIR(mode) ? 2 : 1;
	i->uid = c->fsuid;
	i->gid = c->fsgid;
	i->btime = coarse_now();
	i->atime = i->mtime = i->ctime = i->btime;
}

struct inode *inode_get(struct inode *i)
{
	__atomic_fetch_add(&i->refs, 1, __ATOMIC_RELAXED);
	return i;
}

void inode_put(struct inode *i)
{
	uint32_t left = __atomic_sub_fetch(&i->refs, 1, __ATOMIC_ACQ_REL);

	ASSERT(left != ~0u);
	if (left)
		return;
	if (unlikely(i->xattrs))
		xattr_free_all(i);
	if (i->ops->release)
		i->ops->release(i);
}

// Permission bits that apply to the caller by ids alone.
static uint32_t mode_bits_for(const struct inode *i, const struct cred *c)
{
	if (c->fsuid == i->uid)
		return i->mode >> 6 & 7;
	if (c->fsgid == i->gid || cred_in_group(c, i->gid))
		return i->mode >> 3 & 7;
	return i->mode & 7;
}

// Linux generic_permission: ids, then the two capabilities that override them.
int inode_permission(struct inode *i, unsigned mask)
{
	const struct cred *c = cred_current();

	if (likely(((i->mode & i->mode >> 3 & i->mode >> 6 & 7) & mask) == mask))
		return 0;
	if ((mode_bits_for(i, c) & mask) == mask)
		return 0;
	if (S_ISDIR(i->mode)) {
		if (!(mask & 2) && cred_has_cap(c, CAP_DAC_READ_SEARCH))
			return 0;
		return cred_has_cap(c, CAP_DAC_OVERRIDE) ? 0 : -EACCES;
	}
	if (mask == 4 && cred_has_cap(c, CAP_DAC_READ_SEARCH))
		return 0;
	if (!(mask & 1) || i->mode & 0111)
		return cred_has_cap(c, CAP_DAC_OVERRIDE) ? 0 : -EACCES;
	return -EACCES;
}

__cold bool inode_owner_or_capable(const struct inode *i)
{
	const struct cred *c = cred_current();

	return c->fsuid == i->uid || cred_has_cap(c, CAP_FOWNER);
}

__cold void inode_drop_set_ids(struct inode *i)
{
	uint32_t drop = i->mode & S_ISUID;

	if (i->mode & S_IXGRP)
		drop |= i->mode & S_ISGID;
	if (unlikely(drop) && !cred_has_cap(cred_current(), CAP_FSETID))
		i->mode &= ~drop;
}

struct coarse_clock coarse_clock;

__noinline void coarse_clock_refresh(struct coarse_clock *c)
{
	uint64_t ns, tsc;

	if (__atomic_exchange_n(&c->busy, true, __ATOMIC_ACQUIRE)) {
		while (__atomic_load_n(&c->busy, __ATOMIC_ACQUIRE))
			cpu_relax();
		return;
	}
	ns = clock_real_ns();
	tsc = cpu_rdtsc();
	__atomic_store_n(&c->packed, ns / NSEC_PER_SEC << 32 | ns % NSEC_PER_SEC, __ATOMIC_RELAXED);
	__atomic_store_n(&c->until_tsc, tsc + COARSE_TICKS, __ATOMIC_RELEASE);
	__atomic_store_n(&c->busy, false, __ATOMIC_RELEASE);
}

RARE_CALL_THUNK(coarse_clock_refresh);

struct timespec_k vfs_now(void)
{
	return coarse_now();
}

void inode_touch_mtime(struct inode *i)
{
	i->mtime = i->ctime = coarse_now();
}

void inode_touch_ctime(struct inode *i)
{
	i->ctime = coarse_now();
}

static bool is_later(const struct timespec_k *a, const struct timespec_k *b)
{
	return a->s > b->s || (a->s == b->s && a->ns > b->ns);
}

#define RELATIME_DAY_S 86400

// Linux relatime_need_update.
static bool needs_atime(const struct inode *i, const struct timespec_k *now)
{
	return !is_later(&i->atime, &i->mtime) || !is_later(&i->atime, &i->ctime) ||
	       now->s - i->atime.s >= RELATIME_DAY_S;
}

void inode_touch_atime(const struct mount *m, struct inode *i)
{
	struct timespec_k now;

	if (m->flags & (MOUNT_NOATIME | MOUNT_RDONLY))
		return;
	now = coarse_now();
	if (!(m->flags & MOUNT_RELATIME) || needs_atime(i, &now))
		i->atime = now;
}
