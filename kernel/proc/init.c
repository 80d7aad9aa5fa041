// Start of the process layer: registers itself with the layers below.

#include <asm/errno.h>
#include <linux/signal.h>

#include "drivers/ctl.h"
#include "fs/tty.h"
#include "fs/vfs.h"
#include "kernel/base/random.h"
#include "kernel/proc/jobctl.h"
#include "kernel/proc/process_internal.h"
#include "kernel/proc/procfs.h"
#include "kernel/proc/sysvmsg.h"
#include "kernel/proc/sysvsem.h"
#include "kernel/proc/sysvshm.h"
#include "kernel/proc/vdso.h"
#include "kernel/sched/sched.h"
#include "mm/virt/aspace.h"

static void send_to_thread(struct thread *t, int sig)
{
	(void)!signal_send_thread(t, sig, NULL);
}

// For /dev/urandom: the generator has been keyed before anything runs.
static int64_t fill_random(void *buf, size_t bytes, unsigned flags)
{
	random_bytes(buf, bytes);
	return (int64_t)bytes;
}

// Records of the host, in interrupt context.
static void host_winsize(const struct ctl_winsize *ws)
{
	tty_set_winsize(ws);
	if (tty_console() && READ_ONCE(tty_console()->pgrp))
		jobctl_signal_group(tty_console()->pgrp, SIGWINCH);
}

// Keys of the user's terminal come as signals while that edits lines (tools/ouro/relay.c).
static void host_signal(int sig)
{
	struct tty *t = tty_console();
	int pgrp = t ? READ_ONCE(t->pgrp) : 0;

	if (pgrp && (sig == SIGINT || sig == SIGQUIT))
		jobctl_signal_group(pgrp, sig);
	else
		process_signal_program(sig);
}

static const struct ctl_handlers host_handlers = { .winsize = host_winsize,
						   .signal = host_signal,
						   .dump = sched_dump_all };

int proc_init(void)
{
	process_init();
	futex_init();
	futex_pi_init();
	thread_set_signal_sender(send_to_thread);
	vfs_set_random_source(fill_random);
	aspace_set_oom_handler(process_oom);
	procfs_register();
	sysvshm_init();
	sysvsem_init();
	sysvmsg_init();
	jobctl_init();
	sigio_init();
	ctl_set_handlers(&host_handlers);
	return vdso_init();
}
