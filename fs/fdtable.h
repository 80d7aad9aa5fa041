// Descriptor tables, and the file context of a process (cwd, root, umask, tables), hung off
// threads.
#pragma once

#include "fs/file.h"
#include "kernel/base/lock.h"

#define FDTABLE_FIRST 64u // numbers that a table has room for by itself

struct fdtable {
	uint32_t refs; // atomic
	struct spinlock lock;
	// guarded by lock
	uint32_t capacity;   // a power of two, at least 64
	uint32_t lowest;     // no free number is lower
	struct file **files; // one allocation holds all four arrays
	uint64_t *open;      // a bit per number: taken
	uint64_t *cloexec;
	uint64_t *full; // a bit per word of |open|: all ones
	struct file *first_files[FDTABLE_FIRST];
	uint64_t first_open, first_cloexec, first_full;
};

struct fdtable *__must_check fdtable_create(void);
struct fdtable *fdtable_get(struct fdtable *t);
void fdtable_put(struct fdtable *t);                           // closes everything at zero
struct fdtable *__must_check fdtable_clone(struct fdtable *t); // fork; NULL: out of memory
void fdtable_close_on_exec(struct fdtable *t);

// Installs at the lowest free number >= |from| and < |limit| (RLIMIT_NOFILE). Takes over the
// caller's reference on success. The number, -EMFILE or -ENOMEM.
int __must_check fd_install(struct fdtable *t, struct file *f, int from, uint64_t limit,
			    bool cloexec);
// dup2/dup3 target: replaces what is there (which is closed). -EBADF if >= limit.
int __must_check fd_install_at(struct fdtable *t, struct file *f, int fd, uint64_t limit,
			       bool cloexec);
// A new reference to the file, or NULL (EBADF). fd_get refuses O_PATH descriptions too.
struct file *fd_get(struct fdtable *t, int fd);
struct file *fd_get_path_ok(struct fdtable *t, int fd);
// fd_get_path_ok in place, for the few calls where it counts.
static __always_inline_fn struct file *fd_get_inline(struct fdtable *t, int fd)
{
	struct file *f = NULL;

	spin_lock(&t->lock);
	if (likely((unsigned)fd < t->capacity)) {
		f = t->files[(unsigned)fd];
		if (likely(f))
			file_get(f);
	}
	spin_unlock(&t->lock);
	return f;
}
int __must_check fd_close(struct fdtable *t, int fd); // 0, -EBADF or the flush error
int fd_close_range(struct fdtable *t, unsigned first, unsigned last, bool only_cloexec);
int fd_set_cloexec_range(struct fdtable *t, unsigned first, unsigned last); // CLOSE_RANGE_CLOEXEC
int fd_get_cloexec(struct fdtable *t, int fd);                              // 0, 1 or -EBADF
int fd_set_cloexec(struct fdtable *t, int fd, bool on);
// The lowest open number >= |from|, or -1.
int fd_next_open(struct fdtable *t, int from);

// What CLONE_FS shares.
struct fs_view {
	uint32_t refs;
	struct spinlock lock;
	struct path root, cwd; // guarded by lock
	uint32_t umask;
};

// What lower layers enforce of a process's limits; kernel/proc sets it.
struct fs_limits {
	uint32_t refs;
	uint64_t nofile; // RLIMIT_NOFILE, soft
	uint64_t fsize;  // RLIMIT_FSIZE, soft
};

// The files' side of a thread; threads that share all of it share this. The pointers do not change.
struct fs_context {
	uint32_t refs;
	struct fs_view *view;
	struct fdtable *fds;
	struct fs_limits *limits;
};
enum fs_share { FS_SHARE_VIEW = 1, FS_SHARE_FDS = 2, FS_SHARE_LIMITS = 4 };

// fs/fs_context.c. With a root and working directory, no descriptors, the limits that Linux starts
// with.
struct fs_context *__must_check fs_context_create(const struct path *root);
// Another one that shares |share| (enum fs_share) with |c| and has a copy of the rest.
struct fs_context *__must_check fs_context_clone(struct fs_context *c, unsigned share);
// Does anyone else use what |parts| of |c| names?
bool fs_context_is_shared(const struct fs_context *c, unsigned parts);
struct fs_context *fs_context_get(struct fs_context *c);
void fs_context_put(struct fs_context *c);
struct fs_context *fs_context_current(void); // of the calling thread; NULL for kernel threads
// Owned references to the root and working directory; changing them takes references.
void fs_context_get_root(struct fs_context *c, struct path *out);
void fs_context_get_cwd(struct fs_context *c, struct path *out);
void fs_context_set_root(struct fs_context *c, const struct path *p);
void fs_context_set_cwd(struct fs_context *c, const struct path *p);
