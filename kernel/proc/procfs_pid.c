// /proc/PID: the table of a process's files.

#include <asm/errno.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "kernel/proc/procfs_internal.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/sched.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/mapper.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"
#include "mm/virt/aspace.h"
#include "mm/virt/uaccess.h"

#define COPY_BYTES 4096u

struct thread *procfs_thread(const struct pseudo_ref *r)
{
	struct thread *t = pid_find_thread((int)r->key[0]);
	struct process *p;
	uint64_t irq;

	if (t && t->process)
		return t;
	if (t)
		thread_put(t);
	p = process_find((int)r->key[0]);
	if (!p)
		return NULL;
	t = NULL;
	irq = sighand_lock(p);
	if (!list_empty(&p->threads)) {
		t = list_first(&p->threads, struct uthread, node)->thread;
		thread_get(t);
	}
	sighand_unlock(p, irq);
	process_put(p);
	return t;
}

struct process *procfs_process(const struct pseudo_ref *r)
{
	struct process *p = process_find((int)r->key[0]);
	struct thread *t;

	if (p)
		return p;
	t = procfs_thread(r);
	if (!t)
		return NULL;
	p = process_get(t->process);
	thread_put(t);
	return p;
}

struct aspace *procfs_aspace(const struct pseudo_ref *r)
{
	struct process *p = procfs_process(r);
	struct aspace *as;
	uint64_t irq;

	if (!p)
		return NULL;
	irq = sighand_lock(p);
	as = p->aspace;
	if (as)
		aspace_get(as);
	sighand_unlock(p, irq);
	process_put(p);
	return as;
}

struct fs_context *procfs_fsctx(const struct pseudo_ref *r)
{
	struct process *p = procfs_process(r);
	struct fs_context *c;

	if (!p)
		return NULL;
	// After unshare(CLONE_FILES) a thread sees its own files in thread-self.
	if ((int)r->key[0] == thread_current()->tid && fs_context_current()) {
		process_put(p);
		return fs_context_get(fs_context_current());
	}
	c = process_get_fs(p);
	process_put(p);
	return c;
}

static bool pid_alive(const struct pseudo_ref *r)
{
	struct process *p = procfs_process(r);

	if (!p)
		return false;
	process_put(p);
	return true;
}

// Copies bytes of a program's memory: of the caller's own by the usual way, of another's as far as
// its pages are present. Returns how many.
static size_t read_memory(struct aspace *as, char *buf, va_t va, size_t n)
{
	size_t done = 0;

	if (as == thread_current()->aspace)
		return user_read_partial(buf, UPTR(va), n);
	while (done < n) {
		struct pt_entry e;
		struct page *page = pt_get_page(&as->pt, va + done, &e);
		size_t now = MIN(n - done, (size_t)(PAGE_SIZE - (va + done) % PAGE_SIZE));

		if (!page)
			break;
		memcpy(buf + done, phys_to_virt(e.pa), now);
		page_put(page, 0);
		done += now;
	}
	return done;
}

// Prints [start, end) of the program's memory as it is now.
static int show_user_range(const struct pseudo_ref *r, struct seq *out, bool env)
{
	struct aspace *as = procfs_aspace(r);
	uint64_t at, end;
	char *buf;
	int err = 0;

	if (!as) // it has ended, and nobody has waited for it
		return pid_alive(r) ? 0 : -ESRCH;
	buf = kmalloc(COPY_BYTES);
	if (!buf)
		err = -ENOMEM;
	at = env ? as->env_start : as->arg_start;
	end = env ? as->env_end : as->arg_end;
	while (!err && at < end) {
		size_t want = MIN(end - at, (uint64_t)COPY_BYTES);
		size_t n = read_memory(as, buf, at, want);

		seq_write(out, buf, n);
		if (n < want)
			break;
		at += n;
	}
	kfree(buf);
	aspace_put(as);
	return err;
}

static int show_cmdline(const struct pseudo_ref *r, struct seq *out)
{
	return show_user_range(r, out, false);
}

static int show_environ(const struct pseudo_ref *r, struct seq *out)
{
	return show_user_range(r, out, true);
}

static int show_auxv(const struct pseudo_ref *r, struct seq *out)
{
	struct aspace *as = procfs_aspace(r);
	unsigned words = 2;

	if (!as)
		return -ESRCH;
	while (words + 2 <= ARRAY_SIZE(as->auxv) && as->auxv[words - 2])
		words += 2;
	seq_write(out, as->auxv, words * sizeof(as->auxv[0]));
	aspace_put(as);
	return 0;
}

static int show_comm(const struct pseudo_ref *r, struct seq *out)
{
	struct thread *t = procfs_thread(r);
	struct process *p = procfs_process(r);

	if (!p)
		return -ESRCH;
	seq_printf(out, "%s\n", t ? t->comm : p->last_comm);
	if (t)
		thread_put(t);
	process_put(p);
	return 0;
}

static int64_t store_comm(const struct pseudo_ref *r, char *text, size_t n)
{
	struct thread *t = procfs_thread(r);
	size_t bytes = MIN(n, sizeof(t->comm) - 1);

	if (!t)
		return -ESRCH;
	if (t->process != process_current()) {
		thread_put(t);
		return -EINVAL;
	}
	if (bytes && text[bytes - 1] == '\n')
		bytes--;
	memcpy(t->comm, text, bytes);
	memset(t->comm + bytes, 0, sizeof(t->comm) - bytes);
	thread_put(t);
	return (int64_t)n;
}

static int get_link_exe(const struct pseudo_ref *r, struct path *out)
{
	struct aspace *as = procfs_aspace(r);
	struct file *f;

	if (!as)
		return -ENOENT;
	f = as->exe_owner;
	if (f) {
		*out = f->path;
		path_get(out);
	}
	aspace_put(as);
	return f ? 0 : -ENOENT;
}

static int get_link_context(const struct pseudo_ref *r, struct path *out,
			    void (*get)(struct fs_context *c, struct path *out))
{
	struct fs_context *c = procfs_fsctx(r);

	if (!c)
		return -ENOENT;
	get(c, out);
	fs_context_put(c);
	return 0;
}

static int get_link_cwd(const struct pseudo_ref *r, struct path *out)
{
	return get_link_context(r, out, fs_context_get_cwd);
}

static int get_link_root(const struct pseudo_ref *r, struct path *out)
{
	return get_link_context(r, out, fs_context_get_root);
}

static const struct limit_row {
	const char *name, *unit;
} limit_rows[RLIMIT_COUNT] = {
	{ "Max cpu time", "seconds" },     { "Max file size", "bytes" },
	{ "Max data size", "bytes" },      { "Max stack size", "bytes" },
	{ "Max core file size", "bytes" }, { "Max resident set", "bytes" },
	{ "Max processes", "processes" },  { "Max open files", "files" },
	{ "Max locked memory", "bytes" },  { "Max address space", "bytes" },
	{ "Max file locks", "locks" },     { "Max pending signals", "signals" },
	{ "Max msgqueue size", "bytes" },  { "Max nice priority", NULL },
	{ "Max realtime priority", NULL }, { "Max realtime timeout", "us" },
};

static void limit_text(char *buf, size_t bytes, uint64_t v)
{
	if (v == UINT64_MAX)
		str_copy(buf, "unlimited", bytes);
	else
		fmt_snprintf(buf, bytes, "%llu", (unsigned long long)v);
}

static __stack_guarded int show_limits(const struct pseudo_ref *r, struct seq *out)
{
	struct process *p = procfs_process(r);
	char cur[24], max[24];

	if (!p)
		return -ESRCH;
	seq_printf(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (unsigned i = 0; i < RLIMIT_COUNT; i++) {
		limit_text(cur, sizeof(cur), p->limits.v[i].cur);
		limit_text(max, sizeof(max), p->limits.v[i].max);
		seq_printf(out, "%-25s %-20s %-20s ", limit_rows[i].name, cur, max);
		seq_printf(out, limit_rows[i].unit ? "%-10s\n" : "\n", limit_rows[i].unit);
	}
	process_put(p);
	return 0;
}

// The out-of-memory score: share of memory in thousandths, plus the adjustment.
static int show_oom_score_adj(const struct pseudo_ref *r, struct seq *out)
{
	struct process *p = procfs_process(r);

	if (!p)
		return -ESRCH;
	seq_printf(out, "%d\n", p->oom_score_adj);
	process_put(p);
	return 0;
}

static __stack_guarded int64_t store_oom_score_adj(const struct pseudo_ref *r, char *text, size_t n)
{
	bool minus = n && text[0] == '-';
	char digits[8] = "";
	struct process *p;
	uint64_t v;

	while (n && text[n - 1] == '\n')
		text[--n] = '\0';
	str_copy(digits, text + minus, MIN(sizeof(digits), n - minus + 1));
	if (str_to_u64(digits, &v) || v > 1000)
		return -EINVAL;
	p = procfs_process(r);
	if (!p)
		return -ESRCH;
	p->oom_score_adj = minus ? -(int)v : (int)v;
	process_put(p);
	return (int64_t)n + 1;
}

static int show_personality(const struct pseudo_ref *r, struct seq *out)
{
	struct process *p = procfs_process(r);

	if (!p)
		return -ESRCH;
	seq_printf(out, "%08x\n", p->personality);
	process_put(p);
	return 0;
}

static int show_cgroup(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, "0::/\n");
	return 0;
}

static int task_lookup(const struct pseudo_ref *dir, const char *name, size_t bytes,
		       struct pseudo_ref *out);
static int task_iterate(const struct pseudo_ref *dir, struct pseudo_emit *e);

// Files are those of who runs the process: of root if it gave something up or must not be read
// (Linux task_dump_owner()).
static int pid_attr(const struct pseudo_ref *r, uint32_t *mode, uint32_t *uid, uint32_t *gid)
{
	struct thread *t = procfs_thread(r);
	struct cred *c;

	if (!t)
		return 0;
	// (A process finds its own descriptors, whatever it gave up: proc_fd_permission().)
	if (t->process->dumpable == 1 || *mode == NODE_DIR ||
	    (*mode == NODE_PRIVATE_DIR && t->process == process_current())) {
		c = cred_of(t);
		*uid = c->euid;
		*gid = c->egid;
		cred_put(c);
	} else {
		*uid = *gid = 0;
	}
	thread_put(t);
	return 0;
}

// What threads and processes have in common.
#define COMMON_NODES                                                                               \
	{ .name = "auxv", .attr = pid_attr, .mode = 0100400, .show = show_auxv },                  \
		{ .name = "cgroup", .attr = pid_attr, .mode = NODE_FILE, .show = show_cgroup },    \
		{ .name = "cmdline", .attr = pid_attr, .mode = NODE_FILE, .show = show_cmdline },  \
		{ .name = "comm",                                                                  \
		  .attr = pid_attr,                                                                \
		  .mode = 0100644,                                                                 \
		  .show = show_comm,                                                               \
		  .store = store_comm },                                                           \
		{ .name = "cwd", .attr = pid_attr, .mode = NODE_LINK, .get_link = get_link_cwd },  \
		{ .name = "environ", .attr = pid_attr, .mode = 0100400, .show = show_environ },    \
		{ .name = "exe", .attr = pid_attr, .mode = NODE_LINK, .get_link = get_link_exe },  \
		{ .name = "fd",                                                                    \
		  .attr = pid_attr,                                                                \
		  .mode = NODE_PRIVATE_DIR,                                                        \
		  .lookup = procfs_fd_lookup,                                                      \
		  .iterate = procfs_fd_iterate },                                                  \
		{ .name = "fdinfo",                                                                \
		  .attr = pid_attr,                                                                \
		  .mode = NODE_DIR,                                                                \
		  .lookup = procfs_fdinfo_lookup,                                                  \
		  .iterate = procfs_fdinfo_iterate },                                              \
		{ .name = "limits", .attr = pid_attr, .mode = NODE_FILE, .show = show_limits },    \
		{ .name = "maps", .attr = pid_attr, .mode = NODE_FILE, .show = procfs_show_maps }, \
		{ .name = "mem", .attr = pid_attr, .mode = 0100600, .open = procfs_open_mem },     \
		{ .name = "mountinfo",                                                             \
		  .attr = pid_attr,                                                                \
		  .mode = NODE_FILE,                                                               \
		  .show = procfs_show_mountinfo },                                                 \
		{ .name = "mounts",                                                                \
		  .attr = pid_attr,                                                                \
		  .mode = NODE_FILE,                                                               \
		  .show = procfs_show_mounts },                                                    \
		{ .name = "oom_score_adj",                                                         \
		  .attr = pid_attr,                                                                \
		  .mode = 0100644,                                                                 \
		  .show = show_oom_score_adj,                                                      \
		  .store = store_oom_score_adj },                                                  \
		{ .name = "personality",                                                           \
		  .attr = pid_attr,                                                                \
		  .mode = 0100400,                                                                 \
		  .show = show_personality },                                                      \
		{ .name = "root",                                                                  \
		  .attr = pid_attr,                                                                \
		  .mode = NODE_LINK,                                                               \
		  .get_link = get_link_root },                                                     \
		{ .name = "smaps",                                                                 \
		  .attr = pid_attr,                                                                \
		  .mode = NODE_FILE,                                                               \
		  .show = procfs_show_smaps },                                                     \
		{ .name = "stat", .attr = pid_attr, .mode = NODE_FILE, .show = procfs_show_stat }, \
		{ .name = "statm",                                                                 \
		  .attr = pid_attr,                                                                \
		  .mode = NODE_FILE,                                                               \
		  .show = procfs_show_statm },                                                     \
		{ .name = "syscall",                                                               \
		  .attr = pid_attr,                                                                \
		  .mode = 0100400,                                                                 \
		  .show = procfs_show_syscall },                                                   \
	{                                                                                          \
		.name = "status", .attr = pid_attr, .mode = NODE_FILE, .show = procfs_show_status  \
	}

static const struct pseudo_node thread_nodes[] = { COMMON_NODES, { .name = NULL } };

static const struct pseudo_node process_nodes[] = { COMMON_NODES,
						    { .name = "task",
						      .attr = pid_attr,
						      .mode = NODE_DIR,
						      .lookup = task_lookup,
						      .iterate = task_iterate },
						    { .name = NULL } };

static const struct pseudo_node process_dir = { .name = "",
						.attr = pid_attr,
						.mode = NODE_DIR,
						.children = process_nodes,
						.alive = pid_alive };
static const struct pseudo_node thread_dir = {
	.name = "", .attr = pid_attr, .mode = NODE_DIR, .children = thread_nodes, .alive = pid_alive
};

static int task_lookup(const struct pseudo_ref *dir, const char *name, size_t bytes,
		       struct pseudo_ref *out)
{
	struct process *p;
	struct thread *t;
	uint64_t tid;
	int err = -ENOENT;

	if (!pseudo_parse_number(name, bytes, &tid) || tid >= PID_MAX)
		return err;
	t = pid_find_thread((int)tid);
	if (!t)
		return err;
	p = process_find((int)dir->key[0]);
	if (p && t->process == p) {
		*out = (struct pseudo_ref){ .node = &thread_dir, .key = { tid, 0 } };
		err = 0;
	}
	if (p)
		process_put(p);
	thread_put(t);
	return err;
}

static __stack_guarded int task_iterate(const struct pseudo_ref *dir, struct pseudo_emit *e)
{
	struct process *p = process_find((int)dir->key[0]);
	int tid = (int)e->from;
	bool more = true;
	char name[16];

	if (!p)
		return -ENOENT;
	while (more && (tid = pid_next(tid + 1)) > 0) {
		struct thread *t = pid_find_thread(tid);
		struct pseudo_ref child = { .node = &thread_dir, .key = { (uint64_t)tid, 0 } };

		if (t && t->process == p) {
			fmt_snprintf(name, sizeof(name), "%d", tid);
			more = e->emit(e, name, &child, (uint64_t)tid);
		}
		if (t)
			thread_put(t);
	}
	process_put(p);
	return 0;
}

__stack_guarded int procfs_pid_lookup(const struct pseudo_ref *dir, const char *name, size_t bytes,
				      struct pseudo_ref *out)
{
	struct pseudo_ref child = { .node = &process_dir };

	if (!pseudo_parse_number(name, bytes, &child.key[0]) || child.key[0] >= PID_MAX ||
	    !pid_alive(&child))
		return -ENOENT;
	*out = child;
	return 0;
}

int procfs_pid_of_dir(const struct file *f)
{
	const struct pseudo_ref *r = f->inode ? pseudo_inode_ref(f->inode) : NULL;

	return r && r->node == &process_dir ? (int)r->key[0] : 0;
}

__stack_guarded int procfs_pid_iterate(const struct pseudo_ref *dir, struct pseudo_emit *e)
{
	struct process *p;
	bool more = true;
	char name[16];

	for (int from = (int)e->from + 1; more && (p = process_next(from)); from = p->pid + 1) {
		struct pseudo_ref child = { .node = &process_dir, .key = { (uint64_t)p->pid, 0 } };

		fmt_snprintf(name, sizeof(name), "%d", p->pid);
		more = e->emit(e, name, &child, (uint64_t)p->pid);
		process_put(p);
	}
	return 0;
}
