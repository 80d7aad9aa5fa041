// The memory devices (null, zero, full, random, urandom) and the fixed names of /dev.
#include "fs/dev.h"

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "fs/pseudo.h"
#include "fs/stat.h"
#include "fs/vfs.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "mm/virt/mmap.h"
#include "mm/virt/uio.h"

static int64_t null_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	return 0;
}

static int64_t null_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	int64_t n = (int64_t)u->resid;

	uio_skip(u, u->resid);
	return n;
}

static int64_t null_seek(struct file *f, int64_t offset, int whence)
{
	f->pos = 0;
	return 0;
}

static int64_t zero_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	int64_t done = 0;

	while (u->resid) {
		size_t want = MIN(u->resid, 64 * PAGE_SIZE);
		size_t n = uio_zero_out(u, want);

		done += (int64_t)n;
		if (n < want)
			return done ? done : -EFAULT;
		sched_point();
		if (sched_interrupted())
			break; // Linux read_iter_zero()
	}
	return done;
}

static int64_t full_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	return -ENOSPC;
}

static int zero_mmap(struct file *f, unsigned prot, unsigned flags, struct mmap_source *src)
{
	*src = (struct mmap_source){ 0 }; // anonymous memory
	return 0;
}

static int64_t random_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	uint8_t buf[256];
	int64_t done = 0;

	while (u->resid) {
		size_t want = MIN(u->resid, sizeof(buf)), n;
		int64_t err = vfs_random_bytes(buf, want, 0);

		if (err < 0)
			return done ? done : err;
		n = uio_copy_out(u, buf, want);
		done += (int64_t)n;
		if (n < want) {
			done = done ? done : -EFAULT;
			break;
		}
		sched_point();
		if (sched_interrupted() && done % PAGE_SIZE == 0)
			break; // Linux get_random_bytes_user()
	}
	memset(buf, 0, sizeof(buf));
	return done;
}

static int64_t random_seek(struct file *f, int64_t offset, int whence)
{
	return (int64_t)f->pos; // Linux noop_llseek
}

static const struct file_ops null_ops = {
	.read = null_read,
	.write = null_write,
	.seek = null_seek,
};
static const struct file_ops zero_ops = {
	.read = zero_read,
	.write = null_write,
	.seek = null_seek,
	.mmap = zero_mmap,
};
static const struct file_ops full_ops = {
	.read = zero_read,
	.write = full_write,
	.seek = null_seek,
};
static const struct file_ops random_ops = {
	.read = random_read,
	.write = null_write, // what is written is not trusted as entropy
	.seek = random_seek,
};

static struct chrdev devices[] = {
	{ .major = MEM_MAJOR, .first_minor = 3, .minors = 1, .fops = &null_ops },
	{ .major = MEM_MAJOR, .first_minor = 5, .minors = 1, .fops = &zero_ops },
	{ .major = MEM_MAJOR, .first_minor = 7, .minors = 1, .fops = &full_ops },
	{ .major = MEM_MAJOR, .first_minor = 8, .minors = 2, .fops = &random_ops },
};

static int64_t copy_text(const char *text, char *buf, size_t bytes)
{
	size_t n = MIN(strlen(text), bytes);

	memcpy(buf, text, n);
	return (int64_t)n;
}

static int64_t fd_link(const struct pseudo_ref *r, char *buf, size_t bytes)
{
	return copy_text("/proc/self/fd", buf, bytes);
}

static int64_t stdin_link(const struct pseudo_ref *r, char *buf, size_t bytes)
{
	return copy_text("/proc/self/fd/0", buf, bytes);
}

static int64_t stdout_link(const struct pseudo_ref *r, char *buf, size_t bytes)
{
	return copy_text("/proc/self/fd/1", buf, bytes);
}

static int64_t stderr_link(const struct pseudo_ref *r, char *buf, size_t bytes)
{
	return copy_text("/proc/self/fd/2", buf, bytes);
}

#define MEM_NODE(name_, minor)                                                                     \
	{                                                                                          \
		.name = (name_), .mode = S_IFCHR | 0666, .rdev = 1ull << 20 | (minor)              \
	}
_Static_assert(MEM_MAJOR == 1, "MEM_NODE's device numbers");

static const struct pseudo_node nodes[] = {
	MEM_NODE("null", 3),
	MEM_NODE("zero", 5),
	MEM_NODE("full", 7),
	MEM_NODE("random", 8),
	MEM_NODE("urandom", 9),
	{ .name = "fd", .mode = S_IFLNK | 0777, .readlink = fd_link },
	{ .name = "stdin", .mode = S_IFLNK | 0777, .readlink = stdin_link },
	{ .name = "stdout", .mode = S_IFLNK | 0777, .readlink = stdout_link },
	{ .name = "stderr", .mode = S_IFLNK | 0777, .readlink = stderr_link },
	{ .name = "shm", .mode = S_IFDIR | 01777 },
	{ 0 },
};

static struct pseudo_table table = { .dir = "", .nodes = nodes };

void dev_init(void)
{
	for (unsigned k = 0; k < ARRAY_SIZE(devices); k++)
		chrdev_register(&devices[k]);
	pseudo_register(PSEUDO_DEV, &table);
}
