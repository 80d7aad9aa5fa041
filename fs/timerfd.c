// timerfd, as Linux's fs/timerfd.c (6.18): an expired interval timer is armed again only when
// somebody reads or asks, and the number of expirations is computed then. t->lock (RANK_TIMERFD,
// interrupts off) guards what is below it; its callers' settime and gettime are serialised by
// t->setting, since the timer's callback takes t->lock.
#include "fs/timerfd.h"

#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/time.h>
#include <linux/timerfd.h>

#include "fs/anon.h"
#include "fs/poll.h"
#include "fs/pseudo.h"
#include "kernel/base/clock.h"
#include "kernel/sched/clocktimer.h"
#include "kernel/sched/mutex.h"
#include "lib/restart.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uio.h"

struct timerfd {
	struct mutex setting;
	struct spinlock lock;
	struct waitq wait;
	struct clocktimer timer;
	int clock;
	// guarded by lock
	uint64_t ticks;
	uint64_t expires_ns, interval_ns; // on the clock of timer.real; 0: disarmed
	unsigned flags;                   // of the last timerfd_settime
	bool expired;                     // fired and not armed again
	// cancelled by the setting of CLOCK_REALTIME
	struct waitq_entry on_set;
	bool may_cancel;
	uint64_t sets_seen;
};

static struct anon_kind kind = { .name = "[timerfd]" };
static const struct file_ops timerfd_ops;

static void fired(struct clocktimer *c)
{
	struct timerfd *t = container_of(c, struct timerfd, timer);
	uint64_t irq = spin_lock_irqsave(&t->lock);

	t->expired = true;
	t->ticks++;
	spin_unlock_irqrestore(&t->lock, irq);
	waitq_wake(&t->wait, 1, EPOLLIN);
}

static bool clock_was_set(struct waitq_entry *e, uint64_t key)
{
	struct timerfd *t = container_of(e, struct timerfd, on_set);

	waitq_wake_nested(&t->wait, 1, EPOLLIN);
	return true;
}

static bool is_cancelled(const struct timerfd *t)
{
	return READ_ONCE(t->may_cancel) && READ_ONCE(t->sets_seen) != clocktimer_real_sets();
}

static bool is_readable(const struct timerfd *t)
{
	return READ_ONCE(t->ticks) || is_cancelled(t);
}

// Counts the intervals that passed since the timer fired and arms it for the next.
static void rearm_locked(struct timerfd *t)
{
	uint64_t n;

	if (!t->expired || !t->interval_ns)
		return;
	t->expired = false;
	n = clocktimer_forward(&t->expires_ns, t->interval_ns, clocktimer_now(t->timer.real));
	t->ticks += n ? n - 1 : 0; // none: the clock was set back
	clocktimer_start(&t->timer, t->timer.real, t->expires_ns, 0);
}

// Takes the ticks: 0 and a count, 0 and none, or -ECANCELED.
static int take_ticks(struct timerfd *t, uint64_t *ticks)
{
	uint64_t irq = spin_lock_irqsave(&t->lock);
	int err = 0;

	if (is_cancelled(t)) {
		t->sets_seen = clocktimer_real_sets();
		err = -ECANCELED;
	} else if (t->ticks) {
		rearm_locked(t);
		*ticks = t->ticks;
	}
	t->expired = false;
	t->ticks = 0;
	spin_unlock_irqrestore(&t->lock, irq);
	return err;
}

static int64_t timerfd_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct timerfd *t = f->priv;
	uint64_t ticks = 0;
	int err = 0;

	if (u->resid < sizeof(ticks))
		return -EINVAL;
	while (!ticks && !err) {
		if (!is_readable(t)) {
			if (READ_ONCE(f->flags) & O_NONBLOCK || rwf & RWF_NOWAIT)
				return -EAGAIN;
			waitq_wait_event(&t->wait, is_readable(t), err);
			if (err)
				return -ERESTARTSYS;
		}
		mutex_lock(&t->setting);
		err = take_ticks(t, &ticks);
		mutex_unlock(&t->setting);
	}
	if (err)
		return err;
	return uio_copy_out(u, &ticks, sizeof(ticks)) == sizeof(ticks) ? (int64_t)sizeof(ticks)
								       : -EFAULT;
}

static uint32_t timerfd_poll(struct file *f, struct poll_table *pt)
{
	struct timerfd *t = f->priv;

	poll_wait(pt, &t->wait);
	return is_readable(t) ? EPOLLIN : 0;
}

static void stop_cancelling(struct timerfd *t)
{
	if (t->may_cancel)
		waitq_remove(clocktimer_set_queue(), &t->on_set);
	WRITE_ONCE(t->may_cancel, false);
}

static void timerfd_release(struct file *f)
{
	struct timerfd *t = f->priv;

	clocktimer_cancel(&t->timer);
	stop_cancelling(t);
	kfree(t);
}

static void get_locked(struct timerfd *t, struct timer_spec *out)
{
	uint64_t now = clocktimer_now(t->timer.real);

	rearm_locked(t);
	out->value_ns = t->expires_ns > now && !t->expired ? t->expires_ns - now : 0;
	out->interval_ns = t->interval_ns;
}

static void start_locked(struct timerfd *t, unsigned flags, const struct timer_spec *s)
{
	bool absolute = flags & TFD_TIMER_ABSTIME;
	bool real = absolute && (t->clock == CLOCK_REALTIME || t->clock == CLOCK_REALTIME_ALARM);

	t->flags = flags;
	t->expired = false;
	t->ticks = 0;
	t->timer.real = real;
	t->interval_ns = s->interval_ns;
	t->expires_ns = s->value_ns;
	if (!s->value_ns)
		return;
	if (!absolute)
		t->expires_ns = clock_mono_ns() + MIN(s->value_ns, (uint64_t)INT64_MAX);
	clocktimer_start(&t->timer, real, t->expires_ns, 0);
}

#define CANCEL_FLAGS (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)

static void set_cancelling(struct timerfd *t, unsigned flags)
{
	bool wanted = (t->clock == CLOCK_REALTIME || t->clock == CLOCK_REALTIME_ALARM) &&
		      (flags & CANCEL_FLAGS) == CANCEL_FLAGS;

	if (wanted == t->may_cancel)
		return;
	stop_cancelling(t);
	if (!wanted)
		return;
	t->sets_seen = clocktimer_real_sets();
	t->on_set = (struct waitq_entry){ .func = clock_was_set };
	waitq_add(clocktimer_set_queue(), &t->on_set);
	WRITE_ONCE(t->may_cancel, true);
}

int timerfd_set(struct file *f, unsigned flags, const struct timer_spec *new_,
		struct timer_spec *old)
{
	struct timerfd *t = f->priv;
	uint64_t irq;
	int err = 0;

	if (f->ops != &timerfd_ops)
		return -EINVAL;
	mutex_lock(&t->setting);
	set_cancelling(t, flags);
	clocktimer_cancel(&t->timer);
	irq = spin_lock_irqsave(&t->lock);
	get_locked(t, old);
	spin_unlock_irqrestore(&t->lock, irq);
	clocktimer_cancel(&t->timer);
	irq = spin_lock_irqsave(&t->lock);
	start_locked(t, flags, new_);
	if (is_cancelled(t)) {
		t->sets_seen = clocktimer_real_sets();
		err = -ECANCELED;
	}
	spin_unlock_irqrestore(&t->lock, irq);
	mutex_unlock(&t->setting);
	return err;
}

int timerfd_get(struct file *f, struct timer_spec *out)
{
	struct timerfd *t = f->priv;
	uint64_t irq;

	if (f->ops != &timerfd_ops)
		return -EINVAL;
	mutex_lock(&t->setting);
	irq = spin_lock_irqsave(&t->lock);
	get_locked(t, out);
	spin_unlock_irqrestore(&t->lock, irq);
	mutex_unlock(&t->setting);
	return 0;
}

static void timerfd_fdinfo(struct file *f, struct seq *out)
{
	struct timerfd *t = f->priv;
	struct timer_spec s;
	uint64_t ticks = READ_ONCE(t->ticks);

	if (timerfd_get(f, &s))
		return;
	seq_printf(out,
		   "clockid: %d\nticks: %llu\nsettime flags: 0%o\nit_value: (%llu, %llu)\n"
		   "it_interval: (%llu, %llu)\n",
		   t->clock, (unsigned long long)ticks, t->flags,
		   (unsigned long long)(s.value_ns / NSEC_PER_SEC),
		   (unsigned long long)(s.value_ns % NSEC_PER_SEC),
		   (unsigned long long)(s.interval_ns / NSEC_PER_SEC),
		   (unsigned long long)(s.interval_ns % NSEC_PER_SEC));
}

static int64_t timerfd_seek(struct file *f, int64_t offset, int whence)
{
	return 0; // Linux noop_llseek
}

static const struct file_ops timerfd_ops = {
	.seek = timerfd_seek,
	.read = timerfd_read,
	.poll = timerfd_poll,
	.release = timerfd_release,
	.fdinfo = timerfd_fdinfo,
};

int timerfd_create_file(int clock, unsigned flags, struct file **out)
{
	struct timerfd *t = kzalloc(sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	mutex_init(&t->setting, RANK_FILE_POS);
	spin_init(&t->lock, RANK_TIMERFD, "timerfd");
	waitq_init(&t->wait);
	clocktimer_init(&t->timer, fired);
	t->clock = clock;
	err = anon_file_create(&kind, O_RDWR | (flags & O_NONBLOCK), &timerfd_ops, t, out);
	if (err)
		kfree(t);
	else
		(*out)->mode &= ~FMODE_SEEK;
	return err;
}
