// Signals when a file becomes ready: O_ASYNC, F_SETOWN, F_SETSIG (fcntl(2)).
#pragma once

#include "lib/compiler.h"

struct file;

// Sets or clears O_ASYNC of |f|, whose operations must say can_async; |fd| is told with the signal.
// 0 or -ENOMEM. May sleep.
int __must_check fasync_set(struct file *f, int fd, bool on);
void fasync_forget(struct file *f); // the description goes away

// Sends |sig| (0: SIGIO without details) to process |owner|, or to group -|owner|. Any context.
// Registered once by kernel/proc.
typedef void fasync_send_fn(int owner, int sig, int fd, uint32_t events);
void fasync_set_sender(fasync_send_fn *fn);
