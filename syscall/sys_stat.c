// What files are: stat, statx, statfs, access, getdents; and chmod, chown, utimes. Owns no state.
#include <asm/errno.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/time.h>

#include "fs/dir.h"
#include "fs/file.h"
#include "fs/namei.h"
#include "fs/stat.h"
#include "lib/string.h"
#include "lib/uapi_new.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define S_ALL_BITS 07777u
// Linux include/linux/stat.h: not in the UAPI headers.
#define UTIME_NOW  0x3fffffff
#define UTIME_OMIT 0x3ffffffe

static __stack_guarded int put_stat(const struct kstat *k, struct uptr out)
{
	struct stat s;

	memset(&s, 0, sizeof(s));
	s.st_dev = kdev_encode(k->dev);
	s.st_ino = k->ino;
	s.st_nlink = k->nlink;
	s.st_mode = k->mode;
	s.st_uid = k->uid;
	s.st_gid = k->gid;
	s.st_rdev = kdev_encode(k->rdev);
	s.st_size = (int64_t)k->size_bytes;
	s.st_blksize = k->blksize;
	s.st_blocks = (int64_t)k->blocks;
	s.st_atime = (uint64_t)k->atime.s;
	s.st_atime_nsec = k->atime.ns;
	s.st_mtime = (uint64_t)k->mtime.s;
	s.st_mtime_nsec = k->mtime.ns;
	s.st_ctime = (uint64_t)k->ctime.s;
	s.st_ctime_nsec = k->ctime.ns;
	return copy_to_user(out, &s, sizeof(s));
}

static int stat_fd(int fd, struct kstat *k)
{
	struct file *f = user_file_any(fd);
	int err;

	if (!f)
		return -EBADF;
	err = vfs_getattr(&f->path, k);
	file_put(f);
	return err;
}

// With AT_EMPTY_PATH a NULL path means "" since Linux 6.11. True if the descriptor itself is meant.
static bool names_fd_itself(int dirfd, struct uptr path, int flags)
{
	char first;

	if (!(flags & AT_EMPTY_PATH) || dirfd < 0)
		return false;
	return !path.va || (!get_user(first, path) && !first);
}

static int stat_at(int dirfd, struct uptr path, int flags, struct kstat *k)
{
	unsigned lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path p;
	int err;

	if (names_fd_itself(dirfd, path, flags))
		return stat_fd(dirfd, k);
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	if ((flags & AT_EMPTY_PATH) && !path.va)
		err = at_path_get(dirfd, "", &p);
	else
		err = user_lookup(dirfd, path, lookup, &p);
	if (err)
		return err;
	err = vfs_getattr(&p, k);
	path_put(&p);
	return err;
}

int64_t sys_newfstatat(int dirfd, struct uptr path, struct uptr out, int flags)
{
	struct kstat k;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	err = stat_at(dirfd, path, flags, &k);
	return err ? err : put_stat(&k, out);
}

int64_t sys_stat(struct uptr path, struct uptr out)
{
	return sys_newfstatat(AT_FDCWD, path, out, 0);
}

int64_t sys_lstat(struct uptr path, struct uptr out)
{
	return sys_newfstatat(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

int64_t sys_fstat(int fd, struct uptr out)
{
	struct kstat k;
	int err = stat_fd(fd, &k);

	return err ? err : put_stat(&k, out);
}

static struct statx_timestamp statx_time(struct timespec_k t)
{
	return (struct statx_timestamp){ .tv_sec = t.s, .tv_nsec = t.ns };
}

static int put_statx(const struct kstat *k, unsigned mask, struct uptr out)
{
	struct statx s;

	memset(&s, 0, sizeof(s));
	s.stx_mask = STATX_BASIC_STATS | STATX_BTIME;
	s.stx_mask |= mask & STATX_MNT_ID_UNIQUE ? STATX_MNT_ID_UNIQUE : STATX_MNT_ID;
	s.stx_blksize = k->blksize;
	s.stx_attributes = k->attributes;
	s.stx_attributes_mask = k->attributes_mask;
	s.stx_nlink = k->nlink;
	s.stx_uid = k->uid;
	s.stx_gid = k->gid;
	s.stx_mode = (uint16_t)k->mode;
	s.stx_ino = k->ino;
	s.stx_size = k->size_bytes;
	s.stx_blocks = k->blocks;
	s.stx_atime = statx_time(k->atime);
	s.stx_btime = statx_time(k->btime);
	s.stx_ctime = statx_time(k->ctime);
	s.stx_mtime = statx_time(k->mtime);
	s.stx_rdev_major = kdev_major(k->rdev);
	s.stx_rdev_minor = kdev_minor(k->rdev);
	s.stx_dev_major = kdev_major(k->dev);
	s.stx_dev_minor = kdev_minor(k->dev);
	s.stx_mnt_id = k->mount_id;
	return copy_to_user(out, &s, sizeof(s));
}

int64_t sys_statx(int dirfd, struct uptr path, int flags, unsigned mask, struct uptr out)
{
	struct kstat k;
	int err;

	if (mask & STATX__RESERVED)
		return -EINVAL;
	if ((flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	err = stat_at(dirfd, path, flags, &k);
	return err ? err : put_statx(&k, mask, out);
}

static __stack_guarded int put_statfs(const struct kstatfs *k, struct uptr out)
{
	struct statfs s;

	memset(&s, 0, sizeof(s));
	s.f_type = (int64_t)k->type;
	s.f_bsize = (int64_t)k->bsize;
	s.f_blocks = (int64_t)k->blocks;
	s.f_bfree = (int64_t)k->bfree;
	s.f_bavail = (int64_t)k->bavail;
	s.f_files = (int64_t)k->files;
	s.f_ffree = (int64_t)k->ffree;
	s.f_fsid.val[0] = (int)k->fsid;
	s.f_fsid.val[1] = (int)(k->fsid >> 32);
	s.f_namelen = (int64_t)k->namelen;
	s.f_frsize = (int64_t)k->frsize;
	s.f_flags = (int64_t)k->flags;
	return copy_to_user(out, &s, sizeof(s));
}

int64_t sys_statfs(struct uptr path, struct uptr out)
{
	struct kstatfs k;
	struct path p;
	int err = user_lookup(AT_FDCWD, path, LOOKUP_FOLLOW, &p);

	if (err)
		return err;
	err = vfs_statfs(&p, &k);
	path_put(&p);
	return err ? err : put_statfs(&k, out);
}

int64_t sys_fstatfs(int fd, struct uptr out)
{
	struct file *f = user_file_any(fd);
	struct kstatfs k;
	int err;

	if (!f)
		return -EBADF;
	err = vfs_statfs(&f->path, &k);
	file_put(f);
	return err ? err : put_statfs(&k, out);
}

int64_t sys_faccessat2(int dirfd, struct uptr path, int mode, int flags)
{
	unsigned lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path p;
	int err;

	if (mode & ~7)
		return -EINVAL;
	if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	err = user_lookup(dirfd, path, lookup, &p);
	if (err)
		return err;
	err = namei_access(&p, (unsigned)mode, flags & AT_EACCESS);
	path_put(&p);
	return err;
}

int64_t sys_faccessat(int dirfd, struct uptr path, int mode)
{
	return sys_faccessat2(dirfd, path, mode, 0);
}

int64_t sys_access(struct uptr path, int mode)
{
	return sys_faccessat2(AT_FDCWD, path, mode, 0);
}

static int setattr_at(int dirfd, struct uptr path, int flags, unsigned valid,
		      const struct iattr *attr)
{
	unsigned lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path p;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	err = user_lookup(dirfd, path, lookup, &p);
	if (err)
		return err;
	err = vfs_setattr(&p, valid, attr);
	path_put(&p);
	return err;
}

static int setattr_fd(int fd, unsigned valid, const struct iattr *attr)
{
	struct file *f = user_file(fd);
	int err;

	if (!f)
		return -EBADF;
	err = vfs_setattr(&f->path, valid, attr);
	file_put(f);
	return err;
}

int64_t sys_fchmodat2(int dirfd, struct uptr path, unsigned mode, int flags)
{
	struct iattr attr = { .mode = mode & S_ALL_BITS };

	return setattr_at(dirfd, path, flags, IATTR_MODE, &attr);
}

int64_t sys_fchmodat(int dirfd, struct uptr path, unsigned mode)
{
	return sys_fchmodat2(dirfd, path, mode, 0);
}

int64_t sys_chmod(struct uptr path, unsigned mode)
{
	return sys_fchmodat2(AT_FDCWD, path, mode, 0);
}

int64_t sys_fchmod(int fd, unsigned mode)
{
	struct iattr attr = { .mode = mode & S_ALL_BITS };

	return setattr_fd(fd, IATTR_MODE, &attr);
}

// An id of -1 leaves that owner as it is.
static unsigned owner_bits(unsigned uid, unsigned gid)
{
	return (uid != ~0u ? IATTR_UID : 0) | (gid != ~0u ? IATTR_GID : 0);
}

int64_t sys_fchownat(int dirfd, struct uptr path, unsigned uid, unsigned gid, int flags)
{
	struct iattr attr = { .uid = uid, .gid = gid };

	return setattr_at(dirfd, path, flags, owner_bits(uid, gid), &attr);
}

int64_t sys_chown(struct uptr path, unsigned uid, unsigned gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

int64_t sys_lchown(struct uptr path, unsigned uid, unsigned gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

int64_t sys_fchown(int fd, unsigned uid, unsigned gid)
{
	struct iattr attr = { .uid = uid, .gid = gid };

	return setattr_fd(fd, owner_bits(uid, gid), &attr);
}

// One of the two times of utimensat. 0 or -EINVAL.
static int time_from_user(const struct __kernel_timespec *ts, struct timespec_k *out,
			  unsigned explicit, unsigned now, unsigned *valid)
{
	if (ts->tv_nsec == UTIME_OMIT)
		return 0;
	if (ts->tv_nsec == UTIME_NOW) {
		*valid |= now;
		return 0;
	}
	if ((uint64_t)ts->tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	out->s = ts->tv_sec;
	out->ns = (uint32_t)ts->tv_nsec;
	*valid |= explicit;
	return 0;
}

// |ts|: access and modification time, or NULL for now.
static int64_t set_times(int dirfd, struct uptr path, const struct __kernel_timespec *ts, int flags)
{
	struct iattr attr = { 0 };
	unsigned valid = 0;

	if (!ts)
		valid = IATTR_ATIME_NOW | IATTR_MTIME_NOW;
	else if (time_from_user(&ts[0], &attr.atime, IATTR_ATIME, IATTR_ATIME_NOW, &valid) ||
		 time_from_user(&ts[1], &attr.mtime, IATTR_MTIME, IATTR_MTIME_NOW, &valid))
		return -EINVAL;
	if (path.va || dirfd == AT_FDCWD)
		return setattr_at(dirfd, path, flags, valid, &attr);
	return flags ? -EINVAL : setattr_fd(dirfd, valid, &attr);
}

int64_t sys_utimensat(int dirfd, struct uptr path, struct uptr times, int flags)
{
	struct __kernel_timespec ts[2];

	if (!times.va)
		return set_times(dirfd, path, NULL, flags);
	if (copy_from_user(ts, times, sizeof(ts)))
		return -EFAULT;
	if (ts[0].tv_nsec == UTIME_OMIT && ts[1].tv_nsec == UTIME_OMIT)
		return 0;
	return set_times(dirfd, path, ts, flags);
}

int64_t sys_futimesat(int dirfd, struct uptr path, struct uptr times)
{
	struct __kernel_old_timeval tv[2];
	struct __kernel_timespec ts[2];

	if (!times.va)
		return set_times(dirfd, path, NULL, 0);
	if (copy_from_user(tv, times, sizeof(tv)))
		return -EFAULT;
	for (unsigned i = 0; i < 2; i++) {
		if (tv[i].tv_usec < 0 || tv[i].tv_usec >= 1000000)
			return -EINVAL;
		ts[i].tv_sec = tv[i].tv_sec;
		ts[i].tv_nsec = tv[i].tv_usec * 1000;
	}
	return set_times(dirfd, path, ts, 0);
}

int64_t sys_utimes(struct uptr path, struct uptr times)
{
	return sys_futimesat(AT_FDCWD, path, times);
}

int64_t sys_utime(struct uptr path, struct uptr times)
{
	struct __kernel_timespec ts[2] = { 0 };
	int64_t seconds[2]; // struct utimbuf

	if (!times.va)
		return set_times(AT_FDCWD, path, NULL, 0);
	if (copy_from_user(seconds, times, sizeof(seconds)))
		return -EFAULT;
	ts[0].tv_sec = seconds[0];
	ts[1].tv_sec = seconds[1];
	return set_times(AT_FDCWD, path, ts, 0);
}
