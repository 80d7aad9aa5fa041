// Space of the page-backed inode: fallocate, and finding data and holes.
#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "fs/file.h"
#include "fs/mount.h"
#include "fs/shmem.h"
#include "fs/stat.h"
#include "kernel/base/types.h"
#include "kernel/sched/thread.h"
#include "mm/virt/aspace.h"

static int punch_locked(struct shmem_inode *s, uint64_t offset, uint64_t bytes)
{
	int err;

	if (s->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if (s->image_bytes) {
		err = shmem_detach_image(s);
		if (err)
			return err;
	}
	// Pages kept behind the end of the file (KEEP_SIZE) go too.
	return memobj_punch(&s->obj, offset, offset + bytes);
}

static int allocate_locked(struct shmem_inode *s, int mode, uint64_t offset, uint64_t bytes)
{
	uint64_t end = offset + bytes, size = s->inode.size_bytes, first, last;
	uint64_t limit = s->inode.sb->limit_pages;
	int err;

	if (end > size) { // as Linux, also where the size is to stay
		err = shmem_check_limit(end);
		if (err)
			return err;
	}
	if (s->seals & F_SEAL_GROW && end > size)
		return -EPERM;
	first = offset >> PAGE_SHIFT;
	last = (end - 1) >> PAGE_SHIFT;
	if (limit && last - first >= limit)
		return -ENOSPC; // not worth trying
	err = memobj_allocate(&s->obj, first, last);
	if (err)
		return err;
	if (!(mode & FALLOC_FL_KEEP_SIZE) && end > size) {
		memobj_truncate(&s->obj, end);
		WRITE_ONCE(s->inode.size_bytes, end);
	}
	return 0;
}

// Linux shmem_fallocate, 6.18: allocation and PUNCH_HOLE are all that tmpfs supports.
int shmem_fallocate(struct file *f, int mode, uint64_t offset, uint64_t bytes)
{
	struct shmem_inode *s = shmem_of(f->inode);
	int err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	do {
		mutex_lock(&s->inode.lock);
		inode_kill_privs(&s->inode);
		if (mode & FALLOC_FL_PUNCH_HOLE)
			err = punch_locked(s, offset, bytes);
		else
			err = allocate_locked(s, mode, offset, bytes);
		if (!err)
			inode_touch_mtime(&s->inode);
		mutex_unlock(&s->inode.lock);
	} while (err == -ENOMEM && aspace_out_of_memory(thread_current()->aspace));
	return err;
}

// The first byte >= |offset| that is data or a hole; -ENXIO if there is none below |size|.
static int64_t find_extent(struct shmem_inode *s, uint64_t offset, uint64_t size, bool data)
{
	uint64_t index = offset >> PAGE_SHIFT;
	uint64_t image = (s->image_bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
	bool found;

	if (data) {
		found = index < image || memobj_next_data(&s->obj, index, &index);
		if (!found || index << PAGE_SHIFT >= size)
			return -ENXIO;
	} else {
		found = memobj_next_hole(&s->obj, MAX(index, image), &index);
		if (!found || index << PAGE_SHIFT >= size)
			return (int64_t)size;
	}
	return (int64_t)MAX(offset, index << PAGE_SHIFT);
}

int64_t shmem_seek(struct file *f, int64_t offset, int whence)
{
	struct shmem_inode *s = shmem_of(f->inode);
	int64_t r;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return file_seek_within(f, offset, whence, READ_ONCE(s->inode.size_bytes));
	mutex_lock(&s->inode.lock);
	if (offset < 0 || (uint64_t)offset >= s->inode.size_bytes)
		r = -ENXIO;
	else
		r = find_extent(s, (uint64_t)offset, s->inode.size_bytes, whence == SEEK_DATA);
	mutex_unlock(&s->inode.lock);
	if (r >= 0)
		f->pos = (uint64_t)r;
	return r;
}
