// Counts per user. A record exists while one of its counts is not 0; the lock guards the list.
#include "kernel/sched/usercount.h"

#include <linux/errno.h>

#include "kernel/base/lock.h"
#include "lib/list.h"
#include "mm/phys/kmalloc.h"

struct user {
	struct list_node node;
	uint32_t uid;
	uint64_t counts[USER_COUNTS];
};

static struct {
	struct spinlock lock;
	struct list_node all;
} users = { SPINLOCK_INIT(RANK_USER, "users"), LIST_INIT(users.all) };

static struct user *find_locked(uint32_t uid)
{
	struct user *u;

	list_for_each (u, &users.all, node)
		if (u->uid == uid)
			return u;
	return NULL;
}

static struct user *make_locked(uint32_t uid)
{
	struct user *u = kzalloc(sizeof(*u));

	if (u) {
		u->uid = uid;
		list_push_back(&users.all, &u->node);
	}
	return u;
}

static void forget_unused_locked(struct user *u)
{
	for (unsigned k = 0; k < USER_COUNTS; k++)
		if (u->counts[k])
			return;
	list_remove(&u->node);
	kfree(u);
}

int user_charge(uint32_t uid, enum user_count kind, uint64_t n, uint64_t limit)
{
	uint64_t sum = n;
	struct user *u;
	int err = 0;

	spin_lock(&users.lock);
	u = find_locked(uid);
	if (__builtin_add_overflow(u ? u->counts[kind] : 0, n, &sum) || sum > limit)
		err = -EMFILE;
	else if (!u && !(u = make_locked(uid)))
		err = -ENOMEM;
	else
		u->counts[kind] = sum;
	spin_unlock(&users.lock);
	return err;
}

void user_uncharge(uint32_t uid, enum user_count kind, uint64_t n)
{
	struct user *u;

	spin_lock(&users.lock);
	u = find_locked(uid);
	if (u) {
		u->counts[kind] -= n;
		forget_unused_locked(u);
	}
	spin_unlock(&users.lock);
}
