// POSIX timers. A timer has at most one signal pending; expirations meanwhile are its overrun. It
// goes on by itself, with a least distance between two interrupts, and what has passed is counted
// from the times, so that the number is the same as if each had been seen.
//
// The sighand lock of the process guards the table and the timers; timers.lock (a mutex) serialises
// the calls, since a timer is stopped without the sighand lock, which its callback takes.
#include "kernel/proc/posix_timer.h"

#include <linux/errno.h>
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/time.h>

#include "kernel/base/clock.h"
#include "kernel/proc/cputimer.h"
#include "kernel/proc/process_internal.h"
#include "kernel/proc/signal_internal.h"
#include "kernel/sched/clocktimer.h"
#include "kernel/sched/mutex.h"
#include "kernel/sched/pid.h"
#include "lib/radix.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

#define MIN_REARM_NS 50000u

enum timer_kind { KIND_NONE, KIND_MONO, KIND_REAL, KIND_CPU };

struct posix_timer {
	struct process *p; // borrowed: it ends after its timers
	int id;
	enum timer_kind kind;
	struct posix_timer_event event;
	struct thread *target; // SIGEV_THREAD_ID: referenced
	struct clocktimer wall;
	struct cputimer cpu;
	struct cpu_clock clock; // referenced
	bool real;              // of an absolute time on a settable clock
	bool armed;
	bool pending; // its signal is
	bool ignored; // its signal was: sent when that ends, if it repeats
	uint64_t expires_ns, interval_ns;
	uint64_t overrun;      // since the pending signal was sent
	uint64_t last_overrun; // of the signal taken last
};

struct posix_timers {
	struct radix table;
	int next_id;
};

static void node_free(void *p, size_t bytes)
{
	kfree(p);
}

static const struct radix_alloc node_mem = { kzalloc, node_free };
static struct mutex timers_lock = MUTEX_INIT(timers_lock, RANK_PROCESS_TREE);

static struct posix_timer *find_locked(struct process *p, int id)
{
	return p->timers && id >= 0
		       ? (struct posix_timer *)radix_get(&p->timers->table, (uint64_t)id)
		       : NULL;
}

static uint64_t now_of(struct posix_timer *t)
{
	return t->kind == KIND_CPU ? cpu_clock_ns(&t->clock) : clocktimer_now(t->real);
}

// The same with the sighand lock of |p| held; 0 if it cannot be told so.
static uint64_t now_locked(struct posix_timer *t, struct process *p)
{
	if (t->kind == KIND_CPU && t->clock.p == p)
		return process_cpu_ns_locked(p);
	return t->kind == KIND_CPU && t->clock.p ? 0 : now_of(t);
}

static bool sends_signal(const struct posix_timer *t)
{
	return t->event.notify != SIGEV_NONE;
}

static void start_locked(struct posix_timer *t, uint64_t now, uint64_t delay_ns)
{
	if (t->kind == KIND_CPU)
		cputimer_start(&t->cpu, t->expires_ns, now);
	else
		clocktimer_start(&t->wall, t->real, t->expires_ns, delay_ns);
}

static __stack_guarded void send_locked(struct posix_timer *t)
{
	struct uthread *u = t->target ? t->target->uthread : NULL;
	siginfo_t info;

	if (t->target && list_empty(&u->node))
		return; // the thread is gone
	memset(&info, 0, sizeof(info));
	info.si_signo = t->event.sig;
	info.si_code = SI_TIMER;
	info.si_tid = t->id;
	info.si_value.sival_ptr = (void *)t->event.value;
	t->pending = sig_send_timer_locked(t->p, u, t->event.sig, &info);
	t->ignored = !t->pending && t->interval_ns;
}

static void expired(struct posix_timer *t, uint64_t now)
{
	uint64_t irq = sighand_lock(t->p), n = 1;

	if (!t->armed)
		goto out;
	if (t->interval_ns)
		n = clocktimer_forward(&t->expires_ns, t->interval_ns, now);
	else
		t->armed = false;
	if (n && (t->pending || t->ignored)) {
		t->overrun += n;
	} else if (n) {
		t->overrun = n - 1;
		send_locked(t);
	}
	if (t->armed)
		start_locked(t, now, MIN_REARM_NS);
out:
	sighand_unlock(t->p, irq);
}

static void wall_fired(struct clocktimer *c)
{
	expired(container_of(c, struct posix_timer, wall), clocktimer_now(c->real));
}

static void cpu_fired(struct cputimer *c, uint64_t now)
{
	expired(container_of(c, struct posix_timer, cpu), now);
}

void posix_timer_signal_taken(struct process *p, struct siginfo *info)
{
	struct posix_timer *t = find_locked(p, info->si_tid);

	if (!t || !t->pending)
		return;
	t->pending = false;
	if (t->armed && t->interval_ns)
		t->overrun += clocktimer_forward(&t->expires_ns, t->interval_ns, now_locked(t, p));
	t->last_overrun = MIN(t->overrun, (uint64_t)INT32_MAX);
	info->si_overrun = (int)t->last_overrun;
}

void posix_timer_signal_dropped(struct process *p, const struct siginfo *info)
{
	struct posix_timer *t = find_locked(p, info->si_tid);

	if (!t || !t->pending)
		return;
	t->pending = false;
	t->ignored = t->interval_ns;
}

void posix_timers_unignored(struct process *p, int sig)
{
	struct posix_timer *t;
	uint64_t id;

	if (!p->timers)
		return;
	for (id = 0; radix_next_used(&p->timers->table, id, INT32_MAX, &id); id++) {
		t = find_locked(p, (int)id);
		if (t->ignored && t->event.sig == sig)
			send_locked(t);
	}
}

// Linux posix-timers.c: which clocks have timers.
static int kind_of(int clock, enum timer_kind *kind)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_TAI:
		*kind = KIND_REAL;
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
		*kind = KIND_MONO;
		return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_REALTIME_ALARM: // there is no clock that could wake a machine
	case CLOCK_BOOTTIME_ALARM:
		return -EOPNOTSUPP;
	default:
		*kind = KIND_CPU;
		return clock > CLOCK_THREAD_CPUTIME_ID ? -EINVAL : 0;
	}
}

static int target_get(struct posix_timer *t)
{
	struct thread *target;

	switch (t->event.notify) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_SIGNAL:
	case SIGEV_THREAD:
		break;
	case SIGEV_THREAD_ID:
		target = pid_find_thread(t->event.tid);
		if (!target || target->process != t->p || !target->uthread) {
			if (target)
				thread_put(target);
			return -EINVAL;
		}
		t->target = target;
		break;
	default:
		return -EINVAL;
	}
	return sig_valid(t->event.sig) ? 0 : -EINVAL;
}

static void timer_free(struct posix_timer *t)
{
	if (t->target)
		thread_put(t->target);
	cpu_clock_put(&t->clock);
	kfree(t);
}

static int table_add(struct process *p, struct posix_timer *t)
{
	struct posix_timers *made = p->timers ? NULL : kzalloc(sizeof(*made));
	uint64_t irq;
	int err = -EAGAIN;

	if (made)
		radix_init(&made->table, &node_mem);
	irq = sighand_lock(p);
	if (!p->timers)
		p->timers = made;
	if (p->timers && p->queued_signals < p->limits.v[RLIMIT_SIGPENDING].cur) {
		while (find_locked(p, p->timers->next_id))
			p->timers->next_id = (p->timers->next_id + 1) & INT32_MAX;
		t->id = p->timers->next_id;
		err = radix_set(&p->timers->table, (uint64_t)t->id, (uint64_t)t);
	}
	if (!err) {
		p->timers->next_id = (t->id + 1) & INT32_MAX;
		__atomic_add_fetch(
			&p->queued_signals, 1,
			__ATOMIC_RELAXED); // as Linux, which has the signal's memory ready
		if (t->event.value_is_id)
			t->event.value = (uint64_t)t->id;
	}
	sighand_unlock(p, irq);
	return err;
}

int posix_timer_create(int clock, const struct posix_timer_event *ev, int *id)
{
	struct posix_timer *t;
	enum timer_kind kind;
	int err = kind_of(clock, &kind);

	if (err)
		return err;
	t = kzalloc(sizeof(*t));
	if (!t)
		return -EAGAIN;
	t->p = process_current();
	t->kind = kind;
	t->event = *ev;
	clocktimer_init(&t->wall, wall_fired);
	cputimer_init(&t->cpu, cpu_fired);
	err = target_get(t);
	if (!err && kind == KIND_CPU)
		err = cpu_clock_get(clock, &t->clock);
	t->cpu.clock = t->clock;
	mutex_lock(&timers_lock);
	if (!err)
		err = table_add(t->p, t);
	mutex_unlock(&timers_lock);
	if (err)
		timer_free(t);
	else
		*id = t->id;
	return err;
}

static void get_locked(struct posix_timer *t, uint64_t now, struct timer_spec *out)
{
	uint64_t expires = t->expires_ns;

	out->interval_ns = t->interval_ns;
	out->value_ns = 0;
	if (!t->armed)
		return;
	if (t->interval_ns)
		clocktimer_forward(&expires, t->interval_ns, now);
	if (expires > now)
		out->value_ns = expires - now;
	else if (sends_signal(t))
		out->value_ns = 1; // it is about to
}

// Stops |t|; a signal of it that waits is taken back. timers_lock is held.
static void stop(struct posix_timer *t)
{
	uint64_t irq = sighand_lock(t->p);

	t->armed = false;
	if (t->pending)
		sig_drop_timer_locked(t->p, t->id);
	t->pending = t->ignored = false;
	sighand_unlock(t->p, irq);
	clocktimer_cancel(&t->wall);
	timer_cancel(&t->cpu.timer);
}

static void set_timer(struct posix_timer *t, bool absolute, const struct timer_spec *s,
		      struct timer_spec *old)
{
	uint64_t now = now_of(t), irq = sighand_lock(t->p);

	get_locked(t, now, old);
	sighand_unlock(t->p, irq);
	stop(t);
	t->real = absolute && t->kind == KIND_REAL;
	now = now_of(t);
	irq = sighand_lock(t->p);
	t->interval_ns = s->interval_ns;
	t->expires_ns = s->value_ns;
	t->overrun = t->last_overrun = 0;
	if (s->value_ns) {
		if (!absolute)
			t->expires_ns = now + MIN(s->value_ns, (uint64_t)INT64_MAX);
		t->armed = true;
		if (sends_signal(t))
			start_locked(t, now, 0);
	}
	sighand_unlock(t->p, irq);
}

int posix_timer_set(int id, bool absolute, const struct timer_spec *new_, struct timer_spec *old)
{
	struct process *p = process_current();
	struct posix_timer *t;

	mutex_lock(&timers_lock);
	t = find_locked(p, id);
	if (t)
		set_timer(t, absolute, new_, old);
	mutex_unlock(&timers_lock);
	return t ? 0 : -EINVAL;
}

int posix_timer_get(int id, struct timer_spec *out)
{
	struct process *p = process_current();
	struct posix_timer *t;
	uint64_t now, irq;

	mutex_lock(&timers_lock);
	t = find_locked(p, id);
	if (t) {
		now = now_of(t);
		irq = sighand_lock(p);
		get_locked(t, now, out);
		sighand_unlock(p, irq);
	}
	mutex_unlock(&timers_lock);
	return t ? 0 : -EINVAL;
}

int posix_timer_overrun(int id)
{
	struct process *p = process_current();
	uint64_t irq = sighand_lock(p);
	struct posix_timer *t = find_locked(p, id);
	int n = t ? (int)t->last_overrun : -EINVAL;

	sighand_unlock(p, irq);
	return n;
}

static void delete_timer(struct posix_timer *t)
{
	struct process *p = t->p;
	uint64_t irq;

	stop(t);
	irq = sighand_lock(p);
	radix_clear(&p->timers->table, (uint64_t)t->id);
	__atomic_sub_fetch(&p->queued_signals, 1, __ATOMIC_RELAXED);
	sighand_unlock(p, irq);
	timer_free(t);
}

int posix_timer_delete(int id)
{
	struct posix_timer *t;

	mutex_lock(&timers_lock);
	t = find_locked(process_current(), id);
	if (t)
		delete_timer(t);
	mutex_unlock(&timers_lock);
	return t ? 0 : -EINVAL;
}

void posix_timers_free(struct process *p)
{
	uint64_t id;

	if (!p->timers)
		return;
	mutex_lock(&timers_lock);
	while (radix_next_used(&p->timers->table, 0, INT32_MAX, &id))
		delete_timer(find_locked(p, (int)id));
	kfree(p->timers);
	p->timers = NULL;
	mutex_unlock(&timers_lock);
}
