// Scheduling: policies, priorities, nice values, CPUs, I/O priorities. The checks are Linux 6.18's
// (kernel/sched/syscalls.c, kernel/sys.c, block/ioprio.c). Owns no state.
#include <asm/errno.h>
#include <linux/ioprio.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/sched/types.h>

#include "kernel/base/percpu.h"
#include "kernel/proc/process.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/prio.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define CAP_SYS_ADMIN_N 21
#define CAP_SYS_NICE_N  23
#define NICE_MIN        (-20)
#define NICE_MAX        19
#define ATTR_FLAGS_ALL  0x7f // SCHED_FLAG_ALL
#define KEEP_POLICY     (-1) // SETPARAM_POLICY

// |pid|'s thread (0: the caller) with a reference, or NULL.
static struct thread *find_thread(int pid)
{
	struct thread *t = pid ? process_find_thread(pid) : thread_current();

	if (!pid)
		thread_get(t);
	return t;
}

static int clamp_nice(int64_t nice)
{
	return (int)MIN(MAX(nice, (int64_t)NICE_MIN), (int64_t)NICE_MAX);
}

// Whether the caller's effective user is |t|'s real or effective one.
static bool same_owner(struct thread *t, bool real_counts)
{
	const struct cred *c = cred_current();
	struct cred *other = cred_of(t);
	bool same = c->euid == other->euid || c->euid == other->uid ||
		    (real_counts && c->uid == other->euid);

	cred_put(other);
	return same;
}

static uint64_t limit_of(struct thread *t, unsigned resource)
{
	struct rlimit_value v = { 0 };

	return t->process && !rlimit_get(t->process, resource, &v) ? v.cur : 0;
}

// Lowering the nice value to |nice|: allowed by the limit? (RLIMIT_NICE counts 20 - nice.)
static bool nice_allowed(struct thread *t, int nice)
{
	return nice >= t->nice || (uint64_t)(20 - nice) <= limit_of(t, RLIMIT_NICE);
}

static bool realtime(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool fair(int policy)
{
	return policy == SCHED_NORMAL || policy == SCHED_BATCH;
}

// May the caller, who is not privileged, make |t| what |p| says?
static bool change_allowed(struct thread *t, const struct sched_policy *p)
{
	if (fair(p->policy) && !nice_allowed(t, p->nice))
		return false;
	if (realtime(p->policy)) {
		uint64_t limit = limit_of(t, RLIMIT_RTPRIO);

		if ((p->policy != t->policy && !limit) ||
		    (p->rt_prio > t->rt_prio && p->rt_prio > limit))
			return false;
	}
	if (t->policy == SCHED_IDLE && p->policy != SCHED_IDLE &&
	    (uint64_t)(20 - t->nice) > limit_of(t, RLIMIT_NICE))
		return false;
	return same_owner(t, false) && (!t->reset_on_fork || p->reset_on_fork);
}

// |policy| may be KEEP_POLICY. |nice| counts for the fair policies only.
static int change_policy(struct thread *t, int policy, bool reset, uint32_t priority, int nice)
{
	struct sched_policy p = { .nice = t->nice, .reset_on_fork = reset };

	if (policy == KEEP_POLICY) {
		policy = t->policy;
		p.reset_on_fork = t->reset_on_fork;
	}
	if (!realtime(policy) && !fair(policy) && policy != SCHED_IDLE)
		return -EINVAL;
	if (priority > 99 || realtime(policy) != (priority != 0))
		return -EINVAL;
	p.policy = (uint8_t)policy;
	p.rt_prio = (uint8_t)priority;
	if (!realtime(policy))
		p.nice = (int8_t)nice;
	if (!change_allowed(t, &p) && !cred_has_cap(cred_current(), CAP_SYS_NICE_N))
		return -EPERM;
	sched_set_policy(t, &p);
	return 0;
}

static int set_scheduler(int pid, int policy, struct uptr param)
{
	bool reset = policy != KEEP_POLICY && policy & SCHED_RESET_ON_FORK;
	struct sched_param sp;
	struct thread *t;
	int err;

	if (!param.va || pid < 0)
		return -EINVAL;
	if (copy_from_user(&sp, param, sizeof(sp)))
		return -EFAULT;
	t = find_thread(pid);
	if (!t)
		return -ESRCH;
	if (reset)
		policy &= ~SCHED_RESET_ON_FORK;
	err = change_policy(t, policy, reset, (uint32_t)sp.sched_priority, t->nice);
	thread_put(t);
	return err;
}

int64_t sys_sched_setscheduler(int pid, int policy, struct uptr param)
{
	return policy < 0 ? -EINVAL : set_scheduler(pid, policy, param);
}

int64_t sys_sched_setparam(int pid, struct uptr param)
{
	return set_scheduler(pid, KEEP_POLICY, param);
}

int64_t sys_sched_getscheduler(int pid)
{
	struct thread *t = pid < 0 ? NULL : find_thread(pid);
	int policy;

	if (!t)
		return pid < 0 ? -EINVAL : -ESRCH;
	policy = t->policy | (t->reset_on_fork ? SCHED_RESET_ON_FORK : 0);
	thread_put(t);
	return policy;
}

int64_t sys_sched_getparam(int pid, struct uptr param)
{
	struct thread *t = !param.va || pid < 0 ? NULL : find_thread(pid);
	int priority;

	if (!t)
		return !param.va || pid < 0 ? -EINVAL : -ESRCH;
	priority = t->rt_prio;
	thread_put(t);
	return put_user(priority, param);
}

// Linux's sched_copy_attr: programs of the future may give more, if it is zero.
static int copy_attr(struct uptr from, struct sched_attr *a)
{
	uint32_t bytes;

	memset(a, 0, sizeof(*a));
	if (get_user(bytes, from))
		return -EFAULT;
	if (!bytes)
		bytes = SCHED_ATTR_SIZE_VER0;
	if (bytes < SCHED_ATTR_SIZE_VER0 || bytes > PAGE_SIZE)
		goto wrong_size;
	if (copy_from_user(a, from, MIN(bytes, (uint32_t)sizeof(*a))))
		return -EFAULT;
	for (uint32_t at = sizeof(*a); at < bytes; at++) {
		uint8_t rest;

		if (get_user(rest, uptr_add(from, at)))
			return -EFAULT;
		if (rest)
			goto wrong_size;
	}
	a->sched_nice = clamp_nice(a->sched_nice);
	return 0;
wrong_size:
	return put_user((uint32_t)sizeof(*a), from) ? -EFAULT : -E2BIG;
}

int64_t sys_sched_setattr(int pid, struct uptr attr, uint64_t flags)
{
	struct sched_attr a;
	struct thread *t;
	int err, policy;
	bool reset;

	if (!attr.va || pid < 0 || (unsigned)flags)
		return -EINVAL;
	err = copy_attr(attr, &a);
	if (err)
		return err;
	if ((int)a.sched_policy < 0)
		return -EINVAL;
	t = find_thread(pid);
	if (!t)
		return -ESRCH;
	policy = a.sched_flags & SCHED_FLAG_KEEP_POLICY ? KEEP_POLICY : (int)a.sched_policy;
	if (a.sched_flags & SCHED_FLAG_KEEP_PARAMS) {
		a.sched_priority = t->rt_prio;
		a.sched_nice = t->nice;
	}
	reset = a.sched_flags & SCHED_FLAG_RESET_ON_FORK;
	err = a.sched_flags & ~(uint64_t)ATTR_FLAGS_ALL ? -EINVAL : 0;
	// A kernel without utilisation clamping.
	if (!err && a.sched_flags & SCHED_FLAG_UTIL_CLAMP)
		err = -EOPNOTSUPP;
	if (!err)
		err = change_policy(t, policy, reset, a.sched_priority, a.sched_nice);
	thread_put(t);
	return err;
}

int64_t sys_sched_getattr(int pid, struct uptr attr, unsigned bytes, uint64_t flags)
{
	struct sched_attr a = { 0 };
	struct thread *t;

	if (!attr.va || pid < 0 || bytes > PAGE_SIZE || bytes < SCHED_ATTR_SIZE_VER0 ||
	    (unsigned)flags)
		return -EINVAL;
	t = find_thread(pid);
	if (!t)
		return -ESRCH;
	a.size = MIN(bytes, (unsigned)sizeof(a));
	a.sched_policy = t->policy;
	a.sched_flags = t->reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	a.sched_priority = t->rt_prio;
	if (!t->rt_prio) {
		a.sched_nice = t->nice;
		a.sched_runtime = sched_fair_slice_ns();
	}
	thread_put(t);
	return copy_to_user(attr, &a, a.size) ? -EFAULT : 0;
}

int64_t sys_sched_get_priority_max(int policy)
{
	if (realtime(policy))
		return 99;
	return fair(policy) || (policy >= SCHED_IDLE && policy <= 7) ? 0 : -EINVAL;
}

int64_t sys_sched_get_priority_min(int policy)
{
	return realtime(policy) ? 1 : sys_sched_get_priority_max(policy);
}

// The fair policies have no quantum to tell: Linux says 0 unless the CPU is crowded.
int64_t sys_sched_rr_get_interval(int pid, struct uptr out)
{
	struct __kernel_timespec ts = { 0, 0 };
	struct thread *t = pid < 0 ? NULL : find_thread(pid);

	if (!t)
		return pid < 0 ? -EINVAL : -ESRCH;
	if (t->policy == SCHED_RR)
		ts.tv_nsec = (int64_t)sched_rr_slice_ns();
	thread_put(t);
	return copy_to_user(out, &ts, sizeof(ts)) ? -EFAULT : 0;
}

int64_t sys_sched_yield(void)
{
	sched_yield_current();
	return 0;
}

// ---- CPUs ----

static uint64_t online_mask(void)
{
	unsigned n = cpu_count_online();

	return n >= 64 ? ~0ull : (1ull << n) - 1;
}

int64_t sys_sched_getaffinity(int pid, uint64_t bytes, struct uptr mask)
{
	unsigned len = (unsigned)bytes;
	struct thread *t;
	uint64_t cpus;

	_Static_assert(MAX_CPUS == 8 * sizeof(cpus), "one word of CPUs");
	if (len * 8 < cpu_count_online() || len % sizeof(uint64_t))
		return -EINVAL;
	t = find_thread(pid);
	if (!t)
		return -ESRCH;
	cpus = t->affinity & online_mask();
	thread_put(t);
	return put_user(cpus, mask) ? -EFAULT : (int64_t)sizeof(cpus);
}

int64_t sys_sched_setaffinity(int pid, uint64_t bytes, struct uptr mask)
{
	uint64_t want = 0;
	struct thread *t;
	int err = 0;

	if (copy_from_user(&want, mask, MIN((unsigned)bytes, sizeof(want))))
		return -EFAULT;
	t = find_thread(pid);
	if (!t)
		return -ESRCH;
	want &= online_mask();
	if (!same_owner(t, false) && !cred_has_cap(cred_current(), CAP_SYS_NICE_N))
		err = -EPERM;
	else if (!want)
		err = -EINVAL;
	else
		sched_set_affinity(t, want == online_mask() ? ~0ull : want);
	thread_put(t);
	return err;
}

int64_t sys_getcpu(struct uptr cpu, struct uptr node, struct uptr unused)
{
	if (cpu.va && put_user((unsigned)this_cpu_id(), cpu))
		return -EFAULT;
	return node.va ? put_user(0u, node) : 0;
}

// ---- of a thread, a group or a user at once ----

// What WHO means: PRIO_PROCESS, PRIO_PGRP, PRIO_USER; the same order in IOPRIO_WHO_*, from 1.
struct crowd {
	int which, who;
	int result; // what the calls make of it
	int value;
	void (*each)(struct crowd *c, struct thread *t);
};

static bool is_meant(const struct crowd *c, struct process *p, struct thread *t)
{
	struct cred *k;
	bool meant;

	if (c->which == PRIO_PGRP)
		return READ_ONCE(p->pgid) == (c->who ? c->who : READ_ONCE(process_current()->pgid));
	k = cred_of(t);
	meant = k->uid == (c->who ? (uint32_t)c->who : cred_current()->uid);
	cred_put(k);
	return meant;
}

static void for_threads_of(struct crowd *c, struct process *p)
{
	struct thread *t = NULL, *next;

	// One at a time: what is done to a thread takes locks of its own.
	while ((next = process_next_thread(p, t))) {
		if (t)
			thread_put(t);
		t = next;
		if (is_meant(c, p, t))
			c->each(c, t);
	}
	if (t)
		thread_put(t);
}

static void for_crowd(struct crowd *c)
{
	struct process *p;

	if (c->which == PRIO_PROCESS) {
		struct thread *t = c->who < 0 ? NULL : find_thread(c->who);

		if (t) {
			c->each(c, t);
			thread_put(t);
		}
		return;
	}
	for (int from = 2; (p = process_next(from)); from = p->pid + 1) {
		for_threads_of(c, p);
		process_put(p);
	}
}

static void set_one_nice(struct crowd *c, struct thread *t)
{
	bool privileged = cred_has_cap(cred_current(), CAP_SYS_NICE_N);

	if (!same_owner(t, true) && !privileged) {
		c->result = -EPERM;
		return;
	}
	if (!nice_allowed(t, c->value) && !privileged) {
		c->result = -EACCES;
		return;
	}
	if (c->result == -ESRCH)
		c->result = 0;
	sched_set_nice(t, c->value);
}

int64_t sys_setpriority(int which, int who, int nice)
{
	struct crowd c = { which, who, -ESRCH, clamp_nice(nice), set_one_nice };

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	for_crowd(&c);
	return c.result;
}

static void get_one_nice(struct crowd *c, struct thread *t)
{
	c->result = MAX(c->result, 20 - t->nice);
}

int64_t sys_getpriority(int which, int who)
{
	struct crowd c = { which, who, -ESRCH, 0, get_one_nice };

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	for_crowd(&c);
	return c.result;
}

// ---- I/O priorities: kept and told; there is no disk whose queue they could order ----

static void set_one_ioprio(struct crowd *c, struct thread *t)
{
	if (!same_owner(t, true) && !cred_has_cap(cred_current(), CAP_SYS_NICE_N)) {
		c->result = -EPERM;
		return;
	}
	if (c->result == -ESRCH)
		c->result = 0;
	WRITE_ONCE(t->ioprio, (uint16_t)c->value);
}

static int check_ioprio(int prio)
{
	const struct cred *k = cred_current();

	switch (IOPRIO_PRIO_CLASS(prio)) {
	case IOPRIO_CLASS_RT:
		if (!cred_has_cap(k, CAP_SYS_ADMIN_N) && !cred_has_cap(k, CAP_SYS_NICE_N))
			return -EPERM;
		return 0;
	case IOPRIO_CLASS_BE:
	case IOPRIO_CLASS_IDLE:
		return 0;
	case IOPRIO_CLASS_NONE:
		return prio & 7 ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

int64_t sys_ioprio_set(int which, int who, int prio)
{
	struct crowd c = { which - IOPRIO_WHO_PROCESS, who, -ESRCH, prio, set_one_ioprio };
	int err = check_ioprio(prio);

	if (err)
		return err;
	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	for_crowd(&c);
	return c.result;
}

// Without one of its own, a group or a user shows what its nice values and policies stand for.
static int ioprio_of(const struct thread *t)
{
	unsigned class = t->policy == SCHED_IDLE ? IOPRIO_CLASS_IDLE
			 : t->rt_prio            ? IOPRIO_CLASS_RT
						 : IOPRIO_CLASS_BE;

	if (IOPRIO_PRIO_CLASS(t->ioprio) != IOPRIO_CLASS_NONE)
		return t->ioprio;
	return (int)(class << IOPRIO_CLASS_SHIFT) | (t->nice + 20) / 5;
}

// The best of all: the smaller number (ioprio_best).
static void get_one_ioprio(struct crowd *c, struct thread *t)
{
	int prio = c->which == PRIO_PROCESS ? t->ioprio : ioprio_of(t);

	c->result = c->result == -ESRCH ? prio : MIN(c->result, prio);
}

int64_t sys_ioprio_get(int which, int who)
{
	struct crowd c = { which - IOPRIO_WHO_PROCESS, who, -ESRCH, 0, get_one_ioprio };

	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	for_crowd(&c);
	return c.result;
}
