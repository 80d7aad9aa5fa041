// SysV semaphore and message queue calls. Owns no state.
#include "kernel/proc/sysvmsg.h"
#include "kernel/proc/sysvsem.h"
#include "syscall/args.h"
#include "syscall/calls.h"

__stack_guarded int64_t sys_semget(int key, int count, uint64_t flags)
{
	return sysvsem_get(key, count, (int)flags);
}

__stack_guarded int64_t sys_semop(int id, struct uptr ops, uint64_t count)
{
	return sysvsem_operate(id, ops, (unsigned)count, UINT64_MAX);
}

__stack_guarded int64_t sys_semtimedop(int id, struct uptr ops, uint64_t count, struct uptr timeout)
{
	uint64_t deadline_ns;
	int err = user_deadline_get(timeout, &deadline_ns);

	return err ? err : sysvsem_operate(id, ops, (unsigned)count, deadline_ns);
}

__stack_guarded int64_t sys_semctl(int id, int index, int cmd, uint64_t arg)
{
	return sysvsem_control(id, index, cmd, arg);
}

__stack_guarded int64_t sys_msgget(int key, uint64_t flags)
{
	return sysvmsg_get(key, (int)flags);
}

__stack_guarded int64_t sys_msgsnd(int id, struct uptr msg, uint64_t bytes, uint64_t flags)
{
	return sysvmsg_send(id, msg, bytes, (int)flags);
}

__stack_guarded int64_t sys_msgrcv(int id, struct uptr msg, uint64_t bytes, int64_t type,
				   uint64_t flags)
{
	return sysvmsg_receive(id, msg, bytes, type, (int)flags);
}

__stack_guarded int64_t sys_msgctl(int id, int cmd, struct uptr buf)
{
	return sysvmsg_control(id, cmd, buf);
}
