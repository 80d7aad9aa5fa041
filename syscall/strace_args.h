// How strace prints one argument of each kind.
#pragma once

#include "lib/compiler.h"

struct seq;

struct strace_arg {
	struct seq *out;
	const uint64_t *all; // all six arguments
	unsigned index;      // of this one
	bool after;          // the call has returned
	int64_t result;      // valid if |after|
};

// Prints argument |index| of kind |kind|.
void strace_print_arg(const struct strace_arg *a, unsigned kind);
// False for kinds whose memory only holds something once the call has returned.
bool strace_arg_known_before(unsigned kind);
// "3</etc/passwd>"
void strace_print_fd(struct seq *out, int fd);
// What poll found, behind its result: " ([{fd=0, revents=POLLIN}])"; at least one is ready.
void strace_print_poll_result(struct seq *out, uint64_t fds, uint64_t count);
