// THE page-backed inode: memfds, tmpfs files, files of the initramfs. A struct inode over a memory
// object. Lock: the inode lock around size, seals and contents changes; reads take none.
#pragma once

#include "fs/inode.h"
#include "mm/virt/memobj.h"

struct shmem_inode {
	struct inode inode;
	struct memobj obj;
	// guarded by inode.lock
	uint32_t seals;             // F_SEAL_* of <linux/fcntl.h>
	struct spinlock image_lock; // RANK_IMAGE
	// image_bytes changes under both locks. Pages of the initramfs that show through where the
	// object has none yet. Only shrinks.
	pa_t image_pa;
	uint64_t image_bytes;
	uint64_t image_pages_taken; // of them, in the object now; atomic
	void *box;                  // what kfree gets when the object dies
};

extern const struct inode_ops shmem_inode_ops;
extern const struct file_ops shmem_file_ops;
extern const struct inode_ops hugetlbfs_inode_ops; // fs/hugetlbfs.c: also a struct shmem_inode

static inline struct shmem_inode *shmem_of(struct inode *i)
{
	return container_of(i, struct shmem_inode, inode);
}
static inline bool inode_is_shmem(const struct inode *i)
{
	return i->ops == &shmem_inode_ops || i->ops == &hugetlbfs_inode_ops;
}

// Prepares |s| inside the allocation |box|, one reference (the inode's, which holds the object's).
void shmem_init(struct shmem_inode *s, struct superblock *sb, uint32_t mode, void *box);
// A regular file of its own; NULL: out of memory.
struct shmem_inode *__must_check shmem_create(struct superblock *sb, uint32_t mode);
// Makes |bytes| at |image_pa| (page aligned) the contents of a new inode, without a copy.
void shmem_set_image(struct shmem_inode *s, pa_t image_pa, uint64_t bytes);
// ftruncate without permission checks: seals, limits, views. 0, -EPERM, -EFBIG, -ENOMEM.
int __must_check shmem_truncate(struct inode *i, uint64_t size_bytes);
// The effective limit of RLIMIT_FSIZE for growing to |end|: 0 or -EFBIG with SIGXFSZ sent.
int __must_check shmem_check_limit(uint64_t end);
// Cuts a write at |pos| to what that limit and the largest file size leave. 0, or as above.
int __must_check shmem_write_limit(uint64_t pos, uint64_t *bytes);
int __must_check shmem_fallocate(struct file *f, int mode, uint64_t offset, uint64_t bytes);
// Takes all image pages into the object, so that holes may be punched. 0 or -ENOMEM.
int __must_check shmem_detach_image(struct shmem_inode *s);
int64_t __must_check shmem_seek(struct file *f, int64_t offset, int whence);
uint64_t shmem_blocks(struct shmem_inode *s); // st_blocks, 512-byte units
// The page that shows byte |pos|, with a reference, to be read. 0; -ENOENT: a hole; -errno.
int __must_check shmem_page_at(struct shmem_inode *s, uint64_t pos, struct page **out);
