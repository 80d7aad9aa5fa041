// Memory policies on a machine of one node: judged and kept as Linux 6.18 does (mm/mempolicy.c),
// without effect, since all memory is on node 0. A policy is kept as one small number: its mode, of
// which there are fewer than 8, and which of the mode flags it has.
#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/mempolicy.h>

#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "kernel/sched/sched.h"
#include "mm/phys/pmm.h"
#include "mm/virt/mmap.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define MAX_NODES                1024u // CONFIG_NODES_SHIFT is 10
#define WORD_BITS                64u
#define NODE_0                   1ull
#define MPOL_PREFERRED_MANY_     5 // Linux 5.15, include/uapi/linux/mempolicy.h
#define MPOL_WEIGHTED_INTERLEAVE 6 // 6.9
#define MODES                    7

static const unsigned mode_flags[] = {
	0,
	MPOL_F_STATIC_NODES,
	MPOL_F_RELATIVE_NODES,
	// Only with MPOL_BIND and MPOL_PREFERRED_MANY.
	MPOL_F_NUMA_BALANCING,
	MPOL_F_NUMA_BALANCING | MPOL_F_STATIC_NODES,
	MPOL_F_NUMA_BALANCING | MPOL_F_RELATIVE_NODES,
};
#define BALANCING 3 // from here on in mode_flags

static unsigned policy_number(unsigned mode, unsigned n)
{
	return n < BALANCING ? mode + n * MODES
			     : BALANCING * MODES + (n - BALANCING) * 2 + (mode == MPOL_BIND);
}

static unsigned policy_mode(unsigned policy)
{
	if (policy < BALANCING * MODES)
		return policy % MODES;
	return (policy - BALANCING * MODES) % 2 ? MPOL_BIND : MPOL_PREFERRED_MANY_;
}

static unsigned policy_flags(unsigned policy)
{
	return mode_flags[policy < BALANCING * MODES
				  ? policy / MODES
				  : BALANCING + (policy - BALANCING * MODES) / 2];
}

// A nodemask: |*nodes| is its first word; bits of nodes that no machine has are refused.
static int get_nodes(struct uptr mask, uint64_t max_node, uint64_t *nodes)
{
	uint64_t bits = max_node - 1;

	*nodes = 0;
	if (!bits || !mask.va)
		return 0;
	if (bits > PAGE_SIZE * 8)
		return -EINVAL;
	for (uint64_t at = ALIGN_DOWN(bits - 1, WORD_BITS);; at -= WORD_BITS) {
		uint64_t word;

		if (get_user(word, uptr_add(mask, at / 8)))
			return -EFAULT;
		if (bits - at < WORD_BITS)
			word &= (1ull << (bits - at)) - 1;
		if (at >= MAX_NODES && word)
			return -EINVAL;
		if (!at || at < MAX_NODES)
			*nodes = at ? *nodes | (word != 0) << 1 : word | *nodes;
		if (!at)
			return 0;
	}
}

// sanitize_mpol_flags() and mpol_new(): the policy's number, or an errno.
static int make_policy(unsigned mode, struct uptr mask, uint64_t max_node)
{
	unsigned flags = mode & MPOL_MODE_FLAGS, n = 0;
	uint64_t nodes;
	int err;

	mode &= ~(unsigned)MPOL_MODE_FLAGS;
	while (n < ARRAY_SIZE(mode_flags) && mode_flags[n] != flags)
		n++;
	if (mode >= MODES || n == ARRAY_SIZE(mode_flags))
		return -EINVAL;
	if (n >= BALANCING && mode != MPOL_BIND && mode != MPOL_PREFERRED_MANY_)
		return -EINVAL;
	err = get_nodes(mask, max_node, &nodes);
	if (err)
		return err;
	if (mode == MPOL_DEFAULT)
		return nodes ? -EINVAL : 0;
	if (mode == MPOL_PREFERRED && !nodes)
		mode = MPOL_LOCAL;
	if (mode == MPOL_LOCAL)
		return nodes || flags ? -EINVAL : MPOL_LOCAL;
	// Relative nodes are folded onto the one there is.
	if (!(flags & MPOL_F_RELATIVE_NODES ? nodes : nodes & NODE_0))
		return -EINVAL;
	return (int)policy_number(mode, n);
}

int64_t sys_set_mempolicy(int mode, struct uptr mask, uint64_t max_node)
{
	int policy = make_policy((unsigned)mode, mask, max_node);

	if (policy >= 0)
		thread_current()->mempolicy = (uint8_t)policy;
	return policy < 0 ? policy : 0;
}

// MPOL_F_NODE: where the page is, or where an interleaved one would come from.
static int tell_node(uint64_t addr, uint64_t flags, unsigned policy)
{
	const unsigned mode = policy_mode(policy);
	struct page *p;
	int64_t n;

	if (flags & MPOL_F_ADDR) {
		n = vm_user_pages(thread_current()->aspace, addr & PAGE_MASK, 1, &p);
		if (n > 0)
			page_put(p, 0);
		return n < 0 ? (int)n : 0;
	}
	return mode == MPOL_INTERLEAVE || mode == MPOL_WEIGHTED_INTERLEAVE ? 0 : -EINVAL;
}

static int look_up(uint64_t addr, uint64_t flags, unsigned *mode, uint64_t *nodes)
{
	int policy = thread_current()->mempolicy;

	*mode = 0;
	*nodes = NODE_0;
	if (flags & ~(uint64_t)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED))
		return -EINVAL;
	if (flags & MPOL_F_MEMS_ALLOWED)
		return flags & (MPOL_F_NODE | MPOL_F_ADDR) ? -EINVAL : 0;
	if (!(flags & MPOL_F_ADDR) && addr)
		return -EINVAL;
	if (flags & MPOL_F_ADDR) {
		policy = vm_get_policy(thread_current()->aspace, addr);
		if (policy < 0)
			return policy;
	}
	if (policy_mode((unsigned)policy) == MPOL_DEFAULT ||
	    policy_mode((unsigned)policy) == MPOL_LOCAL)
		*nodes = 0;
	if (flags & MPOL_F_NODE)
		return tell_node(addr, flags, (unsigned)policy);
	*mode = policy_mode((unsigned)policy) | policy_flags((unsigned)policy);
	return 0;
}

static int put_nodes(struct uptr mask, uint64_t max_node, uint64_t nodes)
{
	uint64_t bytes = ALIGN_UP(max_node - 1, WORD_BITS) / 8;

	if (!bytes)
		return 0;
	if (bytes > PAGE_SIZE)
		return -EINVAL;
	if (bytes > sizeof(nodes) &&
	    clear_user(uptr_add(mask, sizeof(nodes)), bytes - sizeof(nodes)))
		return -EFAULT;
	return put_user(nodes, mask);
}

int64_t sys_get_mempolicy(struct uptr mode, struct uptr mask, uint64_t max_node, uint64_t addr,
			  uint64_t flags)
{
	uint64_t nodes;
	unsigned m;
	int err;

	if (mask.va && !max_node)
		return -EINVAL;
	err = look_up(addr, flags, &m, &nodes);
	if (err)
		return err;
	if (mode.va && put_user(m, mode))
		return -EFAULT;
	return mask.va ? put_nodes(mask, max_node, nodes) : 0;
}

// The page-aligned end of a range; false: it wraps.
static bool range_end(uint64_t addr, uint64_t bytes, uint64_t *end)
{
	*end = addr + ALIGN_UP(bytes, PAGE_SIZE);
	return *end >= addr;
}

static int replace_policy(void *arg, unsigned old)
{
	return *(int *)arg;
}

int64_t sys_mbind(uint64_t addr, uint64_t bytes, int mode, struct uptr mask, uint64_t max_node,
		  uint64_t flags)
{
	int policy = make_policy((unsigned)mode, mask, max_node);
	uint64_t end;
	int r;

	// Linux looks at the flags between the mode and the nodes' count.
	if (policy == -EFAULT || (unsigned)mode & ~(MPOL_MODE_FLAGS | 7u))
		return policy;
	if (mask.va && max_node - 1 > PAGE_SIZE * 8)
		return -EINVAL;
	if (flags & ~(uint64_t)(MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if (flags & MPOL_MF_MOVE_ALL && !cred_has_cap(cred_current(), CAP_SYS_NICE))
		return -EPERM;
	if (addr & ~PAGE_MASK || !range_end(addr, bytes, &end))
		return -EINVAL;
	if (end == addr)
		return 0;
	if (policy < 0)
		return policy;
	// Holes are nothing wrong for the default policy, unless they are all there is.
	r = vm_mbind(thread_current()->aspace, addr, end, replace_policy, &policy,
		     policy_mode((unsigned)policy) == MPOL_DEFAULT);
	return r == -ENOENT ? -EFAULT : r;
}

static int home_of(void *arg, unsigned old)
{
	const unsigned mode = policy_mode(old);

	if (!old)
		return -ENOENT;
	return mode == MPOL_BIND || mode == MPOL_PREFERRED_MANY_ ? (int)old : -EOPNOTSUPP;
}

int64_t sys_set_mempolicy_home_node(uint64_t addr, uint64_t bytes, uint64_t node, uint64_t flags)
{
	uint64_t end;

	if (addr & ~PAGE_MASK || flags || node || !range_end(addr, bytes, &end))
		return -EINVAL;
	return end == addr ? 0 : vm_mbind(thread_current()->aspace, addr, end, home_of, NULL, true);
}

// 0 if |pid| is the calling process (there is no other whose memory may be moved yet).
static int judge_pid(int pid)
{
	struct thread *t = pid ? pid_find_thread(pid) : NULL;
	bool mine = !pid || (t && t->process == thread_current()->process);

	if (t)
		thread_put(t);
	return mine ? 0 : t ? -EPERM : -ESRCH;
}

int64_t sys_migrate_pages(int pid, uint64_t max_node, struct uptr from, struct uptr to)
{
	uint64_t old, new;
	int err = get_nodes(from, max_node, &old);

	if (!err)
		err = get_nodes(to, max_node, &new);
	if (!err)
		err = judge_pid(pid);
	if (err)
		return err;
	if (new & ~NODE_0 && !cred_has_cap(cred_current(), CAP_SYS_NICE))
		return -EPERM;
	return new &NODE_0 ? 0 : -EINVAL; // all pages are where they go
}

// Where page |i| is, and to which node it shall go: what to say of it, or |*err|.
static int one_page(struct uptr pages, struct uptr nodes, uint64_t i, int *err)
{
	uint64_t va;
	int node = 0;

	if (get_user(va, uptr_add(pages, i * sizeof(va))) ||
	    (nodes.va && get_user(node, uptr_add(nodes, i * sizeof(node)))))
		*err = -EFAULT;
	else if (node)
		*err = -ENODEV;
	return *err ? 0 : vm_page_node(thread_current()->aspace, va & PAGE_MASK);
}

int64_t sys_move_pages(int pid, uint64_t count, struct uptr pages, struct uptr nodes,
		       struct uptr status, uint64_t flags)
{
	int err;

	if (flags & ~(uint64_t)(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if (flags & MPOL_MF_MOVE_ALL && !cred_has_cap(cred_current(), CAP_SYS_NICE))
		return -EPERM;
	err = judge_pid(pid);
	for (uint64_t i = 0; !err && i < count; i++) {
		int said = one_page(pages, nodes, i, &err);

		if (!err && put_user(said, uptr_add(status, i * sizeof(said))))
			err = -EFAULT;
		if (i % 512 == 511)
			sched_point();
		if (sched_killed())
			err = -EINTR;
	}
	return err;
}
