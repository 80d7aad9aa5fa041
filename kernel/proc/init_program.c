// Starts the program of the image as pid 2.

#include "kernel/proc/init_program.h"

#include <asm/errno.h>
#include <linux/resource.h>

#include "drivers/ctl.h"
#include "fs/console.h"
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "fs/vfs.h"
#include "kernel/base/fpu.h"
#include "kernel/base/log.h"
#include "kernel/base/random.h"
#include "kernel/proc/exec.h"
#include "kernel/proc/process_internal.h"
#include "kernel/proc/program_config.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/sched.h"
#include "lib/cmdline.h"

#define OPTION_BYTES 256u

static struct {
	const char *cmdline;
} init;

__stack_guarded void init_early_options(const char *cmdline)
{
	char value[OPTION_BYTES];

	random_init(cmdline_find(cmdline, "seed", value, sizeof(value)) == 1 ? value : NULL);
	if (cmdline_find(cmdline, "log", value, sizeof(value)) == 1 && log_configure(value))
		log_warn("boot", "ouro.log=%s: not understood", value);
}

// The user named in the configuration; caps as after a login as that user.
static int set_user(const struct program_config *c)
{
	struct thread *t = thread_current();
	struct cred *n;

	if (!c->has_user || (!c->uid && !c->gid))
		return 0;
	n = cred_clone(t->cred);
	if (!n)
		return -ENOMEM;
	n->uid = n->euid = n->suid = n->fsuid = c->uid;
	n->gid = n->egid = n->sgid = n->fsgid = c->gid;
	if (c->uid)
		n->cap_permitted = n->cap_effective = 0;
	cred_put(cred_exchange(n));
	return 0;
}

static int set_cwd(const struct program_config *c)
{
	struct path p;
	int err;

	if (!c->cwd)
		return 0;
	err = namei_lookup(vfs_root(), c->cwd, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &p);
	if (err)
		return err;
	fs_context_set_cwd(thread_current()->fsctx, &p);
	path_put(&p);
	return 0;
}

static int exec_configured(const struct program_config *c)
{
	struct exec_request req = { .path = c->exe,
				    .lookup = LOOKUP_FOLLOW,
				    .at_fd = -1,
				    .kargv = (const char *const *)c->argv.items,
				    .kenvp = (const char *const *)c->env.items };

	if (!req.path && c->argv.count)
		req.path = c->argv.items[0];
	if (!req.path)
		return -ENOENT;
	return exec_program(&req, thread_current()->regs);
}

// Reads, prepares, execs. 0: the thread's registers start the program.
static int run_program(void)
{
	struct program_config c = { 0 };
	size_t bytes;
	const char *text = vfs_image_config(&bytes);
	int err = text ? program_config_read(&c, text, bytes) : 0;

	if (!err)
		err = program_config_override(&c, init.cmdline);
	if (!err)
		err = console_open_stdio(thread_current()->fsctx->fds, c.tty);
	if (!err)
		err = set_cwd(&c);
	if (!err)
		err = set_user(&c);
	if (!err)
		err = exec_configured(&c);
	if (err)
		log_error("boot", "cannot start %s: error %d",
			  c.exe          ? c.exe
			  : c.argv.count ? c.argv.items[0]
					 : "(no program)",
			  -err);
	program_config_free(&c);
	return err;
}

// The first code of pid 2, in the kernel.
static void program_thread(void *arg)
{
	int err = run_program();

	if (err == -ENOENT || err == -ENOTDIR)
		process_end_machine(CTL_EXIT_NOT_FOUND, (uint32_t)-err);
	if (err)
		process_end_machine(CTL_EXIT_NOT_EXECUTABLE, (uint32_t)-err);
}

int init_start_program(const char *cmdline)
{
	struct pt_regs regs = { 0 };
	struct process *p = process_create(process_pid1());
	struct thread *t = p ? thread_create_user(&regs, program_thread, NULL) : NULL;
	int err;

	if (!t)
		return -ENOMEM; // the machine ends: nothing is given back
	fpu_init_area(t->fpu);
	init.cmdline = cmdline;
	t->cred = cred_get(cred_root());
	t->fsctx = fs_context_create(vfs_root());
	if (!t->fsctx)
		return -ENOMEM;
	p->sighand = sighand_create();
	if (!p->sighand)
		return -ENOMEM;
	err = process_add_thread(p, t);
	if (err)
		return err;
	process_tree_lock();
	err = process_tree_add(p, p->pid, p->pid);
	process_tree_unlock();
	if (err)
		return err;
	t->fsctx->limits->nofile = p->limits.v[RLIMIT_NOFILE].cur;
	t->fsctx->limits->fsize = p->limits.v[RLIMIT_FSIZE].cur;
	process_set_program(p);
	sched_start(t);
	return 0;
}
