// System call dispatch: owns the table made from syscalls.def, the list of calls that were asked
// for and do not exist, and the call counters. The counters and that list are updated with atomics,
// no lock; everything else is read-only after boot. Knows nothing of what the calls do.
#include "syscall/dispatch.h"

#include <asm/errno.h>

#include "fs/pseudo.h"
#include "kernel/base/log.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "syscall/calls.h"
#include "syscall/strace.h"

typedef int64_t syscall_fn(const struct pt_regs *regs);

// A thunk unpacks the registers by the argument kinds: the only place that knows their order.
#define REG_1 regs->rdi
#define REG_2 regs->rsi
#define REG_3 regs->rdx
#define REG_4 regs->r10
#define REG_5 regs->r8
#define REG_6 regs->r9
#define PASS_0(note)
#define PASS_1(k1, a1, note)                    arg_from_##k1(REG_1)
#define PASS_2(k1, a1, k2, ...)                 PASS_1(k1, a1, ), arg_from_##k2(REG_2)
#define PASS_3(k1, a1, k2, a2, k3, ...)         PASS_2(k1, a1, k2, ), arg_from_##k3(REG_3)
#define PASS_4(k1, a1, k2, a2, k3, a3, k4, ...) PASS_3(k1, a1, k2, a2, k3, ), arg_from_##k4(REG_4)
#define PASS_5(k1, a1, k2, a2, k3, a3, k4, a4, k5, ...)                                            \
	PASS_4(k1, a1, k2, a2, k3, a3, k4, ), arg_from_##k5(REG_5)
#define PASS_6(k1, a1, k2, a2, k3, a3, k4, a4, k5, a5, k6, ...)                                    \
	PASS_5(k1, a1, k2, a2, k3, a3, k4, a4, k5, ), arg_from_##k6(REG_6)

#define THUNK_FULL(name, n, ...)                                                                   \
	static int64_t thunk_##name(const struct pt_regs *regs)                                    \
	{                                                                                          \
		return sys_##name(PASS_##n(__VA_ARGS__));                                          \
	}
#define THUNK_PARTIAL(name, n, ...) THUNK_FULL(name, n, __VA_ARGS__)
#define THUNK_NOSYS(name, n, ...)

#define SYSCALL(nr, name, status, n, ...) THUNK_##status(name, n, __VA_ARGS__)
#include "syscall/syscalls.def"
#undef SYSCALL

static __cold int64_t syscall_missing(const struct pt_regs *regs);

#define SLOT_FULL(name)    thunk_##name
#define SLOT_PARTIAL(name) thunk_##name
#define SLOT_NOSYS(name)   syscall_missing

// Numbers without a line (337..423, which Linux never used) are NULL.
static syscall_fn *const table[SYSCALL_COUNT] = {
#define SYSCALL(nr, name, status, n, ...) [nr] = SLOT_##status(name),
#include "syscall/syscalls.def"
#undef SYSCALL
};

#define KINDS_0(note)
#define KINDS_1(k1, a1, note) KIND_##k1
#define KINDS_2(k1, a1, ...)  KIND_##k1, KINDS_1(__VA_ARGS__)
#define KINDS_3(k1, a1, ...)  KIND_##k1, KINDS_2(__VA_ARGS__)
#define KINDS_4(k1, a1, ...)  KIND_##k1, KINDS_3(__VA_ARGS__)
#define KINDS_5(k1, a1, ...)  KIND_##k1, KINDS_4(__VA_ARGS__)
#define KINDS_6(k1, a1, ...)  KIND_##k1, KINDS_5(__VA_ARGS__)
#define IMPL_FULL             true
#define IMPL_PARTIAL          true
#define IMPL_NOSYS            false

static const struct syscall_info infos[SYSCALL_COUNT] = {
#define SYSCALL(nr, sysname, status, n, ...)                                                       \
	[nr] = { .name = #sysname,                                                                 \
		 .nargs = n,                                                                       \
		 .kinds = { KINDS_##n(__VA_ARGS__) },                                              \
		 .implemented = IMPL_##status },
#include "syscall/syscalls.def"
#undef SYSCALL
};

#define MISSING_SLOTS 48

static struct {
	bool watched;    // the slow path: tracing or counting is on
	uint64_t *count; // by number; NULL: not counting
	struct {
		uint64_t nr_plus_1; // 0: free; wide, for number 0xffffffff
		uint32_t count;
	} missing[MISSING_SLOTS];
	uint32_t missing_others; // calls that found no slot
} dispatch;

const struct syscall_info *syscall_info(uint64_t nr)
{
	return nr < SYSCALL_COUNT && infos[nr].name ? &infos[nr] : NULL;
}

// Counts a call that does not exist; true the first time that number is seen.
static bool missing_note(uint32_t nr)
{
	for (unsigned i = 0; i < MISSING_SLOTS; i++) {
		uint64_t *slot = &dispatch.missing[i].nr_plus_1;
		uint64_t seen = 0;
		bool fresh = __atomic_compare_exchange_n(slot, &seen, nr + 1ull, false,
							 __ATOMIC_RELAXED, __ATOMIC_RELAXED);

		if (!fresh && seen != nr + 1ull)
			continue;
		__atomic_add_fetch(&dispatch.missing[i].count, 1, __ATOMIC_RELAXED);
		return fresh;
	}
	__atomic_add_fetch(&dispatch.missing_others, 1, __ATOMIC_RELAXED);
	return false;
}

static __cold int64_t syscall_missing(const struct pt_regs *regs)
{
	uint32_t nr = (uint32_t)regs->orig_rax;
	const struct syscall_info *info = syscall_info(nr);

	if (missing_note(nr))
		log_warn("syscall",
			 "not implemented: %s (%u)(0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx)",
			 info ? info->name : "unknown", nr, (unsigned long long)regs->rdi,
			 (unsigned long long)regs->rsi, (unsigned long long)regs->rdx,
			 (unsigned long long)regs->r10, (unsigned long long)regs->r8,
			 (unsigned long long)regs->r9);
	return -ENOSYS;
}

static __cold __noinline int64_t dispatch_watched(const struct pt_regs *regs, uint32_t nr)
{
	syscall_fn *fn = nr < SYSCALL_COUNT && table[nr] ? table[nr] : syscall_missing;
	struct strace_call *call;
	int64_t result;

	if (dispatch.count && nr < SYSCALL_COUNT)
		__atomic_add_fetch(&dispatch.count[nr], 1, __ATOMIC_RELAXED);
	call = strace_enter(nr, regs);
	result = fn(regs);
	strace_leave(call, result);
	return result;
}

void syscall_dispatch(struct pt_regs *regs)
{
	// As Linux: only the low half of RAX is the number.
	uint32_t nr = (uint32_t)regs->orig_rax;

	if (likely(nr < SYSCALL_COUNT && !dispatch.watched && table[nr]))
		regs->rax = (uint64_t)table[nr](regs);
	else
		regs->rax = (uint64_t)dispatch_watched(regs, nr);
}

int syscall_trace_configure(const char *list)
{
	int err = strace_select(list);

	if (!err)
		dispatch.watched = true;
	return err;
}

void syscall_stats_enable(void)
{
	dispatch.count = kcalloc(SYSCALL_COUNT, sizeof(*dispatch.count));
	if (dispatch.count)
		dispatch.watched = true;
}

static void report_counts(struct seq *out)
{
	for (uint64_t below = UINT64_MAX, next; below; below = next) {
		next = 0;
		for (unsigned i = 0; i < SYSCALL_COUNT; i++)
			if (dispatch.count[i] < below)
				next = MAX(next, dispatch.count[i]);
		for (unsigned i = 0; next && i < SYSCALL_COUNT; i++)
			if (dispatch.count[i] == next)
				seq_printf(out, "syscall %s=%llu\n",
					   infos[i].name ? infos[i].name : "unknown",
					   (unsigned long long)next);
	}
}

void syscall_report(struct seq *out)
{
	if (dispatch.count)
		report_counts(out);
	for (unsigned i = 0; i < MISSING_SLOTS && dispatch.missing[i].nr_plus_1; i++) {
		uint32_t nr = (uint32_t)(dispatch.missing[i].nr_plus_1 - 1);
		const struct syscall_info *info = syscall_info(nr);

		seq_printf(out, "not implemented: %s (%u): %u calls\n",
			   info ? info->name : "unknown", nr, dispatch.missing[i].count);
	}
	if (dispatch.missing_others)
		seq_printf(out, "not implemented: others: %u calls\n", dispatch.missing_others);
}
