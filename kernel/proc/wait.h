// Waiting for children: wait4(2) and waitid(2).
#pragma once

#include "lib/compiler.h"

struct process;
struct rusage;

struct wait_request {
	int which;               // P_ALL, P_PID, P_PGID, P_PIDFD
	int id;                  // for P_PID and P_PGID
	struct process *process; // for P_PIDFD
	bool nonblocking;        // -EAGAIN instead of sleeping (a pidfd's O_NONBLOCK)
	unsigned options;        // W* of <linux/wait.h>, WEXITED and WSTOPPED said explicitly
};

struct wait_result {
	int pid;
	int code;        // CLD_*
	int status;      // the exit status or signal, as si_status
	int wait_status; // as wait4 reports it
	uint32_t uid;
};

// The pid of a child whose state changed as asked for, described in |out| and |usage| (may be NULL;
// of the child and of those it waited for); 0: none yet and WNOHANG; -ECHILD, -ERESTARTSYS. Sleeps.
int __must_check process_wait(const struct wait_request *req, struct wait_result *out,
			      struct rusage *usage);
