// pidfds: a file that stands for a process or a thread.
#pragma once

#include "lib/compiler.h"

struct file;
struct process;
struct thread;
struct siginfo;

// pidfd_open(2). 0, -EINVAL, -ESRCH, -ENOENT (a thread without PIDFD_THREAD), -ENOMEM.
int __must_check pidfd_open(int pid, unsigned flags, struct file **out);
// For |p|, or for its thread |t| if that is not NULL. |flags| is 0 or O_NONBLOCK. 0 or -ENOMEM.
int __must_check pidfd_create(struct process *p, struct thread *t, unsigned flags,
			      struct file **out);
// The process with a reference, or NULL: |f| is no pidfd.
struct process *pidfd_process(const struct file *f);
// What pidfd_send_signal(2) checks before it looks at its other arguments. 0, -EINVAL, -EBADF.
int __must_check pidfd_check_send(const struct file *f, unsigned flags);
// The call after that; |info| is the program's, or NULL.
int __must_check pidfd_send_signal(const struct file *f, int sig, struct siginfo *info,
				   unsigned flags);
// pidfd_getfd(2): the description behind |fd| of the process, with a reference.
int __must_check pidfd_getfd(const struct file *f, int fd, struct file **out);
