// What the three kinds of System V IPC share. Owns no state: a table belongs to its kind, its
// spinlock guards all that is here. Identifiers and permissions follow Linux's ipc/util.c (6.18).
#include "kernel/proc/sysvipc.h"

#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/ipc.h>

#include "fs/pseudo.h"
#include "fs/stat.h"
#include "kernel/sched/cred.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

#define SEQ_SHIFT  15  // Linux ipcmni_seq_shift()
#define MIN_CYCLE  64u // identifiers are not used again at once
#define INDEX_MASK ((1u << SEQ_SHIFT) - 1)
#define LINE_BYTES 256 // of a file in /proc/sysvipc

int64_t ipc_now(void)
{
	return vfs_now().s;
}

void ipc_object_init(struct ipc_object *o, int key, uint64_t size, int flags)
{
	const struct cred *c = cred_current();

	o->perm.key = key;
	o->perm.uid = o->perm.cuid = c->euid;
	o->perm.gid = o->perm.cgid = c->egid;
	o->perm.mode = (unsigned)flags & 0777;
	o->size = size;
	o->ctime = ipc_now();
}

static struct ipc_object *at_index(const struct ipc_table *t, unsigned index)
{
	return index < t->capacity ? t->slots[index] : NULL;
}

struct ipc_object *ipc_by_id(const struct ipc_table *t, int id)
{
	struct ipc_object *o = id < 0 ? NULL : at_index(t, (unsigned)id & INDEX_MASK);

	return o && o->id == id ? o : NULL;
}

static struct ipc_object *by_key(const struct ipc_table *t, int key)
{
	for (unsigned n = 0, left = t->used; left && key != IPC_PRIVATE; n++) {
		struct ipc_object *o = t->slots[n];

		left -= o != NULL;
		if (o && o->perm.key == key)
			return o;
	}
	return NULL;
}

bool ipc_permitted(const struct ipc_object *o, unsigned want)
{
	const struct cred *c = cred_current();
	unsigned granted = o->perm.mode;

	want = (want >> 6 | want >> 3 | want) & 7;
	if (c->euid == o->perm.cuid || c->euid == o->perm.uid)
		granted >>= 6;
	else if (cred_in_group(c, o->perm.cgid) || cred_in_group(c, o->perm.gid))
		granted >>= 3;
	return !(want & ~granted) || cred_has_cap(c, CAP_IPC_OWNER);
}

bool ipc_is_owner(const struct ipc_object *o)
{
	const struct cred *c = cred_current();

	return c->euid == o->perm.cuid || c->euid == o->perm.uid || cred_has_cap(c, CAP_SYS_ADMIN);
}

int ipc_find(const struct ipc_table *t, int id, unsigned want, struct ipc_object **out)
{
	*out = ipc_by_id(t, id);
	if (!*out)
		return -EINVAL;
	return ipc_permitted(*out, want) ? 0 : -EACCES;
}

int ipc_find_owned(const struct ipc_table *t, int id, struct ipc_object **out)
{
	*out = ipc_by_id(t, id);
	if (!*out)
		return -EINVAL;
	return ipc_is_owner(*out) ? 0 : -EPERM;
}

void ipc_take_out(struct ipc_table *t, const struct ipc_object *o)
{
	t->slots[(unsigned)o->id & INDEX_MASK] = NULL;
	t->used--;
}

int ipc_set_perm(struct ipc_object *o, const struct ipc64_perm *new)
{
	if (new->uid == ~0u || new->gid == ~0u)
		return -EINVAL;
	o->perm.uid = new->uid;
	o->perm.gid = new->gid;
	o->perm.mode = (o->perm.mode & ~0777u) | (new->mode & 0777);
	o->ctime = ipc_now();
	return 0;
}

// Below which index the next object goes.
static unsigned cycle_of(const struct ipc_table *t)
{
	return MIN(MAX((t->used + 1) * 3 / 2, MIN_CYCLE), t->max);
}

// A free index behind the last one used.
static void add_locked(struct ipc_table *t, struct ipc_object *o)
{
	unsigned index = (t->last_index + 1) % cycle_of(t);

	while (t->slots[index])
		index = (index + 1) % t->capacity;
	if (index <= t->last_index && t->last_index)
		t->seq = (t->seq + 1) & 0xffff;
	t->last_index = index;
	o->id = (int)(t->seq << SEQ_SHIFT | index);
	o->perm.seq = (unsigned short)t->seq;
	t->slots[index] = o;
	t->used++;
}

// Room for one more object, unless others take it first. 0 or -ENOMEM.
static int make_room(struct ipc_table *t)
{
	unsigned want = MIN(MAX(READ_ONCE(t->capacity) * 2, MIN_CYCLE), t->max);
	struct ipc_object **slots;

	if (cycle_of(t) <= READ_ONCE(t->capacity))
		return 0;
	slots = kvalloc(want * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	memset(slots, 0, want * sizeof(*slots));
	spin_lock(&t->lock);
	if (t->capacity < want) {
		struct ipc_object **old = t->slots;

		if (old)
			memcpy(slots, old, t->capacity * sizeof(*slots));
		t->slots = slots;
		t->capacity = want;
		slots = old;
	}
	spin_unlock(&t->lock);
	kvfree(slots);
	return 0;
}

static int found(const struct ipc_object *o, uint64_t size, int flags)
{
	if ((flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL))
		return -EEXIST;
	if (size > o->size)
		return -EINVAL;
	return ipc_permitted(o, (unsigned)flags & 0777) ? o->id : -EACCES;
}

// Puts |*fresh| in (and clears the pointer: others may remove it from then on) unless the key has
// come to exist or the table is full. -EAGAIN: no room.
static int publish(struct ipc_table *t, struct ipc_object **fresh, uint64_t size, int flags)
{
	struct ipc_object *o;
	int r;

	spin_lock(&t->lock);
	o = by_key(t, (*fresh)->perm.key);
	if (o) {
		r = found(o, size, flags);
	} else if (t->used >= t->max) {
		r = -ENOSPC;
	} else if (cycle_of(t) > t->capacity) {
		r = -EAGAIN;
	} else {
		add_locked(t, *fresh);
		r = (*fresh)->id;
		*fresh = NULL;
	}
	spin_unlock(&t->lock);
	return r;
}

int ipc_get(struct ipc_table *t, int key, uint64_t size, int flags)
{
	struct ipc_object *o = NULL, *fresh;
	int r = -ENOENT;

	if (key != IPC_PRIVATE) {
		spin_lock(&t->lock);
		o = by_key(t, key);
		if (o)
			r = found(o, size, flags);
		spin_unlock(&t->lock);
		if (o || !(flags & IPC_CREAT))
			return r;
	}
	r = t->make(key, size, flags, &fresh);
	if (r)
		return r;
	do {
		r = make_room(t);
		if (!r)
			r = publish(t, &fresh, size, flags);
	} while (r == -EAGAIN);
	if (fresh)
		t->drop(fresh);
	return r;
}

int ipc_stat(struct ipc_table *t, int id, enum ipc_lookup how,
	     void (*fill)(const struct ipc_object *o, void *out), void *out)
{
	struct ipc_object *o;
	int r = -EINVAL;

	spin_lock(&t->lock);
	o = how == IPC_BY_ID ? ipc_by_id(t, id) : at_index(t, (unsigned)id);
	if (o && how != IPC_BY_INDEX_ANY && !ipc_permitted(o, 0444)) {
		r = -EACCES;
	} else if (o) {
		fill(o, out);
		r = how == IPC_BY_ID ? 0 : o->id;
	}
	spin_unlock(&t->lock);
	return r;
}

int ipc_survey(struct ipc_table *t, void (*add)(const struct ipc_object *o, void *sum), void *sum)
{
	int top = 0;

	spin_lock(&t->lock);
	for (unsigned n = 0, left = t->used; left; n++) {
		if (!t->slots[n])
			continue;
		left--;
		top = (int)n;
		if (add)
			add(t->slots[n], sum);
	}
	spin_unlock(&t->lock);
	return top;
}

__stack_guarded int ipc_show(struct ipc_table *t, struct seq *out, const char *head,
			     void (*line)(const struct ipc_object *o, char *buf, size_t bytes))
{
	char buf[LINE_BYTES];

	seq_printf(out, "%s", head);
	for (unsigned n = 0; n < READ_ONCE(t->capacity); n++) {
		struct ipc_object *o;

		spin_lock(&t->lock);
		o = at_index(t, n);
		if (o)
			line(o, buf, sizeof(buf));
		spin_unlock(&t->lock);
		if (o)
			seq_printf(out, "%s", buf);
	}
	return 0;
}
