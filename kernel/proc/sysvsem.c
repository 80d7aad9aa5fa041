// SysV semaphores. All operations of one semop are done at once or not at all; who has to wait does
// so in order of arrival, and whoever changes a value completes the waiters' operations for them.
// The table's spinlock guards sets, waiters and undo lists. A waiter's record is on its own stack:
// it is touched only with the lock held and while the status says that it waits. Follows Linux's
// ipc/sem.c (6.18), with one time of the last operation and one lock for all sets.
#include "kernel/proc/sysvsem.h"

#include <asm/errno.h>
#include <asm/posix_types.h>
#include <linux/sem.h>

#include "kernel/proc/process.h"
#include "kernel/proc/procfs_internal.h"
#include "kernel/proc/sysvipc.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"

#define WAITING 1 // a status; else 0 or -errno
#define FEW_OPS 8 // need no memory

struct sem {
	int value, pid;
};

struct sem_set {
	struct ipc_object o; // its size: the number of semaphores
	int64_t otime;
	struct list_node for_zero, for_change; // struct sem_wait: by whether they change a value
	struct list_node undos;                // struct sem_undo
	struct sem sems[];
};

// What the end of a list's last thread adds to the semaphores of one set.
struct sem_undo {
	struct list_node of_set, of_list;
	struct sem_set *set;
	short adjust[];
};

struct sem_undo_list {
	uint32_t refs; // threads; atomic
	struct list_node undos;
};

struct sem_wait {
	struct list_node node;
	struct sembuf *ops;
	unsigned count, blocking; // blocking: the operation that could not be done
	unsigned top;             // the highest semaphore
	bool change, undoes;
	struct sem_undo *undo;
	int pid, status;
	struct waitq wake;
};

static int make_set(int key, uint64_t count, int flags, struct ipc_object **out);
static void free_set(struct ipc_object *o);

static struct ipc_table sets = {
	.lock = SPINLOCK_INIT(RANK_PID, "sysv sem"),
	.max = SEMMNI,
	.make = make_set,
	.drop = free_set,
};
static unsigned semaphores; // in all sets; atomic

static struct sem_set *set_of(struct ipc_object *o)
{
	return container_of(o, struct sem_set, o);
}

static void free_set(struct ipc_object *o)
{
	__atomic_sub_fetch(&semaphores, (unsigned)o->size, __ATOMIC_RELAXED);
	kvfree(set_of(o));
}

static int make_set(int key, uint64_t count, int flags, struct ipc_object **out)
{
	struct sem_set *s;
	size_t bytes = sizeof(*s) + count * sizeof(s->sems[0]);

	if (!count)
		return -EINVAL;
	s = kvalloc(bytes);
	if (!s)
		return -ENOMEM;
	memset(s, 0, bytes);
	ipc_object_init(&s->o, key, count, flags);
	list_init(&s->for_zero);
	list_init(&s->for_change);
	list_init(&s->undos);
	*out = &s->o;
	if (__atomic_add_fetch(&semaphores, (unsigned)count, __ATOMIC_RELAXED) <= SEMMNS)
		return 0;
	free_set(&s->o);
	return -ENOSPC;
}

int sysvsem_get(int key, int count, int flags)
{
	if (count < 0 || count > SEMMSL)
		return -EINVAL;
	return ipc_get(&sets, key, (uint64_t)count, flags);
}

// Takes back the first |n| operations.
static void take_back(struct sem_set *s, const struct sem_wait *w, unsigned n)
{
	while (n--) {
		const struct sembuf *op = &w->ops[n];

		s->sems[op->sem_num].value -= op->sem_op;
		if (op->sem_flg & SEM_UNDO)
			w->undo->adjust[op->sem_num] += op->sem_op;
	}
}

// One operation: 0, WAITING if it cannot be done now, -ERANGE.
static int try_one(struct sem_set *s, struct sem_undo *undo, const struct sembuf *op)
{
	struct sem *sem = &s->sems[op->sem_num];
	int value = sem->value + op->sem_op, adjust;

	if (value < 0 || (!op->sem_op && value))
		return WAITING;
	if (value > SEMVMX)
		return -ERANGE;
	if (op->sem_flg & SEM_UNDO) {
		adjust = undo->adjust[op->sem_num] - op->sem_op;
		if (adjust < -SEMAEM - 1 || adjust > SEMAEM)
			return -ERANGE;
		undo->adjust[op->sem_num] = (short)adjust;
	}
	sem->value = value;
	return 0;
}

// All operations, or none: then WAITING or -errno.
static int try_all(struct sem_set *s, struct sem_wait *w)
{
	unsigned n;
	int r = 0;

	for (n = 0; n < w->count && !r; n++)
		r = try_one(s, w->undo, &w->ops[n]);
	if (r) {
		w->blocking = --n;
		take_back(s, w, n);
		return r == WAITING && w->ops[n].sem_flg & IPC_NOWAIT ? -EAGAIN : r;
	}
	while (n--)
		s->sems[w->ops[n].sem_num].pid = w->pid;
	return 0;
}

static void end_wait(struct sem_wait *w, int status)
{
	list_remove(&w->node);
	__atomic_store_n(&w->status, status, __ATOMIC_RELEASE);
	waitq_wake_all(&w->wake);
}

// Ends the waits that can be ended, up to the first that changed a value: then true.
static bool complete(struct sem_set *s, struct list_node *waiters)
{
	struct sem_wait *w, *next;
	int r;

	list_for_each_safe (w, next, waiters, node) {
		r = try_all(s, w);
		if (r == WAITING)
			continue;
		if (!r)
			s->otime = ipc_now();
		end_wait(w, r);
		if (!r && w->change)
			return true;
	}
	return false;
}

// Values have changed.
static void changed(struct sem_set *s)
{
	do
		complete(s, &s->for_zero);
	while (complete(s, &s->for_change));
}

static struct sem_undo *find_undo(const struct sem_set *s)
{
	struct sem_undo_list *l = uthread_current()->sem_undos;
	struct sem_undo *u;

	list_for_each (u, &l->undos, of_list)
		if (u->set == s)
			return u;
	return NULL;
}

static struct sem_undo_list *own_undo_list(void)
{
	struct uthread *t = uthread_current();
	struct sem_undo_list *l = t->sem_undos;

	if (l)
		return l;
	l = kmalloc(sizeof(*l));
	if (l) {
		l->refs = 1;
		list_init(&l->undos);
		t->sem_undos = l;
	}
	return l;
}

// The caller's list gets a record for set |id|. 0 or -errno.
static int add_undo(int id)
{
	struct sem_undo_list *l = own_undo_list();
	struct sem_undo *u;
	struct ipc_object *o;
	uint64_t count = 0;

	spin_lock(&sets.lock);
	o = ipc_by_id(&sets, id);
	if (o)
		count = o->size;
	spin_unlock(&sets.lock);
	u = l && count ? kvalloc(sizeof(*u) + count * sizeof(u->adjust[0])) : NULL;
	if (!u)
		return count ? -ENOMEM : -EINVAL;
	memset(u, 0, sizeof(*u) + count * sizeof(u->adjust[0]));
	spin_lock(&sets.lock);
	o = ipc_by_id(&sets, id);
	if (o && o->size == count && !find_undo(set_of(o))) {
		u->set = set_of(o);
		list_push_back(&u->set->undos, &u->of_set);
		list_push_back(&l->undos, &u->of_list);
		u = NULL;
	}
	spin_unlock(&sets.lock);
	kvfree(u); // the set has gone, or another thread was quicker
	return 0;
}

// Does the operations or queues the caller, with the lock held. 0, WAITING or -errno.
static int begin(struct sem_wait *w, struct ipc_object *o)
{
	struct sem_set *s = set_of(o);
	int r;

	if (w->top >= o->size)
		return -EFBIG;
	if (!ipc_permitted(o, w->change ? 0222 : 0444))
		return -EACCES;
	r = try_all(s, w);
	if (!r) {
		s->otime = ipc_now();
		if (w->change)
			changed(s);
	} else if (r == WAITING) {
		list_push_back(w->change ? &s->for_change : &s->for_zero, &w->node);
	}
	return r;
}

// begin() with the undo record that it may need.
static int find_and_begin(struct sem_wait *w, int id)
{
	struct ipc_object *o;
	bool lacks_undo;
	int r;

	for (;;) {
		spin_lock(&sets.lock);
		o = ipc_by_id(&sets, id);
		if (o && w->undoes && uthread_current()->sem_undos)
			w->undo = find_undo(set_of(o));
		lacks_undo = w->undoes && !w->undo;
		r = !o ? -EINVAL : lacks_undo ? 0 : begin(w, o);
		spin_unlock(&sets.lock);
		if (r || !lacks_undo)
			return r;
		r = add_undo(id);
		if (r)
			return r;
	}
}

static int wait_for_end(struct sem_wait *w, uint64_t deadline_ns)
{
	int err, status;

	waitq_wait_until(&w->wake, __atomic_load_n(&w->status, __ATOMIC_ACQUIRE) != WAITING,
			 deadline_ns, true, err);
	spin_lock(&sets.lock); // who ended the wait is done with |w|
	status = w->status;
	if (status == WAITING) {
		list_remove(&w->node);
		status = err == -ETIMEDOUT ? -EAGAIN : -EINTR;
	}
	spin_unlock(&sets.lock);
	return status;
}

static int operate(int id, struct sembuf *ops, unsigned count, uint64_t deadline_ns)
{
	struct sem_wait w = { .ops = ops, .count = count, .status = WAITING };
	int r;

	for (unsigned n = 0; n < count; n++) {
		w.top = MAX(w.top, ops[n].sem_num);
		w.change |= ops[n].sem_op != 0;
		w.undoes |= !!(ops[n].sem_flg & SEM_UNDO);
	}
	w.pid = process_current()->pid;
	waitq_init(&w.wake);
	r = find_and_begin(&w, id);
	return r == WAITING ? wait_for_end(&w, deadline_ns) : r;
}

__stack_guarded int sysvsem_operate(int id, struct uptr src, unsigned count, uint64_t deadline_ns)
{
	struct sembuf few[FEW_OPS], *ops = few;
	int r = -EFAULT;

	if (count > SEMOPM)
		return -E2BIG;
	if (!count)
		return -EINVAL;
	if (count > FEW_OPS)
		ops = kmalloc(count * sizeof(*ops));
	if (!ops)
		return -ENOMEM;
	if (!copy_from_user(ops, src, count * sizeof(*ops)))
		r = operate(id, ops, count, deadline_ns);
	if (ops != few)
		kfree(ops);
	return r;
}

struct sem_undo_list *sysvsem_share_undo(void)
{
	struct sem_undo_list *l = own_undo_list();

	if (l)
		__atomic_add_fetch(&l->refs, 1, __ATOMIC_RELAXED);
	return l;
}

void sysvsem_unshare_undo(struct sem_undo_list *l)
{
	if (l)
		__atomic_sub_fetch(&l->refs, 1, __ATOMIC_RELAXED);
}

static void apply_undo(struct sem_undo *u)
{
	struct sem_set *s = u->set;
	int pid = process_current()->pid;

	for (unsigned n = 0; n < s->o.size; n++) {
		int value = s->sems[n].value + u->adjust[n];

		if (!u->adjust[n])
			continue;
		s->sems[n].value = value < 0 ? 0 : MIN(value, SEMVMX);
		s->sems[n].pid = pid;
	}
	s->otime = ipc_now();
	changed(s);
	list_remove(&u->of_set);
	list_remove(&u->of_list);
}

void sysvsem_leave(void)
{
	struct sem_undo_list *l = uthread_current()->sem_undos;
	struct sem_undo *u;

	uthread_current()->sem_undos = NULL;
	if (!l || __atomic_sub_fetch(&l->refs, 1, __ATOMIC_ACQ_REL))
		return;
	do {
		u = NULL;
		spin_lock(&sets.lock);
		if (!list_empty(&l->undos)) {
			u = list_first(&l->undos, struct sem_undo, of_list);
			apply_undo(u);
		}
		spin_unlock(&sets.lock);
		kvfree(u);
	} while (u);
	kfree(l);
}

// How many wait because of semaphore |index|: for zero, or for a larger value.
static int count_waiters(const struct sem_set *s, int index, bool zero)
{
	const struct list_node *lists[] = { &s->for_change, &s->for_zero };
	const struct sem_wait *w;
	int n = 0;

	for (unsigned i = 0; i < 2; i++)
		list_for_each (w, lists[i], node) {
			const struct sembuf *op = &w->ops[w->blocking];

			n += op->sem_num == index && (zero ? !op->sem_op : op->sem_op < 0);
		}
	return n;
}

static __stack_guarded int control_get(int id, int index, int cmd)
{
	struct ipc_object *o;
	struct sem_set *s;
	int r;

	spin_lock(&sets.lock);
	r = ipc_find(&sets, id, 0444, &o);
	if (!r && (index < 0 || (uint64_t)index >= o->size))
		r = -EINVAL;
	if (!r) {
		s = set_of(o);
		r = cmd == GETVAL   ? s->sems[index].value
		    : cmd == GETPID ? s->sems[index].pid
				    : count_waiters(s, index, cmd == GETZCNT);
	}
	spin_unlock(&sets.lock);
	return r;
}

static void set_value(struct sem_set *s, unsigned index, int value)
{
	struct sem_undo *u;

	s->sems[index].value = value;
	s->sems[index].pid = process_current()->pid;
	list_for_each (u, &s->undos, of_set)
		u->adjust[index] = 0;
}

static int control_set(int id, int index, int value)
{
	struct ipc_object *o;
	int r;

	if (value < 0 || value > SEMVMX)
		return -ERANGE;
	spin_lock(&sets.lock);
	o = ipc_by_id(&sets, id);
	r = !o || index < 0 || (uint64_t)index >= o->size ? -EINVAL
	    : ipc_permitted(o, 0222)                      ? 0
							  : -EACCES;
	if (!r) {
		set_value(set_of(o), (unsigned)index, value);
		o->ctime = ipc_now();
		changed(set_of(o));
	}
	spin_unlock(&sets.lock);
	return r;
}

static int set_all(int id, const unsigned short *values, uint64_t count)
{
	struct ipc_object *o;
	int r;

	for (uint64_t n = 0; n < count; n++)
		if (values[n] > SEMVMX)
			return -ERANGE;
	spin_lock(&sets.lock);
	r = ipc_find(&sets, id, 0222, &o);
	if (!r && o->size != count)
		r = -EIDRM;
	if (!r) {
		for (unsigned n = 0; n < count; n++)
			set_value(set_of(o), n, values[n]);
		o->ctime = ipc_now();
		changed(set_of(o));
	}
	spin_unlock(&sets.lock);
	return r;
}

static int get_all(int id, unsigned short *values, uint64_t count)
{
	struct ipc_object *o;
	int r;

	spin_lock(&sets.lock);
	r = ipc_find(&sets, id, 0444, &o);
	if (!r && o->size != count)
		r = -EIDRM;
	for (uint64_t n = 0; !r && n < count; n++)
		values[n] = (unsigned short)set_of(o)->sems[n].value;
	spin_unlock(&sets.lock);
	return r;
}

static int control_all(int id, int cmd, struct uptr buf)
{
	struct ipc_object *o;
	uint64_t count;
	unsigned short *values;
	int r;

	spin_lock(&sets.lock);
	r = ipc_find(&sets, id, cmd == SETALL ? 0222 : 0444, &o);
	count = r ? 0 : o->size;
	spin_unlock(&sets.lock);
	if (r)
		return r;
	values = kvalloc(count * sizeof(*values));
	if (!values)
		return -ENOMEM;
	if (cmd == GETALL)
		r = get_all(id, values, count);
	if (!r && (cmd == SETALL ? copy_from_user(values, buf, count * sizeof(*values))
				 : copy_to_user(buf, values, count * sizeof(*values))))
		r = -EFAULT;
	if (!r && cmd == SETALL)
		r = set_all(id, values, count);
	kvfree(values);
	return r;
}

static int control_remove(int id)
{
	struct list_node undos;
	struct sem_wait *w, *next_wait;
	struct sem_undo *u, *next;
	struct ipc_object *o;
	struct sem_set *s;
	int r;

	list_init(&undos);
	spin_lock(&sets.lock);
	r = ipc_find_owned(&sets, id, &o);
	if (!r) {
		s = set_of(o);
		ipc_take_out(&sets, o);
		list_for_each_safe (w, next_wait, &s->for_zero, node)
			end_wait(w, -EIDRM);
		list_for_each_safe (w, next_wait, &s->for_change, node)
			end_wait(w, -EIDRM);
		list_for_each (u, &s->undos, of_set)
			list_remove(&u->of_list);
		list_splice_front(&undos, &s->undos);
	}
	spin_unlock(&sets.lock);
	if (r)
		return r;
	list_for_each_safe (u, next, &undos, of_set)
		kvfree(u);
	free_set(o);
	return 0;
}

static void fill_stat(const struct ipc_object *o, void *out)
{
	struct semid64_ds *d = out;

	memset(d, 0, sizeof(*d));
	d->sem_perm = o->perm;
	d->sem_otime = container_of(o, const struct sem_set, o)->otime;
	d->sem_ctime = o->ctime;
	d->sem_nsems = o->size;
}

static __stack_guarded int control_stat(int id, enum ipc_lookup how, struct uptr buf)
{
	struct semid64_ds d;
	int r = ipc_stat(&sets, id, how, fill_stat, &d);

	return r >= 0 && copy_to_user(buf, &d, sizeof(d)) ? -EFAULT : r;
}

static int control_perm(int id, struct uptr buf)
{
	struct semid64_ds d;
	struct ipc_object *o;
	int r;

	if (copy_from_user(&d, buf, sizeof(d)))
		return -EFAULT;
	spin_lock(&sets.lock);
	r = ipc_find_owned(&sets, id, &o);
	if (!r)
		r = ipc_set_perm(o, &d.sem_perm);
	spin_unlock(&sets.lock);
	return r;
}

static int control_info(int cmd, struct uptr buf)
{
	struct seminfo i = { SEMMAP, SEMMNI, SEMMNS, SEMMNU, SEMMSL,
			     SEMOPM, SEMUME, SEMUSZ, SEMVMX, SEMAEM };
	int top = ipc_survey(&sets, NULL, NULL);

	if (cmd == SEM_INFO) {
		i.semusz = (int)READ_ONCE(sets.used);
		i.semaem = (int)READ_ONCE(semaphores);
	}
	return copy_to_user(buf, &i, sizeof(i)) ? -EFAULT : top;
}

__stack_guarded int sysvsem_control(int id, int index, int cmd, uint64_t arg)
{
	struct uptr buf = UPTR(arg);

	if (id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case SEM_INFO:
		return control_info(cmd, buf);
	case IPC_STAT:
		return control_stat(id, IPC_BY_ID, buf);
	case SEM_STAT:
		return control_stat(id, IPC_BY_INDEX, buf);
	case SEM_STAT_ANY:
		return control_stat(id, IPC_BY_INDEX_ANY, buf);
	case GETALL:
	case SETALL:
		return control_all(id, cmd, buf);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
		return control_get(id, index, cmd);
	case SETVAL:
		return control_set(id, index, (int)arg);
	case IPC_SET:
		return control_perm(id, buf);
	case IPC_RMID:
		return control_remove(id);
	}
	return -EINVAL;
}

static void print_set(const struct ipc_object *o, char *buf, size_t bytes)
{
	const struct ipc64_perm *p = &o->perm;

	fmt_snprintf(buf, bytes, "%10d %10d  %4o %10u %5u %5u %5u %5u %10lld %10lld\n", p->key,
		     o->id, p->mode, (unsigned)o->size, p->uid, p->gid, p->cuid, p->cgid,
		     (long long)container_of(o, const struct sem_set, o)->otime,
		     (long long)o->ctime);
}

static int show_all(const struct pseudo_ref *r, struct seq *out)
{
	return ipc_show(&sets, out,
			"       key      semid perms      nsems   uid   gid  cuid  cgid      otime"
			"      ctime\n",
			print_set);
}

static int show_limits(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, "%d\t%d\t%d\t%d\n", SEMMSL, SEMMNS, SEMOPM, SEMMNI);
	return 0;
}

static const struct pseudo_node ipc_nodes[] = {
	{ .name = "sem", .mode = NODE_FILE, .show = show_all },
	{ .name = NULL },
};
static const struct pseudo_node kernel_nodes[] = {
	{ .name = "sem", .mode = NODE_FILE, .show = show_limits },
	{ .name = NULL },
};
static struct pseudo_table tables[] = {
	{ .dir = "sysvipc", .nodes = ipc_nodes },
	{ .dir = "sys/kernel", .nodes = kernel_nodes },
};

void sysvsem_init(void)
{
	pseudo_register(PSEUDO_PROC, &tables[0]);
	pseudo_register(PSEUDO_PROC, &tables[1]);
}
