// Thread numbers in a sparse array. A slot holds the thread's address, or PID_TAKEN alone, or
// PID_HELD: free but for the groups and sessions that go by it, counted in a second array. The
// number that comes next has its slot already (PID_RESERVED): threads that come and go one after
// the other find the array's nodes made, and do not take them down with them.
// Lock: pids.lock (RANK_PID, interrupts off).

#include "kernel/sched/pid.h"

#include <asm/errno.h>

#include "kernel/base/lock.h"
#include "kernel/sched/thread.h"
#include "lib/radix.h"
#include "mm/phys/kmalloc.h"

#define PID_FIRST    2
#define PID_TAKEN    1ull // low bits: addresses of threads are aligned
#define PID_HELD     2ull
#define PID_RESERVED 4ull
#define PID_FLAGS    (PID_TAKEN | PID_HELD | PID_RESERVED)

static void pid_node_free(void *p, size_t bytes)
{
	kfree(p);
}

static const struct radix_alloc pid_mem = { kzalloc, pid_node_free };

static struct {
	struct spinlock lock;
	struct radix table;
	struct radix holds; // number -> how many processes have it as group or session
	uint64_t next;      // where to look for a free number
	uint64_t reserved;  // the one that was found, or 0
	unsigned used;      // between pid_alloc and pid_free
} pids = {
	.lock = SPINLOCK_INIT(RANK_PID, "pid"),
	.table = { .mem = &pid_mem },
	.holds = { .mem = &pid_mem },
	.next = PID_FIRST,
};

// Finds the number for the next thread. None, or no memory: pid_alloc tries again.
static void reserve_locked(void)
{
	uint64_t pid;

	pids.reserved = 0;
	if (!radix_next_empty(&pids.table, pids.next, PID_MAX - 1, &pid) &&
	    !radix_next_empty(&pids.table, PID_FIRST, PID_MAX - 1, &pid))
		return;
	if (!radix_set(&pids.table, pid, PID_RESERVED))
		pids.reserved = pid;
}

int pid_alloc(struct thread *t)
{
	uint64_t irq = spin_lock_irqsave(&pids.lock), pid;

	if (unlikely(!pids.reserved))
		reserve_locked();
	pid = pids.reserved;
	if (likely(pid)) {
		*radix_slot(&pids.table, pid) = (uint64_t)t | PID_TAKEN;
		pids.next = pid + 1 < PID_MAX ? pid + 1 : PID_FIRST;
		pids.used++;
		reserve_locked();
	}
	spin_unlock_irqrestore(&pids.lock, irq);
	return pid ? (int)pid : -EAGAIN;
}

void pid_free(int pid)
{
	uint64_t irq = spin_lock_irqsave(&pids.lock);

	pids.used--;
	if (radix_get(&pids.holds, (uint64_t)pid))
		*radix_slot(&pids.table, (uint64_t)pid) = PID_HELD;
	else
		radix_clear(&pids.table, (uint64_t)pid);
	spin_unlock_irqrestore(&pids.lock, irq);
}

unsigned pid_count(void)
{
	return READ_ONCE(pids.used);
}

int pid_hold(int pid)
{
	uint64_t irq = spin_lock_irqsave(&pids.lock);
	int err = radix_set(&pids.holds, (uint64_t)pid, radix_get(&pids.holds, (uint64_t)pid) + 1);

	spin_unlock_irqrestore(&pids.lock, irq);
	return err;
}

void pid_drop(int pid)
{
	uint64_t irq = spin_lock_irqsave(&pids.lock);
	uint64_t *count = radix_slot(&pids.holds, (uint64_t)pid);

	if (!--*count) {
		radix_clear(&pids.holds, (uint64_t)pid);
		if (radix_get(&pids.table, (uint64_t)pid) == PID_HELD)
			radix_clear(&pids.table, (uint64_t)pid);
	}
	spin_unlock_irqrestore(&pids.lock, irq);
}

void pid_attach(int pid, struct thread *t)
{
	uint64_t irq = spin_lock_irqsave(&pids.lock);
	uint64_t *slot = radix_slot(&pids.table, (uint64_t)pid);

	if (slot && *slot)
		*slot = (uint64_t)t | PID_TAKEN;
	spin_unlock_irqrestore(&pids.lock, irq);
}

void pid_detach(int pid)
{
	pid_attach(pid, NULL);
}

struct thread *pid_find_thread(int pid)
{
	uint64_t irq, v;
	struct thread *t;

	if (pid <= 0)
		return NULL;
	irq = spin_lock_irqsave(&pids.lock);
	v = radix_get(&pids.table, (uint64_t)pid);
	t = (struct thread *)(v & ~PID_FLAGS);
	if (t)
		thread_get(t);
	spin_unlock_irqrestore(&pids.lock, irq);
	return t;
}

int pid_next(int from)
{
	uint64_t irq, pid;
	bool found;

	if (from < 0)
		from = 0;
	irq = spin_lock_irqsave(&pids.lock);
	found = radix_next_used(&pids.table, (uint64_t)from, PID_MAX - 1, &pid);
	if (found && pid == pids.reserved)
		found = radix_next_used(&pids.table, pid + 1, PID_MAX - 1, &pid);
	spin_unlock_irqrestore(&pids.lock, irq);
	return found ? (int)pid : -1;
}
