// Start of the process layer: registers itself with the layers below.

#include <asm/errno.h>

#include "drivers/ctl.h"
#include "fs/vfs.h"
#include "kernel/base/random.h"
#include "kernel/proc/process_internal.h"
#include "kernel/proc/procfs.h"
#include "kernel/proc/vdso.h"
#include "kernel/sched/sched.h"

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

int proc_init(void)
{
	process_init();
	futex_init();
	thread_set_signal_sender(send_to_thread);
	vfs_set_random_source(fill_random);
	procfs_register();
	return vdso_init();
}
