// SysV shared memory. A segment is a file of the page-backed inode without a name, attached by
// mapping it; the mappings own references to the segment, and their number is nattch. The table's
// spinlock guards every segment's fields; files are made and dropped outside of it.
#include "kernel/proc/sysvshm.h"

#include <asm/errno.h>
#include <asm/posix_types.h>
#include <asm/shmbuf.h>
#include <linux/capability.h>
#include <linux/ipc.h>
#include <linux/mman.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "fs/hugetlbfs.h"
#include "fs/inode.h"
#include "fs/memfd.h"
#include "fs/stat.h"
#include "kernel/proc/process.h"
#include "kernel/proc/procfs_internal.h"
#include "kernel/proc/sysvipc.h"
#include "kernel/sched/cred.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "lib/uapi_new.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/mmap.h"
#include "mm/virt/uaccess.h"

#define MAX_SEGMENTS 4096u // SHMMNI
#define MAX_BYTES    (~0ull - (1ull << 24))

struct segment {
	struct ipc_object o; // mode with SHM_DEST, SHM_LOCKED; its size in bytes
	struct file *file;
	uint64_t nattch;
	int64_t atime, dtime;
	int cpid, lpid;
};

// Segments take no frames of the pool of 2 MiB pages: to those who may have some it is as if the
// pool were empty (Linux hugetlb_file_setup).
static int why_no_huge(unsigned flags)
{
	const struct cred *c = cred_current();

	if (!hugetlbfs_page_shift(flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK))
		return -EINVAL;
	// 0 is vm.hugetlb_shm_group.
	return cred_has_cap(c, CAP_IPC_LOCK) || cred_in_group(c, 0) ? -ENOMEM : -EPERM;
}

static int make_segment(int key, uint64_t bytes, int flags, struct ipc_object **out);
static void free_segment(struct ipc_object *o);

static struct ipc_table shm = {
	.lock = SPINLOCK_INIT(RANK_PID, "sysv shm"),
	.max = MAX_SEGMENTS,
	.make = make_segment,
	.drop = free_segment,
};

static uint64_t pages_of(const struct segment *s)
{
	return (s->o.size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

static struct segment *segment_of(struct ipc_object *o)
{
	return container_of(o, struct segment, o);
}

static void free_segment(struct ipc_object *o)
{
	struct segment *s = segment_of(o);

	file_put(s->file);
	kfree(s);
}

// Takes a segment out if it is to be destroyed and nothing shows it; free_segment is then due.
static bool take_out_locked(struct segment *s)
{
	if (s->nattch || !(s->o.perm.mode & SHM_DEST))
		return false;
	ipc_take_out(&shm, &s->o);
	return true;
}

static void attach_locked(struct segment *s)
{
	s->nattch++;
	s->atime = ipc_now();
	s->lpid = process_current()->pid;
}

static void owner_get(void *owner)
{
	spin_lock(&shm.lock);
	attach_locked(owner);
	spin_unlock(&shm.lock);
}

static void drop(struct segment *s, bool shown)
{
	struct process *p = process_current();
	bool last;

	spin_lock(&shm.lock);
	s->nattch--;
	if (shown)
		s->dtime = ipc_now();
	if (shown && p)
		s->lpid = p->pid;
	last = take_out_locked(s);
	spin_unlock(&shm.lock);
	if (last)
		free_segment(&s->o);
}

static void owner_put(void *owner)
{
	drop(owner, true);
}

static int owner_punch(void *owner, uint64_t start, uint64_t bytes)
{
	return file_vm_owner_ops.punch(((struct segment *)owner)->file, start, bytes);
}

static int owner_collapse(void *owner, struct memobj *o, uint64_t index)
{
	return file_vm_owner_ops.collapse(((struct segment *)owner)->file, o, index);
}

static void *owner_file(void *owner)
{
	return ((struct segment *)owner)->file;
}

static const struct vm_owner_ops segment_owner_ops = {
	.get = owner_get,
	.put = owner_put,
	.punch = owner_punch,
	.collapse = owner_collapse,
	.file = owner_file,
};

static __stack_guarded int make_segment(int key, uint64_t bytes, int flags, struct ipc_object **out)
{
	struct segment *s;
	char name[16];
	int err;

	if (bytes < SHMMIN || bytes > MAX_BYTES)
		return -EINVAL;
	if (bytes > INT64_MAX - PAGE_SIZE)
		return -ENOSPC; // more pages than there may be of all segments
	if (flags & SHM_HUGETLB)
		return why_no_huge((unsigned)flags);
	s = kzalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	fmt_snprintf(name, sizeof(name), "SYSV%08x", (unsigned)key);
	err = memfd_create_unlinked(name, bytes, &s->file);
	if (err) {
		kfree(s);
		return err;
	}
	ipc_object_init(&s->o, key, bytes, flags);
	s->cpid = process_current()->pid;
	*out = &s->o;
	return 0;
}

int64_t sysvshm_get(int key, uint64_t bytes, int flags)
{
	return ipc_get(&shm, key, bytes, flags);
}

// Where to map, and how: Linux do_shmat.
static int attach_place(uint64_t *addr, int flags, unsigned *map)
{
	*map = MAP_SHARED;
	if (!*addr)
		return flags & SHM_REMAP ? -EINVAL : 0;
	if (*addr & ~PAGE_MASK) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		*addr &= PAGE_MASK;
		if (!*addr && flags & SHM_REMAP)
			return -EINVAL;
	}
	*map |= flags & SHM_REMAP || !*addr ? MAP_FIXED : MAP_FIXED_NOREPLACE;
	return 0;
}

static int attach_find(int id, unsigned want, struct segment **out)
{
	struct ipc_object *o;
	int err;

	spin_lock(&shm.lock);
	err = ipc_find(&shm, id, want, &o);
	*out = segment_of(o);
	if (!err)
		(*out)->nattch++; // kept while it is being mapped
	spin_unlock(&shm.lock);
	return err;
}

int64_t sysvshm_attach(int id, uint64_t addr, int flags)
{
	unsigned prot = PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) |
			(flags & SHM_EXEC ? PROT_EXEC : 0);
	unsigned want = 0444 | (flags & SHM_RDONLY ? 0 : 0222) | (flags & SHM_EXEC ? 0111 : 0);
	struct mmap_source src = { .owner_ops = &segment_owner_ops,
				   .may_read = true,
				   .may_exec = true,
				   .may_write = !(flags & SHM_RDONLY) };
	struct segment *s;
	unsigned map;
	int64_t r = id < 0 ? -EINVAL : attach_place(&addr, flags, &map);

	if (!r)
		r = attach_find(id, want, &s);
	if (r)
		return r;
	src.obj = s->file->inode->obj;
	src.owner = s;
	r = vm_mmap(thread_current()->aspace, addr, s->o.size, prot, map, &src, 0);
	if (r == -EEXIST)
		r = -EINVAL;
	drop(s, false);
	return r;
}

int sysvshm_detach(uint64_t addr)
{
	struct aspace *as = thread_current()->aspace;
	uint64_t start = addr, end;
	void *owner = NULL;
	int err = -EINVAL;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	// The parts that are left of one attachment, wherever it begins now. Only of the first it
	// does not matter how long it is: mremap may have made it longer.
	while (!vm_find_view(as, addr, &segment_owner_ops, &start, &end, &owner)) {
		if ((!err && end - addr > ALIGN_UP(((struct segment *)owner)->o.size, PAGE_SIZE)) ||
		    vm_munmap(as, start, end - start))
			break;
		err = 0;
		start = end;
	}
	if (owner)
		owner_put(owner);
	return err;
}

static void fill_stat(const struct ipc_object *o, void *out)
{
	const struct segment *s = container_of(o, const struct segment, o);
	struct shmid64_ds *d = out;

	memset(d, 0, sizeof(*d));
	d->shm_perm = o->perm;
	d->shm_segsz = o->size;
	d->shm_atime = s->atime;
	d->shm_dtime = s->dtime;
	d->shm_ctime = o->ctime;
	d->shm_cpid = s->cpid;
	d->shm_lpid = s->lpid;
	d->shm_nattch = s->nattch;
}

static __stack_guarded int control_stat(int id, enum ipc_lookup how, struct uptr buf)
{
	struct shmid64_ds d;
	int r = ipc_stat(&shm, id, how, fill_stat, &d);

	return r >= 0 && copy_to_user(buf, &d, sizeof(d)) ? -EFAULT : r;
}

// IPC_SET and IPC_RMID.
static int control_change(int id, int cmd, struct uptr buf)
{
	struct shmid64_ds d;
	struct ipc_object *o;
	bool gone = false;
	int err;

	if (cmd == IPC_SET && copy_from_user(&d, buf, sizeof(d)))
		return -EFAULT;
	spin_lock(&shm.lock);
	err = ipc_find_owned(&shm, id, &o);
	if (!err && cmd == IPC_SET) {
		err = ipc_set_perm(o, &d.shm_perm);
	} else if (!err) {
		o->perm.mode |= SHM_DEST;
		o->perm.key = IPC_PRIVATE;
		gone = take_out_locked(segment_of(o));
	}
	spin_unlock(&shm.lock);
	if (gone)
		free_segment(o);
	return err;
}

// Nothing is ever swapped out: the mark is all there is to it.
static int control_lock(int id, bool lock)
{
	struct aspace *as = thread_current()->aspace;
	struct ipc_object *o;
	int err = 0;

	spin_lock(&shm.lock);
	o = ipc_by_id(&shm, id);
	if (!o)
		err = -EINVAL;
	else if (!cred_has_cap(cred_current(), CAP_IPC_LOCK) &&
		 (!ipc_is_owner(o) || (lock && !as->limits.memlock)))
		err = -EPERM;
	else if (lock)
		o->perm.mode |= SHM_LOCKED;
	else
		o->perm.mode &= ~(unsigned)SHM_LOCKED;
	spin_unlock(&shm.lock);
	return err;
}

static uint64_t resident_pages(const struct segment *s)
{
	return READ_ONCE(s->file->inode->obj->present_pages);
}

static void add_usage(const struct ipc_object *o, void *sum)
{
	const struct segment *s = container_of(o, const struct segment, o);
	struct shm_info *u = sum;

	u->used_ids++;
	u->shm_tot += pages_of(s);
	u->shm_rss += resident_pages(s);
}

static int control_info(int cmd, struct uptr buf)
{
	struct shminfo64 limits = { .shmmax = MAX_BYTES,
				    .shmmin = SHMMIN,
				    .shmmni = MAX_SEGMENTS,
				    .shmseg = MAX_SEGMENTS,
				    .shmall = MAX_BYTES };
	struct shm_info u;
	int top;

	memset(&u, 0, sizeof(u));
	top = ipc_survey(&shm, add_usage, &u);
	if (cmd == IPC_INFO ? copy_to_user(buf, &limits, sizeof(limits))
			    : copy_to_user(buf, &u, sizeof(u)))
		return -EFAULT;
	return top;
}

__stack_guarded int64_t sysvshm_control(int id, int cmd, struct uptr buf)
{
	if (cmd < 0 || id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case SHM_INFO:
		return control_info(cmd, buf);
	case IPC_STAT:
		return control_stat(id, IPC_BY_ID, buf);
	case SHM_STAT:
		return control_stat(id, IPC_BY_INDEX, buf);
	case SHM_STAT_ANY:
		return control_stat(id, IPC_BY_INDEX_ANY, buf);
	case IPC_SET:
	case IPC_RMID:
		return control_change(id, cmd, buf);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return control_lock(id, cmd == SHM_LOCK);
	}
	return -EINVAL;
}

static void print_segment(const struct ipc_object *o, char *buf, size_t bytes)
{
	const struct segment *s = container_of(o, const struct segment, o);
	const struct ipc64_perm *p = &o->perm;

	fmt_snprintf(buf, bytes,
		     "%10d %10d  %4o %21llu %5d %5d  %5llu %5u %5u %5u %5u %10lld %10lld %10lld "
		     "%21llu %21llu\n",
		     p->key, o->id, p->mode, (unsigned long long)o->size, s->cpid, s->lpid,
		     (unsigned long long)s->nattch, p->uid, p->gid, p->cuid, p->cgid,
		     (long long)s->atime, (long long)s->dtime, (long long)o->ctime,
		     (unsigned long long)(resident_pages(s) << PAGE_SHIFT), 0ull);
}

static int show_all(const struct pseudo_ref *r, struct seq *out)
{
	return ipc_show(&shm, out,
			"       key      shmid perms                  size  cpid  lpid nattch   "
			"uid   gid  cuid  cgid      atime      dtime      ctime                  "
			" rss                  swap\n",
			print_segment);
}

static int show_shmmax(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, "%llu\n", (unsigned long long)MAX_BYTES);
	return 0;
}

static int show_shmmni(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, "%u\n", MAX_SEGMENTS);
	return 0;
}

static int show_zero(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, "0\n");
	return 0;
}

static int show_none(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, "-1\n");
	return 0;
}

static const struct pseudo_node ipc_nodes[] = {
	{ .name = "shm", .mode = NODE_FILE, .show = show_all },
	{ .name = NULL },
};
static const struct pseudo_node kernel_nodes[] = {
	{ .name = "shm_next_id", .mode = NODE_FILE, .show = show_none },
	{ .name = "shm_rmid_forced", .mode = NODE_FILE, .show = show_zero },
	{ .name = "shmall", .mode = NODE_FILE, .show = show_shmmax },
	{ .name = "shmmax", .mode = NODE_FILE, .show = show_shmmax },
	{ .name = "shmmni", .mode = NODE_FILE, .show = show_shmmni },
	{ .name = NULL },
};
static struct pseudo_table tables[] = {
	{ .dir = "sysvipc", .nodes = ipc_nodes },
	{ .dir = "sys/kernel", .nodes = kernel_nodes },
};

void sysvshm_init(void)
{
	pseudo_register(PSEUDO_PROC, &tables[0]);
	pseudo_register(PSEUDO_PROC, &tables[1]);
}
