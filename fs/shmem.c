// The page-backed inode: reading, writing, mapping and truncating. Contents and size change under
// the inode lock; reads take no lock, they hold a reference to the page they copy. Programs' memory
// is copied with faults allowed: a fault takes the address space and the object's locks, which come
// after the inode lock, and never the inode lock itself.
#include "fs/shmem.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "fs/coarse.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/stat.h"
#include "kernel/sched/sched.h"
#include "lib/string.h"
#include "lib/uapi_new.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/virt/aspace.h"
#include "mm/virt/mmap.h"
#include "mm/virt/resv.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"

#define IMAGE_WINDOW  16u  // image pages brought in together
#define RESCHED_PAGES 512u // a reschedule point at least every so many pages

static struct shmem_inode *of_obj(struct memobj *o)
{
	return container_of(o, struct shmem_inode, obj);
}

static void obj_release(struct memobj *o)
{
	kfree(of_obj(o)->box);
}

// Page accounting of a tmpfs with size=. The slot lock is held.
static int obj_account(struct memobj *o, int64_t pages)
{
	struct superblock *sb = of_obj(o)->inode.sb;
	uint64_t used;

	if (likely(!sb->limit_pages))
		return 0;
	used = __atomic_add_fetch(&sb->used_pages, (uint64_t)pages, __ATOMIC_RELAXED);
	if (pages <= 0 || used <= sb->limit_pages)
		return 0;
	__atomic_sub_fetch(&sb->used_pages, (uint64_t)pages, __ATOMIC_RELAXED);
	return -ENOSPC;
}

static bool in_image(const struct shmem_inode *s, uint64_t index)
{
	return index << PAGE_SHIFT < READ_ONCE(s->image_bytes);
}

// Takes the image frame of page |index| with a reference, unless truncation was faster. While
// image_lock is held, frames below image_bytes are either untouched or in this object: none of them
// can be in the pmm's hands.
static struct page *take_frame_locked(struct shmem_inode *s, uint64_t index)
{
	struct page *p = pa_to_page(s->image_pa + (index << PAGE_SHIFT));

	page_get(p, 0);
	__atomic_fetch_add(&s->image_pages_taken, 1, __ATOMIC_RELAXED);
	return p;
}

// Puts the whole image pages around |index| into the object too, so that a fault maps them all at
// once: they lie in memory already. Best effort.
static void insert_neighbours_locked(struct shmem_inode *s, uint64_t first, uint64_t last,
				     uint64_t index, uint32_t seq)
{
	for (uint64_t i = first; i < last; i++) {
		struct page *p = pa_to_page(s->image_pa + (i << PAGE_SHIFT));

		if (i == index || READ_ONCE(p->count)) // being filled, or taken before
			continue;
		p = take_frame_locked(s, i);
		if (memobj_insert_if(&s->obj, i, p, seq)) {
			page_unget(p);
			__atomic_fetch_sub(&s->image_pages_taken, 1, __ATOMIC_RELAXED);
		}
	}
}

static int fill_in_place(struct shmem_inode *s, uint64_t index, struct page **page)
{
	uint32_t seq = __atomic_load_n(&s->obj.seq, __ATOMIC_ACQUIRE);
	uint64_t first = ALIGN_DOWN(index, (uint64_t)IMAGE_WINDOW), last;
	int err;

	spin_lock(&s->image_lock);
	last = MIN(first + IMAGE_WINDOW, s->image_bytes >> PAGE_SHIFT);
	if (index >= last) { // truncated meanwhile
		spin_unlock(&s->image_lock);
		return -ERESTART;
	}
	err = pmm_adopt_range(s->image_pa + (first << PAGE_SHIFT), (last - first) << PAGE_SHIFT);
	if (!err) {
		page_put(*page, 0);
		*page = take_frame_locked(s, index);
		insert_neighbours_locked(s, first, last, index, seq);
	}
	spin_unlock(&s->image_lock);
	return err;
}

// Page |index| of a file of the initramfs: the frame of the archive itself, or for the last,
// partial one a copy (the next member's header lies in its tail). Behind the image: zeros.
static int image_fill(struct memobj *o, uint64_t index, struct page **page)
{
	struct shmem_inode *s = of_obj(o);
	uint64_t offset = index << PAGE_SHIFT, bytes = READ_ONCE(s->image_bytes);
	char *to;

	if (offset < bytes && bytes - offset >= PAGE_SIZE)
		return fill_in_place(s, index, page);
	to = phys_to_virt(page_to_pa(*page));
	bytes = offset < bytes ? bytes - offset : 0;
	memcpy(to, phys_to_virt(s->image_pa + offset), bytes);
	memset(to + bytes, 0, PAGE_SIZE - bytes);
	if (bytes)
		__atomic_fetch_add(&s->image_pages_taken, 1, __ATOMIC_RELAXED);
	return 0;
}

static const struct memobj_ops shmem_obj_ops = {
	.release = obj_release,
	.account = obj_account,
};

static const struct memobj_ops image_obj_ops = {
	.fill = image_fill,
	.release = obj_release,
	.account = obj_account,
};

__cold void shmem_init(struct shmem_inode *s, struct superblock *sb, uint32_t mode, void *box)
{
	inode_init(&s->inode, &shmem_inode_ops, sb, mode);
	s->inode.fops = &shmem_file_ops;
	s->inode.obj = &s->obj;
	memobj_init(&s->obj, &shmem_obj_ops, 0);
	s->box = box;
	s->seals = F_SEAL_SEAL; // memfd_create may lift it
}

struct shmem_inode *shmem_create(struct superblock *sb, uint32_t mode)
{
	struct shmem_inode *s = kzalloc(sizeof(*s));

	if (s)
		shmem_init(s, sb, mode, s);
	return s;
}

__cold void shmem_set_image(struct shmem_inode *s, pa_t image_pa, uint64_t bytes)
{
	s->image_pa = image_pa;
	s->image_bytes = bytes;
	s->inode.size_bytes = bytes;
	spin_init(&s->image_lock, RANK_IMAGE, "image");
	s->obj.ops = &image_obj_ops;
	s->obj.counts_as_file = true;
	memobj_truncate(&s->obj, bytes);
}

static void shmem_release(struct inode *i)
{
	if (i->sb->limit_inodes)
		__atomic_fetch_sub(&i->sb->used_inodes, 1, __ATOMIC_RELAXED);
	memobj_put(i->obj);
}

static uint64_t image_pages(const struct shmem_inode *s)
{
	return (s->image_bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

__cold uint64_t shmem_blocks(struct shmem_inode *s)
{
	uint64_t pages = READ_ONCE(s->obj.present_pages), taken;

	// Pages of the image count as present, as they would be on Linux's rootfs.
	taken = READ_ONCE(s->image_pages_taken);
	if (taken < image_pages(s))
		pages += image_pages(s) - taken;
	return pages * (PAGE_SIZE / 512);
}

static __cold int shmem_getattr(struct inode *i, struct kstat *out)
{
	out->blocks = shmem_blocks(shmem_of(i));
	return 0;
}

__cold int shmem_detach_image(struct shmem_inode *s)
{
	uint64_t pages = image_pages(s);

	for (uint64_t index = 0; index < pages; index++) {
		struct page *p;
		int err = memobj_get_page(&s->obj, index, MEMOBJ_ALLOC | MEMOBJ_NOSIZE, &p);

		if (err)
			return err;
		page_put(p, 0);
		if (index % RESCHED_PAGES == RESCHED_PAGES - 1)
			sched_point();
	}
	spin_lock(&s->image_lock);
	s->image_bytes = s->image_pages_taken = 0;
	spin_unlock(&s->image_lock);
	return 0;
}

// Less of the image shows through from now on.
static void shrink_image(struct shmem_inode *s, uint64_t size_bytes)
{
	uint64_t taken = 0, index;

	if (size_bytes >= s->image_bytes)
		return;
	spin_lock(&s->image_lock);
	WRITE_ONCE(s->image_bytes, size_bytes);
	spin_unlock(&s->image_lock);
	for (index = 0; index < image_pages(s); index++) {
		if (!memobj_next_data(&s->obj, index, &index) || index >= image_pages(s))
			break;
		taken++;
	}
	s->image_pages_taken = taken;
}

static uint64_t file_size_limit(void)
{
	struct fs_context *c = fs_context_current();

	return c ? READ_ONCE(c->limits->fsize) : UINT64_MAX;
}

__cold int shmem_check_limit(uint64_t end)
{
	if (likely(end <= file_size_limit()))
		return 0;
	thread_send_signal(thread_current(), SIGXFSZ);
	return -EFBIG;
}

static int truncate_locked(struct shmem_inode *s, uint64_t size_bytes)
{
	struct inode *i = &s->inode;
	uint64_t old = i->size_bytes;
	int err;

	if (size_bytes > old) {
		err = shmem_check_limit(size_bytes);
		if (err)
			return err;
	}
	if ((size_bytes < old && s->seals & F_SEAL_SHRINK) ||
	    (size_bytes > old && s->seals & F_SEAL_GROW))
		return -EPERM;
	inode_kill_privs(i);
	inode_touch_mtime(i);
	if (size_bytes < old) {
		WRITE_ONCE(i->size_bytes, size_bytes);
		shrink_image(s, size_bytes);
	}
	memobj_truncate(&s->obj, size_bytes);
	WRITE_ONCE(i->size_bytes, size_bytes);
	return 0;
}

int shmem_truncate(struct inode *i, uint64_t size_bytes)
{
	int err;

	mutex_lock(&i->lock);
	err = truncate_locked(shmem_of(i), size_bytes);
	mutex_unlock(&i->lock);
	return err;
}

// One piece of a read, within a page. Bytes copied; fewer at a bad address.
static int64_t read_piece(struct shmem_inode *s, struct uio *u, uint64_t pos, size_t bytes)
{
	uint64_t index = pos >> PAGE_SHIFT;
	struct page *p;
	size_t n;
	// A hole is not filled by reading it, a page of the image is.
	int err = memobj_get_page(&s->obj, index, in_image(s, index) ? MEMOBJ_ALLOC : 0, &p);

	if (likely(!err)) {
		n = uio_copy_out(u, (char *)phys_to_virt(page_to_pa(p)) + (pos & ~PAGE_MASK),
				 bytes);
		page_put(p, 0);
		return (int64_t)n;
	}
	if (err != -ENOENT && err != -ERANGE)
		return err;
	return (int64_t)uio_zero_out(u, bytes);
}

int shmem_page_at(struct shmem_inode *s, uint64_t pos, struct page **out)
{
	uint64_t index = pos >> PAGE_SHIFT;
	int err = memobj_get_page(&s->obj, index, in_image(s, index) ? MEMOBJ_ALLOC : 0, out);

	return err == -ERANGE ? -ENOENT : err;
}

static int64_t shmem_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct shmem_inode *s = shmem_of(f->inode);
	uint64_t at = *pos;
	unsigned pages = 0;
	int64_t n = 0;

	while (u->resid) {
		uint64_t size = READ_ONCE(s->inode.size_bytes);
		size_t want;

		if (at >= size)
			break;
		want = MIN(MIN(size - at, u->resid), PAGE_SIZE - (at & ~PAGE_MASK));
		n = read_piece(s, u, at, want);
		if (n > 0)
			at += (uint64_t)n;
		if (n < (int64_t)want) {
			n = n < 0 ? n : -EFAULT;
			break;
		}
		if (unlikely(++pages % RESCHED_PAGES == 0)) {
			sched_point();
			if (sched_killed())
				break;
		}
	}
	file_touch_atime(f);
	if (at == *pos)
		return n < 0 ? n : 0;
	n = (int64_t)(at - *pos);
	*pos = at;
	return n;
}

// A whole page over a hole: filled before anybody can see it. 0 with |*moved| set.
static int write_fresh_page(struct shmem_inode *s, struct uio *u, uint64_t index, size_t *moved)
{
	const bool ahead = u->resid >= HUGE_SIZE && IS_ALIGNED(index, HUGE_SIZE / PAGE_SIZE);
	struct page *p = unlikely(ahead) ? resv_alloc(&s->obj, index, 0, true)
					 : memobj_alloc_page(&s->obj, index, 0);
	struct page *there;
	char *va;
	int err;

	if (!p)
		return -ENOMEM;
	va = phys_to_virt(page_to_pa(p));
	*moved = uio_copy_in(u, va, PAGE_SIZE);
	memset(va + *moved, 0, PAGE_SIZE - *moved);
	err = memobj_insert(&s->obj, index, p);
	if (!err)
		return 0;
	// A mapping made the page meanwhile, perhaps the very one we copied from.
	if (err == -EEXIST) {
		err = memobj_get_page(&s->obj, index, MEMOBJ_ALLOC | MEMOBJ_NOSIZE, &there);
		if (!err) {
			memcpy(phys_to_virt(page_to_pa(there)), va, *moved);
			page_put(there, 0);
		}
	}
	memobj_put_unused(&s->obj, index, p);
	return err;
}

// One piece of a write, within a page. Bytes copied; fewer at a bad address.
static int64_t write_piece(struct shmem_inode *s, struct uio *u, uint64_t pos, size_t bytes)
{
	uint64_t index = pos >> PAGE_SHIFT;
	bool whole = bytes == PAGE_SIZE && !in_image(s, index);
	struct page *p;
	size_t n = 0;
	int err = memobj_get_page(&s->obj, index, MEMOBJ_NOSIZE | (whole ? 0 : MEMOBJ_ALLOC), &p);

	if (likely(!err)) {
		n = uio_copy_in(u, (char *)phys_to_virt(page_to_pa(p)) + (pos & ~PAGE_MASK), bytes);
		page_put(p, 0);
	} else if (err == -ENOENT && whole) {
		err = write_fresh_page(s, u, index, &n);
	}
	return err ? err : (int64_t)n;
}

// Linux generic_write_check_limits.
int shmem_write_limit(uint64_t pos, uint64_t *bytes)
{
	const uint64_t limit = MIN(file_size_limit(), (uint64_t)INT64_MAX);

	if (unlikely((int64_t)pos >= (int64_t)limit))
		return limit == INT64_MAX ? -EFBIG : shmem_check_limit(pos + 1);
	*bytes = MIN(*bytes, limit - pos);
	return 0;
}

// Linux generic_write_checks. The lock is held. Sets |*pos| for appending; may shorten the
// transfer.
static int write_checks(struct file *f, uint64_t *pos, uint64_t *bytes, unsigned rwf)
{
	if ((f->flags & O_APPEND && !(rwf & RWF_NOAPPEND)) || rwf & RWF_APPEND)
		*pos = f->inode->size_bytes;
	return shmem_write_limit(*pos, bytes);
}

// May [at, at + bytes) be written? Size seals refuse piece by piece, as Linux does.
static int seals_allow(const struct shmem_inode *s, uint64_t at, size_t bytes)
{
	if (s->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	return s->seals & F_SEAL_GROW && at + bytes > s->inode.size_bytes ? -EPERM : 0;
}

// The file reaches at least to |at|. On Linux it does so even where a write's first byte was at a
// bad address. True if it was shorter.
static bool grow(struct shmem_inode *s, uint64_t at)
{
	if (at <= s->inode.size_bytes)
		return false;
	memobj_truncate(&s->obj, at);
	WRITE_ONCE(s->inode.size_bytes, at);
	return true;
}

static int64_t write_pieces(struct shmem_inode *s, struct uio *u, uint64_t at, uint64_t bytes)
{
	uint64_t start = at, end = at + bytes;
	unsigned pages = 0;
	int64_t n = 0;

	while (at < end) {
		size_t want = MIN(end - at, PAGE_SIZE - (at & ~PAGE_MASK));

		if (unlikely(s->seals & ~F_SEAL_SEAL)) {
			n = seals_allow(s, at, want);
			if (n)
				break;
		}
		n = write_piece(s, u, at, want);
		if (!n && grow(s, at)) // the bytes to write may be in the part that came
			continue;
		if (n <= 0) {
			n = n < 0 ? n : -EFAULT;
			break;
		}
		at += (uint64_t)n;
		if (unlikely(++pages % RESCHED_PAGES == 0)) {
			sched_point();
			if (sched_killed())
				break;
		}
	}
	if (at > start)
		grow(s, at);
	return at > start ? (int64_t)(at - start) : n;
}

// The write ended before its end, after |done| bytes or with an error. For want of memory it goes
// on once there is some, as on Linux; for another reason the next try fails for it.
static __cold __noinline int64_t write_rest(struct shmem_inode *s, struct uio *u, uint64_t at,
					    uint64_t bytes, int64_t done)
{
	int64_t n = done;

	while ((n > 0 && (uint64_t)done < bytes && !sched_killed()) ||
	       (n == -ENOMEM && aspace_out_of_memory(thread_current()->aspace))) {
		done = MAX(done, 0);
		mutex_lock(&s->inode.lock);
		n = write_pieces(s, u, at + (uint64_t)done, bytes - (uint64_t)done);
		mutex_unlock(&s->inode.lock);
		done += MAX(n, 0);
	}
	return done > 0 ? done : n;
}

static int64_t shmem_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct shmem_inode *s = shmem_of(f->inode);
	uint64_t at = *pos, bytes = u->resid;
	int64_t n;

	if (!bytes)
		return 0;
	mutex_lock(&s->inode.lock);
	n = write_checks(f, &at, &bytes, rwf);
	if (!n) {
		inode_kill_privs(&s->inode);
		inode_touch_mtime(&s->inode);
		n = write_pieces(s, u, at, bytes);
	}
	mutex_unlock(&s->inode.lock);
	if (unlikely(n < (int64_t)bytes))
		n = write_rest(s, u, at, bytes, n);
	if (likely(n > 0))
		*pos = at + (uint64_t)n;
	return n;
}

static __always_inline_fn char *page_byte(struct page *p, uint64_t pos)
{
	return (char *)phys_to_virt(page_to_pa(p)) + (pos & ~PAGE_MASK);
}

// A read of what is there: only the object's own lock is taken.
static int64_t shmem_pread_quick(struct file *f, struct uptr buf, size_t bytes, uint64_t pos)
{
	struct shmem_inode *s = shmem_of(f->inode);
	struct page *p = NULL;

	if (likely(pos + bytes <= READ_ONCE(s->inode.size_bytes)))
		p = memobj_find_page_inline(&s->obj, pos >> PAGE_SHIFT);
	if (unlikely(!p))
		return file_read_user(f, buf, bytes, pos);
	if (likely(f->strict_atime))
		s->inode.atime = coarse_now();
	else
		rare_call(file_touch_atime, f);
	bytes = user_write_in_range(buf, page_byte(p, pos), bytes);
	page_put_shared(p);
	return likely(bytes) ? (int64_t)bytes : -EFAULT;
}

// A write over what is there, with nothing sealed and no limit near.
static int64_t shmem_pwrite_quick(struct file *f, struct uptr buf, size_t bytes, uint64_t pos)
{
	struct shmem_inode *s = shmem_of(f->inode);
	struct page *p = NULL;

	if (unlikely(f->flags & O_APPEND || pos + bytes > file_size_limit()))
		return file_write_user(f, buf, bytes, pos);
	mutex_lock(&s->inode.lock);
	if (likely(!(s->seals & ~F_SEAL_SEAL) && pos + bytes <= s->inode.size_bytes))
		p = memobj_find_page_inline(&s->obj, pos >> PAGE_SHIFT);
	if (unlikely(!p)) {
		mutex_unlock(&s->inode.lock);
		return file_write_user(f, buf, bytes, pos);
	}
	inode_kill_privs(&s->inode);
	inode_touch_mtime(&s->inode);
	bytes = user_read_in_range(page_byte(p, pos), buf, bytes);
	page_put_shared(p);
	mutex_unlock(&s->inode.lock);
	return likely(bytes) ? (int64_t)bytes : -EFAULT;
}

static int shmem_mmap(struct file *f, unsigned prot, unsigned flags, struct mmap_source *src)
{
	struct shmem_inode *s = shmem_of(f->inode);
	unsigned type = flags & MAP_TYPE;

	src->obj = &s->obj;
	if (type != MAP_PRIVATE && READ_ONCE(s->seals) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) {
		if (prot & PROT_WRITE)
			return -EPERM;
		src->deny_write_view = true;
	}
	file_touch_atime(f);
	return 0;
}

static int shmem_fsync(struct file *f, bool data_only)
{
	return 0; // memory is all there is
}

static __cold int shmem_setattr(struct inode *i, unsigned valid, const struct iattr *attr)
{
	if (valid & IATTR_MODE && shmem_of(i)->seals & F_SEAL_EXEC && (i->mode ^ attr->mode) & 0111)
		return -EPERM;
	return 0;
}

const struct inode_ops shmem_inode_ops = {
	.truncate = shmem_truncate,
	.getattr = shmem_getattr,
	.setattr = shmem_setattr,
	.release = shmem_release,
};

const struct file_ops shmem_file_ops = {
	.read = shmem_read,
	.write = shmem_write,
	.pread_quick = shmem_pread_quick,
	.pwrite_quick = shmem_pwrite_quick,
	.seek = shmem_seek,
	.mmap = shmem_mmap,
	.fallocate = shmem_fallocate,
	.fsync = shmem_fsync,
};
