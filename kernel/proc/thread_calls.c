// The small calls on the calling thread's user memory.

#include <asm/errno.h>
#include <linux/futex.h>

#include "kernel/proc/process.h"
#include "kernel/sched/pid.h"

int process_set_tid_address(struct uptr p)
{
	uthread_current()->clear_child_tid = p;
	return thread_current()->tid;
}

int process_set_robust_list(struct uptr head, uint64_t bytes)
{
	if (bytes != sizeof(struct robust_list_head))
		return -EINVAL;
	uthread_current()->robust_list = head;
	return 0;
}

int process_get_robust_list(int tid, struct uptr *head, uint64_t *bytes)
{
	struct thread *t = tid ? pid_find_thread(tid) : thread_current();

	if (!t || !t->uthread)
		return -ESRCH;
	*head = t->uthread->robust_list;
	*bytes = sizeof(struct robust_list_head);
	if (tid)
		thread_put(t);
	return 0;
}
