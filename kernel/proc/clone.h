// Making threads and processes.
#pragma once

#include "kernel/base/ptregs.h"
#include "kernel/base/types.h"

struct clone_request {  // struct clone_args of <linux/sched.h> in the kernel's terms
	uint64_t flags; // CLONE_* without the signal in the low byte
	int exit_signal;
	struct uptr pidfd, child_tid, parent_tid;
	uint64_t stack; // initial stack pointer (clone3: stack + stack_size); 0: as the caller
	uint64_t tls;
	const int *set_tid; // clone3's set_tid, copied; NULL: none
	unsigned set_tid_count;
};

// The child returns to user mode as the caller will with |regs|, but with rax 0. The child's tid or
// -errno as clone(2). Sleeps with CLONE_VFORK until the child execs or ends.
int64_t __must_check clone_task(const struct clone_request *req, const struct pt_regs *regs);
