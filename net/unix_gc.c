// Descriptions on their way in messages, and those that only such messages hold: sockets whose
// every reference lies in the queues of one another. Found as Linux did up to 6.9: a socket that
// flies as often as it is referenced is a candidate; what a candidate's queue holds does not count;
// what is left with a count is reachable from outside, and so is what its queue holds; the rest is
// garbage.
//
// gc.lock (RANK_UNIX_GC, before sockets' locks) guards the list of flying sockets and their counts;
// descriptions of other kinds only add to gc.count.
#include <linux/capability.h>
#include <linux/errno.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/sched.h"
#include "net/unix.h"

static struct {
	struct spinlock lock;
	struct list_node flying;
	uint64_t count; // of descriptions of any kind; atomic
	bool running;
	struct rights *dropped; // to be freed
	bool dropping;          // by somebody
} gc = { .lock = SPINLOCK_INIT(RANK_UNIX_GC, "unix_gc"), .flying = LIST_INIT(gc.flying) };

static struct usock *unix_socket_of(const struct file *f)
{
	struct socket *s = socket_of(f);

	return s && s->ops == &unix_ops ? usock_of(s) : NULL;
}

static void fly(struct usock *u)
{
	spin_lock(&gc.lock);
	if (!u->flying++)
		list_push_back(&gc.flying, &u->flying_node);
	spin_unlock(&gc.lock);
}

static void land(struct usock *u)
{
	spin_lock(&gc.lock);
	if (!--u->flying)
		list_remove(&u->flying_node);
	spin_unlock(&gc.lock);
}

int unix_fly(const struct rights *r)
{
	if (READ_ONCE(gc.count) > fs_context_current()->limits->nofile &&
	    !cred_has_cap(cred_current(), CAP_SYS_RESOURCE) &&
	    !cred_has_cap(cred_current(), CAP_SYS_ADMIN))
		return -ETOOMANYREFS;
	__atomic_fetch_add(&gc.count, r->count, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < r->count; i++) {
		struct usock *u = unix_socket_of(r->files[i]);

		if (u)
			fly(u);
	}
	return 0;
}

void unix_land(const struct rights *r)
{
	__atomic_fetch_sub(&gc.count, r->count, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < r->count; i++) {
		struct usock *u = unix_socket_of(r->files[i]);

		if (u)
			land(u);
	}
}

// A socket's end frees the messages in its queue, and with them other sockets: a chain of any
// length, so one is taken after the other instead of calls within calls.
void unix_drop(struct rights *r)
{
	bool mine;

	unix_land(r);
	spin_lock(&gc.lock);
	r->next = gc.dropped;
	gc.dropped = r;
	mine = !gc.dropping;
	gc.dropping = true;
	while (mine && (r = gc.dropped)) {
		gc.dropped = r->next;
		spin_unlock(&gc.lock);
		rights_free(r);
		sched_point();
		spin_lock(&gc.lock);
	}
	if (mine)
		gc.dropping = false;
	spin_unlock(&gc.lock);
}

typedef void visit_fn(struct usock *child, struct list_node *to);

static void scan_queue(struct usock *u, visit_fn *visit, struct list_node *to)
{
	struct umsg *m;

	list_for_each (m, &u->messages, node)
		for (unsigned i = 0; m->rights && i < m->rights->count; i++) {
			struct usock *child = unix_socket_of(m->rights->files[i]);

			if (child && child->candidate)
				visit(child, to);
		}
}

// Visits the candidates in |u|'s queue; a listener's are in those of its connections.
static void scan(struct usock *u, visit_fn *visit, struct list_node *to)
{
	struct usock *c;

	spin_lock(&u->lock);
	scan_queue(u, visit, to);
	list_for_each (c, &u->pending, pending_node) {
		spin_lock_nested(&c->lock);
		scan_queue(c, visit, to);
		spin_unlock(&c->lock);
	}
	spin_unlock(&u->lock);
}

static void visit_discount(struct usock *child, struct list_node *to)
{
	child->flying_seen--;
}

static void visit_reachable(struct usock *child, struct list_node *to)
{
	child->candidate = false;
	list_remove(&child->flying_node);
	list_push_back(to, &child->flying_node);
}

static void take_messages(struct usock *u, struct list_node *out)
{
	struct list_node *n;

	spin_lock(&u->lock);
	while ((n = list_pop_front(&u->messages))) {
		u->queued--;
		list_push_back(out, n);
	}
	u->unread_bytes = 0;
	spin_unlock(&u->lock);
}

static void take_garbage(struct usock *u, struct list_node *out)
{
	struct usock *c;

	take_messages(u, out);
	list_for_each (c, &u->pending, pending_node)
		take_messages(c, out);
}

static void collect_locked(struct list_node *out)
{
	struct list_node candidates = LIST_INIT(candidates), reachable = LIST_INIT(reachable);
	struct usock *u, *next;
	struct list_node *n;

	list_for_each_safe (u, next, &gc.flying, flying_node) {
		const struct file *f = READ_ONCE(u->base.file);

		if (!f || READ_ONCE(f->refs) != u->flying)
			continue;
		u->candidate = true;
		u->flying_seen = u->flying;
		list_remove(&u->flying_node);
		list_push_back(&candidates, &u->flying_node);
	}
	list_for_each (u, &candidates, flying_node)
		scan(u, visit_discount, NULL);
	list_for_each_safe (u, next, &candidates, flying_node)
		if (u->flying_seen)
			visit_reachable(u, &reachable);
	while ((n = list_pop_front(&reachable))) {
		list_push_back(&gc.flying, n);
		scan(list_entry(n, struct usock, flying_node), visit_reachable, &reachable);
	}
	while ((n = list_pop_front(&candidates))) {
		u = list_entry(n, struct usock, flying_node);
		u->candidate = false;
		list_push_back(&gc.flying, n);
		take_garbage(u, out);
	}
}

void unix_collect(void)
{
	struct list_node garbage = LIST_INIT(garbage), *n;

	if (list_empty(&gc.flying))
		return;
	spin_lock(&gc.lock);
	if (!gc.running) {
		gc.running = true;
		collect_locked(&garbage);
		gc.running = false;
	}
	spin_unlock(&gc.lock);
	while ((n = list_pop_front(&garbage)))
		umsg_free(list_entry(n, struct umsg, node));
}
