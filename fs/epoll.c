// epoll: an epoll file owns items, one for each watched (file, descriptor). An item stands in the
// wait queues of its file; a wake puts it on the ready list, and epoll_wait asks only what is on
// that list, so that the number of watched files does not matter.
//
// Locks: ep->lock (RANK_EPOLL) guards the items and serialises who takes from the ready list;
// ep->ready_lock (RANK_EPOLL_READY, interrupts off) guards the list against wakes; watch_lock
// guards the lists of who watches a file. An item holds no reference to its file: the file's
// release comes here first. Must not call a poll op under a spinlock.
#include "fs/epoll.h"

#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>

#include "fs/anon.h"
#include "fs/poll.h"
#include "fs/pseudo.h"
#include "kernel/sched/mutex.h"
#include "kernel/sched/sched.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/pmm.h"
#include "mm/virt/uaccess.h"

#define MAX_NESTS    4 // epolls above one another (Linux EP_MAX_NESTS)
#define PRIVATE_BITS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EXCLUSIVE_OK                                                                               \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)
#define MAX_EVENTS (INT32_MAX / (int)sizeof(struct epoll_event))
#define ITEM_COST  200u // bytes; what Linux counts
#define READABLE   (EPOLLIN | EPOLLRDNORM)

// One queue that an item stands in.
struct ep_link {
	struct waitq_entry entry;
	struct waitq *queue;
	struct ep_item *item;
	struct ep_link *next;
};

struct ep_item {
	struct rb_node node;    // ep->items
	struct list_node ready; // on ep->ready, or being scanned; empty: neither
	struct epoll *ep;
	struct file *file;
	int fd;
	struct epoll_event event;   // written under ep->lock
	struct ep_item *next_watch; // of the same file, guarded by watch_lock
	struct ep_link *links;      // |first| or NULL, then allocated ones
	struct ep_link first;
};

struct epoll {
	struct mutex lock;
	uint32_t refs;        // atomic: the file, and whoever is about to take an item out
	struct rb_root items; // by file and descriptor
	struct file *file;    // its own
	struct spinlock ready_lock;
	struct list_node ready;
	struct waitq wait;   // callers of epoll_wait
	struct waitq polled; // who polls or watches the epoll file
	// of a walk of the graph, guarded by graph.lock
	uint64_t walk;
	int walk_depth;
};

static struct anon_kind kind = { .name = "[eventpoll]" };
static struct spinlock watch_lock = SPINLOCK_INIT(RANK_EPOLL_WATCH, "epoll_watch");
static uint64_t watches_used; // items that exist; atomic

static struct {
	struct mutex lock;
	uint64_t walk; // number of the latest
} graph = { .lock = MUTEX_INIT(graph.lock, RANK_EPOLL_NEST) };

static const struct file_ops epoll_ops;

static bool is_epoll(const struct file *f)
{
	return f->ops == &epoll_ops;
}

uint64_t epoll_max_watches(void)
{
	struct pmm_stats ram;

	pmm_get_stats(&ram);
	return ram.total_pages * PAGE_SIZE / 25 / ITEM_COST;
}

static void epoll_put(struct epoll *ep)
{
	if (!__atomic_sub_fetch(&ep->refs, 1, __ATOMIC_ACQ_REL))
		kfree(ep);
}

static uint32_t item_poll(struct ep_item *item)
{
	return file_poll(item->file, NULL) & item->event.events;
}

static void make_ready_locked(struct ep_item *item)
{
	if (list_empty(&item->ready))
		list_push_back(&item->ep->ready, &item->ready);
}

// A queue of the item's file was woken. Its lock is held, interrupts are off.
static bool item_wake(struct waitq_entry *e, uint64_t key)
{
	struct ep_item *item = container_of(e, struct ep_link, entry)->item;
	struct epoll *ep = item->ep;
	uint32_t want = READ_ONCE(item->event.events) & ~PRIVATE_BITS;
	bool waiting;

	if (!want || (key && !(key & want)))
		return false;
	spin_lock(&ep->ready_lock);
	make_ready_locked(item);
	spin_unlock(&ep->ready_lock);
	waiting = waitq_wake_nested(&ep->wait, 1, EPOLLIN);
	// The call above began with the barrier that this look needs.
	if (unlikely(!waitq_is_empty(&ep->polled)))
		waitq_wake_nested(&ep->polled, 1, READABLE);
	return waiting;
}

struct item_table {
	struct poll_table table;
	struct ep_item *item;
	bool no_memory;
};

static void item_add_queue(struct poll_table *pt, struct waitq *q)
{
	struct item_table *t = container_of(pt, struct item_table, table);
	struct ep_item *item = t->item;
	struct ep_link *l = item->links ? kmalloc(sizeof(*l)) : &item->first;

	if (!l) {
		t->no_memory = true;
		return;
	}
	l->entry = (struct waitq_entry){ .func = item_wake,
					 .exclusive = item->event.events & EPOLLEXCLUSIVE };
	l->queue = q;
	l->item = item;
	l->next = item->links;
	item->links = l;
	waitq_add(q, &l->entry);
}

static void item_leave_queues(struct ep_item *item)
{
	struct ep_link *l;

	while ((l = item->links)) {
		item->links = l->next;
		waitq_remove(l->queue, &l->entry);
		if (l != &item->first)
			kfree(l);
	}
}

static int item_compare(const struct ep_item *item, const struct file *f, int fd)
{
	if (item->file != f)
		return f < item->file ? -1 : 1;
	return (fd > item->fd) - (fd < item->fd);
}

// The item, or where it would be.
static struct ep_item *item_find(struct epoll *ep, const struct file *f, int fd,
				 struct rb_node **parent, struct rb_node ***link)
{
	*parent = NULL;
	*link = &ep->items.node;
	while (**link) {
		struct ep_item *item = rb_entry(**link, struct ep_item, node);
		int side = item_compare(item, f, fd);

		if (!side)
			return item;
		*parent = **link;
		*link = side < 0 ? &item->node.left : &item->node.right;
	}
	return NULL;
}

static void watch_add(struct ep_item *item)
{
	spin_lock(&watch_lock);
	item->next_watch = item->file->watches;
	WRITE_ONCE(item->file->watches, item);
	spin_unlock(&watch_lock);
}

static void watch_remove(struct ep_item *item)
{
	struct ep_item **at = &item->file->watches;

	spin_lock(&watch_lock);
	while (*at != item)
		at = &(*at)->next_watch;
	*at = item->next_watch;
	spin_unlock(&watch_lock);
}

static void item_remove_locked(struct ep_item *item)
{
	struct epoll *ep = item->ep;
	uint64_t irq;

	item_leave_queues(item);
	watch_remove(item);
	rb_erase(&ep->items, &item->node, NULL);
	irq = spin_lock_irqsave(&ep->ready_lock);
	list_remove(&item->ready);
	spin_unlock_irqrestore(&ep->ready_lock, irq);
	kfree(item);
	__atomic_fetch_sub(&watches_used, 1, __ATOMIC_RELAXED);
}

void epoll_forget_file(struct file *f)
{
	for (;;) {
		struct ep_item *item;
		struct epoll *ep = NULL;

		spin_lock(&watch_lock);
		item = f->watches;
		if (item) {
			ep = item->ep;
			__atomic_fetch_add(&ep->refs, 1, __ATOMIC_RELAXED);
		}
		spin_unlock(&watch_lock);
		if (!ep)
			return;
		mutex_lock(&ep->lock);
		// The epoll's own end may have been faster.
		spin_lock(&watch_lock);
		item = f->watches && f->watches->ep == ep ? f->watches : NULL;
		spin_unlock(&watch_lock);
		if (item)
			item_remove_locked(item);
		mutex_unlock(&ep->lock);
		epoll_put(ep);
	}
}

static void epoll_release(struct file *f)
{
	struct epoll *ep = f->priv;
	struct rb_node *n;

	mutex_lock(&ep->lock);
	while ((n = ep->items.node)) {
		item_remove_locked(rb_entry(n, struct ep_item, node));
		sched_point();
	}
	mutex_unlock(&ep->lock);
	epoll_put(ep);
}

// Asks the item's file; what is ready goes on the list and wakes who waits.
static void item_look(struct ep_item *item, struct poll_table *pt)
{
	struct epoll *ep = item->ep;
	uint64_t irq;

	if (!(file_poll(item->file, pt) & item->event.events))
		return;
	irq = spin_lock_irqsave(&ep->ready_lock);
	make_ready_locked(item);
	spin_unlock_irqrestore(&ep->ready_lock, irq);
	waitq_wake(&ep->wait, 1, EPOLLIN);
	waitq_wake(&ep->polled, 1, READABLE);
}

static int item_add_locked(struct epoll *ep, struct file *f, int fd,
			   const struct epoll_event *event)
{
	struct item_table t = { { item_add_queue }, NULL, false };
	struct rb_node *parent, **link;
	struct ep_item *item;

	if (item_find(ep, f, fd, &parent, &link))
		return -EEXIST;
	if (__atomic_load_n(&watches_used, __ATOMIC_RELAXED) >= epoll_max_watches())
		return -ENOSPC;
	t.item = item = kzalloc(sizeof(*item));
	if (!item)
		return -ENOMEM;
	__atomic_fetch_add(&watches_used, 1, __ATOMIC_RELAXED);
	list_init(&item->ready);
	item->ep = ep;
	item->file = f;
	item->fd = fd;
	item->event = *event;
	rb_insert(&ep->items, &item->node, parent, link, NULL);
	watch_add(item);
	item_look(item, &t.table);
	if (t.no_memory)
		item_remove_locked(item);
	return t.no_memory ? -ENOMEM : 0;
}

static int item_modify_locked(struct epoll *ep, struct file *f, int fd,
			      const struct epoll_event *event)
{
	struct rb_node *parent, **link;
	struct ep_item *item = item_find(ep, f, fd, &parent, &link);

	if (!item)
		return -ENOENT;
	if (item->event.events & EPOLLEXCLUSIVE)
		return -EINVAL;
	item->event.data = event->data;
	WRITE_ONCE(item->event.events, event->events);
	// Either the next wake sees the new mask, or the look below what it was for.
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	item_look(item, NULL);
	return 0;
}

static int item_delete_locked(struct epoll *ep, struct file *f, int fd)
{
	struct rb_node *parent, **link;
	struct ep_item *item = item_find(ep, f, fd, &parent, &link);

	if (!item)
		return -ENOENT;
	item_remove_locked(item);
	return 0;
}

// How many epolls lie one below the other under |ep|; more than MAX_NESTS if |target| is among
// them. Each is visited once in a walk.
static int depth_below(struct epoll *ep, const struct epoll *target)
{
	int depth = 0;

	if (ep == target)
		return MAX_NESTS + 1;
	if (ep->walk == graph.walk)
		return ep->walk_depth;
	mutex_lock_nested(&ep->lock);
	for (struct rb_node *n = rb_first(&ep->items); n && depth <= MAX_NESTS; n = rb_next(n)) {
		const struct ep_item *item = rb_entry(n, struct ep_item, node);

		if (is_epoll(item->file))
			depth = MAX(depth, 1 + depth_below(item->file->priv, target));
	}
	mutex_unlock(&ep->lock);
	ep->walk = graph.walk;
	ep->walk_depth = depth;
	return depth;
}

static int depth_above_locked(struct epoll *ep)
{
	int depth = 0;

	if (ep->walk == graph.walk)
		return ep->walk_depth;
	for (struct ep_item *item = ep->file->watches; item; item = item->next_watch)
		depth = MAX(depth, 1 + depth_above_locked(item->ep));
	ep->walk = graph.walk;
	ep->walk_depth = depth;
	return depth;
}

// May |ep| watch |below|? Called with graph.lock held.
static int check_nesting(struct epoll *ep, struct epoll *below)
{
	int depth;

	graph.walk++;
	depth = 1 + depth_below(below, ep);
	graph.walk++;
	spin_lock(&watch_lock);
	depth += depth_above_locked(ep);
	spin_unlock(&watch_lock);
	return depth > MAX_NESTS ? -ELOOP : 0;
}

static int control_locked(struct epoll *ep, int op, struct file *f, int fd,
			  const struct epoll_event *event)
{
	switch (op) {
	case EPOLL_CTL_ADD:
		return item_add_locked(ep, f, fd, event);
	case EPOLL_CTL_MOD:
		return item_modify_locked(ep, f, fd, event);
	case EPOLL_CTL_DEL:
		return item_delete_locked(ep, f, fd);
	default:
		return -EINVAL;
	}
}

int epoll_control(struct file *epf, int op, struct file *f, int fd, struct epoll_event *event)
{
	struct epoll *ep = epf->priv;
	bool nests;
	int err = 0;

	if (!f->ops || !f->ops->poll)
		return -EPERM;
	if (epf == f || !is_epoll(epf))
		return -EINVAL;
	if (op != EPOLL_CTL_DEL && event->events & EPOLLEXCLUSIVE &&
	    (op == EPOLL_CTL_MOD || is_epoll(f) || event->events & ~EXCLUSIVE_OK))
		return -EINVAL;
	event->events |= EPOLLERR | EPOLLHUP;
	nests = op == EPOLL_CTL_ADD && is_epoll(f);
	if (nests) {
		mutex_lock(&graph.lock);
		err = check_nesting(ep, f->priv);
	}
	if (!err) {
		mutex_lock(&ep->lock);
		err = control_locked(ep, op, f, fd, event);
		mutex_unlock(&ep->lock);
	}
	if (nests)
		mutex_unlock(&graph.lock);
	return err;
}

static bool is_ready(struct epoll *ep)
{
	return READ_ONCE(ep->ready.next) != &ep->ready;
}

// One item that was taken off the list. True if it has to stay on it.
static bool deliver(struct ep_item *item, struct uptr events, int64_t *n, int *err)
{
	struct epoll_event out = { item_poll(item), item->event.data };

	if (!out.events)
		return false;
	*err = copy_to_user(uptr_add(events, (uint64_t)*n * sizeof(out)), &out, sizeof(out));
	if (unlikely(*err))
		return true;
	++*n;
	if (item->event.events & EPOLLONESHOT)
		WRITE_ONCE(item->event.events, item->event.events & PRIVATE_BITS);
	return !(item->event.events & (EPOLLONESHOT | EPOLLET));
}

// Delivers what is ready now. What is still ready goes to the end of the list, so that all get
// their turn; what there was no room for stays in front.
static int64_t deliver_ready(struct epoll *ep, struct uptr events, int max)
{
	struct list_node taken = LIST_INIT(taken), *node;
	int64_t n = 0;
	uint64_t irq;
	bool more;
	int err = 0;

	mutex_lock(&ep->lock);
	irq = spin_lock_irqsave(&ep->ready_lock);
	list_splice_front(&taken, &ep->ready);
	while (n < max && !err && (node = list_pop_front(&taken))) {
		struct ep_item *item = list_entry(node, struct ep_item, ready);
		bool stays;

		spin_unlock_irqrestore(&ep->ready_lock, irq);
		stays = deliver(item, events, &n, &err);
		irq = spin_lock_irqsave(&ep->ready_lock);
		if (stays)
			make_ready_locked(item);
	}
	list_splice_front(&ep->ready, &taken);
	more = !list_empty(&ep->ready);
	spin_unlock_irqrestore(&ep->ready_lock, irq);
	mutex_unlock(&ep->lock);
	if (more)
		waitq_wake(&ep->wait, 1, EPOLLIN);
	return n ? n : err;
}

static int64_t wait_ready(struct epoll *ep, struct uptr events, int max, uint64_t deadline_ns)
{
	struct waitq_entry e;
	int64_t n = 0;
	int err = 0;

	// Who takes what is ready is not in the queue: what is left is for another. A wake that
	// came before it left is answered by the look after it.
	while (!n && !err) {
		waitq_prepare_exclusive(&ep->wait, &e);
		if (!is_ready(ep))
			err = waitq_sleep(&e, deadline_ns, true);
		waitq_finish(&ep->wait, &e);
		if (is_ready(ep))
			n = deliver_ready(ep, events, max);
	}
	if (n)
		return n;
	return err == -ETIMEDOUT ? 0 : err;
}

int64_t epoll_wait_events(struct file *epf, struct uptr events, int max, uint64_t deadline_ns)
{
	struct epoll *ep = epf->priv;
	int64_t n = 0;

	if (!is_epoll(epf))
		return -EINVAL;
	if (is_ready(ep))
		n = deliver_ready(ep, events, max);
	if (n || !deadline_ns)
		return n;
	return wait_ready(ep, events, max, deadline_ns);
}

// Ready items that are not ready any more are dropped on the way.
static uint32_t epoll_poll(struct file *f, struct poll_table *pt)
{
	struct epoll *ep = f->priv;
	struct list_node *node;
	uint32_t result = 0;
	uint64_t irq;

	poll_wait(pt, &ep->polled);
	mutex_lock_nested(&ep->lock);
	irq = spin_lock_irqsave(&ep->ready_lock);
	while (!result && (node = list_pop_front(&ep->ready))) {
		struct ep_item *item = list_entry(node, struct ep_item, ready);

		spin_unlock_irqrestore(&ep->ready_lock, irq);
		if (item_poll(item))
			result = READABLE;
		irq = spin_lock_irqsave(&ep->ready_lock);
		if (result && list_empty(node))
			list_push_front(&ep->ready, node);
	}
	spin_unlock_irqrestore(&ep->ready_lock, irq);
	mutex_unlock(&ep->lock);
	return result;
}

static void epoll_fdinfo(struct file *f, struct seq *out)
{
	struct epoll *ep = f->priv;

	mutex_lock(&ep->lock);
	for (struct rb_node *n = rb_first(&ep->items); n; n = rb_next(n)) {
		const struct ep_item *item = rb_entry(n, struct ep_item, node);
		const struct inode *i = item->file->inode;

		seq_printf(out, "tfd: %8d events: %8x data: %16llx  pos:%lli ino:%lx sdev:%x\n",
			   item->fd, item->event.events, (unsigned long long)item->event.data,
			   (long long)item->file->pos, (unsigned long)i->ino, (unsigned)i->sb->dev);
	}
	mutex_unlock(&ep->lock);
}

static int64_t epoll_seek(struct file *f, int64_t offset, int whence)
{
	return 0; // Linux noop_llseek
}

static int64_t epoll_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	return -EINVAL; // only busy polling of network devices has any
}

static const struct file_ops epoll_ops = {
	.ioctl = epoll_ioctl,
	.seek = epoll_seek,
	.poll = epoll_poll,
	.release = epoll_release,
	.fdinfo = epoll_fdinfo,
};

int epoll_create_file(struct file **out)
{
	struct epoll *ep = kzalloc(sizeof(*ep));
	int err;

	if (!ep)
		return -ENOMEM;
	mutex_init(&ep->lock, RANK_EPOLL);
	ep->refs = 1;
	spin_init(&ep->ready_lock, RANK_EPOLL_READY, "epoll_ready");
	list_init(&ep->ready);
	waitq_init(&ep->wait);
	waitq_init(&ep->polled);
	err = anon_file_create(&kind, O_RDWR, &epoll_ops, ep, out);
	if (err) {
		kfree(ep);
		return err;
	}
	(*out)->mode &= ~FMODE_SEEK;
	ep->file = *out;
	return 0;
}
