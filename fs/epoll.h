// epoll: which files a program watches, and which of them are ready.
#pragma once

#include "kernel/base/types.h"

struct file;
struct epoll_event;

// The most that one file's watchers may take of a machine's memory is a 25th (fs.epoll.
// max_user_watches).
uint64_t epoll_max_watches(void);

int __must_check epoll_create_file(struct file **out); // 0 or -ENOMEM
// epoll_ctl(2): |epf| and |f| are what the descriptors refer to, |fd| is the watched one. |event|
// is only looked at by EPOLL_CTL_ADD and MOD. May sleep.
int __must_check epoll_control(struct file *epf, int op, struct file *f, int fd,
			       struct epoll_event *event);
// Up to |max| events into the program's array; waits until |deadline_ns| (monotonic, 0: not at
// all). The number, 0 at the deadline, -EINTR, -EFAULT, or -EINVAL if |epf| is no epoll.
int64_t __must_check epoll_wait_events(struct file *epf, struct uptr events, int max,
				       uint64_t deadline_ns);
// The last reference to a file with f->watches went away; before its release op.
void epoll_forget_file(struct file *f);
