// Open file descriptions (struct file): what descriptors refer to. Reference counted.
#pragma once

#include "fs/path.h"
#include "kernel/base/types.h"
#include "kernel/sched/mutex.h"
#include "lib/rare.h"

struct file;
struct inode;
struct uio;
struct mmap_source;
struct vm_owner_ops;
struct poll_table;
struct dir_emit;
struct seq;
struct ep_item;

struct file_ops {
	// |*pos| is the position to use and advance. Bytes moved (0: end of file) or -errno. |rwf|
	// are RWF_* flags of <linux/fs.h>. May sleep; an interrupted sleep with nothing moved is
	// -ERESTARTSYS.
	int64_t (*read)(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf);
	int64_t (*write)(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf);
	// The usual pread and pwrite, optional: |bytes| (not 0) of one buffer, all of it in the
	// program's half, within one page of the file; the mode was checked. The call's result.
	// What is not usual the op hands to file_read_user or file_write_user, having done nothing.
	int64_t (*pread_quick)(struct file *f, struct uptr buf, size_t bytes, uint64_t pos);
	int64_t (*pwrite_quick)(struct file *f, struct uptr buf, size_t bytes, uint64_t pos);
	// The same for read and write of files without a position: up to a page.
	int64_t (*read_quick)(struct file *f, struct uptr buf, size_t bytes);
	int64_t (*write_quick)(struct file *f, struct uptr buf, size_t bytes);
	int64_t (*seek)(struct file *f, int64_t offset, int whence); // NULL: -ESPIPE
	// Calls |emit| for each entry from f->pos on until it returns false. 0 or -errno.
	int (*getdents)(struct file *f, struct dir_emit *emit);
	int64_t (*ioctl)(struct file *f, unsigned cmd, uint64_t arg);
	// Poll events now (EPOLL* bits of <linux/eventpoll.h>), after adding its queues to |pt| if
	// any.
	uint32_t (*poll)(struct file *f, struct poll_table *pt);
	// Fills |src| for mmap with |prot| and |flags|. NULL: -ENODEV.
	int (*mmap)(struct file *f, unsigned prot, unsigned flags, struct mmap_source *src);
	int (*fallocate)(struct file *f, int mode, uint64_t offset, uint64_t bytes);
	int (*fsync)(struct file *f, bool data_only);
	int (*set_flags)(struct file *f, unsigned flags); // F_SETFL checks beyond the generic ones
	int (*flush)(struct file *f);                     // each close(2)
	void (*release)(struct file *f);                  // the last reference
	void (*fdinfo)(struct file *f, struct seq *out);  // extra lines for /proc/PID/fdinfo
	bool can_async; // |poll| may be asked for O_ASYNC's signals
};

struct file {
	const struct file_ops *ops;
	struct path path;      // owned references; dentry is never NULL
	struct inode *inode;   // borrowed from the dentry (or owned where that is negative)
	uint32_t refs;         // atomic
	uint32_t flags;        // O_* status flags (O_APPEND, O_NONBLOCK, ...); atomic
	uint32_t mode;         // FMODE_*
	struct mutex pos_lock; // RANK_FILE_POS
	uint64_t pos;          // guarded by pos_lock
	void *priv;
	struct fasync *fasync;    // O_ASYNC (fs/fasync.c)
	struct ep_item *watches;  // who watches it (fs/epoll.c)
	int owner_pid, owner_sig; // F_SETOWN, F_SETSIG
	bool embedded;            // part of a larger allocation that its inode frees
	bool strict_atime;        // each read sets the access time, whatever else there is
};

#define FMODE_READ         1u
#define FMODE_WRITE        2u
#define FMODE_SEEK         4u  // has a position (pread, pwrite, lseek)
#define FMODE_PATH         8u  // O_PATH: no i/o
#define FMODE_EXEC         16u // opened by exec: denies writers
#define FMODE_DIRECT       64u // takes O_DIRECT (Linux FMODE_CAN_ODIRECT)
#define FMODE_STREAM       32u
#define FMODE_CREATED      256u // its open made the file
#define FMODE_NEVER_NOWAIT 128u // spliced: takes no RWF_NOWAIT (Linux clears FMODE_NOWAIT)

extern const struct vm_owner_ops file_vm_owner_ops; // get/put of a struct file for vmas

// A new description of |path| (references are taken), flags as open(2)'s. NULL: out of memory.
struct file *__must_check file_alloc(const struct path *path, unsigned flags,
				     const struct file_ops *ops, void *priv);
static inline struct file *file_get(struct file *f)
{
	__atomic_fetch_add(&f->refs, 1, __ATOMIC_RELAXED);
	return f;
}
void file_free(struct file *f); // for file_put only
static inline void file_put(struct file *f)
{
	if (!__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL))
		file_free(f);
}
// file_put of a file that is in use elsewhere as well, as good as always (a descriptor's).
static __always_inline_fn void file_put_shared(struct file *f)
{
	if (unlikely(!__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL)))
		rare_call(file_free, f);
}
// Helpers that check mode and limits and call the op. Bytes or -errno.
int64_t __must_check file_read(struct file *f, struct uio *u, unsigned rwf); // at f->pos
int64_t __must_check file_write(struct file *f, struct uio *u, unsigned rwf);
int64_t __must_check file_pread(struct file *f, struct uio *u, uint64_t pos, unsigned rwf);
int64_t __must_check file_pwrite(struct file *f, struct uio *u, uint64_t pos, unsigned rwf);
// read(2) and its like: one buffer of the program, at |pos| or (FILE_POS_OWN) the file's own
// position.
#define FILE_POS_OWN UINT64_MAX
int64_t __must_check file_read_user(struct file *f, struct uptr buf, uint64_t bytes, uint64_t pos);
int64_t __must_check file_write_user(struct file *f, struct uptr buf, uint64_t bytes, uint64_t pos);
// Reads kernel memory from a file at a position (exec). Bytes or -errno.
int64_t __must_check file_read_kernel(struct file *f, void *buf, size_t bytes, uint64_t pos);

// lseek(2), and the whole-file calls behind ftruncate, fallocate, fsync, F_SETFL, mmap, poll: check
// the mode and call the op. Result or -errno.
int64_t __must_check file_seek(struct file *f, int64_t offset, int whence);
int __must_check file_truncate(struct file *f, uint64_t size_bytes);
int __must_check file_fallocate(struct file *f, int mode, int64_t offset, int64_t bytes);
int __must_check file_fsync(struct file *f, bool data_only);
// F_SETFL, by |fd|.
int __must_check file_set_flags(struct file *f, int fd, unsigned flags);
// Fills |src| for vm_mmap; -EACCES, -EPERM, -ENODEV, -EBADF as mmap(2).
int __must_check file_mmap_source(struct file *f, unsigned prot, unsigned flags,
				  struct mmap_source *src);
uint32_t file_poll(struct file *f, struct poll_table *pt); // EPOLL* bits; always ready without op
int64_t __must_check file_ioctl(struct file *f, unsigned cmd, uint64_t arg); // -ENOTTY by default
// An executable being run: writers get ETXTBSY, and it fails with -ETXTBSY while there are writers.
int __must_check file_deny_write(struct file *f);
void file_allow_write(struct file *f);
// For file systems: initialises memory of the caller as file_alloc does (the embedding object is
// freed by its inode; set f->embedded), and the common part of seek ops.
void file_init(struct file *f, const struct path *path, unsigned flags, const struct file_ops *ops,
	       void *priv);
int64_t __must_check file_seek_within(struct file *f, int64_t offset, int whence,
				      uint64_t size_bytes);
// The name as /proc/self/fd shows it; as path_to_string with the caller's root.
char *file_name(struct file *f, char *buf, size_t bytes);
