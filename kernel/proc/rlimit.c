// Resource limits. Lock: the process's sighand lock.

#include "kernel/proc/rlimit.h"

#include <asm/errno.h>
#include <linux/resource.h>

#include "fs/fdtable.h"
#include "kernel/proc/process_internal.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "mm/virt/aspace.h"

#define INF                UINT64_MAX
#define NR_OPEN            1048576ull // fs.nr_open
#define NOFILE_HARD        524288ull  // what systemd gives; Linux alone: 4096
#define THREAD_BYTES       32768ull   // kernel memory a thread takes, for RLIMIT_NPROC's default
#define CAP_SYS_RESOURCE_N 24
#define CAP_SYS_ADMIN_N    21
#define MLOCK_BYTES        (8ull << 20)

_Static_assert(RLIMIT_COUNT == RLIM_NLIMITS, "all of them");

static const struct rlimit_value defaults[RLIMIT_COUNT] = {
	[RLIMIT_CPU] = { INF, INF },
	[RLIMIT_FSIZE] = { INF, INF },
	[RLIMIT_DATA] = { INF, INF },
	[RLIMIT_STACK] = { _STK_LIM, INF },
	[RLIMIT_CORE] = { 0, INF },
	[RLIMIT_RSS] = { INF, INF },
	[RLIMIT_NPROC] = { 0, 0 }, // by memory
	[RLIMIT_NOFILE] = { 1024, NOFILE_HARD },
	[RLIMIT_MEMLOCK] = { MLOCK_BYTES, MLOCK_BYTES },
	[RLIMIT_AS] = { INF, INF },
	[RLIMIT_LOCKS] = { INF, INF },
	[RLIMIT_SIGPENDING] = { 0, 0 }, // by memory
	[RLIMIT_MSGQUEUE] = { 819200, 819200 },
	[RLIMIT_NICE] = { 0, 0 },
	[RLIMIT_RTPRIO] = { 0, 0 },
	[RLIMIT_RTTIME] = { INF, INF },
};

void rlimits_init(struct rlimits *l, uint64_t ram_bytes)
{
	uint64_t threads = ram_bytes / (8 * THREAD_BYTES) / 2; // Linux set_max_threads()

	for (int i = 0; i < RLIMIT_COUNT; i++)
		l->v[i] = defaults[i];
	l->v[RLIMIT_NPROC] = (struct rlimit_value){ threads, threads };
	l->v[RLIMIT_SIGPENDING] = (struct rlimit_value){ threads, threads };
}

int rlimit_get(struct process *p, unsigned resource, struct rlimit_value *out)
{
	uint64_t irq;

	if (resource >= RLIMIT_COUNT)
		return -EINVAL;
	irq = sighand_lock(p);
	*out = p->limits.v[resource];
	sighand_unlock(p, irq);
	return 0;
}

// Threads of |uid|, processes that have ended and were not waited for included.
static unsigned count_threads(uint32_t uid)
{
	struct process *p;
	unsigned n = 0;

	for (int from = 2; (p = process_next(from)); from = p->pid + 1) {
		uint64_t irq = sighand_lock(p);
		struct uthread *u;

		if (list_empty(&p->threads))
			n += p->uid == uid;
		list_for_each (u, &p->threads, node) {
			struct cred *c = cred_of(u->thread);

			n += c->uid == uid;
			cred_put(c);
		}
		sighand_unlock(p, irq);
		process_put(p);
	}
	return n;
}

bool rlimit_nproc_exceeded(int more)
{
	uint64_t limit = process_current()->limits.v[RLIMIT_NPROC].cur;
	uint32_t uid = cred_current()->uid;

	// They are counted only where there are that many of all users.
	return uid && pid_count() + 1 > limit &&
	       (uint64_t)count_threads(uid) + (uint64_t)more > limit;
}

int rlimit_check_clone(void)
{
	const struct cred *c = cred_current();

	if (rlimit_nproc_exceeded(1) && !cred_has_cap(c, CAP_SYS_RESOURCE_N) &&
	    !cred_has_cap(c, CAP_SYS_ADMIN_N))
		return -EAGAIN;
	uthread_current()->nproc_exceeded = false;
	return 0;
}

void rlimit_user_changed(void)
{
	uthread_current()->nproc_exceeded = rlimit_nproc_exceeded(-1);
}

int rlimit_check_exec(void)
{
	struct uthread *u = uthread_current();

	if (u->nproc_exceeded && rlimit_nproc_exceeded(0))
		return -EAGAIN;
	u->nproc_exceeded = false;
	return 0;
}

// All threads' contexts share one record.
static void tell_files(struct process *p, unsigned resource, uint64_t cur)
{
	struct fs_context *c = process_get_fs(p);

	if (!c)
		return;
	if (resource == RLIMIT_NOFILE)
		WRITE_ONCE(c->limits->nofile, cur);
	else
		WRITE_ONCE(c->limits->fsize, cur);
	fs_context_put(c);
}

// The layers below keep copies of what they enforce.
static void tell_layers(struct process *p, unsigned resource, uint64_t cur)
{
	struct aspace *as = p->aspace;

	if (resource == RLIMIT_NOFILE || resource == RLIMIT_FSIZE)
		tell_files(p, resource, cur);
	if (!as)
		return;
	if (resource == RLIMIT_AS)
		WRITE_ONCE(as->limits.as, cur);
	if (resource == RLIMIT_DATA)
		WRITE_ONCE(as->limits.data, cur);
	if (resource == RLIMIT_STACK)
		WRITE_ONCE(as->limits.stack, cur);
	if (resource == RLIMIT_MEMLOCK)
		WRITE_ONCE(as->limits.memlock, cur);
}

int rlimit_set(struct process *p, unsigned resource, const struct rlimit_value *v)
{
	bool may_raise = cred_has_cap(cred_current(), CAP_SYS_RESOURCE_N);
	uint64_t irq;
	int err = 0;

	if (resource >= RLIMIT_COUNT || v->cur > v->max)
		return -EINVAL;
	if (resource == RLIMIT_NOFILE && v->max > NR_OPEN)
		return -EPERM;
	irq = sighand_lock(p);
	if (v->max > p->limits.v[resource].max && !may_raise)
		err = -EPERM;
	else
		p->limits.v[resource] = *v;
	sighand_unlock(p, irq);
	if (!err && resource == RLIMIT_CPU)
		process_cpu_limit_changed(p);
	else if (!err)
		tell_layers(p, resource, v->cur);
	return err;
}
