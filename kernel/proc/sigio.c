// Signals of ready files (O_ASYNC): who gets them and what they say. Owns no state. Follows Linux's
// send_sigio() (fs/fcntl.c, 6.18).

#include <linux/eventpoll.h>

#include "fs/fasync.h"
#include "kernel/proc/jobctl.h"
#include "kernel/proc/signal_internal.h"
#include "lib/string.h"

static const struct {
	uint32_t events;
	int code;
} codes[] = {
	{ EPOLLERR, POLL_ERR }, { EPOLLHUP, POLL_HUP }, { EPOLLPRI, POLL_PRI },
	{ EPOLLIN, POLL_IN },   { EPOLLOUT, POLL_OUT },
};

static int code_of(uint32_t events)
{
	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++)
		if (events & codes[i].events)
			return codes[i].code;
	return POLL_IN;
}

static __stack_guarded void send(int owner, int sig, int fd, uint32_t events)
{
	struct process *p;
	siginfo_t info;

	if (owner < 0) {
		jobctl_signal_group(-owner, sig ? sig : SIGIO);
		return;
	}
	p = process_find(owner);
	if (!p)
		return;
	memset(&info, 0, sizeof(info));
	info.si_code = code_of(events);
	info.si_band = events;
	info.si_fd = fd;
	// Without F_SETSIG the signal is SIGIO and carries no details.
	(void)!signal_send_process(p, sig ? sig : SIGIO, sig ? &info : NULL);
	process_put(p);
}

void sigio_init(void)
{
	fasync_set_sender(send);
}
