// AF_UNIX between its files.
#pragma once

#include <linux/un.h>

#include "fs/path.h"
#include "kernel/base/lock.h"
#include "kernel/sched/mutex.h"
#include "kernel/sched/waitq.h"
#include "lib/list.h"
#include "net/socket.h"

enum unix_state { UNIX_CLOSED, UNIX_LISTENING, UNIX_CONNECTED };

#define SHUT_RECEIVE 1u
#define SHUT_SEND    2u
#define SHUT_BOTH    3u

// A bound name; shared by a listener and what it accepts.
struct unix_name {
	uint32_t refs;
	int type;
	struct usock *owner;   // found by name; NULL once it is closed; guarded by the names' lock
	struct list_node node; // abstract ones
	struct path path;      // else
	struct socket_name address; // as getsockname gives it
};

struct usock {
	struct socket base;
	uint32_t refs;          // atomic: file or accept queue, peers, messages on their way
	struct mutex setup;     // RANK_SOCKET_SETUP: serialises bind, connect, listen
	struct mutex reading;   // RANK_SOCKET: who takes from the front of the queue
	struct waitq wait;      // readers, writers, who polls
	struct unix_name *name; // referenced; set once, by who holds |setup|

	struct spinlock lock; // RANK_UNIX; a listener's before that of who connects
	// guarded by lock
	unsigned state, shutdown;
	bool dead;
	struct usock *peer;        // referenced; of connected streams it never changes
	struct list_node messages; // oldest first
	unsigned queued;           // how many; of a listener: connections
	uint64_t unread_bytes;
	struct list_node pending; // a listener's connections, by their |pending_node|
	struct list_node pending_node;
	unsigned backlog;
	struct socket_creds creds; // who listens or connected: the peer's SO_PEERCRED
	struct socket_creds peer_creds;
	bool have_peer_creds;

	int64_t sent_bytes; // memory of messages that nobody has read yet; atomic
	bool passcred;
	int peek_offset; // -1: none

	// guarded by the collector's lock
	struct list_node flying_node; // of those on their way in messages
	uint32_t flying;              // how often
	uint32_t flying_seen;
	bool candidate;
};

struct umsg {
	union {
		struct list_node node;
		struct umsg *next_used; // once it was read
	};
	struct usock *sender; // referenced
	struct unix_name *name;
	struct rights *rights;
	struct socket_creds creds;
	uint32_t bytes, offset; // all, taken
	uint32_t charge;
	char data[];
};

extern const struct socket_family unix_family;
extern const struct socket_ops unix_ops;

static inline struct usock *usock_of(struct socket *s)
{
	return container_of(s, struct usock, base);
}

static inline struct usock *usock_get(struct usock *u)
{
	__atomic_fetch_add(&u->refs, 1, __ATOMIC_RELAXED);
	return u;
}
void usock_put(struct usock *u);
// The other end with a reference, or NULL.
struct usock *usock_get_peer(struct usock *u);

// unix_name.c
struct unix_name *unix_name_get(struct unix_name *n);
void unix_name_put(struct unix_name *n);
void unix_name_disown(struct usock *u); // it is closed
int unix_name_bind(struct usock *u, const struct socket_name *name);
// Who has that name and is of |type|, with a reference. -ECONNREFUSED, -EPROTOTYPE, -ENOENT, ...
int unix_name_find(const struct socket_name *name, int type, struct usock **out);
int unix_name_check(const struct socket_name *name);

// unix_io.c
int64_t unix_send(struct socket *s, struct message *m);
int64_t unix_receive(struct socket *s, struct message *m);
void umsg_free(struct umsg *m);
bool unix_can_send(const struct usock *u); // has room for more

// unix_gc.c: sockets on their way in messages may hold one another alive.
int unix_fly(const struct rights *r); // before they are queued; -ETOOMANYREFS
void unix_land(const struct rights *r);
void unix_drop(struct rights *r); // lands and frees, however deep what it holds goes on
void unix_collect(void);          // frees what can be reached no more; no locks held
