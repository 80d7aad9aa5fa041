// SysV shared memory. A segment is a file of the page-backed inode without a name, attached by
// mapping it; the mappings own references to the segment, and their number is nattch. One spinlock
// guards the table and every segment's fields; files are made and dropped outside of it.
#include "kernel/proc/sysvshm.h"

#include <asm/errno.h>
#include <asm/ipcbuf.h>
#include <asm/posix_types.h>
#include <asm/shmbuf.h>
#include <linux/capability.h>
#include <linux/ipc.h>
#include <linux/mman.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "fs/inode.h"
#include "fs/memfd.h"
#include "fs/stat.h"
#include "kernel/proc/process.h"
#include "kernel/proc/procfs_internal.h"
#include "kernel/sched/cred.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "lib/uapi_new.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/mmap.h"
#include "mm/virt/uaccess.h"

#define MAX_SEGMENTS 4096u // SHMMNI
#define SEQ_SHIFT    15    // Linux ipcmni_seq_shift()
#define MIN_CYCLE    64u   // identifiers are not used again at once
#define MAX_BYTES    (~0ull - (1ull << 24))

struct segment {
	struct file *file;
	struct ipc64_perm perm; // mode with SHM_DEST, SHM_LOCKED
	uint64_t bytes, nattch;
	int64_t atime, dtime, ctime;
	int cpid, lpid;
	int id;
};

static struct {
	struct spinlock lock;
	// guarded by lock
	struct segment **table; // by index; NULL until the first segment
	unsigned used, last_index, seq;
} shm = { .lock = SPINLOCK_INIT(RANK_PID, "sysv shm") };

static int64_t now(void)
{
	return vfs_now().s;
}

static uint64_t pages_of(const struct segment *s)
{
	return (s->bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

static int key_of(const struct segment *s)
{
	return s->perm.key;
}

static struct segment *at_index(unsigned index)
{
	return shm.table && index < MAX_SEGMENTS ? shm.table[index] : NULL;
}

static struct segment *by_id(int id)
{
	struct segment *s = id < 0 ? NULL : at_index((unsigned)id & ((1u << SEQ_SHIFT) - 1));

	return s && s->id == id ? s : NULL;
}

static struct segment *by_key(int key)
{
	for (unsigned n = 0, left = shm.used; left; n++) {
		struct segment *s = at_index(n);

		left -= s != NULL;
		if (s && key_of(s) == key)
			return s;
	}
	return NULL;
}

// Linux ipcperms: all of |want| (0444 and the like) for the class that the caller is in.
static bool permitted(const struct segment *s, unsigned want)
{
	const struct cred *c = cred_current();
	unsigned granted = s->perm.mode;

	want = (want >> 6 | want >> 3 | want) & 7;
	if (c->euid == s->perm.cuid || c->euid == s->perm.uid)
		granted >>= 6;
	else if (cred_in_group(c, s->perm.cgid) || cred_in_group(c, s->perm.gid))
		granted >>= 3;
	return !(want & ~granted) || cred_has_cap(c, CAP_IPC_OWNER);
}

static bool is_owner(const struct segment *s)
{
	const struct cred *c = cred_current();

	return c->euid == s->perm.cuid || c->euid == s->perm.uid || cred_has_cap(c, CAP_SYS_ADMIN);
}

static void free_segment(struct segment *s)
{
	file_put(s->file);
	kfree(s);
}

// Takes a segment out if it is to be destroyed and nothing shows it; free_segment is then due.
static bool take_out_locked(struct segment *s)
{
	if (s->nattch || !(s->perm.mode & SHM_DEST))
		return false;
	shm.table[(unsigned)s->id & ((1u << SEQ_SHIFT) - 1)] = NULL;
	shm.used--;
	return true;
}

static void attach_locked(struct segment *s)
{
	s->nattch++;
	s->atime = now();
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
		s->dtime = now();
	if (shown && p)
		s->lpid = p->pid;
	last = take_out_locked(s);
	spin_unlock(&shm.lock);
	if (last)
		free_segment(s);
}

static void owner_put(void *owner)
{
	drop(owner, true);
}

static int owner_punch(void *owner, uint64_t start, uint64_t bytes)
{
	return file_vm_owner_ops.punch(((struct segment *)owner)->file, start, bytes);
}

static void *owner_file(void *owner)
{
	return ((struct segment *)owner)->file;
}

static const struct vm_owner_ops segment_owner_ops = {
	.get = owner_get,
	.put = owner_put,
	.punch = owner_punch,
	.file = owner_file,
};

// A free index behind the last one used; shm.used < MAX_SEGMENTS.
static void add_locked(struct segment *s)
{
	unsigned cycle = MIN(MAX(shm.used * 3 / 2, MIN_CYCLE), MAX_SEGMENTS);
	unsigned index = (shm.last_index + 1) % cycle;

	while (shm.table[index])
		index = (index + 1) % MAX_SEGMENTS;
	if (index <= shm.last_index && shm.last_index)
		shm.seq = (shm.seq + 1) & 0xffff;
	shm.last_index = index;
	s->id = (int)(shm.seq << SEQ_SHIFT | index);
	s->perm.seq = (unsigned short)shm.seq;
	shm.table[index] = s;
	shm.used++;
}

static int make_segment(int key, uint64_t bytes, int flags, struct segment **out)
{
	struct segment *s;
	char name[16];
	int err;

	if (bytes < SHMMIN || bytes > MAX_BYTES)
		return -EINVAL;
	if (bytes > INT64_MAX - PAGE_SIZE)
		return -ENOSPC; // more pages than there may be of all segments
	if (flags & SHM_HUGETLB)
		return -EPERM; // as Linux to who may not have any: the pool is empty
	s = kzalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	fmt_snprintf(name, sizeof(name), "SYSV%08x", (unsigned)key);
	err = memfd_create_unlinked(name, bytes, &s->file);
	if (err) {
		kfree(s);
		return err;
	}
	s->perm.key = key;
	s->perm.uid = s->perm.cuid = cred_current()->euid;
	s->perm.gid = s->perm.cgid = cred_current()->egid;
	s->perm.mode = (unsigned)flags & 0777;
	s->bytes = bytes;
	s->cpid = process_current()->pid;
	s->ctime = now();
	*out = s;
	return 0;
}

static int found(const struct segment *s, uint64_t bytes, int flags)
{
	if ((flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL))
		return -EEXIST;
	if (bytes > s->bytes)
		return -EINVAL;
	return permitted(s, (unsigned)flags & 0777) ? s->id : -EACCES;
}

// Puts |fresh| in unless the key has come to exist or the table is full. An identifier or -errno.
static int publish_locked(struct segment *fresh, int key, uint64_t bytes, int flags)
{
	struct segment *s = key == IPC_PRIVATE ? NULL : by_key(key);

	if (s)
		return found(s, bytes, flags);
	if (shm.used >= MAX_SEGMENTS)
		return -ENOSPC;
	add_locked(fresh);
	return fresh->id;
}

static int make_table(void)
{
	struct segment **table = NULL;

	if (READ_ONCE(shm.table))
		return 0;
	table = kvalloc(MAX_SEGMENTS * sizeof(*table));
	if (!table)
		return -ENOMEM;
	memset(table, 0, MAX_SEGMENTS * sizeof(*table));
	spin_lock(&shm.lock);
	if (!shm.table) {
		shm.table = table;
		table = NULL;
	}
	spin_unlock(&shm.lock);
	kvfree(table);
	return 0;
}

int64_t sysvshm_get(int key, uint64_t bytes, int flags)
{
	struct segment *s = NULL, *fresh;
	int r = make_table();

	if (r)
		return r;
	if (key != IPC_PRIVATE) {
		spin_lock(&shm.lock);
		s = by_key(key);
		r = s ? found(s, bytes, flags) : -ENOENT;
		spin_unlock(&shm.lock);
		if (s || !(flags & IPC_CREAT))
			return r;
	}
	r = make_segment(key, bytes, flags, &fresh);
	if (r)
		return r;
	spin_lock(&shm.lock);
	r = publish_locked(fresh, key, bytes, flags);
	spin_unlock(&shm.lock);
	if (r != fresh->id || r < 0)
		free_segment(fresh);
	return r;
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
	struct segment *s;
	int err = 0;

	spin_lock(&shm.lock);
	s = by_id(id);
	if (!s)
		err = -EINVAL;
	else if (!permitted(s, want))
		err = -EACCES;
	else
		s->nattch++; // kept while it is being mapped
	spin_unlock(&shm.lock);
	*out = s;
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
	r = vm_mmap(thread_current()->aspace, addr, s->bytes, prot, map, &src, 0);
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
		if ((!err && end - addr > ALIGN_UP(((struct segment *)owner)->bytes, PAGE_SIZE)) ||
		    vm_munmap(as, start, end - start))
			break;
		err = 0;
		start = end;
	}
	if (owner)
		owner_put(owner);
	return err;
}

static void fill_stat(const struct segment *s, struct shmid64_ds *d)
{
	memset(d, 0, sizeof(*d));
	d->shm_perm = s->perm;
	d->shm_segsz = s->bytes;
	d->shm_atime = s->atime;
	d->shm_dtime = s->dtime;
	d->shm_ctime = s->ctime;
	d->shm_cpid = s->cpid;
	d->shm_lpid = s->lpid;
	d->shm_nattch = s->nattch;
}

static int control_stat(int id, int cmd, struct uptr buf)
{
	struct shmid64_ds d;
	struct segment *s;
	int r = -EINVAL;

	spin_lock(&shm.lock);
	s = cmd == IPC_STAT ? by_id(id) : id < 0 ? NULL : at_index((unsigned)id);
	if (s)
		r = cmd != SHM_STAT_ANY && !permitted(s, 0444) ? -EACCES
		    : cmd == IPC_STAT                          ? 0
							       : s->id;
	if (r >= 0)
		fill_stat(s, &d);
	spin_unlock(&shm.lock);
	return r >= 0 && copy_to_user(buf, &d, sizeof(d)) ? -EFAULT : r;
}

// IPC_SET and IPC_RMID.
static int control_change(int id, int cmd, struct uptr buf)
{
	struct shmid64_ds d;
	struct segment *s;
	bool gone = false;
	int err = 0;

	if (cmd == IPC_SET && copy_from_user(&d, buf, sizeof(d)))
		return -EFAULT;
	spin_lock(&shm.lock);
	s = by_id(id);
	if (!s || !is_owner(s)) {
		err = s ? -EPERM : -EINVAL;
	} else if (cmd == IPC_RMID) {
		s->perm.mode |= SHM_DEST;
		s->perm.key = IPC_PRIVATE;
		gone = take_out_locked(s);
	} else if (d.shm_perm.uid == ~0u || d.shm_perm.gid == ~0u) {
		err = -EINVAL;
	} else {
		s->perm.uid = d.shm_perm.uid;
		s->perm.gid = d.shm_perm.gid;
		s->perm.mode = (s->perm.mode & ~(unsigned)0777) | (d.shm_perm.mode & 0777);
		s->ctime = now();
	}
	spin_unlock(&shm.lock);
	if (gone)
		free_segment(s);
	return err;
}

// Nothing is ever swapped out: the mark is all there is to it.
static int control_lock(int id, bool lock)
{
	struct aspace *as = thread_current()->aspace;
	struct segment *s;
	int err = 0;

	spin_lock(&shm.lock);
	s = by_id(id);
	if (!s)
		err = -EINVAL;
	else if (!cred_has_cap(cred_current(), CAP_IPC_LOCK) &&
		 (!is_owner(s) || (lock && !as->limits.memlock)))
		err = -EPERM;
	else if (lock)
		s->perm.mode |= SHM_LOCKED;
	else
		s->perm.mode &= ~(unsigned)SHM_LOCKED;
	spin_unlock(&shm.lock);
	return err;
}

// The highest index in use, as IPC_INFO and SHM_INFO answer; and the pages of all segments.
static int survey(struct shm_info *u)
{
	int top = 0;

	memset(u, 0, sizeof(*u));
	spin_lock(&shm.lock);
	for (unsigned n = 0, left = shm.used; left; n++) {
		struct segment *s = at_index(n);

		if (!s)
			continue;
		left--;
		top = (int)n;
		u->shm_tot += pages_of(s);
		u->shm_rss += READ_ONCE(s->file->inode->obj->present_pages);
	}
	u->used_ids = (int)shm.used;
	spin_unlock(&shm.lock);
	return top;
}

static int control_info(int cmd, struct uptr buf)
{
	struct shminfo64 limits = { .shmmax = MAX_BYTES,
				    .shmmin = SHMMIN,
				    .shmmni = MAX_SEGMENTS,
				    .shmseg = MAX_SEGMENTS,
				    .shmall = MAX_BYTES };
	struct shm_info u;
	int top = survey(&u);

	if (cmd == IPC_INFO ? copy_to_user(buf, &limits, sizeof(limits))
			    : copy_to_user(buf, &u, sizeof(u)))
		return -EFAULT;
	return top;
}

__stack_guarded int64_t sysvshm_control(int id, int cmd, struct uptr buf)
{
	if (cmd < 0 || id < 0)
		return -EINVAL;
	switch (cmd & ~IPC_64) {
	case IPC_INFO:
	case SHM_INFO:
		return control_info(cmd, buf);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		return control_stat(id, cmd, buf);
	case IPC_SET:
	case IPC_RMID:
		return control_change(id, cmd, buf);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return control_lock(id, cmd == SHM_LOCK);
	}
	return -EINVAL;
}

static void show_segment(struct seq *out, const struct segment *s, const struct shmid64_ds *d,
			 uint64_t resident)
{
	seq_printf(out,
		   "%10d %10d  %4o %21llu %5d %5d  %5llu %5u %5u %5u %5u %10lld %10lld %10lld "
		   "%21llu %21llu\n",
		   d->shm_perm.key, s->id, d->shm_perm.mode, (unsigned long long)d->shm_segsz,
		   d->shm_cpid, d->shm_lpid, (unsigned long long)d->shm_nattch, d->shm_perm.uid,
		   d->shm_perm.gid, d->shm_perm.cuid, d->shm_perm.cgid, (long long)d->shm_atime,
		   (long long)d->shm_dtime, (long long)d->shm_ctime,
		   (unsigned long long)(resident << PAGE_SHIFT), 0ull);
}

static __stack_guarded int show_all(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, "       key      shmid perms                  size  cpid  lpid nattch   "
			"uid   gid  cuid  cgid      atime      dtime      ctime                  "
			" rss                  swap\n");
	for (unsigned n = 0; n < MAX_SEGMENTS && READ_ONCE(shm.used); n++) {
		struct segment copy, *s;
		struct shmid64_ds d;
		uint64_t resident = 0;

		spin_lock(&shm.lock);
		s = at_index(n);
		if (s) {
			copy = *s;
			fill_stat(s, &d);
			resident = READ_ONCE(s->file->inode->obj->present_pages);
		}
		spin_unlock(&shm.lock);
		if (s)
			show_segment(out, &copy, &d, resident);
	}
	return 0;
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
