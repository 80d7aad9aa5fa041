// SysV message queues. A sender hands its message to the first receiver that waits for one like it;
// a receiver lets in the senders that wait for room, in order of arrival. The table's spinlock
// guards queues and waiters. A waiter's record is on its own stack: it is touched only with the
// lock held and while the status says that it waits. Follows Linux's ipc/msg.c (6.18).
#include "kernel/proc/sysvmsg.h"

#include <asm/errno.h>
#include <asm/posix_types.h>
#include <linux/capability.h>
#include <linux/msg.h>

#include "kernel/proc/process.h"
#include "kernel/proc/procfs_internal.h"
#include "kernel/proc/sysvipc.h"
#include "kernel/sched/cred.h"
#include "lib/fmt.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"

#define WAITING 1 // a status; else 0 or -errno
#define AGAIN   2 // the queue's settings have changed: look again

struct message {
	struct list_node node;
	int64_t type;
	uint64_t bytes;
	char text[];
};

struct queue {
	struct ipc_object o; // its size is 0
	uint64_t bytes, count, max_bytes;
	int64_t sent, received; // when
	int sender_pid, receiver_pid;
	struct list_node messages, senders, receivers; // struct message; struct msg_wait
};

struct msg_wait {
	struct list_node node;
	struct message *msg; // to be sent, or what was received
	int64_t type;        // receivers
	uint64_t max_bytes;
	int flags, pid, status;
	struct waitq wake;
};

static int make_queue(int key, uint64_t size, int flags, struct ipc_object **out);
static void free_queue(struct ipc_object *o);

static struct ipc_table queues = {
	.lock = SPINLOCK_INIT(RANK_PID, "sysv msg"),
	.max = MSGMNI,
	.make = make_queue,
	.drop = free_queue,
};

static struct queue *queue_of(struct ipc_object *o)
{
	return container_of(o, struct queue, o);
}

static int make_queue(int key, uint64_t size, int flags, struct ipc_object **out)
{
	struct queue *q = kzalloc(sizeof(*q));

	if (!q)
		return -ENOMEM;
	ipc_object_init(&q->o, key, size, flags);
	q->max_bytes = MSGMNB;
	list_init(&q->messages);
	list_init(&q->senders);
	list_init(&q->receivers);
	*out = &q->o;
	return 0;
}

static void free_queue(struct ipc_object *o)
{
	struct message *m, *next;

	list_for_each_safe (m, next, &queue_of(o)->messages, node)
		kfree(m);
	kfree(queue_of(o));
}

int sysvmsg_get(int key, int flags)
{
	return ipc_get(&queues, key, 0, flags);
}

static void end_wait(struct msg_wait *w, int status)
{
	list_remove(&w->node);
	__atomic_store_n(&w->status, status, __ATOMIC_RELEASE);
	waitq_wake_all(&w->wake);
}

static void end_waits(struct list_node *waiters, int status)
{
	struct msg_wait *w, *next;

	list_for_each_safe (w, next, waiters, node)
		end_wait(w, status);
}

// Is a message of |type| one that the receiver asks for? (MSG_COPY goes by position.)
static bool wanted(const struct msg_wait *r, int64_t type)
{
	if (!r->type)
		return true;
	if (r->type < 0)
		return r->type == INT64_MIN || type <= -r->type;
	return r->flags & MSG_EXCEPT ? type != r->type : type == r->type;
}

static bool fits(const struct queue *q, const struct message *m)
{
	return q->bytes + m->bytes <= q->max_bytes && q->count < q->max_bytes;
}

// To a receiver that waits, or into the queue.
static void deliver(struct queue *q, struct message *m, int pid)
{
	struct msg_wait *r, *next;

	q->sender_pid = pid;
	q->sent = ipc_now();
	list_for_each_safe (r, next, &q->receivers, node) {
		if (!wanted(r, m->type))
			continue;
		if (m->bytes > r->max_bytes && !(r->flags & MSG_NOERROR)) {
			end_wait(r, -E2BIG);
			continue;
		}
		q->receiver_pid = r->pid;
		q->received = q->sent;
		r->msg = m;
		end_wait(r, 0);
		return;
	}
	list_push_back(&q->messages, &m->node);
	q->bytes += m->bytes;
	q->count++;
}

// There is room: the senders that wait go on as far as it suffices.
static void let_in(struct queue *q)
{
	struct msg_wait *w, *next;

	list_for_each_safe (w, next, &q->senders, node) {
		if (!fits(q, w->msg))
			break;
		deliver(q, w->msg, w->pid);
		end_wait(w, 0);
	}
}

static int wait_for_end(struct msg_wait *w)
{
	int err, status;

	waitq_wait_event(&w->wake, __atomic_load_n(&w->status, __ATOMIC_ACQUIRE) != WAITING, err);
	spin_lock(&queues.lock); // who ended the wait is done with |w|
	status = w->status;
	if (status == WAITING) {
		list_remove(&w->node);
		status = -ERESTARTNOHAND;
	}
	spin_unlock(&queues.lock);
	return status;
}

static void prepare(struct msg_wait *w)
{
	w->pid = process_current()->pid;
	w->status = WAITING;
	waitq_init(&w->wake);
}

static int try_send(struct msg_wait *w, int id)
{
	struct ipc_object *o;
	struct queue *q;
	int r;

	spin_lock(&queues.lock);
	r = ipc_find(&queues, id, 0222, &o);
	q = queue_of(o);
	if (!r && list_empty(&q->senders) && fits(q, w->msg)) {
		deliver(q, w->msg, w->pid);
	} else if (!r && w->flags & IPC_NOWAIT) {
		r = -EAGAIN;
	} else if (!r) {
		list_push_back(&q->senders, &w->node);
		r = WAITING;
	}
	spin_unlock(&queues.lock);
	return r;
}

static int load(struct uptr src, uint64_t bytes, struct message **out)
{
	struct message *m;
	int64_t type;

	if (get_user(type, src))
		return -EFAULT;
	if (type < 1)
		return -EINVAL;
	m = kmalloc(sizeof(*m) + bytes);
	if (!m)
		return -ENOMEM;
	m->type = type;
	m->bytes = bytes;
	if (copy_from_user(m->text, uptr_add(src, sizeof(type)), bytes)) {
		kfree(m);
		return -EFAULT;
	}
	*out = m;
	return 0;
}

int sysvmsg_send(int id, struct uptr src, uint64_t bytes, int flags)
{
	struct msg_wait w = { .flags = flags };
	int r;

	if (id < 0 || bytes > MSGMAX)
		return -EINVAL;
	r = load(src, bytes, &w.msg);
	if (r)
		return r;
	do {
		prepare(&w);
		r = try_send(&w, id);
		if (r == WAITING)
			r = wait_for_end(&w);
	} while (r == AGAIN);
	if (r)
		kfree(w.msg);
	return r;
}

// The message that |r| would get: the first, of the lowest type if any up to one will do.
static struct message *choose(const struct queue *q, const struct msg_wait *r)
{
	struct message *m, *best = NULL;
	int64_t position = 0;

	list_for_each (m, &q->messages, node) {
		if (r->flags & MSG_COPY ? position++ != r->type : !wanted(r, m->type))
			continue;
		if (!best || m->type < best->type)
			best = m;
		if (r->flags & MSG_COPY || r->type >= 0 || m->type == 1)
			break;
	}
	return best;
}

static void take(struct queue *q, struct message *m, int pid)
{
	list_remove(&m->node);
	q->count--;
	q->bytes -= m->bytes;
	q->received = ipc_now();
	q->receiver_pid = pid;
	let_in(q);
}

// |spare|: where MSG_COPY puts the copy.
static int try_receive(struct msg_wait *w, int id, struct message *spare)
{
	struct ipc_object *o;
	struct message *m;
	struct queue *q;
	int r;

	spin_lock(&queues.lock);
	r = ipc_find(&queues, id, 0444, &o);
	q = queue_of(o);
	m = r ? NULL : choose(q, w);
	if (m && m->bytes > w->max_bytes && !(w->flags & MSG_NOERROR)) {
		r = -E2BIG;
	} else if (m && spare) {
		spare->type = m->type;
		spare->bytes = m->bytes;
		memcpy(spare->text, m->text, MIN(m->bytes, w->max_bytes));
		w->msg = spare;
	} else if (m) {
		take(q, m, w->pid);
		w->msg = m;
	} else if (!r && w->flags & IPC_NOWAIT) {
		r = -ENOMSG;
	} else if (!r) {
		list_push_back(&q->receivers, &w->node);
		r = WAITING;
	}
	spin_unlock(&queues.lock);
	return r;
}

static int64_t store(struct uptr dst, const struct message *m, uint64_t bytes)
{
	bytes = MIN(bytes, m->bytes);
	if (put_user(m->type, dst) || copy_to_user(uptr_add(dst, sizeof(m->type)), m->text, bytes))
		return -EFAULT;
	return (int64_t)bytes;
}

int64_t sysvmsg_receive(int id, struct uptr dst, uint64_t bytes, int64_t type, int flags)
{
	struct msg_wait w = { .type = type, .max_bytes = bytes, .flags = flags };
	struct message *spare = NULL;
	int64_t r;

	if (id < 0 || bytes > INT64_MAX)
		return -EINVAL;
	if (flags & MSG_COPY) {
		if (flags & MSG_EXCEPT || !(flags & IPC_NOWAIT))
			return -EINVAL;
		spare = kmalloc(sizeof(*spare) + MIN(bytes, (uint64_t)MSGMAX));
		if (!spare)
			return -ENOMEM;
	}
	do {
		prepare(&w);
		r = try_receive(&w, id, spare);
		if (r == WAITING)
			r = wait_for_end(&w);
	} while (r == AGAIN);
	if (!r) {
		r = store(dst, w.msg, bytes);
		if (w.msg != spare)
			kfree(w.msg);
	}
	kfree(spare);
	return r;
}

static void fill_stat(const struct ipc_object *o, void *out)
{
	const struct queue *q = container_of(o, const struct queue, o);
	struct msqid64_ds *d = out;

	memset(d, 0, sizeof(*d));
	d->msg_perm = o->perm;
	d->msg_stime = q->sent;
	d->msg_rtime = q->received;
	d->msg_ctime = o->ctime;
	d->msg_cbytes = q->bytes;
	d->msg_qnum = q->count;
	d->msg_qbytes = q->max_bytes;
	d->msg_lspid = q->sender_pid;
	d->msg_lrpid = q->receiver_pid;
}

static __stack_guarded int control_stat(int id, enum ipc_lookup how, struct uptr buf)
{
	struct msqid64_ds d;
	int r = ipc_stat(&queues, id, how, fill_stat, &d);

	return r >= 0 && copy_to_user(buf, &d, sizeof(d)) ? -EFAULT : r;
}

static int set_locked(struct queue *q, const struct msqid64_ds *d)
{
	int r;

	if (d->msg_qbytes > MSGMNB && !cred_has_cap(cred_current(), CAP_SYS_RESOURCE))
		return -EPERM;
	r = ipc_set_perm(&q->o, &d->msg_perm);
	if (r)
		return r;
	q->max_bytes = d->msg_qbytes;
	// Some may not any more, for others there may be room.
	end_waits(&q->receivers, AGAIN);
	end_waits(&q->senders, AGAIN);
	return 0;
}

// IPC_SET and IPC_RMID.
static int control_change(int id, int cmd, struct uptr buf)
{
	struct msqid64_ds d;
	struct ipc_object *o;
	int r;

	if (cmd == IPC_SET && copy_from_user(&d, buf, sizeof(d)))
		return -EFAULT;
	spin_lock(&queues.lock);
	r = ipc_find_owned(&queues, id, &o);
	if (!r && cmd == IPC_SET) {
		r = set_locked(queue_of(o), &d);
	} else if (!r) {
		ipc_take_out(&queues, o);
		end_waits(&queue_of(o)->receivers, -EIDRM);
		end_waits(&queue_of(o)->senders, -EIDRM);
	}
	spin_unlock(&queues.lock);
	if (!r && cmd == IPC_RMID)
		free_queue(o);
	return r;
}

static void add_usage(const struct ipc_object *o, void *sum)
{
	const struct queue *q = container_of(o, const struct queue, o);
	struct msginfo *i = sum;

	i->msgpool++;
	i->msgmap += (int)q->count;
	i->msgtql += (int)q->bytes;
}

static int control_info(int cmd, struct uptr buf)
{
	struct msginfo i = { .msgmax = MSGMAX,
			     .msgmnb = MSGMNB,
			     .msgmni = MSGMNI,
			     .msgssz = MSGSSZ,
			     .msgseg = MSGSEG };
	int top = ipc_survey(&queues, add_usage, &i);

	if (cmd == IPC_INFO) {
		i.msgpool = MSGPOOL;
		i.msgmap = MSGMAP;
		i.msgtql = MSGTQL;
	}
	return copy_to_user(buf, &i, sizeof(i)) ? -EFAULT : top;
}

__stack_guarded int sysvmsg_control(int id, int cmd, struct uptr buf)
{
	if (id < 0 || cmd < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case MSG_INFO:
		return control_info(cmd, buf);
	case IPC_STAT:
		return control_stat(id, IPC_BY_ID, buf);
	case MSG_STAT:
		return control_stat(id, IPC_BY_INDEX, buf);
	case MSG_STAT_ANY:
		return control_stat(id, IPC_BY_INDEX_ANY, buf);
	case IPC_SET:
	case IPC_RMID:
		return control_change(id, cmd, buf);
	}
	return -EINVAL;
}

static void print_queue(const struct ipc_object *o, char *buf, size_t bytes)
{
	const struct queue *q = container_of(o, const struct queue, o);
	const struct ipc64_perm *p = &o->perm;

	fmt_snprintf(buf, bytes,
		     "%10d %10d  %4o  %10llu %10llu %5u %5u %5u %5u %5u %5u %10lld %10lld %10lld\n",
		     p->key, o->id, p->mode, (unsigned long long)q->bytes,
		     (unsigned long long)q->count, (unsigned)q->sender_pid,
		     (unsigned)q->receiver_pid, p->uid, p->gid, p->cuid, p->cgid,
		     (long long)q->sent, (long long)q->received, (long long)o->ctime);
}

static int show_all(const struct pseudo_ref *r, struct seq *out)
{
	return ipc_show(&queues, out,
			"       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid"
			"  cuid  cgid      stime      rtime      ctime\n",
			print_queue);
}

static int show_max(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, "%d\n", MSGMAX);
	return 0;
}

static int show_mnb(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, "%d\n", MSGMNB);
	return 0;
}

static int show_mni(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, "%d\n", MSGMNI);
	return 0;
}

static const struct pseudo_node ipc_nodes[] = {
	{ .name = "msg", .mode = NODE_FILE, .show = show_all },
	{ .name = NULL },
};
static const struct pseudo_node kernel_nodes[] = {
	{ .name = "msgmax", .mode = NODE_FILE, .show = show_max },
	{ .name = "msgmnb", .mode = NODE_FILE, .show = show_mnb },
	{ .name = "msgmni", .mode = NODE_FILE, .show = show_mni },
	{ .name = NULL },
};
static struct pseudo_table tables[] = {
	{ .dir = "sysvipc", .nodes = ipc_nodes },
	{ .dir = "sys/kernel", .nodes = kernel_nodes },
};

void sysvmsg_init(void)
{
	pseudo_register(PSEUDO_PROC, &tables[0]);
	pseudo_register(PSEUDO_PROC, &tables[1]);
}
