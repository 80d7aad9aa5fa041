// Sockets: what the system calls and the file layer know of them, whatever their family.
#pragma once

#include <linux/socket.h>

#include "kernel/base/types.h"
#include "net/abi.h"

struct file;
struct poll_table;
struct uio;
struct socket;

#define SOCKET_NAME_BYTES 128 // struct sockaddr_storage

struct socket_name {
	unsigned bytes; // 0: none
	union {
		uint16_t family;
		char raw[SOCKET_NAME_BYTES];
	};
};

struct socket_creds { // struct ucred
	int pid;
	uint32_t uid, gid;
};

// Descriptions on their way (SCM_RIGHTS): owns a reference to each.
struct rights {
	struct rights *next; // of those to be freed
	unsigned count;
	struct file *files[];
};
#define RIGHTS_MAX 253 // Linux SCM_MAX_FD
struct rights *__must_check rights_alloc(unsigned max);
struct rights *__must_check rights_dup(const struct rights *r);
void rights_free(struct rights *r); // drops what is in it; NULL is fine

// One sendmsg or recvmsg.
struct message {
	struct uio *u;
	unsigned flags;           // MSG_*
	bool nonblock;            // the description's O_NONBLOCK or MSG_DONTWAIT
	struct socket_name *name; // to: may be NULL; from: filled if not NULL
	struct rights *rights;    // sending: taken over unless the call fails; receiving: given out
	bool have_creds;          // sending: by the program; receiving: to be told
	struct socket_creds creds;
	unsigned out_flags; // receiving: MSG_TRUNC and the like
};

// What a family does. All may sleep; 0, a count or -errno.
struct socket_ops {
	void (*release)(struct socket *s);
	int (*bind)(struct socket *s, const struct socket_name *name);
	int (*connect)(struct socket *s, const struct socket_name *name, bool nonblock);
	int (*listen)(struct socket *s, int backlog);
	int (*accept)(struct socket *s, bool nonblock, struct socket **out);
	int (*get_name)(struct socket *s, bool peer, struct socket_name *out);
	int64_t (*send)(struct socket *s, struct message *m);
	int64_t (*receive)(struct socket *s, struct message *m);
	int (*shutdown)(struct socket *s, int how);
	uint32_t (*poll)(struct socket *s, struct poll_table *pt);
	int64_t (*ioctl)(struct socket *s, unsigned cmd, uint64_t arg);
	// |n| is an option's int; -ENOPROTOOPT if the family does not know it.
	int (*set_option)(struct socket *s, int option, int n);
	int (*get_option)(struct socket *s, int option, void *out, unsigned bytes, unsigned *used);
};

// The part that all sockets have. Options are written without a lock.
struct socket {
	const struct socket_ops *ops;
	int family, type, protocol;
	struct file *file; // borrowed; NULL until there is one
	int sndbuf, rcvbuf, rcvlowat;
	uint64_t rcvtimeo_ns, sndtimeo_ns; // UINT64_MAX: none
	uint32_t flags;                    // of options that are only kept (sockopt.c)
	int linger_seconds, priority, mark;
	int error; // SO_ERROR, positive; atomic
};

void socket_init(struct socket *s, const struct socket_ops *ops, int family, int type,
		 int protocol);
// Makes sockets of |family|; registered once.
struct socket_family {
	int family;
	// |type| without flags. -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -ENOMEM.
	int (*create)(int type, int protocol, struct socket **out);
	int (*pair)(int type, int protocol, struct socket *out[2]);
};
const struct socket_family *socket_family_find(int family);

// A description of |s| with |flags| (O_NONBLOCK). On failure |s| is released.
int __must_check socket_file(struct socket *s, unsigned flags, struct file **out);
struct socket *socket_of(const struct file *f); // NULL: not a socket
// Takes the pending error: -errno or 0.
int socket_take_error(struct socket *s);
// The caller's identity.
struct socket_creds socket_creds_current(void);

// SOL_SOCKET options of all families, then the family's. |value| is a kernel copy.
int __must_check socket_set_option(struct socket *s, int option, const void *value, unsigned bytes);
int __must_check socket_get_option(struct socket *s, int option, void *out, unsigned bytes,
				   unsigned *used);
