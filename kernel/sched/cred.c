// Credentials. Immutable once a thread shows them: changes go through a clone.

#include "kernel/sched/cred.h"

#include "kernel/base/lock.h"
#include "kernel/sched/thread.h"
#include "mm/phys/kmalloc.h"

#define CAP_COUNT 41 // CAP_LAST_CAP + 1 of Linux 6.18
#define ALL_CAPS  ((1ull << CAP_COUNT) - 1)

static struct spinlock cred_lock = SPINLOCK_INIT(RANK_CRED, "cred"); // thread->cred of all

static struct cred root_cred = {
	.refs = 1,
	.cap_permitted = ALL_CAPS,
	.cap_effective = ALL_CAPS,
	.cap_bounding = ALL_CAPS,
};

struct cred *cred_root(void)
{
	return &root_cred;
}

struct cred *cred_get(struct cred *c)
{
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

struct cred *cred_of(const struct thread *t)
{
	uint64_t irq = spin_lock_irqsave(&cred_lock);
	struct cred *c = cred_get(t->cred);

	spin_unlock_irqrestore(&cred_lock, irq);
	return c;
}

struct cred *cred_exchange(struct cred *c)
{
	struct thread *t = thread_current();
	uint64_t irq = spin_lock_irqsave(&cred_lock);
	struct cred *old = t->cred;

	t->cred = c;
	spin_unlock_irqrestore(&cred_lock, irq);
	return old;
}

void cred_put(struct cred *c)
{
	if (!__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL))
		kfree(c);
}

struct cred *cred_clone(const struct cred *c)
{
	struct cred *copy = kmalloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *c;
	copy->refs = 1;
	return copy;
}

const struct cred *cred_current(void)
{
	return thread_current()->cred;
}

bool cred_has_cap(const struct cred *c, unsigned cap)
{
	return cap < CAP_COUNT && c->cap_effective >> cap & 1;
}

bool cred_in_group(const struct cred *c, uint32_t gid)
{
	if (gid == c->fsgid)
		return true;
	for (unsigned i = 0; i < c->ngroups; i++)
		if (c->groups[i] == gid)
			return true;
	return false;
}
