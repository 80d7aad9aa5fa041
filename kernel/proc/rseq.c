// Restartable sequences. The ABI is <linux/rseq.h>; checks follow Linux's kernel/rseq.c (6.18).

#include "kernel/proc/rseq.h"

#include <asm/errno.h>
#include <linux/rseq.h>

#include "kernel/base/percpu.h"
#include "kernel/proc/process.h"
#include "mm/virt/uaccess.h"

#define ORIG_BYTES  32u // of the first version: everybody registers at least this
#define ALIGN_BYTES 32u
#define MAX_BYTES   4096u
#define NODE_OFFSET 20u // node_id and mm_cid: Linux 6.3
#define CPU_UNSET   ((uint32_t)RSEQ_CPU_ID_UNINITIALIZED)

// cpu_id_start and cpu_id, then node_id and mm_cid behind rseq_cs and flags.
static __stack_guarded int write_ids(struct uptr area, uint32_t start, uint32_t cpu, uint32_t cid)
{
	uint32_t ids[2] = { start, cpu }, ext[2] = { 0, cid };

	if (copy_to_user(uptr_add(area, offsetof(struct rseq, cpu_id_start)), ids, sizeof(ids)))
		return -EFAULT;
	return copy_to_user(uptr_add(area, NODE_OFFSET), ext, sizeof(ext));
}

static int rseq_register(struct uthread *u, struct uptr area, uint32_t bytes, uint32_t sig)
{
	uint64_t no_section = 0;
	unsigned cpu;

	if (area.va % ALIGN_BYTES || bytes < ORIG_BYTES || bytes > MAX_BYTES)
		return -EINVAL;
	if (area.va >= USER_TOP || area.va + bytes > USER_TOP)
		return -EFAULT;
	if (copy_to_user(uptr_add(area, offsetof(struct rseq, rseq_cs)), &no_section,
			 sizeof(no_section)))
		return -EFAULT;
	// From here on a move to another CPU is noted, also one while the numbers are written.
	u->thread->notify_on_switch |= NOTIFY_RSEQ;
	cpu = this_cpu_id();
	if (write_ids(area, cpu, cpu, cpu)) {
		u->thread->notify_on_switch &= (uint8_t)~NOTIFY_RSEQ;
		return -EFAULT;
	}
	u->rseq = area;
	u->rseq_bytes = bytes;
	u->rseq_sig = sig;
	u->rseq_cpu = cpu;
	return 0;
}

int process_rseq(struct uptr area, uint32_t bytes, int flags, uint32_t sig)
{
	struct uthread *u = uthread_current();

	if (flags & RSEQ_FLAG_UNREGISTER) {
		if (flags & ~RSEQ_FLAG_UNREGISTER || !u->rseq.va || area.va != u->rseq.va ||
		    bytes != u->rseq_bytes)
			return -EINVAL;
		if (sig != u->rseq_sig)
			return -EPERM;
		if (write_ids(area, 0, CPU_UNSET, 0))
			return -EFAULT;
		u->rseq = UPTR(0);
		u->rseq_bytes = 0;
		u->thread->notify_on_switch &= (uint8_t)~NOTIFY_RSEQ;
		return 0;
	}
	if (flags)
		return -EINVAL;
	if (!u->rseq.va)
		return rseq_register(u, area, bytes, sig);
	if (area.va != u->rseq.va || bytes != u->rseq_bytes)
		return -EINVAL;
	return sig != u->rseq_sig ? -EPERM : -EBUSY;
}

// The critical section that |ip| is in, if any: its abort address, 0 if it is in none.
static int section_abort(struct uthread *u, uint64_t ip, uint64_t *abort)
{
	struct uptr field = uptr_add(u->rseq, offsetof(struct rseq, rseq_cs));
	struct rseq_cs cs;
	uint64_t at, none = 0;
	uint32_t sig;

	*abort = 0;
	if (get_user(at, field))
		return -EFAULT;
	if (!at)
		return 0;
	if (at >= USER_TOP || copy_from_user(&cs, UPTR(at), sizeof(cs)))
		return -EFAULT;
	if (cs.start_ip >= USER_TOP || cs.start_ip + cs.post_commit_offset >= USER_TOP ||
	    cs.abort_ip >= USER_TOP || cs.version > 0 || cs.flags ||
	    cs.start_ip + cs.post_commit_offset < cs.start_ip)
		return -EINVAL;
	if (cs.abort_ip - cs.start_ip < cs.post_commit_offset)
		return -EINVAL;
	if (get_user(sig, UPTR(cs.abort_ip - sizeof(sig))))
		return -EFAULT;
	if (sig != u->rseq_sig)
		return -EINVAL;
	// Outside of it the program has left the section: it is forgotten either way.
	if (copy_to_user(field, &none, sizeof(none)))
		return -EFAULT;
	if (ip - cs.start_ip < cs.post_commit_offset)
		*abort = cs.abort_ip;
	return 0;
}

int rseq_fixup(struct pt_regs *regs)
{
	struct uthread *u = uthread_current();
	uint64_t abort;
	unsigned cpu;
	int err;

	if (!u->rseq.va)
		return 0;
	err = section_abort(u, regs->rip, &abort);
	if (err)
		return err;
	if (abort)
		regs->rip = abort;
	// Asked once: a thread that is moved in between comes here again, and finds what it wrote.
	cpu = this_cpu_id();
	if (u->rseq_cpu == cpu)
		return 0;
	u->rseq_cpu = cpu;
	return write_ids(u->rseq, cpu, cpu, cpu);
}
