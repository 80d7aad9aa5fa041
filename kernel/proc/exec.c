// execve(2). Everything that can fail is done to a new address space before anything of the caller
// is touched; then the other threads end, the address space is exchanged (the point of no return)
// and the stack is written. From there a failure is SIGSEGV, as on Linux.

#include "kernel/proc/exec.h"

#include <asm/errno.h>
#include <linux/limits.h>
#include <linux/mman.h>
#include <linux/personality.h>
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/stat.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/namei.h"
#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/desc.h"
#include "kernel/base/fpu.h"
#include "kernel/base/random.h"
#include "kernel/proc/aslr.h"
#include "kernel/proc/exec_internal.h"
#include "kernel/proc/posix_timer.h"
#include "kernel/proc/process_internal.h"
#include "kernel/proc/ptrace_internal.h"
#include "kernel/proc/sigframe.h"
#include "kernel/proc/vdso.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/sched.h"
#include "lib/fmt.h"
#include "lib/pathname.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/aspace.h"
#include "mm/virt/mmap.h"
#include "mm/virt/uaccess.h"

#define MAX_SCRIPT_DEPTH  5      // Linux: more is ELOOP
#define STACK_EXTRA_BYTES 131072 // mapped below the strings at once, as Linux's setup_arg_pages()
#define HWCAP2_FSGSBASE   (1u << 1)

struct exec {
	const struct exec_request *req;
	char *filename; // as AT_EXECFN shows it; kmalloc'd
	struct exec_strings strings;
	struct exec_binary prog, interp;
	struct exec_stack stack;
	struct aspace *as; // owned until it is the process's
	struct cred *cred; // new credentials, or NULL: unchanged
	va_t stack_top, stack_low;
	bool randomize, secure;
};

// The name by which the new program goes: the path, or /dev/fd/N for a file given by descriptor.
static int exec_name(struct exec *x)
{
	const struct exec_request *r = x->req;
	size_t bytes = strlen(r->path) + 32;

	x->filename = kmalloc(bytes);
	if (!x->filename)
		return -ENOMEM;
	if (r->at_fd < 0 || r->path[0] == '/')
		str_copy(x->filename, r->path, bytes);
	else
		fmt_snprintf(x->filename, bytes, r->path[0] ? "/dev/fd/%d/%s" : "/dev/fd/%d",
			     r->at_fd, r->path);
	return 0;
}

// Named by a descriptor that exec closes: no interpreter could open it.
static bool name_ends_at_exec(const struct exec *x)
{
	const struct exec_request *r = x->req;

	return r->at_fd >= 0 && r->path[0] != '/' &&
	       fd_get_cloexec(fs_context_current()->fds, r->at_fd) > 0;
}

// Replaces the script in x->prog.file by its interpreter. |head| is used up.
static int exec_step_script(struct exec *x, char *head, size_t n, const char *script)
{
	struct file *interp_file;
	char *interp, *arg;
	int err = exec_parse_script(head, n, &interp, &arg);

	if (!err && script == x->filename && name_ends_at_exec(x))
		err = -ENOENT;
	if (!err)
		err = exec_strings_script(&x->strings, interp, arg, script);
	if (!err)
		err = exec_open(NULL, interp, LOOKUP_FOLLOW, &interp_file);
	if (err)
		return err;
	exec_close(x->prog.file);
	x->prog.file = interp_file;
	return 0;
}

// Opens the file and follows "#!" lines until an ELF file with its headers is in x->prog.
static int exec_find_binary(struct exec *x)
{
	char head[EXEC_HEAD_BYTES];
	char *script = x->filename;
	int err = 0;

	for (int depth = 0; !err; depth++) {
		int64_t n = file_read_kernel(x->prog.file, head, sizeof(head), 0);

		if (n < 0)
			return (int)n;
		if (n < 2 || head[0] != '#' || head[1] != '!')
			return exec_binary_parse(&x->prog, head, (size_t)n);
		if (depth == MAX_SCRIPT_DEPTH)
			return -ELOOP;
		err = exec_step_script(x, head, (size_t)n, script);
		// A script's interpreter may be a script: it is then known by argv[0].
		script = x->strings.buf;
	}
	return err;
}

// Set-user-id and set-group-id of the file that is run (of the interpreter for scripts, as Linux).
static int exec_credentials(struct exec *x)
{
	const struct file *f = x->prog.file;
	const struct inode *i = f->inode;
	const struct cred *old = thread_current()->cred;
	bool suid = i->mode & S_ISUID,
	     sgid = (i->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);

	x->secure = old->uid != old->euid || old->gid != old->egid;
	if ((!suid && !sgid) || uthread_current()->no_new_privs || ptrace_forbids_setid() ||
	    (f->path.mount && f->path.mount->flags & MOUNT_NOSUID))
		return 0;
	x->cred = cred_clone(old);
	if (!x->cred)
		return -ENOMEM;
	if (suid)
		x->cred->euid = i->uid;
	if (sgid)
		x->cred->egid = i->gid;
	x->cred->suid = x->cred->fsuid = x->cred->euid;
	x->cred->sgid = x->cred->fsgid = x->cred->egid;
	x->cred->cap_permitted = x->cred->euid ? 0 : x->cred->cap_bounding;
	x->cred->cap_effective = x->cred->cap_permitted;
	x->secure = x->cred->uid != x->cred->euid || x->cred->gid != x->cred->egid;
	return 0;
}

static uint64_t exec_random(const struct exec *x)
{
	return x->randomize ? random_u64() : 0;
}

static int exec_map_stack(struct exec *x)
{
	struct mmap_source src = { .extra_vma_flags = VMA_STACK, .name = "[stack]" };
	unsigned prot = PROT_READ | PROT_WRITE;
	int64_t at;

	if (x->prog.image.stack == ELF_STACK_EXEC)
		prot |= PROT_EXEC;
	x->stack_low = ALIGN_DOWN(x->stack.sp, PAGE_SIZE) - STACK_EXTRA_BYTES;
	at = vm_mmap(x->as, x->stack_low, x->stack_top - x->stack_low, prot,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN, &src, 0);
	if (at < 0)
		return at == -EEXIST ? -ENOMEM : (int)at;
	x->as->stack_top = x->stack_top;
	return 0;
}

static void exec_set_brk(struct exec *x)
{
	struct aspace *as = x->as;
	va_t end = x->prog.image.brk_va + x->prog.bias;

	// Linux: a position-independent program without interpreter sits in the mmap area; its heap
	// goes where such programs usually are.
	if (x->prog.header.dynamic && !x->interp.file)
		end = ASLR_PIE_BASE;
	as->brk_start = as->brk = aslr_brk(exec_random(x), end);
}

static int exec_build_stack(struct exec *x)
{
	const struct cred *c = x->cred ? x->cred : thread_current()->cred;
	bool has_interp = x->interp.file != NULL;
	struct exec_auxv aux = {
		.vdso_va = x->as->vdso,
		.min_sigstack_bytes = sigframe_max_bytes(),
		.hwcap = cpu_features.hwcap,
		.hwcap2 = cpu_features.fsgsbase ? HWCAP2_FSGSBASE : 0,
		.phdr_va = x->prog.image.phdr_va ? x->prog.image.phdr_va + x->prog.bias : 0,
		.phdrs = x->prog.header.phdrs,
		.interp_base_va = has_interp ? x->interp.bias : 0,
		.entry_va = x->prog.header.entry_va + x->prog.bias,
		.uid = c->uid,
		.euid = c->euid,
		.gid = c->gid,
		.egid = c->egid,
		.secure = x->secure,
	};
	uint64_t random16[2] = { random_u64(), random_u64() };

	return exec_stack_build(&x->stack, x->stack_top, &x->strings, &aux, (uint8_t *)random16,
				aslr_stack_gap(exec_random(x)));
}

static void exec_set_ranges(struct exec *x)
{
	const struct elf_image *img = &x->prog.image;
	struct aspace *as = x->as;
	uint64_t bias = x->prog.bias;

	as->code_start = img->start_code_va + bias;
	as->code_end = img->end_code_va + bias;
	as->data_start = img->start_data_va + bias;
	as->data_end = img->end_data_va + bias;
	as->arg_start = x->stack.arg_start;
	as->arg_end = x->stack.arg_end;
	as->env_start = x->stack.env_start;
	as->env_end = x->stack.env_end;
	memcpy(as->auxv, x->stack.auxv,
	       sizeof(as->auxv) < sizeof(x->stack.auxv) ? sizeof(as->auxv) : sizeof(x->stack.auxv));
}

static void exe_get(void *owner)
{
	// A copy of the address space (fork) keeps writers out as well; it cannot fail, because the
	// original does so already.
	(void)!file_deny_write(owner);
	file_get(owner);
}

static void exe_put(void *owner)
{
	exec_close(owner);
}

static const struct vm_owner_ops exe_ops = { .get = exe_get, .put = exe_put };

// The new address space, with everything mapped in it.
static int exec_build_aspace(struct exec *x)
{
	const struct rlimits *lim = &process_current()->limits;
	struct aspace *as = aspace_create();
	int err;

	if (!as)
		return -ENOMEM;
	x->as = as;
	as->limits = (struct rlimits_mm){ .as = lim->v[RLIMIT_AS].cur,
					  .data = lim->v[RLIMIT_DATA].cur,
					  .stack = lim->v[RLIMIT_STACK].cur,
					  .memlock = lim->v[RLIMIT_MEMLOCK].cur };
	as->mmap_base = aslr_mmap_base(exec_random(x), lim->v[RLIMIT_STACK].cur);
	x->stack_top = aslr_stack_top(exec_random(x));
	// A program that the dynamic linker loads goes to two thirds of the address space; a linker
	// run by itself, or a static PIE, goes to the mmap area.
	err = exec_binary_map(&x->prog, as, x->interp.file ? aslr_pie_base(exec_random(x)) : 0);
	if (!err)
		exec_set_brk(x);
	if (!err && x->interp.file)
		err = exec_binary_map(&x->interp, as, 0);
	if (!err)
		err = vdso_map(as, 0, &as->vdso);
	if (!err)
		err = exec_build_stack(x);
	if (!err)
		err = exec_map_stack(x);
	if (!err)
		exec_set_ranges(x);
	return err;
}

// All that may fail with an errno.
static int exec_prepare(struct exec *x)
{
	struct process *p = process_current();
	int err;

	x->randomize = !(p->personality & ADDR_NO_RANDOMIZE);
	err = rlimit_check_exec();
	if (!err)
		err = exec_name(x);
	if (!err)
		err = exec_open(x->req->at, x->req->path, x->req->lookup, &x->prog.file);
	if (!err)
		err = exec_strings_collect(&x->strings, x->req, x->filename,
					   p->limits.v[RLIMIT_STACK].cur);
	if (!err)
		err = exec_find_binary(x);
	if (!err)
		err = exec_open_interp(&x->prog, &x->interp);
	if (!err)
		err = exec_credentials(x);
	if (!err)
		err = exec_build_aspace(x);
	return err;
}

static void exec_release(struct exec *x)
{
	if (x->as)
		aspace_put(x->as);
	if (x->cred)
		cred_put(x->cred);
	exec_binary_release(&x->prog);
	exec_binary_release(&x->interp);
	exec_strings_free(&x->strings);
	kvfree(x->stack.tables);
	kfree(x->filename);
}

static void __noreturn exec_fail(struct exec *x)
{
	exec_release(x);
	process_exit_group(SIGSEGV);
}

// The point of no return: the process runs in the new address space.
static void exec_exchange(struct exec *x)
{
	struct thread *t = thread_current();
	struct process *p = t->process;
	struct aspace *old = p->aspace, *as = x->as;
	uint64_t irq;

	process_release_user(false);
	x->as->exe_owner = x->prog.file;
	x->as->exe_ops = &exe_ops;
	x->prog.file = NULL;
	x->as = NULL;
	irq = sighand_lock(p); // /proc reads it under this lock
	p->aspace = t->aspace = as;
	sighand_unlock(p, irq);
	sched_use_pgtable(&t->aspace->pt);
	p->did_exec = true;
	p->exit_signal = SIGCHLD;
	process_vfork_release(p);
	if (old)
		aspace_put(old);
}

static void exec_reset_thread(struct exec *x)
{
	struct thread *t = thread_current();
	struct uthread *u = t->uthread;

	if (x->cred) {
		cred_put(cred_exchange(x->cred));
		x->cred = NULL;
	}
	str_copy(t->comm, pathname_base(x->filename), sizeof(t->comm));
	posix_timers_free(t->process);
	signal_exec_reset(t->process);
	u->robust_list = UPTR(0);
	u->rseq = UPTR(0);
	u->rseq_bytes = 0;
	ptrace_drop_debug();
	t->notify_on_switch = 0;
	u->restart.fn = NULL;
	u->pdeath_signal = x->secure ? 0 : u->pdeath_signal;
	t->process->dumpable = !x->secure;
	fdtable_close_on_exec(t->fsctx->fds);
}

// What main's caller finds in the registers: zeros (Linux's ELF_PLAT_INIT).
static void exec_set_registers(const struct exec *x, struct pt_regs *regs)
{
	struct thread *t = thread_current();
	const struct exec_binary *first = x->interp.file ? &x->interp : &x->prog;
	uint64_t irq;

	memset(regs, 0, offsetof(struct pt_regs, orig_rax)); // that stays, for tracers
	regs->rip = first->header.entry_va + first->bias;
	regs->rsp = x->stack.sp;
	regs->cs = SEL_USER_CS;
	regs->ss = SEL_USER_DS;
	regs->rflags = RFLAGS_IF;
	thread_set_pending(t, PENDING_NOTIFY); // the registers are not those of the call

	irq = cpu_irq_save();
	t->fs_base = t->gs_base = 0;
	thread_load_segment_bases(t);
	fpu_init_area(t->fpu);
	fpu_restore(t->fpu);
	cpu_irq_restore(irq);
}

__stack_guarded int exec_program(const struct exec_request *req, struct pt_regs *regs)
{
	struct exec x = { .req = req };
	int err = exec_prepare(&x), old_tid = thread_current()->tid;

	if (!err)
		err = process_become_single();
	if (!err)
		err = process_own_sighand(process_current());
	if (!err)
		err = process_unshare_fs(FS_SHARE_FDS);
	if (err) {
		exec_release(&x);
		return err;
	}
	exec_exchange(&x);
	exec_reset_thread(&x);
	if (exec_binary_clear(&x.prog) || (x.interp.file && exec_binary_clear(&x.interp)) ||
	    copy_to_user(UPTR(x.stack.strings_va), x.strings.buf, x.strings.used) ||
	    copy_to_user(UPTR(x.stack.sp), x.stack.tables, x.stack.tables_bytes))
		exec_fail(&x);
	exec_set_registers(&x, regs);
	exec_release(&x);
	if (unlikely(uthread_current()->trace))
		ptrace_exec_event(old_tid);
	return 0;
}
