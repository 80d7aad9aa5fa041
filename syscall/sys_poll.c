// poll and select: one pass over the files collects their wait queues, then the thread sleeps until
// one of them wakes it, and asks again. Owns no state beyond a call.
#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/poll.h>
#include <linux/time.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/poll.h"
#include "kernel/base/clock.h"
#include "kernel/proc/signal.h"
#include "kernel/sched/sched.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define POLL_FAST_LINKS 8

// One queue that was asked; keeps its file until the call ends.
struct poll_link {
	struct waitq_entry entry;
	struct waitq *queue;
	struct file *file;
	struct poll_wait *owner;
	struct poll_link *next;
};

struct poll_wait {
	struct poll_table table;
	struct waitq_entry self; // on no queue: what the links wake
	struct file *asking;     // whose poll op runs now
	struct poll_link *links; // allocated ones
	struct poll_link fast[POLL_FAST_LINKS];
	unsigned used;
	bool no_memory;
};

static bool poll_link_wake(struct waitq_entry *e, uint64_t key)
{
	struct poll_link *l = container_of(e, struct poll_link, entry);
	struct thread *t = l->owner->self.thread;

	__atomic_store_n(&l->owner->self.woken, true, __ATOMIC_SEQ_CST);
	sched_wake(t, 1u << THREAD_INTERRUPTIBLE);
	return true;
}

static void poll_wait_add(struct poll_table *pt, struct waitq *q)
{
	struct poll_wait *w = container_of(pt, struct poll_wait, table);
	struct poll_link *l;

	if (w->used < POLL_FAST_LINKS) {
		l = &w->fast[w->used++];
	} else {
		l = kmalloc(sizeof(*l));
		if (!l) {
			w->no_memory = true;
			return;
		}
		l->next = w->links;
		w->links = l;
	}
	memset(&l->entry, 0, sizeof(l->entry));
	l->entry.func = poll_link_wake;
	l->queue = q;
	l->file = file_get(w->asking);
	l->owner = w;
	waitq_add(q, &l->entry);
}

static void poll_wait_init(struct poll_wait *w)
{
	w->table.add = poll_wait_add;
	memset(&w->self, 0, sizeof(w->self));
	w->self.thread = thread_current();
	w->links = NULL;
	w->used = 0;
	w->no_memory = false;
}

static void poll_link_drop(struct poll_link *l)
{
	waitq_remove(l->queue, &l->entry);
	file_put(l->file);
}

static void poll_wait_end(struct poll_wait *w)
{
	struct poll_link *l;

	while (w->used)
		poll_link_drop(&w->fast[--w->used]);
	while ((l = w->links)) {
		w->links = l->next;
		poll_link_drop(l);
		kfree(l);
	}
}

// The events of one descriptor; |pt| NULL: only look. -1: no such descriptor.
static int64_t poll_fd(struct poll_wait *w, int fd, bool queue)
{
	struct file *f = user_file(fd);
	uint32_t events;

	if (!f)
		return -1;
	w->asking = f;
	events = file_poll(f, queue ? &w->table : NULL);
	file_put(f);
	return events;
}

// |scan| looks at all descriptors, queueing if told, and returns how many are ready. Waits until
// that is not 0, the deadline passes (0) or a signal comes (-EINTR).
typedef int64_t poll_scan_fn(struct poll_wait *w, void *set, bool queue);

static __stack_guarded int64_t poll_until(poll_scan_fn *scan, void *set, uint64_t deadline_ns)
{
	struct poll_wait w;
	int64_t ready;
	int err = 0;

	poll_wait_init(&w);
	ready = scan(&w, set, deadline_ns != 0);
	while (!ready && deadline_ns && err != -ETIMEDOUT) {
		if (w.no_memory) {
			ready = -ENOMEM;
			break;
		}
		err = waitq_sleep(&w.self, deadline_ns, true);
		ready = scan(&w, set, false);
		if (!ready && err == -EINTR)
			ready = -EINTR;
	}
	poll_wait_end(&w);
	return ready;
}

struct poll_set {
	struct pollfd *fds;
	unsigned count;
};

static int64_t poll_scan(struct poll_wait *w, void *arg, bool queue)
{
	struct poll_set *set = arg;
	int64_t ready = 0;

	for (unsigned i = 0; i < set->count; i++) {
		struct pollfd *p = &set->fds[i];
		int64_t events;

		p->revents = 0;
		if (p->fd < 0)
			continue;
		events = poll_fd(w, p->fd, queue && !ready);
		if (events < 0)
			p->revents = POLLNVAL;
		else
			p->revents = (short)(events & (p->events | POLLERR | POLLHUP));
		ready += p->revents != 0;
	}
	return ready;
}

#define POLL_FAST_FDS 16

static __stack_guarded int64_t poll_deadline(struct uptr ufds, unsigned nfds, uint64_t deadline_ns)
{
	struct pollfd fast[POLL_FAST_FDS];
	struct poll_set set = { fast, nfds };
	int64_t ready;

	if (nfds > fs_context_current()->limits->nofile)
		return -EINVAL;
	if (nfds > POLL_FAST_FDS)
		set.fds = kvalloc(nfds * sizeof(*set.fds));
	if (!set.fds)
		return -ENOMEM;
	ready = -EFAULT;
	if (copy_from_user(set.fds, ufds, nfds * sizeof(*set.fds)))
		goto out;
	ready = poll_until(poll_scan, &set, deadline_ns);
	for (unsigned i = 0; ready >= 0 && i < nfds; i++)
		if (put_user(set.fds[i].revents,
			     uptr_add(ufds, i * sizeof(struct pollfd) +
						    offsetof(struct pollfd, revents))))
			ready = -EFAULT;
out:
	if (set.fds != fast)
		kvfree(set.fds);
	return ready;
}

static int64_t poll_restart(struct restart_block *rb);

static int64_t poll_restartable(struct uptr fds, unsigned nfds, uint64_t deadline_ns)
{
	struct restart_block *rb = restart_block_current();
	int64_t result = poll_deadline(fds, nfds, deadline_ns);

	if (result != -EINTR)
		return result;
	rb->fn = poll_restart;
	rb->arg[0] = fds.va;
	rb->arg[1] = nfds;
	rb->arg[2] = deadline_ns;
	return -ERESTART_RESTARTBLOCK;
}

static int64_t poll_restart(struct restart_block *rb)
{
	return poll_restartable(UPTR(rb->arg[0]), (unsigned)rb->arg[1], rb->arg[2]);
}

int64_t sys_poll(struct uptr fds, unsigned nfds, int timeout_ms)
{
	uint64_t deadline = UINT64_MAX;

	if (timeout_ms >= 0)
		deadline = wait_deadline((uint64_t)timeout_ms * 1000000);
	return poll_restartable(fds, nfds, deadline);
}

// Linux writes back what is left of the timeout, quietly if it cannot.
static void timeout_put(struct uptr timeout, uint64_t deadline, bool timeval)
{
	uint64_t now = clock_mono_ns();
	uint64_t left = deadline > now ? deadline - now : 0;
	struct __kernel_old_timeval tv = { (int64_t)(left / NSEC_PER_SEC),
					   (int64_t)(left % NSEC_PER_SEC / 1000) };
	int err;

	if (!timeout.va)
		return;
	err = timeval ? copy_to_user(timeout, &tv, sizeof(tv)) : user_timespec_put(timeout, left);
	(void)err;
}

int64_t sys_ppoll(struct uptr fds, unsigned nfds, struct uptr timeout, struct uptr sigmask,
		  uint64_t set_bytes)
{
	uint64_t deadline;
	int64_t result = user_deadline_get(timeout, &deadline);

	if (!result)
		result = user_temp_mask(sigmask, set_bytes);
	if (result)
		return result;
	result = poll_deadline(fds, nfds, deadline);
	if (sigmask.va)
		signal_end_temp_mask(result == -EINTR);
	timeout_put(timeout, deadline, false);
	return result == -EINTR ? -ERESTARTNOHAND : result;
}

#define SELECT_MAX_FDS 1048576u
#define SELECT_FAST    16 // words for all six sets: 128 descriptors need 12

static const uint32_t select_events[3] = {
	EPOLLRDNORM | EPOLLRDBAND | EPOLLIN | EPOLLHUP | EPOLLERR,
	EPOLLWRBAND | EPOLLWRNORM | EPOLLOUT | EPOLLERR,
	EPOLLPRI,
};

struct select_set {
	unsigned nfds, words;
	uint64_t *in[3], *out[3];
};

static int64_t select_scan_fd(struct poll_wait *w, struct select_set *s, unsigned fd, bool queue)
{
	uint64_t bit = 1ull << (fd % 64);
	int64_t ready = 0, events;

	if (!((s->in[0][fd / 64] | s->in[1][fd / 64] | s->in[2][fd / 64]) & bit))
		return 0;
	events = poll_fd(w, (int)fd, queue);
	if (events < 0)
		return -EBADF;
	for (unsigned k = 0; k < 3; k++)
		if ((s->in[k][fd / 64] & bit) && (events & select_events[k])) {
			s->out[k][fd / 64] |= bit;
			ready++;
		}
	return ready;
}

static int64_t select_scan(struct poll_wait *w, void *arg, bool queue)
{
	struct select_set *s = arg;
	int64_t ready = 0, n;

	for (unsigned k = 0; k < 3; k++)
		memset(s->out[k], 0, s->words * sizeof(uint64_t));
	for (unsigned fd = 0; fd < s->nfds; fd++) {
		n = select_scan_fd(w, s, fd, queue && !ready);
		if (n < 0)
			return n;
		ready += n;
	}
	return ready;
}

static int select_copy_in(struct select_set *s, const struct uptr sets[3])
{
	for (unsigned k = 0; k < 3; k++) {
		memset(s->in[k], 0, s->words * sizeof(uint64_t));
		if (sets[k].va && copy_from_user(s->in[k], sets[k], s->words * sizeof(uint64_t)))
			return -EFAULT;
	}
	// Bits at and past nfds are not asked about.
	for (unsigned k = 0; k < 3 && s->nfds % 64; k++)
		s->in[k][s->words - 1] &= (1ull << (s->nfds % 64)) - 1;
	return 0;
}

static __stack_guarded int64_t select_deadline(int nfds, const struct uptr sets[3],
					       uint64_t deadline)
{
	uint64_t fast[SELECT_FAST];
	uint64_t *words = fast;
	struct select_set s;
	int64_t ready;

	if (nfds < 0)
		return -EINVAL;
	s.nfds = MIN((unsigned)nfds, SELECT_MAX_FDS);
	s.words = (s.nfds + 63) / 64;
	if (s.words * 6 > SELECT_FAST)
		words = kvalloc(s.words * 6 * sizeof(uint64_t));
	if (!words)
		return -ENOMEM;
	for (unsigned k = 0; k < 3; k++) {
		s.in[k] = words + k * s.words;
		s.out[k] = words + (k + 3) * s.words;
	}
	ready = select_copy_in(&s, sets);
	if (!ready)
		ready = poll_until(select_scan, &s, deadline);
	for (unsigned k = 0; ready >= 0 && k < 3; k++)
		if (sets[k].va && copy_to_user(sets[k], s.out[k], s.words * sizeof(uint64_t)))
			ready = -EFAULT;
	if (words != fast)
		kvfree(words);
	return ready;
}

__stack_guarded int64_t sys_select(int nfds, struct uptr readfds, struct uptr writefds,
				   struct uptr exceptfds, struct uptr timeout)
{
	const struct uptr sets[3] = { readfds, writefds, exceptfds };
	uint64_t ns, deadline = UINT64_MAX;
	int64_t result;

	if (timeout.va) {
		result = user_timeval_get(&ns, timeout, false);
		if (result)
			return result;
		deadline = wait_deadline(ns);
	}
	result = select_deadline(nfds, sets, deadline);
	timeout_put(timeout, deadline, true);
	return result == -EINTR ? -ERESTARTNOHAND : result;
}

__stack_guarded int64_t sys_pselect6(int nfds, struct uptr readfds, struct uptr writefds,
				     struct uptr exceptfds, struct uptr timeout,
				     struct uptr sigmask)
{
	const struct uptr sets[3] = { readfds, writefds, exceptfds };
	uint64_t mask_arg[2] = { 0, 0 }; // address and size of the set
	uint64_t deadline;
	int64_t result;

	if (sigmask.va && copy_from_user(mask_arg, sigmask, sizeof(mask_arg)))
		return -EFAULT;
	result = user_deadline_get(timeout, &deadline);
	if (!result)
		result = user_temp_mask(UPTR(mask_arg[0]), mask_arg[1]);
	if (result)
		return result;
	result = select_deadline(nfds, sets, deadline);
	if (mask_arg[0])
		signal_end_temp_mask(result == -EINTR);
	timeout_put(timeout, deadline, false);
	return result == -EINTR ? -ERESTARTNOHAND : result;
}
