// inotify(7).
#pragma once

#include "lib/compiler.h"

struct file;
struct path;

// /proc/sys/fs/inotify.
struct inotify_limits {
	uint64_t queued_events, user_instances, user_watches;
};
extern struct inotify_limits inotify_limits;

int __must_check inotify_create(unsigned flags, struct file **out); // O_NONBLOCK
bool file_is_inotify(const struct file *f);
// A watch descriptor, -EEXIST (IN_MASK_CREATE), -ENOSPC, -ENOMEM. |f| is an inotify.
int __must_check inotify_add(struct file *f, const struct path *p, uint32_t mask);
int __must_check inotify_remove(struct file *f, int wd); // -EINVAL
