// File locks. An inode with locks has a list of them and a queue of those who wait; the list goes
// away with its last lock and waiter. One mutex guards all lists: locking is rare and short.
// Deadlocks are looked for among those who wait for POSIX record locks, as on Linux.
#include "fs/flock.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "fs/file.h"
#include "fs/inode.h"
#include "fs/vfs.h"
#include "kernel/sched/waitq.h"
#include "lib/checked.h"
#include "lib/restart.h"
#include "mm/phys/kmalloc.h"

#define TO_END    ((uint64_t)INT64_MAX)
#define MAX_CHAIN 10u // of waiters that are looked at for a deadlock

enum lock_space { SPACE_FLOCK, SPACE_RECORD };

struct file_lock {
	struct list_node node;
	enum lock_space space;
	const void *owner;   // description (flock, OFD) or descriptor table (POSIX)
	int pid;             // -1: OFD
	short type;          // F_RDLCK, F_WRLCK
	uint64_t start, end; // bytes, inclusive
};

struct lock_list {
	struct list_node locks;
	struct waitq wait;
	unsigned waiters;
	uint64_t changes; // counts unlocks, so that waiters notice
};

// Somebody who waits for a POSIX lock; on the waiter's stack.
struct blocked {
	struct list_node node;
	const void *owner, *by; // descriptor tables; |by| NULL: woken, has not looked yet
	const struct lock_list *list;
};

static struct {
	struct mutex lock;
	struct list_node blocked; // guarded by |lock|
} flk;

void flock_init(void)
{
	mutex_init(&flk.lock, RANK_PIPE);
	list_init(&flk.blocked);
}

static struct lock_list *get_list_locked(struct inode *i)
{
	struct lock_list *l = i->locks;

	if (l)
		return l;
	l = kzalloc(sizeof(*l));
	if (!l)
		return NULL;
	list_init(&l->locks);
	waitq_init(&l->wait);
	i->locks = l;
	return l;
}

static void drop_list_locked(struct inode *i)
{
	struct lock_list *l = i->locks;

	if (!l || !list_empty(&l->locks) || l->waiters)
		return;
	i->locks = NULL;
	kfree(l);
}

static bool overlap(const struct file_lock *a, const struct file_lock *b)
{
	return a->space == b->space && a->start <= b->end && b->start <= a->end;
}

static struct file_lock *conflict_locked(struct lock_list *l, const struct file_lock *want)
{
	struct file_lock *k;

	list_for_each (k, &l->locks, node) {
		if (k->owner == want->owner || !overlap(k, want))
			continue;
		if (k->type == F_WRLCK || want->type == F_WRLCK)
			return k;
	}
	return NULL;
}

// Cuts the owner's locks out of |want|'s range. |spare| is used up when one is split in two.
static void cut_locked(struct lock_list *l, const struct file_lock *want, struct file_lock **spare)
{
	struct file_lock *k, *tmp;

	list_for_each_safe (k, tmp, &l->locks, node) {
		if (k->owner != want->owner || !overlap(k, want))
			continue;
		if (k->start < want->start && k->end > want->end) {
			**spare = *k;
			(*spare)->start = want->end + 1;
			list_push_back(&l->locks, &(*spare)->node);
			*spare = NULL;
			k->end = want->start - 1;
		} else if (k->start < want->start) {
			k->end = want->start - 1;
		} else if (k->end > want->end) {
			k->start = want->end + 1;
		} else {
			list_remove(&k->node);
			kfree(k);
		}
	}
}

// Joins the owner's neighbours of the same type, as F_GETLK shows them on Linux.
static void join_locked(struct lock_list *l, struct file_lock *n)
{
	struct file_lock *k, *tmp;

	list_for_each_safe (k, tmp, &l->locks, node) {
		if (k == n || k->space != n->space || k->owner != n->owner || k->type != n->type)
			continue;
		if (k->end + 1 != n->start && n->end + 1 != k->start)
			continue;
		n->start = MIN(n->start, k->start);
		n->end = MAX(n->end, k->end);
		list_remove(&k->node);
		kfree(k);
	}
}

// Whom |owner| waits for, or NULL.
static const void *blocker_of_locked(const void *owner)
{
	struct blocked *b;

	list_for_each (b, &flk.blocked, node)
		if (b->owner == owner)
			return b->by;
	return NULL;
}

// Would |owner|, waiting for |by|, wait for itself? Linux's posix_locks_deadlock().
static bool is_deadlock_locked(const void *owner, const void *by)
{
	for (unsigned n = 0; n < MAX_CHAIN && by; n++) {
		by = blocker_of_locked(by);
		if (by == owner)
			return true;
	}
	return false;
}

// Waits until a lock of the list has gone. The mutex is dropped meanwhile.
static int wait_locked(struct lock_list *l)
{
	uint64_t before = l->changes;
	int err;

	l->waiters++;
	mutex_unlock(&flk.lock);
	waitq_wait_event(&l->wait, READ_ONCE(l->changes) != before, err);
	mutex_lock(&flk.lock);
	l->waiters--;
	return err ? -ERESTARTSYS : 0;
}

// The same for the lock |k|, which is in |want|'s way.
static int wait_for_locked(struct lock_list *l, const struct file_lock *want,
			   const struct file_lock *k)
{
	struct blocked b = { .owner = want->owner, .by = k->owner, .list = l };
	int err;

	if (want->space == SPACE_FLOCK || want->pid < 0)
		return wait_locked(l);
	if (k->pid >= 0 && is_deadlock_locked(b.owner, b.by))
		return -EDEADLK;
	list_push_back(&flk.blocked, &b.node);
	err = wait_locked(l);
	list_remove(&b.node);
	return err;
}

static void changed_locked(struct lock_list *l)
{
	struct blocked *b;

	list_for_each (b, &flk.blocked, node)
		if (b->list == l)
			b->by = NULL;
	WRITE_ONCE(l->changes, l->changes + 1);
	waitq_wake_all(&l->wait);
}

// Sets or (F_UNLCK) removes. |wait|: sleep while somebody else's lock is in the way.
static int apply_locked(struct inode *i, const struct file_lock *want, bool wait)
{
	struct file_lock *n = kmalloc(sizeof(*n)), *spare = kmalloc(sizeof(*spare));
	struct lock_list *l = get_list_locked(i);
	const struct file_lock *k;
	int err = n && spare && l ? 0 : -ENOMEM;

	// A flock that changes its kind is given up first, as on Linux.
	if (!err && want->space == SPACE_FLOCK && want->type != F_UNLCK) {
		cut_locked(l, want, &spare);
		changed_locked(l);
	}
	while (!err && want->type != F_UNLCK && (k = conflict_locked(l, want)))
		err = wait ? wait_for_locked(l, want, k) : -EAGAIN;
	if (err)
		goto out;
	cut_locked(l, want, &spare);
	if (want->type != F_UNLCK) {
		*n = *want;
		list_push_back(&l->locks, &n->node);
		if (n->space == SPACE_RECORD)
			join_locked(l, n);
		n = NULL;
	}
	changed_locked(l);
out:
	kfree(n);
	kfree(spare);
	drop_list_locked(i);
	return err;
}

static int apply(struct inode *i, const struct file_lock *want, bool wait)
{
	int err;

	mutex_lock(&flk.lock);
	err = apply_locked(i, want, wait);
	mutex_unlock(&flk.lock);
	return err;
}

int file_flock(struct file *f, int operation)
{
	struct file_lock want = { .space = SPACE_FLOCK, .owner = f, .end = TO_END };

	if (!(operation & LOCK_UN) && !(f->mode & (FMODE_READ | FMODE_WRITE)))
		return -EBADF;
	switch (operation & ~LOCK_NB) {
	case LOCK_SH:
		want.type = F_RDLCK;
		break;
	case LOCK_EX:
		want.type = F_WRLCK;
		break;
	case LOCK_UN:
		want.type = F_UNLCK;
		break;
	default:
		return -EINVAL;
	}
	return apply(f->inode, &want, !(operation & LOCK_NB));
}

// Linux flock_to_posix_lock.
static int set_range(struct file *f, const struct flock *l, struct file_lock *out)
{
	int64_t start, end;

	switch (l->l_whence) {
	case 0:
		start = 0;
		break;
	case 1:
		start = (int64_t)READ_ONCE(f->pos);
		break;
	case 2:
		start = (int64_t)READ_ONCE(f->inode->size_bytes);
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(start, (int64_t)l->l_start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	end = INT64_MAX;
	if (l->l_len > 0 && __builtin_add_overflow(start, (int64_t)l->l_len - 1, &end))
		return -EOVERFLOW;
	if (l->l_len < 0) {
		end = start - 1;
		start += l->l_len;
		if (start < 0)
			return -EINVAL;
	}
	out->start = (uint64_t)start;
	out->end = (uint64_t)end;
	return 0;
}

// F_OFD_GETLK of F_UNLCK asks for a lock of the caller's own (Linux 6.5, posix_test_lock()).
static struct file_lock *own_lock(struct lock_list *l, const struct file_lock *want)
{
	struct file_lock *k;

	list_for_each (k, &l->locks, node)
		if (k->owner == want->owner && overlap(k, want))
			return k;
	return NULL;
}

static int get_lock(struct file *f, const struct file_lock *want, struct flock *l)
{
	struct lock_list *list;
	struct file_lock *k = NULL;

	mutex_lock(&flk.lock);
	list = f->inode->locks;
	if (list)
		k = want->type == F_UNLCK ? own_lock(list, want) : conflict_locked(list, want);
	if (k) {
		l->l_type = k->type;
		l->l_whence = 0;
		l->l_start = (__kernel_off_t)k->start;
		l->l_len = k->end == TO_END ? 0 : (__kernel_off_t)(k->end - k->start + 1);
		l->l_pid = k->pid;
	} else {
		l->l_type = F_UNLCK;
	}
	mutex_unlock(&flk.lock);
	return 0;
}

int file_posix_lock(struct file *f, struct fdtable *owner, int pid, int cmd, struct flock *l)
{
	bool ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
	struct file_lock want = { .space = SPACE_RECORD, .type = l->l_type };
	int err;

	want.owner = ofd ? (void *)f : (void *)owner;
	want.pid = ofd ? -1 : pid;
	if (cmd == F_GETLK && want.type != F_RDLCK && want.type != F_WRLCK)
		return -EINVAL;
	err = set_range(f, l, &want);
	if (!err && want.type != F_RDLCK && want.type != F_WRLCK && want.type != F_UNLCK)
		err = -EINVAL;
	if (err)
		return err;
	if (cmd == F_GETLK)
		return get_lock(f, &want, l);
	if (cmd == F_OFD_GETLK)
		return l->l_pid ? -EINVAL : get_lock(f, &want, l);
	if ((want.type == F_RDLCK && !(f->mode & FMODE_READ)) ||
	    (want.type == F_WRLCK && !(f->mode & FMODE_WRITE)))
		return -EBADF;
	if (ofd && l->l_pid)
		return -EINVAL;
	return apply(f->inode, &want, cmd == F_SETLKW || cmd == F_OFD_SETLKW);
}

static void release_all(struct inode *i, const void *owner)
{
	struct lock_list *l;
	struct file_lock *k, *tmp;

	mutex_lock(&flk.lock);
	l = i->locks;
	if (l) {
		list_for_each_safe (k, tmp, &l->locks, node)
			if (k->owner == owner) {
				list_remove(&k->node);
				kfree(k);
			}
		changed_locked(l);
		drop_list_locked(i);
	}
	mutex_unlock(&flk.lock);
}

void file_locks_release_owner(struct file *f, struct fdtable *owner)
{
	release_all(f->inode, owner);
}

void file_locks_release_file(struct file *f)
{
	release_all(f->inode, f);
}
