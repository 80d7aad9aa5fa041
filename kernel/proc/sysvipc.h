// What the three kinds of System V IPC share: identifiers, keys, permissions. Each kind has a table
// whose spinlock guards the table and every object in it.
#pragma once

#include <asm/ipcbuf.h>

#include "kernel/base/lock.h"
#include "kernel/base/types.h"

struct seq;

struct ipc_object { // first member of each kind's own
	struct ipc64_perm perm;
	uint64_t size; // the most that *get may ask for: bytes, semaphores, 0
	int64_t ctime;
	int id;
};

struct ipc_table {
	struct spinlock lock;
	unsigned max; // objects; fixed
	// A new object, or -errno; what drops one that is in no table. Called without the lock.
	int (*make)(int key, uint64_t size, int flags, struct ipc_object **out);
	void (*drop)(struct ipc_object *o);

	// guarded by lock
	struct ipc_object **slots; // by index; NULL until the first object
	unsigned capacity, used, last_index, seq;
};

enum ipc_lookup { IPC_BY_ID, IPC_BY_INDEX, IPC_BY_INDEX_ANY }; // ANY: no permission needed

int64_t ipc_now(void); // CLOCK_REALTIME in seconds

// For make: who owns it, its mode, time and size.
void ipc_object_init(struct ipc_object *o, int key, uint64_t size, int flags);
// semget(2) and the like: an identifier or -errno.
int ipc_get(struct ipc_table *t, int key, uint64_t size, int flags);

// With the lock held. Linux ipcperms: all of |want| (0444 and the like) for the caller's class.
bool ipc_permitted(const struct ipc_object *o, unsigned want);
bool ipc_is_owner(const struct ipc_object *o);
struct ipc_object *ipc_by_id(const struct ipc_table *t, int id); // NULL: none
// By identifier with permission |want|. 0, -EINVAL, -EACCES.
int ipc_find(const struct ipc_table *t, int id, unsigned want, struct ipc_object **out);
// For its owner. 0, -EINVAL, -EPERM.
int ipc_find_owned(const struct ipc_table *t, int id, struct ipc_object **out);
void ipc_take_out(struct ipc_table *t, const struct ipc_object *o);
// IPC_SET. 0 or -EINVAL.
int ipc_set_perm(struct ipc_object *o, const struct ipc64_perm *new);

// These take the lock. IPC_STAT and the like: what the call returns.
int ipc_stat(struct ipc_table *t, int id, enum ipc_lookup how,
	     void (*fill)(const struct ipc_object *o, void *out), void *out);
// Shows each object to |add| (or not, if NULL); the highest index in use.
int ipc_survey(struct ipc_table *t, void (*add)(const struct ipc_object *o, void *sum), void *sum);
// A file in /proc/sysvipc. |line| prints one object, with the lock held.
int ipc_show(struct ipc_table *t, struct seq *out, const char *head,
	     void (*line)(const struct ipc_object *o, char *buf, size_t bytes));
