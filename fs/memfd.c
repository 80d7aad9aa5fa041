// memfd_create and seals. A memfd is one allocation: shmem inode, dentry, open description and
// name. It is freed when its memory object dies, which the inode holds, which the dentry holds,
// which the description (or one reopened through /proc) holds.
#include "fs/memfd.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/file.h"
#include "fs/hugetlbfs.h"
#include "fs/mount.h"
#include "fs/shmem.h"
#include "kernel/base/clock.h"
#include "kernel/sched/sched.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "lib/uapi_new.h"
#include "mm/phys/kmalloc.h"

#define NAME_PREFIX "memfd:"
#define ALL_SEALS                                                                                  \
	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE |          \
	 F_SEAL_EXEC)
#define PLAIN_FLAGS (MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | MFD_NOEXEC_SEAL | MFD_EXEC)
#define HUGE_FLAGS  ((unsigned)MFD_HUGE_MASK << MFD_HUGE_SHIFT)

unsigned memfd_noexec;

struct memfd_box {
	struct shmem_inode shmem;
	struct dentry dentry;
	struct file file;
	char name[sizeof(NAME_PREFIX)]; // and as much more as it needs
};

__cold int memfd_dname(const struct dentry *d, char *buf, size_t bytes)
{
	return fmt_snprintf(buf, bytes, "/%s (deleted)", d->name);
}

static const struct superblock_ops memfd_sb_ops = {
	.dname = memfd_dname,
};

static struct {
	struct superblock sb;
	struct mount mount;
} memfd;

void memfd_init(void)
{
	superblock_init(&memfd.sb, &memfd_sb_ops, "tmpfs", TMPFS_MAGIC);
	memfd.sb.flags = SB_INTERNAL;
	mount_init_internal(&memfd.mount, &memfd.sb);
	hugetlbfs_init();
}

// Linux sanitize_flags and check_sysctl_memfd_noexec, 6.18.
int memfd_check_flags(unsigned *flags)
{
	unsigned known = PLAIN_FLAGS | (*flags & MFD_HUGETLB ? HUGE_FLAGS : 0);

	if (*flags & ~known)
		return -EINVAL;
	if (*flags & MFD_EXEC && *flags & MFD_NOEXEC_SEAL)
		return -EINVAL;
	if (!(*flags & (MFD_EXEC | MFD_NOEXEC_SEAL)))
		*flags |= READ_ONCE(memfd_noexec) ? MFD_NOEXEC_SEAL : MFD_EXEC;
	if (!(*flags & MFD_NOEXEC_SEAL) && READ_ONCE(memfd_noexec) >= 2)
		return -EACCES;
	return 0;
}

// Everything in one allocation, with an open description that holds the only reference. The name
// gets the prefix if |prefixed|. |huge_shift|: of the page size on hugetlbfs; 0: ordinary pages.
static int make_box(bool prefixed, const char *name, uint32_t mode, uint32_t seals,
		    unsigned huge_shift, struct memfd_box **out)
{
	size_t bytes = strlen(name), before = prefixed ? sizeof(NAME_PREFIX) - 1 : 0;
	struct memfd_box *b = kmalloc(sizeof(*b) + before + bytes + 1);
	struct path p = { &memfd.mount, NULL };
	int err;

	if (!b)
		return -ENOMEM;
	memset(&b->shmem, 0, sizeof(b->shmem));
	shmem_init(&b->shmem, &memfd.sb, S_IFREG | mode, b);
	b->shmem.inode.nlink = 0;
	b->shmem.inode.writers = 1;
	b->shmem.seals = seals;
	if (unlikely(huge_shift)) {
		err = hugetlbfs_make(&b->shmem, huge_shift);
		if (err) {
			inode_put(&b->shmem.inode); // frees the box
			return err;
		}
		p.mount = hugetlbfs_mount();
	}
	__builtin_memcpy(b->name, NAME_PREFIX, sizeof(NAME_PREFIX) - 1);
	memcpy(b->name + before, name, bytes + 1);
	dentry_init_embedded(&b->dentry, b->shmem.inode.sb, b->name, before + bytes);
	b->dentry.inode = &b->shmem.inode;
	b->dentry.refs = 0; // the description's reference is the only one
	p.dentry = &b->dentry;
	file_init(&b->file, &p, O_RDWR | O_LARGEFILE, b->shmem.inode.fops, NULL);
	b->file.embedded = true;
	*out = b;
	return 0;
}

int memfd_create_file(const char *name, unsigned flags, struct file **out)
{
	unsigned huge_shift = 0;
	struct memfd_box *b;
	int err = memfd_check_flags(&flags);

	if (err)
		return err;
	if (strlen(name) > MEMFD_NAME_MAX)
		return -EINVAL;
	if (flags & MFD_HUGETLB) {
		huge_shift = hugetlbfs_page_shift(flags >> MFD_HUGE_SHIFT & MFD_HUGE_MASK);
		if (!huge_shift)
			return -ENODEV;
	}
	err = make_box(true, name, flags & MFD_NOEXEC_SEAL ? 0666 : 0777,
		       flags & MFD_NOEXEC_SEAL     ? F_SEAL_EXEC
		       : flags & MFD_ALLOW_SEALING ? 0
						   : F_SEAL_SEAL,
		       huge_shift, &b);
	if (!err)
		*out = &b->file;
	return err;
}

__cold int memfd_create_unlinked(const char *name, uint64_t bytes, struct file **out)
{
	struct memfd_box *b;
	int err = make_box(false, name, 0777, F_SEAL_SEAL, 0, &b);

	if (err)
		return err;
	b->shmem.inode.size_bytes = bytes;
	memobj_truncate(&b->shmem.obj, bytes);
	*out = &b->file;
	return 0;
}

// Pages that a pipe or a copy in flight holds could still be written: Linux memfd_wait_for_pins
// waits a little for them to be let go. 0 or -EBUSY.
static int wait_for_pins(struct memobj *o)
{
	for (uint64_t ms = 10; memobj_is_pinned(o); ms *= 2)
		if (ms > 80 || sched_sleep_until(clock_mono_ns() + ms * 1000000, true))
			return -EBUSY;
	return 0;
}

static int add_seals_locked(struct shmem_inode *s, unsigned seals)
{
	int err;

	if (s->seals & F_SEAL_SEAL)
		return -EPERM;
	// Sealing an executable's mode implies that its contents are sealed too.
	if (seals & F_SEAL_EXEC && s->inode.mode & 0111)
		seals |= F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
	if (seals & F_SEAL_WRITE && !(s->seals & F_SEAL_WRITE)) {
		err = memobj_deny_writers(&s->obj);
		if (err)
			return err;
		err = s->obj.huge ? 0 : wait_for_pins(&s->obj);
		if (err) {
			memobj_allow_writers(&s->obj);
			return err;
		}
	}
	WRITE_ONCE(s->seals, s->seals | seals);
	return 0;
}

__cold int memfd_add_seals(struct file *f, unsigned seals)
{
	int err;

	if (!(f->mode & FMODE_WRITE))
		return -EPERM;
	if (seals & ~(unsigned)ALL_SEALS)
		return -EINVAL;
	if (!inode_is_shmem(f->inode))
		return -EINVAL;
	mutex_lock(&f->inode->lock);
	err = add_seals_locked(shmem_of(f->inode), seals);
	mutex_unlock(&f->inode->lock);
	return err;
}

__cold int64_t memfd_get_seals(struct file *f)
{
	return inode_is_shmem(f->inode) ? (int64_t)READ_ONCE(shmem_of(f->inode)->seals) : -EINVAL;
}
