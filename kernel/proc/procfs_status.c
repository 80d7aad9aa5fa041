// /proc/PID/stat and status, in the formats of Linux 6.18 (fs/proc/array.c).

#include <asm/errno.h>
#include <linux/personality.h>
#include <linux/resource.h>
#include <linux/signal.h>

#include "fs/fdtable.h"
#include "fs/tty.h"
#include "kernel/proc/procfs_internal.h"
#include "kernel/proc/ptrace_internal.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/prio.h"
#include "lib/bitmap.h"
#include "mm/virt/aspace.h"

#define CLOCK_TICK_NS 10000000ull // USER_HZ
#define PAGE_KIB      (PAGE_SIZE / 1024)
#define FDTABLE_ROUND 64
// Linux's PF_*: they are part of what stat shows.
#define TASK_RANDOMIZE    0x400000u
#define TASK_FORK_NO_EXEC 0x40u

struct signal_sets {
	uint64_t pending, shared, blocked, ignored, caught;
	unsigned queued;
};

// |t| NULL: all of them have ended.
static struct signal_sets collect_signals(struct process *p, struct thread *t)
{
	struct signal_sets s = { 0 };
	uint64_t irq = sighand_lock(p);

	if (t && t->uthread) {
		s.pending = t->uthread->pending.set;
		s.blocked = t->uthread->blocked;
	} else {
		s.blocked = p->last_blocked;
	}
	s.shared = p->shared_pending.set;
	for (int i = 0; i < SIGNAL_COUNT; i++) {
		uint64_t h = p->sighand->actions[i].handler;

		if (h == (uint64_t)SIG_IGN)
			s.ignored |= 1ull << i;
		else if (h != (uint64_t)SIG_DFL)
			s.caught |= 1ull << i;
	}
	sighand_unlock(p, irq);
	s.queued = popcount64(s.pending | s.shared);
	return s;
}

static const struct state_row {
	char letter;
	const char *name;
} states[] = {
	[THREAD_RUNNABLE] = { 'R', "running" },    [THREAD_RUNNING] = { 'R', "running" },
	[THREAD_SLEEPING] = { 'D', "disk sleep" }, [THREAD_INTERRUPTIBLE] = { 'S', "sleeping" },
	[THREAD_KILLABLE] = { 'D', "disk sleep" }, [THREAD_STOPPED] = { 'T', "stopped" },
	[THREAD_DEAD] = { 'Z', "zombie" },         [THREAD_MOVING] = { 'R', "running" },
	[THREAD_TRACED] = { 't', "tracing stop" },
};

static uint64_t rss_pages(const struct aspace *as)
{
	int64_t n = READ_ONCE(as->rss_anon) + READ_ONCE(as->rss_file) + READ_ONCE(as->rss_shmem);

	return n > 0 ? (uint64_t)n : 0;
}

// One number and a blank.
static void num(struct seq *out, uint64_t v)
{
	seq_printf(out, "%llu ", (unsigned long long)v);
}

static void stat_memory(struct seq *out, const struct aspace *as, uint64_t rss_limit)
{
	num(out, as->total_pages * PAGE_SIZE);
	num(out, rss_pages(as));
	num(out, rss_limit);
	num(out, as->code_start);
	num(out, as->code_end);
	num(out, as->stack_top ? as->arg_start & ~15ull : 0);
}

static const char *comm_of(const struct process *p, const struct thread *t)
{
	return t ? t->comm : p->last_comm;
}

static const struct state_row *state_of(const struct thread *t)
{
	return &states[t ? t->state : THREAD_DEAD];
}

static struct cred *last_cred(struct process *p, struct thread *t)
{
	return t ? cred_of(t) : cred_get(p->last_cred ? p->last_cred : cred_root());
}

// The terminal of the session and its foreground group.
static void stat_terminal(struct seq *out, const struct process *p)
{
	struct tty *t = p->left_terminal ? NULL : pty_find_session(p->sid);

	seq_printf(out, "%u %d ", t ? pty_number(t) : 0, t ? READ_ONCE(t->pgrp) : -1);
	if (t)
		pty_slave_closed(t);
}

static void stat_times(struct seq *out, const struct process *p, const struct aspace *a)
{
	const struct process_usage *w = &p->waited;

	num(out, p->zombie ? p->ended.minor_faults : a->minor_faults);
	num(out, w->minor_faults);
	num(out, p->zombie ? p->ended.major_faults : a->major_faults);
	num(out, w->major_faults);
	num(out, process_cpu_ns((struct process *)p) / CLOCK_TICK_NS);
	num(out, 0); // all is user time
	num(out, sched_tsc_to_ns(w->runtime_tsc) / CLOCK_TICK_NS);
	num(out, 0);
}

static void stat_signals(struct seq *out, struct process *p, struct thread *t)
{
	struct signal_sets s = collect_signals(p, t);

	num(out, s.pending & 0x7fffffff);
	num(out, s.blocked & 0x7fffffff);
	num(out, s.ignored & 0x7fffffff);
	num(out, s.caught & 0x7fffffff);
}

static bool sleeps(const struct thread *t)
{
	return state_of(t)->letter != 'R';
}

static void stat_scheduling(struct seq *out, const struct process *p, const struct thread *t)
{
	bool first = !t || t->tid == p->pid;

	seq_printf(out, "%d 0 0 %d %u %u %u 0 0 0 ", sleeps(t), first ? p->exit_signal : -1,
		   t ? t->cpu : 0, t ? t->rt_prio : 0, t ? t->policy : 0);
}

static __stack_guarded void show_stat(int number, struct process *p, struct thread *t,
				      struct seq *out)
{
	static struct aspace none; // never written: constant, it would take room in the image
	struct aspace *as = process_get_aspace(p);
	const struct aspace *a = as ? as : &none;
	unsigned flags = (p->personality & ADDR_NO_RANDOMIZE ? 0 : TASK_RANDOMIZE) |
			 (p->did_exec ? 0 : TASK_FORK_NO_EXEC);

	seq_printf(out, "%d (%s) %c %d %d %d ", number, comm_of(p, t), state_of(t)->letter,
		   process_parent_pid(p), p->pgid, p->sid);
	stat_terminal(out, p);
	num(out, flags);
	stat_times(out, p, a);
	seq_printf(out, "%d %d %u 0 ",
		   (t ? sched_prio(t) : PRIO_DEFAULT + p->last_nice) - PRIO_RT_END,
		   t ? t->nice : p->last_nice, MAX(p->nthreads, 1u));
	num(out, p->start_ns / CLOCK_TICK_NS);
	stat_memory(out, a, p->limits.v[RLIMIT_RSS].cur);
	seq_printf(out, "0 0 "); // stack pointer and instruction: only for exiting tasks
	stat_signals(out, p, t);
	stat_scheduling(out, p, t);
	num(out, a->data_start);
	num(out, a->data_end);
	num(out, a->brk_start);
	num(out, a->arg_start);
	num(out, a->arg_end);
	num(out, a->env_start);
	num(out, a->env_end);
	seq_printf(out, "%d\n", p->zombie ? p->wait_status : 0);
	if (as)
		aspace_put(as);
}

int procfs_show_stat(const struct pseudo_ref *r, struct seq *out)
{
	struct process *p = procfs_process(r);
	struct thread *t;

	if (!p)
		return -ESRCH;
	t = procfs_thread(r);
	show_stat((int)r->key[0], p, t, out);
	if (t)
		thread_put(t);
	process_put(p);
	return 0;
}

// The call that a thread sleeps in, its arguments, stack pointer and where it continues.
int procfs_show_syscall(const struct pseudo_ref *r, struct seq *out)
{
	struct thread *t = procfs_thread(r);
	struct pt_regs regs;

	if (!t)
		return -ESRCH;
	if (!process_may_access(t, true)) {
		thread_put(t);
		return -EPERM;
	}
	regs = *t->regs;
	if (!sleeps(t))
		seq_printf(out, "running\n");
	else if ((int64_t)regs.orig_rax < 0)
		seq_printf(out, "-1 0x%lx 0x%lx\n", regs.rsp, regs.rip);
	else
		seq_printf(out, "%ld 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx\n",
			   regs.orig_rax, regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9,
			   regs.rsp, regs.rip);
	thread_put(t);
	return 0;
}

static int fd_table_size(struct fs_context *c)
{
	int fd = -1, last = -1;

	while (c && (fd = fd_next_open(c->fds, fd + 1)) >= 0)
		last = fd;
	return ALIGN_UP(last + 1, FDTABLE_ROUND) ? ALIGN_UP(last + 1, FDTABLE_ROUND)
						 : FDTABLE_ROUND;
}

static void status_identity(struct seq *out, struct process *p, struct thread *t,
			    struct fs_context *c)
{
	struct cred *k = last_cred(p, t);
	int tid = t ? t->tid : p->pid;

	seq_printf(out, "Name:\t%s\n", comm_of(p, t));
	if (c)
		seq_printf(out, "Umask:\t%04o\n", c->view->umask);
	seq_printf(out, "State:\t%c (%s)\n", state_of(t)->letter, state_of(t)->name);
	seq_printf(out, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n", p->pid, tid,
		   process_parent_pid(p), t ? ptrace_tracer_tid(t) : 0);
	seq_printf(out, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", k->uid, k->euid, k->suid,
		   k->fsuid, k->gid, k->egid, k->sgid, k->fsgid);
	seq_printf(out, "FDSize:\t%d\nGroups:\t", c ? fd_table_size(c) : 0);
	for (unsigned i = 0; i < k->ngroups; i++)
		seq_printf(out, "%u ", k->groups[i]);
	seq_printf(out, "\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\nKthread:\t0\n", p->pid,
		   tid, p->pgid, p->sid);
	cred_put(k);
}

static void kib(struct seq *out, const char *name, uint64_t pages)
{
	seq_printf(out, "%s:\t%8llu kB\n", name, (unsigned long long)(pages * PAGE_KIB));
}

static void status_memory(struct seq *out, const struct aspace *as)
{
	uint64_t rss = rss_pages(as);
	uint64_t text =
		(ALIGN_UP(as->code_end, PAGE_SIZE) - ALIGN_DOWN(as->code_start, PAGE_SIZE)) >>
		PAGE_SHIFT;

	kib(out, "VmPeak", as->total_pages);
	kib(out, "VmSize", as->total_pages);
	kib(out, "VmLck", as->locked_pages);
	kib(out, "VmPin", 0);
	kib(out, "VmHWM", MAX(as->peak_rss_pages, rss));
	kib(out, "VmRSS", rss);
	kib(out, "RssAnon", (uint64_t)as->rss_anon);
	kib(out, "RssFile", (uint64_t)as->rss_file);
	kib(out, "RssShmem", (uint64_t)as->rss_shmem);
	kib(out, "VmData", as->data_pages);
	kib(out, "VmStk", as->stack_pages);
	kib(out, "VmExe", text);
	kib(out, "VmLib", as->exec_pages > text ? as->exec_pages - text : 0);
	kib(out, "VmPTE", as->pt.table_pages);
	kib(out, "VmSwap", 0);
	kib(out, "HugetlbPages", 0);
	seq_printf(out, "CoreDumping:\t0\nTHP_enabled:\t1\nuntag_mask:\t0xffffffffffffffff\n");
}

static void status_signals(struct seq *out, struct process *p, struct thread *t)
{
	struct signal_sets s = collect_signals(p, t);
	struct cred *k = last_cred(p, t);
	const struct {
		const char *name;
		uint64_t v;
	} rows[] = {
		{ "SigPnd", s.pending },        { "ShdPnd", s.shared },
		{ "SigBlk", s.blocked },        { "SigIgn", s.ignored },
		{ "SigCgt", s.caught },         { "CapInh", k->cap_inheritable },
		{ "CapPrm", k->cap_permitted }, { "CapEff", k->cap_effective },
		{ "CapBnd", k->cap_bounding },  { "CapAmb", k->cap_ambient },
	};

	seq_printf(out, "Threads:\t%u\nSigQ:\t%u/%llu\n", MAX(p->nthreads, 1u), s.queued,
		   (unsigned long long)p->limits.v[RLIMIT_SIGPENDING].cur);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		seq_printf(out, "%s:\t%016llx\n", rows[i].name, (unsigned long long)rows[i].v);
	seq_printf(out, "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n",
		   t && t->uthread && t->uthread->no_new_privs);
	cred_put(k);
}

// As a mask and as a list of ranges.
static void show_affinity(struct seq *out, const struct thread *t)
{
	unsigned n = cpu_count_online();
	uint64_t cpus = (t ? t->affinity : ~0ull) & (n >= 64 ? ~0ull : (1ull << n) - 1);
	const char *comma = "";

	seq_printf(out, "Cpus_allowed:\t%llx\nCpus_allowed_list:\t", (unsigned long long)cpus);
	for (unsigned first = 0, last; first < n; first = last + 1) {
		last = first;
		if (!(cpus >> first & 1))
			continue;
		while (last + 1 < n && cpus >> (last + 1) & 1)
			last++;
		seq_printf(out, first == last ? "%s%u" : "%s%u-%u", comma, first, last);
		comma = ",";
	}
	seq_printf(out, "\n");
}

int procfs_show_status(const struct pseudo_ref *r, struct seq *out)
{
	struct process *p = procfs_process(r);
	struct fs_context *c;
	struct aspace *as;
	struct thread *t;

	if (!p)
		return -ESRCH;
	t = procfs_thread(r);
	c = process_get_fs(p);
	as = process_get_aspace(p);
	status_identity(out, p, t, c);
	if (as)
		status_memory(out, as);
	status_signals(out, p, t);
	show_affinity(out, t);
	seq_printf(out, "Mems_allowed:\t1\nMems_allowed_list:\t0\n");
	seq_printf(out, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
		   (unsigned long long)(t ? t->switches_voluntary : p->dead_voluntary),
		   (unsigned long long)(t ? t->switches_forced : p->dead_forced));
	if (as)
		aspace_put(as);
	if (c)
		fs_context_put(c);
	if (t)
		thread_put(t);
	process_put(p);
	return 0;
}
