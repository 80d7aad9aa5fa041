// Open file descriptions: life, and the generic checks around every operation. Positions are
// guarded by pos_lock; everything else in struct file is fixed after open or atomic.
#include "fs/file.h"

#include <linux/errno.h>
#include <linux/eventpoll.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/inotify.h>
#include <linux/mman.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/dir.h"
#include "fs/epoll.h"
#include "fs/fasync.h"
#include "fs/fdtable.h"
#include "fs/flock.h"
#include "fs/inode.h"
#include "fs/memfd.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "fs/notify.h"
#include "fs/shmem.h"
#include "fs/stat.h"
#include "fs/vfs.h"
#include "kernel/base/panic.h"
#include "kernel/sched/cred.h"
#include "lib/checked.h"
#include "lib/uapi_new.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/mmap.h"
#include "mm/virt/uio.h"

// What F_GETFL never shows (Linux do_dentry_open).
#define OPEN_ONLY_FLAGS (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)

// Flags of mounts outside of the tree never change.
static void note_strict_atime(struct file *f)
{
	f->strict_atime = !f->path.mount->flags && f->path.mount->sb->flags & SB_INTERNAL &&
			  !(f->flags & O_NOATIME);
}

void file_init(struct file *f, const struct path *path, unsigned flags, const struct file_ops *ops,
	       void *priv)
{
	f->ops = ops;
	f->path = *path;
	mount_get(path->mount);
	dentry_get(path->dentry);
	f->inode = path->dentry->inode;
	f->refs = 1;
	f->flags = flags & ~(unsigned)OPEN_ONLY_FLAGS;
	if (flags & O_PATH)
		f->mode = FMODE_PATH;
	else
		f->mode =
			(flags + 1) & O_ACCMODE; // O_RDONLY 0 -> 1, O_WRONLY 1 -> 2, O_RDWR 2 -> 3
	if (ops && ops->seek)
		f->mode |= FMODE_SEEK;
	mutex_init(&f->pos_lock, RANK_FILE_POS);
	f->pos = 0;
	f->priv = priv;
	f->watches = NULL;
	f->fasync = NULL;
	f->owner_pid = f->owner_sig = 0;
	f->embedded = false;
	note_strict_atime(f);
}

struct file *file_alloc(const struct path *path, unsigned flags, const struct file_ops *ops,
			void *priv)
{
	struct file *f = kmalloc(sizeof(*f));

	if (f)
		file_init(f, path, flags, ops, priv);
	return f;
}

static void drop_write_access(struct file *f)
{
	if (f->mode & FMODE_EXEC)
		__atomic_fetch_add(&f->inode->writers, 1, __ATOMIC_RELEASE);
	else if (f->mode & FMODE_WRITE && S_ISREG(f->inode->mode))
		__atomic_fetch_sub(&f->inode->writers, 1, __ATOMIC_RELEASE);
}

void file_free(struct file *f)
{
	struct path path;

	notify_file(f, f->mode & FMODE_WRITE ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
	if (unlikely(f->watches))
		epoll_forget_file(f);
	if (unlikely(f->fasync))
		fasync_forget(f);
	if (unlikely(f->inode->locks))
		file_locks_release_file(f);
	if (f->ops && f->ops->release)
		f->ops->release(f);
	if (f->embedded && likely(memfd_recycle(f)))
		return;
	drop_write_access(f);
	path = f->path;
	// An embedded description lies in its inode's allocation: dentry_put may free it.
	if (!f->embedded)
		kfree(f);
	dentry_put(path.dentry);
	mount_put(path.mount);
}

RARE_CALL_THUNK(file_free);

static void owner_get(void *owner)
{
	file_get(owner);
}

static void owner_put(void *owner)
{
	file_put(owner);
}

static __cold int owner_sync(void *owner, uint64_t start, uint64_t end)
{
	return file_fsync(owner, true);
}

static __cold int owner_punch(void *owner, uint64_t start, uint64_t bytes)
{
	return file_fallocate(owner, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (int64_t)start,
			      (int64_t)bytes);
}

static __cold int owner_collapse(void *owner, struct memobj *o, uint64_t index)
{
	struct inode *i = ((struct file *)owner)->inode;
	int r;

	mutex_lock(&i->lock);
	r = memobj_collapse(o, index);
	mutex_unlock(&i->lock);
	return r;
}

const struct vm_owner_ops file_vm_owner_ops = {
	.get = owner_get,
	.put = owner_put,
	.sync = owner_sync,
	.punch = owner_punch,
	.collapse = owner_collapse,
};

static int64_t no_position(struct file *f)
{
	return f->mode & FMODE_PATH ? -EBADF : -ESPIPE;
}

// Linux rw_verify_area: the range must lie within the largest file offset.
static __always_inline_fn bool range_ok(uint64_t pos, uint64_t bytes)
{
	uint64_t end = pos + bytes;

	return end >= pos && (int64_t)end >= 0;
}

#define RWF_KNOWN                                                                                  \
	(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND | RWF_NOAPPEND | RWF_NOSIGNAL)
#define RWF_EITHER (RWF_APPEND | RWF_NOAPPEND)

// Linux kiocb_set_rw_flags, behind its check of the range; tmpfs takes no RWF_NOWAIT.
static __noinline __cold int check_rwf(const struct file *f, unsigned rwf)
{
	if (rwf & ~(unsigned)RWF_KNOWN)
		return -EOPNOTSUPP;
	if ((rwf & RWF_EITHER) == RWF_EITHER)
		return -EINVAL;
	if (rwf & RWF_NOWAIT && (S_ISREG(f->inode->mode) || f->mode & FMODE_NEVER_NOWAIT))
		return -EOPNOTSUPP;
	return 0;
}

static __noinline __cold int64_t notified(struct file *f, int64_t n, uint32_t event)
{
	if (n > 0)
		notify_file(f, event);
	return n;
}

static __noinline __cold int64_t cannot_read(const struct file *f)
{
	if (!(f->mode & FMODE_READ))
		return -EBADF;
	return S_ISDIR(f->inode->mode) ? -EISDIR : -EINVAL;
}

static __always_inline_fn int64_t do_read(struct file *f, struct uio *u, uint64_t *pos,
					  unsigned rwf)
{
	if (unlikely(!(f->mode & FMODE_READ) || !f->ops || !f->ops->read))
		return cannot_read(f);
	if (f->mode & FMODE_SEEK && unlikely(!range_ok(*pos, u->resid)))
		return -EINVAL;
	if (unlikely(rwf)) {
		int err = check_rwf(f, rwf);

		if (err)
			return err;
	}
	if (notify_on())
		return notified(f, f->ops->read(f, u, pos, rwf), IN_ACCESS);
	return f->ops->read(f, u, pos, rwf);
}

static __always_inline_fn int64_t do_write(struct file *f, struct uio *u, uint64_t *pos,
					   unsigned rwf)
{
	if (unlikely(!(f->mode & FMODE_WRITE)))
		return -EBADF;
	if (unlikely(!f->ops || !f->ops->write))
		return -EINVAL;
	if (f->mode & FMODE_SEEK && unlikely(!range_ok(*pos, u->resid)))
		return -EINVAL;
	if (unlikely(rwf)) {
		int err = check_rwf(f, rwf);

		if (err)
			return err;
	}
	if (notify_on())
		return notified(f, f->ops->write(f, u, pos, rwf), IN_MODIFY);
	return f->ops->write(f, u, pos, rwf);
}

int64_t file_read(struct file *f, struct uio *u, unsigned rwf)
{
	uint64_t none = 0;
	int64_t n;

	if (!(f->mode & FMODE_SEEK))
		return do_read(f, u, &none, rwf);
	mutex_lock(&f->pos_lock);
	n = do_read(f, u, &f->pos, rwf);
	mutex_unlock(&f->pos_lock);
	return n;
}

int64_t file_write(struct file *f, struct uio *u, unsigned rwf)
{
	uint64_t none = 0;
	int64_t n;

	if (!(f->mode & FMODE_SEEK))
		return do_write(f, u, &none, rwf);
	mutex_lock(&f->pos_lock);
	n = do_write(f, u, &f->pos, rwf);
	mutex_unlock(&f->pos_lock);
	return n;
}

int64_t file_pread(struct file *f, struct uio *u, uint64_t pos, unsigned rwf)
{
	if (!(f->mode & FMODE_SEEK))
		return no_position(f);
	return do_read(f, u, &pos, rwf);
}

int64_t file_pwrite(struct file *f, struct uio *u, uint64_t pos, unsigned rwf)
{
	if (!(f->mode & FMODE_SEEK))
		return no_position(f);
	return do_write(f, u, &pos, rwf);
}

// Why a description without the mode bits |need| cannot be used, or the memory not, in Linux's
// order.
static __noinline __cold int64_t why_not(const struct file *f, unsigned need)
{
	if ((f->mode & need) == need)
		return !f->ops || (need & FMODE_WRITE && !f->ops->write) ? -EINVAL : -EFAULT;
	return f->mode & FMODE_PATH || !(need & ~f->mode & FMODE_SEEK) ? -EBADF : -ESPIPE;
}

static __always_inline_fn int64_t begin_user(struct file *f, struct uio *u, struct uptr buf,
					     uint64_t bytes, unsigned need)
{
	if (unlikely((f->mode & need) != need || bytes > USER_TOP || buf.va > USER_TOP - bytes))
		return why_not(f, need);
	uio_init_user(u, buf, bytes);
	return 0;
}

int64_t file_read_user(struct file *f, struct uptr buf, uint64_t bytes, uint64_t pos)
{
	unsigned need = FMODE_READ | (pos == FILE_POS_OWN ? 0 : FMODE_SEEK);
	struct uio u;
	int64_t err = begin_user(f, &u, buf, bytes, need);

	if (unlikely(err))
		return err;
	return pos == FILE_POS_OWN ? file_read(f, &u, 0) : do_read(f, &u, &pos, 0);
}

int64_t file_write_user(struct file *f, struct uptr buf, uint64_t bytes, uint64_t pos)
{
	unsigned need = FMODE_WRITE | (pos == FILE_POS_OWN ? 0 : FMODE_SEEK);
	struct uio u;
	int64_t err = begin_user(f, &u, buf, bytes, need);

	if (unlikely(err))
		return err;
	return pos == FILE_POS_OWN ? file_write(f, &u, 0) : do_write(f, &u, &pos, 0);
}

int64_t file_read_kernel(struct file *f, void *buf, size_t bytes, uint64_t pos)
{
	size_t done = 0;

	while (done < bytes) {
		struct uio u;
		int64_t n;

		uio_init_kernel(&u, (char *)buf + done, bytes - done);
		n = file_pread(f, &u, pos + done, 0);
		if (n < 0)
			return done ? (int64_t)done : n;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (int64_t)done;
}

int64_t file_seek(struct file *f, int64_t offset, int whence)
{
	int64_t r;

	if (f->mode & FMODE_PATH)
		return -EBADF;
	if (whence < 0 || whence > SEEK_HOLE)
		return -EINVAL;
	if (!f->ops || !f->ops->seek)
		return -ESPIPE;
	mutex_lock(&f->pos_lock);
	r = f->ops->seek(f, offset, whence);
	mutex_unlock(&f->pos_lock);
	return r;
}

// The common part of seek ops: SEEK_SET, SEEK_CUR, SEEK_END against |size_bytes|.
int64_t file_seek_within(struct file *f, int64_t offset, int whence, uint64_t size_bytes)
{
	int64_t base = 0, pos;

	if (whence == SEEK_CUR)
		base = (int64_t)f->pos;
	else if (whence == SEEK_END)
		base = (int64_t)size_bytes;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, offset, &pos) || pos < 0)
		return -EINVAL;
	f->pos = (uint64_t)pos;
	return pos;
}

__cold int file_getdents(struct file *f, struct dir_emit *e)
{
	int err;

	if (f->mode & FMODE_PATH)
		return -EBADF;
	if (!f->ops || !f->ops->getdents)
		return -ENOTDIR;
	mutex_lock(&f->pos_lock);
	if (READ_ONCE(f->path.dentry->flags) & DENTRY_UNLINKED)
		err = -ENOENT;
	else
		err = f->ops->getdents(f, e);
	mutex_unlock(&f->pos_lock);
	if (!err) {
		notify_file(f, IN_ACCESS);
		file_touch_atime(f);
	}
	return err;
}

int inode_truncate(struct inode *i, uint64_t size_bytes)
{
	if (size_bytes > INT64_MAX)
		return -EINVAL;
	if (!i->ops->truncate)
		return -EINVAL;
	return i->ops->truncate(i, size_bytes);
}

int file_truncate(struct file *f, uint64_t size_bytes)
{
	int err;

	if (size_bytes > INT64_MAX)
		return -EINVAL;
	if (f->mode & FMODE_PATH)
		return -EBADF;
	if (!S_ISREG(f->inode->mode) || !(f->mode & FMODE_WRITE))
		return -EINVAL;
	err = inode_truncate(f->inode, size_bytes);
	if (!err)
		notify_dentry(f->path.dentry, IN_MODIFY);
	return err;
}

// One of these at a time, some with FALLOC_FL_KEEP_SIZE.
static bool is_known_falloc(int mode)
{
	const bool keep = mode & FALLOC_FL_KEEP_SIZE;

	switch (mode & ~FALLOC_FL_KEEP_SIZE) {
	case 0:
	case FALLOC_FL_UNSHARE_RANGE:
	case FALLOC_FL_ZERO_RANGE:
		return true;
	case FALLOC_FL_PUNCH_HOLE:
		return keep;
	case FALLOC_FL_COLLAPSE_RANGE:
	case FALLOC_FL_INSERT_RANGE:
	case FALLOC_FL_WRITE_ZEROES:
		return !keep;
	default:
		return false;
	}
}

// Linux vfs_fallocate, 6.18: the checks in its order.
__cold int file_fallocate(struct file *f, int mode, int64_t offset, int64_t bytes)
{
	int err;

	if (f->mode & FMODE_PATH)
		return -EBADF;
	if (offset < 0 || bytes <= 0)
		return -EINVAL;
	if (!is_known_falloc(mode))
		return -EOPNOTSUPP;
	if (!(f->mode & FMODE_WRITE))
		return -EBADF;
	if (S_ISFIFO(f->inode->mode))
		return -ESPIPE;
	if (S_ISDIR(f->inode->mode))
		return -EISDIR;
	if (!S_ISREG(f->inode->mode))
		return -ENODEV;
	if (bytes > INT64_MAX - offset)
		return -EFBIG;
	if (!f->ops->fallocate)
		return -EOPNOTSUPP;
	err = f->ops->fallocate(f, mode, (uint64_t)offset, (uint64_t)bytes);
	if (!err)
		notify_file(f, IN_MODIFY);
	return err;
}

__cold int file_fsync(struct file *f, bool data_only)
{
	if (f->mode & FMODE_PATH)
		return -EBADF;
	if (!f->ops || !f->ops->fsync)
		return -EINVAL;
	return f->ops->fsync(f, data_only);
}

#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME | FASYNC)

__cold int file_set_flags(struct file *f, int fd, unsigned flags)
{
	int err;

	if (!f->ops || !f->ops->can_async)
		flags &= ~(unsigned)FASYNC;

	if (f->mode & FMODE_PATH)
		return -EBADF;
	if (flags & ~f->flags & O_NOATIME && f->inode->uid != cred_current()->fsuid &&
	    !inode_owner_or_capable(f->inode))
		return -EPERM;
	if (flags & O_DIRECT && !(f->mode & FMODE_DIRECT) && !S_ISFIFO(f->inode->mode))
		return -EINVAL;
	if (f->ops && f->ops->set_flags) {
		err = f->ops->set_flags(f, flags);
		if (err)
			return err;
	}
	if ((flags ^ f->flags) & FASYNC) {
		err = fasync_set(f, fd, flags & FASYNC);
		if (err)
			return err;
	}
	__atomic_store_n(&f->flags, (f->flags & ~(unsigned)SETFL_MASK) | (flags & SETFL_MASK),
			 __ATOMIC_RELAXED);
	note_strict_atime(f);
	return 0;
}

static bool path_noexec(const struct path *p)
{
	return p->mount->flags & MOUNT_NOEXEC || p->mount->sb->flags & SB_NOEXEC;
}

// Linux do_mmap's checks of the file, in its order.
int file_mmap_source(struct file *f, unsigned prot, unsigned flags, struct mmap_source *src)
{
	unsigned type = flags & MAP_TYPE;
	bool shared = type == MAP_SHARED || type == MAP_SHARED_VALIDATE;

	*src = (struct mmap_source){ 0 };
	if (f->mode & FMODE_PATH)
		return -EBADF;
	src->no_size = !S_ISREG(f->inode->mode);
	if (f->inode->obj && f->inode->obj->huge)
		src->obj = f->inode->obj; // its alignment comes before the checks here
	if (shared && prot & PROT_WRITE && !(f->mode & FMODE_WRITE))
		return -EACCES;
	if (!(f->mode & FMODE_READ))
		return -EACCES;
	if (path_noexec(&f->path) && prot & PROT_EXEC)
		return -EPERM;
	if (S_ISSOCK(f->inode->mode))
		src->late_error = -ENODEV;
	else if (!f->ops || !f->ops->mmap)
		return -ENODEV;
	src->owner = f;
	src->owner_ops = &file_vm_owner_ops;
	src->may_read = true;
	src->may_write = !shared || f->mode & FMODE_WRITE;
	src->may_exec = !path_noexec(&f->path);
	return src->late_error ? 0 : f->ops->mmap(f, prot, flags, src);
}

uint32_t file_poll(struct file *f, struct poll_table *pt)
{
	if (!f->ops || !f->ops->poll)
		return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
	return f->ops->poll(f, pt);
}

__cold int64_t file_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	if (f->mode & FMODE_PATH)
		return -EBADF;
	if (!f->ops || !f->ops->ioctl)
		return -ENOTTY;
	return f->ops->ioctl(f, cmd, arg);
}

// Moves |writers| in one direction unless it is on the other side of zero.
static int change_writers(struct inode *i, int32_t by)
{
	int32_t old = READ_ONCE(i->writers);

	do {
		if ((by > 0 && old < 0) || (by < 0 && old > 0))
			return -ETXTBSY;
	} while (!__atomic_compare_exchange_n(&i->writers, &old, old + by, false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return 0;
}

int inode_get_write_access(struct inode *i)
{
	return change_writers(i, 1);
}

void inode_put_write_access(struct inode *i)
{
	__atomic_fetch_sub(&i->writers, 1, __ATOMIC_RELEASE);
}

int file_deny_write(struct file *f)
{
	int err = change_writers(f->inode, -1);

	if (!err)
		f->mode |= FMODE_EXEC;
	return err;
}

void file_allow_write(struct file *f)
{
	if (!(f->mode & FMODE_EXEC))
		return;
	f->mode &= ~FMODE_EXEC;
	__atomic_fetch_add(&f->inode->writers, 1, __ATOMIC_RELEASE);
}

void file_touch_atime(struct file *f)
{
	if (!(f->flags & O_NOATIME))
		inode_touch_atime(f->path.mount, f->inode);
}

RARE_CALL_THUNK(file_touch_atime);

__cold char *file_name(struct file *f, char *buf, size_t bytes)
{
	struct fs_context *c = fs_context_current();
	struct path root;
	char *s;

	if (!c)
		return path_to_string(&f->path, vfs_root(), buf, bytes);
	fs_context_get_root(c, &root);
	s = path_to_string(&f->path, &root, buf, bytes);
	path_put(&root);
	return s;
}
