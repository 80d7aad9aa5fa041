// Between mqueue.c (messages, waiting) and mqueuefs.c (names, attributes, limits).
#pragma once

#include <linux/mqueue.h>

#include "fs/inode.h"
#include "kernel/base/lock.h"
#include "kernel/sched/waitq.h"
#include "lib/rbtree.h"

struct nl_message;
struct process;
struct socket;

struct mq_notification {
	struct process *owner; // referenced; NULL: none
	int how, sig;          // SIGEV_*
	uint64_t value;
	struct socket *socket; // SIGEV_THREAD: referenced
	struct nl_message *cookie;
};

enum mq_side { MQ_SENDERS, MQ_RECEIVERS };

struct mqueue {
	struct inode inode;
	struct waitq wait; // who polls
	struct spinlock lock;
	// guarded by lock
	struct rb_root messages; // struct mq_message: in the order in which they are received
	struct mq_attr attr;     // fixed but for mq_curmsgs
	uint64_t bytes;
	struct list_node waiters[2]; // struct mq_waiter, most urgent first
	struct mq_notification notification;

	uint32_t uid; // to whom it is charged
};

extern const struct file_ops mqueue_file_ops;
// Empties a queue that nobody has open.
void mqueue_destroy(struct mqueue *q);

static inline struct mqueue *mqueue_of(struct inode *i)
{
	return container_of(i, struct mqueue, inode);
}
