// Netlink sockets, as far as they carry messages of this kernel: those of mq_notify(2).
#pragma once

#include "lib/list.h"
#include "net/socket.h"

struct nl_message {
	struct list_node node;
	uint32_t bytes;
	char data[];
};

extern const struct socket_family netlink_family;

// The netlink socket behind |f| with a reference that outlives the file. 0, -ENOTSOCK or -EINVAL.
int __must_check netlink_get(struct file *f, struct socket **out);
void netlink_put(struct socket *s);
// Gives |m| (from kmalloc, taken over) to who reads |s|, and the reference back.
void netlink_post(struct socket *s, struct nl_message *m);
