// membarrier(2). What a program has registered for is kept with its memory (aspace->membarrier,
// atomic). The barrier itself is an interrupt that the other CPUs answer: it orders their memory
// accesses, and the IRET that ends it their instruction fetches.

#include <asm/errno.h>
#include <linux/membarrier.h>

#include "kernel/base/percpu.h"
#include "kernel/proc/process_internal.h"
#include "lib/uapi_new.h"
#include "mm/phys/tlb.h"
#include "mm/virt/aspace.h"

#define REGISTRATIONS                                                                              \
	(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED |    \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE |                                     \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ)
#define PRIVATE                                                                                    \
	(MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE |           \
	 MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ)
#define BARRIERS (MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED | PRIVATE)

static void interrupt_cpus(uint64_t cpus)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	tlb_interrupt(cpus);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

// Threads of the caller's process that are in a restartable sequence start it again.
static void restart_sequences(uint64_t cpus)
{
	struct process *p = process_current();
	uint64_t irq = sighand_lock(p);
	struct uthread *u;

	list_for_each (u, &p->threads, node)
		if (u->rseq.va && u->thread != thread_current())
			__atomic_fetch_or(&u->thread->pending, PENDING_NOTIFY, __ATOMIC_SEQ_CST);
	sighand_unlock(p, irq);
	interrupt_cpus(cpus);
}

static int do_barrier(int cmd, unsigned flags, int cpu)
{
	struct aspace *as = thread_current()->aspace;
	uint64_t own = __atomic_load_n(&as->pt.cpus, __ATOMIC_SEQ_CST);

	// Each private barrier has its registration in the next bit.
	if (cmd & PRIVATE && !(__atomic_load_n(&as->membarrier, __ATOMIC_ACQUIRE) & cmd << 1))
		return -EPERM;
	if (cmd != MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ)
		interrupt_cpus(cmd & PRIVATE ? own : ~0ull);
	else if (!(flags & MEMBARRIER_CMD_FLAG_CPU) || cpu < 0)
		restart_sequences(own);
	else if (cpu < MAX_CPUS)
		restart_sequences(own & 1ull << cpu);
	return 0;
}

int process_membarrier(int cmd, unsigned flags, int cpu)
{
	struct aspace *as = thread_current()->aspace;
	unsigned known = cmd == MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ ? MEMBARRIER_CMD_FLAG_CPU : 0;

	if (flags & ~known || cmd < 0 || cmd & (cmd - 1))
		return -EINVAL;
	if (cmd == MEMBARRIER_CMD_QUERY)
		return BARRIERS | REGISTRATIONS | MEMBARRIER_CMD_GET_REGISTRATIONS;
	if (cmd == MEMBARRIER_CMD_GET_REGISTRATIONS)
		return (int)__atomic_load_n(&as->membarrier, __ATOMIC_ACQUIRE);
	if (cmd & REGISTRATIONS) {
		__atomic_fetch_or(&as->membarrier, (uint32_t)cmd, __ATOMIC_SEQ_CST);
		return 0;
	}
	return cmd & BARRIERS ? do_barrier(cmd, flags, cpu) : -EINVAL;
}
