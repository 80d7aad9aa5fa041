// memfd_create and seals. A memfd is one allocation: shmem inode, dentry, open description and
// name. It is freed when its memory object dies, which the inode holds, which the dentry holds,
// which the description (or one reopened through /proc) holds. Mostly all die together: then the
// allocation goes on this CPU's shelf, and the next memfd sets only what its life may have changed.
#include "fs/memfd.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/stat.h>

#include "fs/coarse.h"
#include "fs/dentry.h"
#include "fs/file.h"
#include "fs/hugetlbfs.h"
#include "fs/mount.h"
#include "fs/shmem.h"
#include "kernel/base/clock.h"
#include "kernel/base/percpu.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/sched.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "lib/uapi_new.h"
#include "mm/phys/debug.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/pmm.h"
#include "mm/phys/shelf.h"
#include "mm/virt/uaccess.h"

#define NAME_PREFIX  "memfd:"
#define PREFIX_BYTES (sizeof(NAME_PREFIX) - 1)
#define ALL_SEALS                                                                                  \
	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE |          \
	 F_SEAL_EXEC)
#define PLAIN_FLAGS (MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | MFD_NOEXEC_SEAL | MFD_EXEC)
#define HUGE_FLAGS  ((unsigned)MFD_HUGE_MASK << MFD_HUGE_SHIFT)

unsigned memfd_noexec;

// Room for the name and its prefix: what is left of a class of the heap.
#define NAME_ROOM 72u

struct memfd_box {
	struct shmem_inode shmem;
	struct dentry dentry;
	struct file file;
	bool reusable;        // of ordinary size and pages: goes back on the shelf
	char name[NAME_ROOM]; // longer ones have a larger allocation
};

static DEFINE_PERCPU(struct shelf, boxes);

int memfd_dname(const struct dentry *d, char *buf, size_t bytes)
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

static __noinline void free_box(struct memfd_box *b)
{
	mem_unpoison(b, sizeof(*b));
	mount_put(b->file.path.mount);
	kfree(b);
}

// The reclaim callback.
static __cold uint64_t free_boxes(uint64_t want_pages)
{
	struct memfd_box *b;

	while ((b = shelf_take(this_cpu_ptr(boxes))))
		free_box(b);
	return 0; // no pages yet: the heap has them
}

__cold void memfd_init(void)
{
	superblock_init(&memfd.sb, &memfd_sb_ops, "tmpfs", TMPFS_MAGIC);
	memfd.sb.flags = SB_INTERNAL;
	mount_init_internal(&memfd.mount, &memfd.sb);
	hugetlbfs_init();
	for (unsigned cpu = 0; cpu < cpu_count_ready(); cpu++)
		per_cpu_ptr(boxes, cpu)->n = 0;
	pmm_add_reclaim(free_boxes);
}

// Linux sanitize_flags and check_sysctl_memfd_noexec, 6.18.
static bool memfd_flags_known(unsigned flags)
{
	unsigned known = PLAIN_FLAGS | (flags & MFD_HUGETLB ? HUGE_FLAGS : 0);

	return !(flags & ~known) &&
	       (flags & (MFD_EXEC | MFD_NOEXEC_SEAL)) != (MFD_EXEC | MFD_NOEXEC_SEAL);
}

int memfd_check_flags(unsigned *flags)
{
	if (!memfd_flags_known(*flags))
		return -EINVAL;
	if (!(*flags & (MFD_EXEC | MFD_NOEXEC_SEAL)))
		*flags |= READ_ONCE(memfd_noexec) ? MFD_NOEXEC_SEAL : MFD_EXEC;
	if (!(*flags & MFD_NOEXEC_SEAL) && READ_ONCE(memfd_noexec) >= 2)
		return -EACCES;
	return 0;
}

// Prepares what stays the same over the lives of a box; begin_life() sets the rest.
static __cold int construct(struct memfd_box *b, unsigned huge_shift)
{
	struct path p = { &memfd.mount, &b->dentry };
	int err;

	memset(&b->shmem, 0, sizeof(b->shmem));
	shmem_init(&b->shmem, &memfd.sb, S_IFREG, b);
	b->shmem.inode.nlink = 0;
	if (unlikely(huge_shift)) {
		err = hugetlbfs_make(&b->shmem, huge_shift);
		if (err) {
			inode_put(&b->shmem.inode); // frees the box
			return err;
		}
		p.mount = hugetlbfs_mount();
	}
	__builtin_memcpy(b->name, NAME_PREFIX, sizeof(NAME_PREFIX) - 1);
	dentry_init_embedded(&b->dentry, b->shmem.inode.sb, b->name, 0);
	b->dentry.inode = &b->shmem.inode;
	file_init(&b->file, &p, O_RDWR | O_LARGEFILE, b->shmem.inode.fops, NULL);
	b->file.embedded = true;
	return 0;
}

// A box with |more| room for the name. |huge_shift|: of the page size on hugetlbfs; 0: ordinary
// pages.
static __noinline int make_box(size_t more, unsigned huge_shift, struct memfd_box **out)
{
	struct memfd_box *b = kmalloc(sizeof(*b) + more);

	if (!b)
		return -ENOMEM;
	b->reusable = !more;
	*out = b;
	return construct(b, huge_shift);
}

static __always_inline_fn struct memfd_box *take_box(void)
{
	struct memfd_box *b = shelf_take(this_cpu_ptr(boxes));

	if (unlikely(!b))
		return make_box(0, 0, &b) ? NULL : b;
	mem_unpoison(b, sizeof(*b));
	return b;
}

// Puts a box that nobody refers to back on the shelf.
static __always_inline_fn void put_box(struct memfd_box *b)
{
	mem_poison(b, sizeof(*b));
	if (unlikely(!shelf_put(this_cpu_ptr(boxes), b)))
		free_box(b);
}

// A new file in |b|, whose name is there and |name_bytes| long; the open description holds the only
// reference. Sets all that a file's life may change.
static __always_inline_fn struct file *begin_life(struct memfd_box *b, size_t name_bytes,
						  uint32_t mode, uint32_t seals)
{
	const struct cred *c = thread_current()->cred;
	struct inode *i = &b->shmem.inode;
	struct file *f = &b->file;

	i->ino = __atomic_fetch_add(&i->sb->next_ino, 1, __ATOMIC_RELAXED);
	i->refs = 1;
	i->mode = S_IFREG | mode;
	i->uid = c->fsuid;
	i->gid = c->fsgid;
	i->size_bytes = 0;
	i->atime = i->mtime = i->ctime = i->btime = coarse_now();
	i->writers = 1;
	b->shmem.seals = seals;
	memobj_renew(&b->shmem.obj);
	b->dentry.refs = 1;
	b->dentry.name_bytes = (uint16_t)name_bytes;
	f->refs = 1;
	f->flags = O_RDWR | O_LARGEFILE;
	f->pos = 0;
	f->owner_pid = f->owner_sig = 0;
	f->strict_atime = true;
	return f;
}

bool memfd_recycle(struct file *f)
{
	struct memfd_box *b = container_of(f, struct memfd_box, file);
	struct inode *i = &b->shmem.inode;

	// Who has no reference to any of the three cannot come by one: the description led to them.
	if (unlikely(!b->reusable || READ_ONCE(b->dentry.refs) != 1 || READ_ONCE(i->refs) != 1 ||
		     READ_ONCE(b->shmem.obj.refs) != 1 || i->locks || i->xattrs ||
		     f->mode & FMODE_EXEC))
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	memobj_empty(&b->shmem.obj);
	put_box(b);
	return true;
}

static int create(const char *name, bool prefixed, uint32_t mode, uint32_t seals,
		  unsigned huge_shift, struct file **out)
{
	size_t before = prefixed ? PREFIX_BYTES : 0, bytes = before + strlen(name);
	struct memfd_box *b;
	int err = 0;

	if (prefixed && bytes < NAME_ROOM && !huge_shift) {
		b = take_box();
		err = b ? 0 : -ENOMEM;
	} else {
		err = make_box(bytes + 1, huge_shift, &b);
	}
	if (err)
		return err;
	memcpy(b->name + before, name, bytes - before + 1);
	*out = begin_life(b, bytes, mode, seals);
	return 0;
}

__cold int memfd_create_file(const char *name, unsigned flags, struct file **out)
{
	uint32_t mode = 0777, seals = F_SEAL_SEAL;
	unsigned huge_shift = 0;
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
	if (flags & MFD_NOEXEC_SEAL) {
		mode = 0666;
		seals = F_SEAL_EXEC;
	} else if (flags & MFD_ALLOW_SEALING) {
		seals = 0;
	}
	return create(name, true, mode, seals, huge_shift, out);
}

static __stack_guarded __noinline __cold int create_general(struct uptr uname, unsigned flags,
							    struct file **out)
{
	char name[MEMFD_NAME_MAX + 1];
	unsigned checked = flags;
	int64_t n = memfd_check_flags(&checked); // before the name is looked at

	if (n)
		return (int)n;
	n = strncpy_from_user(name, uname, sizeof(name));
	if (n < 0)
		return n == -ENAMETOOLONG ? -EINVAL : (int)n;
	return memfd_create_file(name, flags, out);
}

int memfd_create_user(struct uptr uname, unsigned flags, struct file **out)
{
	struct memfd_box *b;
	int64_t n;

	if (unlikely(flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING) || READ_ONCE(memfd_noexec)))
		return create_general(uname, flags, out);
	b = take_box();
	if (unlikely(!b))
		return -ENOMEM;
	n = strncpy_from_user(b->name + PREFIX_BYTES, uname, NAME_ROOM - PREFIX_BYTES);
	if (unlikely(n < 0)) {
		put_box(b);
		return n == -ENAMETOOLONG ? create_general(uname, flags, out) : (int)n;
	}
	*out = begin_life(b, PREFIX_BYTES + (size_t)n, 0777,
			  flags & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL);
	return 0;
}

__cold int memfd_create_unlinked(const char *name, uint64_t bytes, struct file **out)
{
	int err = create(name, false, 0777, F_SEAL_SEAL, 0, out);

	if (err)
		return err;
	(*out)->inode->size_bytes = bytes;
	memobj_truncate((*out)->inode->obj, bytes);
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
