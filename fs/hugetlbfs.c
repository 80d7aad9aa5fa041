// hugetlbfs.h. The size of these files is that of the object, because mmap makes them longer (as on
// Linux) without the inode lock; inode.size_bytes follows it. Answers are those of Linux 6.18's
// fs/hugetlbfs/inode.c.
#include "fs/hugetlbfs.h"

#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>

#include "fs/file.h"
#include "fs/mount.h"
#include "fs/stat.h"
#include "mm/virt/hugetlb.h"
#include "mm/virt/mmap.h"

static uint64_t size_now(struct shmem_inode *s)
{
	uint64_t size = READ_ONCE(s->obj.size_bytes);

	WRITE_ONCE(s->inode.size_bytes, size);
	return size;
}

static int hugetlbfs_statfs(struct superblock *sb, struct kstatfs *out)
{
	out->bsize = out->frsize = HUGE_SIZE;
	return 0;
}

static const struct superblock_ops sb_ops = {
	.statfs = hugetlbfs_statfs,
	.dname = memfd_dname,
};

static struct {
	struct superblock sb;
	struct mount mount;
} hugetlbfs;

void hugetlbfs_init(void)
{
	superblock_init(&hugetlbfs.sb, &sb_ops, "hugetlbfs", HUGETLBFS_MAGIC);
	hugetlbfs.sb.flags = SB_INTERNAL;
	mount_init_internal(&hugetlbfs.mount, &hugetlbfs.sb);
}

struct mount *hugetlbfs_mount(void)
{
	return &hugetlbfs.mount;
}

unsigned hugetlbfs_page_shift(unsigned log2)
{
	if (!log2)
		return HUGE_SHIFT;
	return log2 == HUGE_SHIFT || log2 == GIGA_SHIFT ? log2 : 0;
}

static int resize(struct shmem_inode *s, uint64_t size_bytes)
{
	uint64_t old = size_now(s);
	int err = size_bytes > old ? shmem_check_limit(size_bytes) : 0;

	if (err)
		return err;
	if (!IS_ALIGNED(size_bytes, hugetlb_page_bytes(&s->obj)))
		return -EINVAL;
	if ((size_bytes < old && s->seals & F_SEAL_SHRINK) ||
	    (size_bytes > old && s->seals & F_SEAL_GROW))
		return -EPERM;
	inode_kill_privs(&s->inode);
	inode_touch_mtime(&s->inode);
	memobj_truncate(&s->obj, size_bytes);
	hugetlb_unreserve(&s->obj, size_bytes >> PAGE_SHIFT, UINT64_MAX);
	size_now(s);
	return 0;
}

static int hugetlbfs_truncate(struct inode *i, uint64_t size_bytes)
{
	int err;

	mutex_lock(&i->lock);
	err = resize(shmem_of(i), size_bytes);
	mutex_unlock(&i->lock);
	return err;
}

static int hugetlbfs_getattr(struct inode *i, struct kstat *out)
{
	struct shmem_inode *s = shmem_of(i);

	out->size_bytes = size_now(s);
	out->blocks = shmem_blocks(s);
	out->blksize = (uint32_t)hugetlb_page_bytes(&s->obj);
	return 0;
}

static int64_t hugetlbfs_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	size_now(shmem_of(f->inode));
	return shmem_file_ops.read(f, u, pos, rwf);
}

// To default_llseek all of the file is data.
static int64_t hugetlbfs_seek(struct file *f, int64_t offset, int whence)
{
	uint64_t size = size_now(shmem_of(f->inode));

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return file_seek_within(f, offset, whence, size);
	if (offset >= (int64_t)size)
		return -ENXIO;
	if (whence == SEEK_HOLE)
		offset = (int64_t)size;
	if (offset < 0)
		return -EINVAL;
	f->pos = (uint64_t)offset;
	return offset;
}

static int punch_locked(struct shmem_inode *s, uint64_t offset, uint64_t end)
{
	if (s->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	return hugetlb_punch(&s->obj, offset, end);
}

static int allocate_locked(struct shmem_inode *s, int mode, uint64_t offset, uint64_t end)
{
	uint64_t size = size_now(s);
	int err;

	if (end > size) { // also to keep the size
		err = shmem_check_limit(end);
		if (err)
			return err;
	}
	if (s->seals & F_SEAL_GROW && end > size)
		return -EPERM;
	err = hugetlb_allocate(&s->obj, offset >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT);
	if (!err && !(mode & FALLOC_FL_KEEP_SIZE) && end > size)
		memobj_truncate(&s->obj, end);
	size_now(s);
	return err;
}

static int hugetlbfs_fallocate(struct file *f, int mode, uint64_t offset, uint64_t bytes)
{
	struct shmem_inode *s = shmem_of(f->inode);
	int err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	mutex_lock(&s->inode.lock);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		err = punch_locked(s, offset, offset + bytes);
	else
		err = allocate_locked(s, mode, offset, offset + bytes);
	if (!err)
		inode_touch_mtime(&s->inode);
	mutex_unlock(&s->inode.lock);
	return err;
}

static int hugetlbfs_mmap(struct file *f, unsigned prot, unsigned flags, struct mmap_source *src)
{
	src->extra_vma_flags = VMA_HUGETLB | VMA_DONTEXPAND;
	return shmem_file_ops.mmap(f, prot, flags, src);
}

static int hugetlbfs_fsync(struct file *f, bool data_only)
{
	return 0;
}

static void hugetlbfs_release(struct inode *i)
{
	memobj_put(i->obj);
}

const struct inode_ops hugetlbfs_inode_ops = {
	.truncate = hugetlbfs_truncate,
	.getattr = hugetlbfs_getattr,
	.release = hugetlbfs_release,
};

// No write, as on Linux.
static const struct file_ops file_ops = {
	.read = hugetlbfs_read,
	.seek = hugetlbfs_seek,
	.mmap = hugetlbfs_mmap,
	.fallocate = hugetlbfs_fallocate,
	.fsync = hugetlbfs_fsync,
};

int hugetlbfs_make(struct shmem_inode *s, unsigned shift)
{
	int err = hugetlb_obj_init(&s->obj, shift);

	if (err)
		return err;
	s->inode.ops = &hugetlbfs_inode_ops;
	s->inode.fops = &file_ops;
	s->inode.sb = &hugetlbfs.sb;
	return 0;
}
