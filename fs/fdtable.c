// Descriptor tables and file contexts. A table's spinlock guards its arrays; files are released and
// flushed after it is dropped. The lowest free number is found through two levels of bitmaps.
#include "fs/fdtable.h"

#include <linux/errno.h>
#include <linux/fcntl.h>

#include "fs/flock.h"
#include "fs/inode.h"
#include "kernel/base/panic.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

#define FIRST_CAPACITY FDTABLE_FIRST
#define MAX_CAPACITY   (1u << 20) // Linux's fs.nr_open

struct fdtable *fdtable_create(void)
{
	struct fdtable *t = kzalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->refs = 1;
	spin_init(&t->lock, RANK_FDTABLE, "fdtable");
	t->capacity = FIRST_CAPACITY;
	t->files = t->first_files;
	t->open = &t->first_open;
	t->cloexec = &t->first_cloexec;
	t->full = &t->first_full;
	return t;
}

struct fdtable *fdtable_get(struct fdtable *t)
{
	__atomic_fetch_add(&t->refs, 1, __ATOMIC_RELAXED);
	return t;
}

static int close_file(struct fdtable *t, struct file *f)
{
	int err = 0;

	if (unlikely(f->inode->locks))
		file_locks_release_owner(f, t);
	if (f->ops && f->ops->flush)
		err = f->ops->flush(f);
	file_put(f);
	return err;
}

void fdtable_put(struct fdtable *t)
{
	if (__atomic_sub_fetch(&t->refs, 1, __ATOMIC_ACQ_REL))
		return;
	fd_close_range(t, 0, UINT32_MAX, false);
	if (t->files != t->first_files)
		kvfree(t->files);
	kfree(t);
}

static inline bool test_bit(const uint64_t *map, unsigned n)
{
	return map[n / 64] >> (n % 64) & 1;
}

static void assign_bit(uint64_t *map, unsigned n, bool on)
{
	if (on)
		map[n / 64] |= 1ull << (n % 64);
	else
		map[n / 64] &= ~(1ull << (n % 64));
}

static __always_inline_fn void mark_open_locked(struct fdtable *t, unsigned fd, bool cloexec)
{
	uint64_t bit = 1ull << (fd % 64), *open = &t->open[fd / 64];
	uint64_t *on_exec = &t->cloexec[fd / 64];

	*open |= bit;
	*on_exec = cloexec ? *on_exec | bit : *on_exec & ~bit;
	if (unlikely(*open == ~0ull))
		assign_bit(t->full, fd / 64, true);
	if (fd == t->lowest)
		t->lowest = fd + 1;
}

static struct file *take_out_locked(struct fdtable *t, unsigned fd)
{
	struct file *f = t->files[fd];

	t->files[fd] = NULL;
	if (unlikely(t->open[fd / 64] == ~0ull))
		assign_bit(t->full, fd / 64, false);
	t->open[fd / 64] &= ~(1ull << (fd % 64));
	if (fd < t->lowest)
		t->lowest = fd;
	return f;
}

static size_t arrays_bytes(unsigned capacity)
{
	size_t words = capacity / 64;

	return capacity * sizeof(struct file *) + (2 * words + (words + 63) / 64) * 8;
}

static void set_arrays(struct fdtable *t, void *mem, unsigned capacity)
{
	t->capacity = capacity;
	t->files = mem;
	t->open = (uint64_t *)(t->files + capacity);
	t->cloexec = t->open + capacity / 64;
	t->full = t->cloexec + capacity / 64;
}

static __cold void copy_arrays(struct fdtable *to, const struct fdtable *from)
{
	size_t words = from->capacity / 64;

	memcpy(to->files, from->files, from->capacity * sizeof(struct file *));
	memcpy(to->open, from->open, words * 8);
	memcpy(to->cloexec, from->cloexec, words * 8);
	memcpy(to->full, from->full, (words + 63) / 64 * 8);
}

static __cold void *alloc_arrays(unsigned capacity)
{
	void *mem = kvalloc(arrays_bytes(capacity));

	if (mem)
		memset(mem, 0, arrays_bytes(capacity));
	return mem;
}

// Makes room for |fd|. Drops and retakes the lock.
static __stack_guarded __cold int grow_locked(struct fdtable *t, unsigned fd)
{
	struct fdtable old;
	unsigned capacity = t->capacity;
	void *mem;

	while (capacity <= fd)
		capacity *= 2;
	spin_unlock(&t->lock);
	mem = alloc_arrays(capacity);
	spin_lock(&t->lock);
	if (!mem)
		return -ENOMEM;
	if (t->capacity >= capacity) { // somebody else was faster
		spin_unlock(&t->lock);
		kvfree(mem);
		spin_lock(&t->lock);
		return 0;
	}
	old.capacity = t->capacity;
	old.files = t->files;
	old.open = t->open;
	old.cloexec = t->cloexec;
	old.full = t->full;
	set_arrays(t, mem, capacity);
	copy_arrays(t, &old);
	if (old.files != t->first_files) {
		spin_unlock(&t->lock);
		kvfree(old.files);
		spin_lock(&t->lock);
	}
	return 0;
}

// The lowest free number >= |from|, perhaps beyond the capacity.
static unsigned lowest_free_locked(const struct fdtable *t, unsigned from)
{
	unsigned words = t->capacity / 64, w;
	uint64_t free;

	from = MAX(from, t->lowest);
	if (from >= t->capacity)
		return from;
	free = ~t->open[from / 64] & (~0ull << (from % 64));
	if (free)
		return from / 64 * 64 + (unsigned)__builtin_ctzll(free);
	for (w = from / 64 + 1; w < words;) {
		uint64_t not_full = ~t->full[w / 64] & (~0ull << (w % 64));

		if (!not_full) {
			w = (w / 64 + 1) * 64;
			continue;
		}
		w = w / 64 * 64 + (unsigned)__builtin_ctzll(not_full);
		if (w < words)
			return w * 64 + (unsigned)__builtin_ctzll(~t->open[w]);
	}
	return t->capacity;
}

static __always_inline_fn int put_in_locked(struct fdtable *t, struct file *f, unsigned fd,
					    bool cloexec)
{
	t->files[fd] = f;
	mark_open_locked(t, fd, cloexec);
	return (int)fd;
}

static __noinline int install_searching_locked(struct fdtable *t, struct file *f, int from,
					       uint64_t limit, bool cloexec)
{
	for (;;) {
		unsigned fd = lowest_free_locked(t, (unsigned)from);
		int err;

		if (fd >= limit)
			return -EMFILE;
		if (fd < t->capacity)
			return put_in_locked(t, f, fd, cloexec);
		err = grow_locked(t, fd);
		if (err)
			return err;
	}
}

int fd_install(struct fdtable *t, struct file *f, int from, uint64_t limit, bool cloexec)
{
	unsigned lowest;
	int fd;

	limit = MIN(limit, (uint64_t)MAX_CAPACITY);
	spin_lock(&t->lock);
	lowest = t->lowest;
	if (likely((unsigned)from <= lowest && lowest < limit && lowest < t->capacity &&
		   !test_bit(t->open, lowest)))
		fd = put_in_locked(t, f, lowest, cloexec);
	else
		fd = install_searching_locked(t, f, from, limit, cloexec);
	spin_unlock(&t->lock);
	return fd;
}

int fd_install_at(struct fdtable *t, struct file *f, int fd, uint64_t limit, bool cloexec)
{
	unsigned n = (unsigned)fd;
	struct file *old;
	int err = 0;

	limit = MIN(limit, (uint64_t)MAX_CAPACITY);
	if (n >= limit)
		return -EBADF;
	spin_lock(&t->lock);
	while (n >= t->capacity && !err)
		err = grow_locked(t, n);
	if (err) {
		spin_unlock(&t->lock);
		return err;
	}
	old = t->files[n];
	t->files[n] = f;
	mark_open_locked(t, n, cloexec);
	spin_unlock(&t->lock);
	if (old)
		close_file(t, old);
	return fd;
}

struct file *fd_get_path_ok(struct fdtable *t, int fd)
{
	return fd_get_inline(t, fd);
}

struct file *fd_get(struct fdtable *t, int fd)
{
	struct file *f = fd_get_inline(t, fd);

	if (unlikely(f && f->mode & FMODE_PATH)) {
		file_put(f);
		return NULL;
	}
	return f;
}

int fd_close(struct fdtable *t, int fd)
{
	struct file *f = NULL;

	spin_lock(&t->lock);
	if ((unsigned)fd < t->capacity && t->files[fd])
		f = take_out_locked(t, (unsigned)fd);
	spin_unlock(&t->lock);
	return f ? close_file(t, f) : -EBADF;
}

// The next open number in [from, last] (only close-on-exec ones if asked), or -1.
static int next_open_locked(const struct fdtable *t, unsigned from, unsigned last, bool cloexec)
{
	unsigned w = from / 64;
	uint64_t mask = ~0ull << (from % 64);

	for (; w < t->capacity / 64 && w * 64 <= last; w++, mask = ~0ull) {
		uint64_t bits = t->open[w] & mask & (cloexec ? t->cloexec[w] : ~0ull);

		if (bits) {
			unsigned fd = w * 64 + (unsigned)__builtin_ctzll(bits);

			return fd <= last ? (int)fd : -1;
		}
	}
	return -1;
}

__cold int fd_close_range(struct fdtable *t, unsigned first, unsigned last, bool only_cloexec)
{
	unsigned from = first;

	for (;;) {
		struct file *f = NULL;
		int fd = -1;

		spin_lock(&t->lock);
		if (from < t->capacity)
			fd = next_open_locked(t, from, last, only_cloexec);
		if (fd >= 0)
			f = take_out_locked(t, (unsigned)fd);
		spin_unlock(&t->lock);
		if (fd < 0)
			return 0;
		close_file(t, f);
		sched_point();
		from = (unsigned)fd + 1;
	}
}

void fdtable_close_on_exec(struct fdtable *t)
{
	fd_close_range(t, 0, UINT32_MAX, true);
}

__cold int fd_set_cloexec_range(struct fdtable *t, unsigned first, unsigned last)
{
	int fd;

	spin_lock(&t->lock);
	while (first < t->capacity && (fd = next_open_locked(t, first, last, false)) >= 0) {
		assign_bit(t->cloexec, (unsigned)fd, true);
		first = (unsigned)fd + 1;
	}
	spin_unlock(&t->lock);
	return 0;
}

int fd_get_cloexec(struct fdtable *t, int fd)
{
	int r = -EBADF;

	spin_lock(&t->lock);
	if ((unsigned)fd < t->capacity && t->files[fd])
		r = test_bit(t->cloexec, (unsigned)fd);
	spin_unlock(&t->lock);
	return r;
}

int fd_set_cloexec(struct fdtable *t, int fd, bool on)
{
	int r = -EBADF;

	spin_lock(&t->lock);
	if ((unsigned)fd < t->capacity && t->files[fd]) {
		assign_bit(t->cloexec, (unsigned)fd, on);
		r = 0;
	}
	spin_unlock(&t->lock);
	return r;
}

int fd_next_open(struct fdtable *t, int from)
{
	int fd = -1;

	spin_lock(&t->lock);
	if (from >= 0 && (unsigned)from < t->capacity)
		fd = next_open_locked(t, (unsigned)from, UINT32_MAX, false);
	spin_unlock(&t->lock);
	return fd;
}

// Room for all of |t|, allocated outside of its lock; the capacity may have changed meanwhile.
static __cold struct fdtable *alloc_like(const struct fdtable *t)
{
	struct fdtable *copy = fdtable_create();
	unsigned capacity = READ_ONCE(t->capacity);
	void *mem;

	if (!copy || capacity == FIRST_CAPACITY)
		return copy;
	mem = alloc_arrays(capacity);
	if (!mem) {
		fdtable_put(copy);
		return NULL;
	}
	set_arrays(copy, mem, capacity);
	return copy;
}

__cold struct fdtable *fdtable_clone(struct fdtable *t)
{
	struct fdtable *copy = alloc_like(t);

	if (!copy)
		return NULL;
	spin_lock(&t->lock);
	while (t->capacity > copy->capacity) {
		spin_unlock(&t->lock);
		fdtable_put(copy);
		copy = alloc_like(t);
		if (!copy)
			return NULL;
		spin_lock(&t->lock);
	}
	copy_arrays(copy, t);
	copy->lowest = t->lowest;
	for (int fd = -1;
	     (fd = next_open_locked(copy, (unsigned)(fd + 1), UINT32_MAX, false)) >= 0;) {
		file_get(copy->files[fd]);
		if ((unsigned)fd + 1 >= copy->capacity)
			break;
	}
	spin_unlock(&t->lock);
	return copy;
}

struct fs_context *fs_context_current(void)
{
	return thread_current()->fsctx;
}
