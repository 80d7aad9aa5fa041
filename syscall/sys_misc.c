// The machine and the kernel as programs see them: uname, sysinfo, random bytes; hints. Owns no
// state.
#include <asm/errno.h>
#include <linux/fadvise.h>
#include <linux/fs.h>
#include <linux/random.h>
#include <linux/stat.h>
#include <linux/sysinfo.h>
#include <linux/utsname.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/vfs.h"
#include "kernel/base/clock.h"
#include "kernel/proc/uts.h"
#include "lib/string.h"
#include "mm/phys/pmm.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"
#include "syscall/args.h"
#include "syscall/calls.h"

__stack_guarded int64_t sys_uname(struct uptr out)
{
	struct new_utsname n;

	memset(&n, 0, sizeof(n));
	str_copy(n.sysname, UTS_SYSNAME, sizeof(n.sysname));
	str_copy(n.nodename, UTS_NODENAME, sizeof(n.nodename));
	str_copy(n.release, UTS_RELEASE, sizeof(n.release));
	str_copy(n.version, UTS_VERSION, sizeof(n.version));
	str_copy(n.machine, UTS_MACHINE, sizeof(n.machine));
	str_copy(n.domainname, UTS_DOMAINNAME, sizeof(n.domainname));
	return copy_to_user(out, &n, sizeof(n));
}

__stack_guarded int64_t sys_sysinfo(struct uptr out)
{
	struct pmm_stats mem;
	struct sysinfo s;

	memset(&s, 0, sizeof(s));
	pmm_get_stats(&mem);
	s.uptime = (int64_t)(clock_mono_ns() / NSEC_PER_SEC);
	s.totalram = (mem.total_pages + mem.image_pages) * PAGE_SIZE;
	s.freeram = mem.free_pages * PAGE_SIZE;
	s.procs = 1;
	s.mem_unit = 1;
	return copy_to_user(out, &s, sizeof(s));
}

int64_t sys_getrandom(struct uptr buf, uint64_t count, unsigned flags)
{
	uint64_t done = 0;
	uint8_t chunk[256];

	if (flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & (GRND_INSECURE | GRND_RANDOM)) == (GRND_INSECURE | GRND_RANDOM))
		return -EINVAL;
	if (!user_range_ok(buf, count))
		return -EFAULT;
	count = MIN(count, UIO_MAX_BYTES);
	while (done < count) {
		size_t n = MIN(count - done, sizeof(chunk)), copied;
		int64_t got = vfs_random_bytes(chunk, n, flags);

		if (got < 0)
			return done ? (int64_t)done : got;
		copied = user_write_partial(uptr_add(buf, done), chunk, n);
		done += copied;
		if (copied < n)
			break;
	}
	memset(chunk, 0, sizeof(chunk));
	return count && !done ? -EFAULT : (int64_t)done;
}

static bool is_type(const struct file *f, uint32_t type)
{
	return f->inode && (f->inode->mode & S_IFMT) == type;
}

// All files are in memory: advice changes nothing, but wrong arguments are told.
int64_t sys_fadvise64(int fd, int64_t offset, int64_t bytes, int advice)
{
	struct file *f = user_file(fd);
	int64_t result = 0;

	if (!f)
		return -EBADF;
	if (is_type(f, S_IFIFO))
		result = -ESPIPE;
	else if (bytes < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		result = -EINVAL;
	file_put(f);
	return result;
}

int64_t sys_readahead(int fd, int64_t offset, uint64_t count)
{
	struct file *f = user_file(fd);
	int64_t result = 0;

	if (!f)
		return -EBADF;
	if (!(f->mode & FMODE_READ))
		result = -EBADF;
	else if (!is_type(f, S_IFREG) && !is_type(f, S_IFBLK))
		result = -EINVAL;
	file_put(f);
	return result;
}

#define SYNC_FILE_RANGE_KNOWN                                                                      \
	(SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER)

int64_t sys_sync_file_range(int fd, int64_t offset, int64_t bytes, uint64_t flags)
{
	struct file *f = user_file(fd);
	int64_t result = 0;

	if (!f)
		return -EBADF;
	if ((unsigned)flags & ~(unsigned)SYNC_FILE_RANGE_KNOWN)
		result = -EINVAL;
	else if (offset < 0 || bytes < 0 || offset > INT64_MAX - bytes)
		result = -EINVAL;
	else if (!is_type(f, S_IFREG) && !is_type(f, S_IFBLK) && !is_type(f, S_IFDIR))
		result = -ESPIPE;
	else
		result = file_fsync(f, true);
	file_put(f);
	return result;
}

// Every file system here is memory: there is nothing behind it to write to.
int64_t sys_sync(void)
{
	return 0;
}

int64_t sys_syncfs(int fd)
{
	struct file *f = user_file(fd);

	if (!f)
		return -EBADF;
	file_put(f);
	return 0;
}
