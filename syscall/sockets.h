// Between the files of the socket calls.
#pragma once

#include "kernel/base/types.h"

struct file;
struct socket;
struct socket_name;

// The socket behind a descriptor; |file| with a reference. -EBADF or -ENOTSOCK.
int __must_check user_socket(int fd, struct file **file, struct socket **s);
int __must_check socket_name_get(struct socket_name *name, struct uptr addr, int bytes);
int __must_check socket_name_put(const struct socket_name *name, struct uptr addr,
				 struct uptr addr_bytes);
