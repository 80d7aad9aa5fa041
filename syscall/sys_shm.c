// SysV shared memory calls. Owns no state.
#include "kernel/proc/sysvshm.h"
#include "syscall/calls.h"

__stack_guarded int64_t sys_shmget(int key, uint64_t bytes, uint64_t flags)
{
	return sysvshm_get(key, bytes, (int)flags);
}

int64_t sys_shmat(int id, uint64_t addr, uint64_t flags)
{
	return sysvshm_attach(id, addr, (int)flags);
}

int64_t sys_shmdt(uint64_t addr)
{
	return sysvshm_detach(addr);
}

__stack_guarded int64_t sys_shmctl(int id, int cmd, struct uptr buf)
{
	return sysvshm_control(id, cmd, buf);
}
