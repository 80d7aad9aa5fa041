// POSIX message queues: mq_open(2) and its family, and the file system that holds the queues.
#pragma once

#include <linux/mqueue.h>

#include "kernel/base/types.h"

struct file;
struct mqueue;
struct path;
struct sigevent;

// The settings of /proc/sys/fs/mqueue (sysctl.c).
struct mqueue_limits {
	uint64_t queues_max, msg_max, msgsize_max, msg_default, msgsize_default;
};
extern struct mqueue_limits mqueue_limits;

// A description of the queue |name|, made if |flags| say so, with |attr| (NULL: defaults);
// |created| tells. 0 or -errno as Linux's mq_open.
int __must_check mqueue_open(const char *name, unsigned flags, uint32_t mode,
			     const struct mq_attr *attr, struct file **out, bool *created);
int __must_check mqueue_unlink(const char *name);
// mount(2) of it; there is one instance. |flags| are enum mount_flags.
int __must_check mqueue_mount(const struct path *where, unsigned flags);

// These take any file: -EBADF if it is no queue. |deadline_ns| is monotonic.
int __must_check mqueue_send(struct file *f, struct uptr text, uint64_t bytes, unsigned prio,
			     uint64_t deadline_ns);
int64_t __must_check mqueue_receive(struct file *f, struct uptr text, uint64_t bytes,
				    struct uptr prio, uint64_t deadline_ns);
// |ev| NULL: takes back what the caller asked for.
int __must_check mqueue_notify(struct file *f, const struct sigevent *ev);
int __must_check mqueue_attr(struct file *f, const struct mq_attr *new_, struct mq_attr *old);
