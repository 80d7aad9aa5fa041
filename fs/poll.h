// The core of poll, select and epoll: a poll_table collects the wait queues of the files asked.
#pragma once

#include "kernel/sched/waitq.h"

struct poll_table {
	// Called by a file's poll op for each queue whose wakes may change its answer.
	void (*add)(struct poll_table *pt, struct waitq *q);
};

static inline void poll_wait(struct poll_table *pt, struct waitq *q)
{
	if (pt && pt->add)
		pt->add(pt, q);
}
