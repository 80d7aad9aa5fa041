// Starting a program: execve(2) and the first one.
#pragma once

#include "kernel/base/ptregs.h"
#include "kernel/base/types.h"

struct path;

struct exec_request {
	const struct path *at; // where a relative |path| starts
	const char *path;      // kernel copy
	unsigned lookup;       // enum lookup_flags: LOOKUP_FOLLOW, LOOKUP_EMPTY
	int at_fd;             // for the name of scripts opened by descriptor; -1: none
	// the strings, either in the program's memory ...
	struct uptr argv, envp;
	// ... or, if kargv is not NULL, in the kernel's; arrays end with NULL
	const char *const *kargv, *const *kenvp;
};

// Replaces the calling thread's program. 0: |regs| (the thread's own user registers) start the new
// one. -errno as execve(2): nothing has changed. After the point of no return a failure kills the
// process and does not return. May sleep; no locks held.
int __must_check exec_program(const struct exec_request *req, struct pt_regs *regs);
