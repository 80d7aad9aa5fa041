// System call dispatch: owns the table made from syscalls.def, the list of calls that were asked
// for and do not exist, and the call counters. The counters and that list are updated with atomics,
// no lock; everything else is read-only after boot. Knows nothing of what the calls do.
#include "syscall/dispatch.h"

#include <asm/errno.h>

#include "fs/pseudo.h"
#include "kernel/base/log.h"
#include "kernel/proc/ptrace.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "syscall/calls.h"
#include "syscall/strace.h"

#define VALUE(kind, ctype) _Static_assert(sizeof(arg_##kind) <= 8, "passed in one register");
#define POINTER(kind, way) VALUE(kind, )
#include "syscall/kinds.def"
#undef VALUE
#undef POINTER

#define KINDS_0(note)
#define KINDS_1(k1, a1, note) KIND_##k1
#define KINDS_2(k1, a1, ...)  KIND_##k1, KINDS_1(__VA_ARGS__)
#define KINDS_3(k1, a1, ...)  KIND_##k1, KINDS_2(__VA_ARGS__)
#define KINDS_4(k1, a1, ...)  KIND_##k1, KINDS_3(__VA_ARGS__)
#define KINDS_5(k1, a1, ...)  KIND_##k1, KINDS_4(__VA_ARGS__)
#define KINDS_6(k1, a1, ...)  KIND_##k1, KINDS_5(__VA_ARGS__)

// What the calls are called and take: rows of different lengths, one behind the other in the order
// of the list, searched from the start because only diagnostics want them.
static const struct {
#define SYSCALL(nr, sysname, status, n, ...)                                                       \
	struct {                                                                                   \
		uint8_t nargs;                                                                     \
		uint8_t kinds[n];                                                                  \
		char name[sizeof(#sysname)];                                                       \
	} row_##sysname;
#include "syscall/syscalls.def"
#undef SYSCALL
} rows = {
#define SYSCALL(nr, sysname, status, n, ...)                                                       \
	.row_##sysname = { .nargs = n, .kinds = { KINDS_##n(__VA_ARGS__) }, .name = #sysname },
#include "syscall/syscalls.def"
#undef SYSCALL
};

// Numbers that Linux never used on x86-64 have no row.
#define GAP_FIRST 337
#define GAP_END   424
enum {
#define SYSCALL(nr, sysname, status, n, ...) ROW_OF_##sysname,
#include "syscall/syscalls.def"
#undef SYSCALL
};
#define SYSCALL(nr, sysname, status, n, ...)                                                       \
	_Static_assert(ROW_OF_##sysname == (nr) - ((nr) < GAP_FIRST ? 0 : GAP_END - GAP_FIRST),    \
		       "a number is left out before " #sysname);
#include "syscall/syscalls.def"
#undef SYSCALL

#define MISSING_SLOTS 48

static struct {
	uint64_t *count; // by number; NULL: not counting
	struct {
		uint64_t nr_plus_1; // 0: free; wide, for number 0xffffffff
		uint32_t count;
	} missing[MISSING_SLOTS];
	uint32_t missing_others; // calls that found no slot
	bool observed;           // all calls are traced or counted
} dispatch;

uint32_t syscall_limit = SYSCALL_COUNT;

static void observe(void)
{
	dispatch.observed = true;
	syscall_limit = 0;
}

void syscall_set_watched(bool on)
{
	WRITE_ONCE(syscall_limit, on || dispatch.observed ? 0 : SYSCALL_COUNT);
}

bool syscall_info(uint64_t nr, struct syscall_info *out)
{
	const uint8_t *row = (const uint8_t *)&rows;

	*out = (struct syscall_info){ .name = "unknown" };
	if (nr >= SYSCALL_COUNT || (nr >= GAP_FIRST && nr < GAP_END))
		return false;
	for (uint64_t i = nr < GAP_FIRST ? nr : nr - (GAP_END - GAP_FIRST); i; i--)
		row += 1 + row[0] + strlen((const char *)row + 1 + row[0]) + 1;
	out->nargs = row[0];
	memcpy(out->kinds, row + 1, row[0]);
	out->name = (const char *)row + 1 + row[0];
	return true;
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
	struct syscall_info info;

	if (missing_note(nr)) {
		syscall_info(nr, &info);
		log_warn("syscall",
			 "not implemented: %s (%u)(0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx)",
			 info.name, nr, (unsigned long long)regs->rdi,
			 (unsigned long long)regs->rsi, (unsigned long long)regs->rdx,
			 (unsigned long long)regs->r10, (unsigned long long)regs->r8,
			 (unsigned long long)regs->r9);
	}
	return -ENOSYS;
}

static int64_t call(const struct pt_regs *regs)
{
	// As Linux: only the low half of RAX is the number.
	uint32_t nr = (uint32_t)regs->orig_rax;
	syscall_fn *fn = nr < SYSCALL_COUNT ? (syscall_fn *)(intptr_t)syscall_table[nr] : NULL;
	struct strace_call *trace;
	int64_t result;

	if (dispatch.count && nr < SYSCALL_COUNT)
		__atomic_add_fetch(&dispatch.count[nr], 1, __ATOMIC_RELAXED);
	trace = strace_enter(nr, regs);
	result = fn ? fn(regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9)
		    : syscall_missing(regs);
	strace_leave(trace, result);
	return result;
}

__stack_guarded int64_t syscall_other(struct pt_regs *regs)
{
	int64_t result;

	if (likely(!ptrace_work()))
		result = call(regs);
	else if (ptrace_call_enter(regs))
		result = call(regs); // which may be another one by now
	else
		result = (int64_t)regs->rax;
	return unlikely(ptrace_work()) ? ptrace_call_leave(regs, result) : result;
}

int syscall_trace_configure(const char *list)
{
	int err = strace_select(list);

	if (!err)
		observe();
	return err;
}

void syscall_stats_enable(void)
{
	dispatch.count = kcalloc(SYSCALL_COUNT, sizeof(*dispatch.count));
	if (dispatch.count)
		observe();
}

static void report_counts(struct seq *out)
{
	struct syscall_info info;

	for (uint64_t below = UINT64_MAX, next; below; below = next) {
		next = 0;
		for (unsigned i = 0; i < SYSCALL_COUNT; i++)
			if (dispatch.count[i] < below)
				next = MAX(next, dispatch.count[i]);
		for (unsigned i = 0; next && i < SYSCALL_COUNT; i++)
			if (dispatch.count[i] == next) {
				syscall_info(i, &info);
				seq_printf(out, "syscall %s=%llu\n", info.name,
					   (unsigned long long)next);
			}
	}
}

void syscall_report(struct seq *out)
{
	struct syscall_info info;

	if (dispatch.count)
		report_counts(out);
	for (unsigned i = 0; i < MISSING_SLOTS && dispatch.missing[i].nr_plus_1; i++) {
		uint32_t nr = (uint32_t)(dispatch.missing[i].nr_plus_1 - 1);

		syscall_info(nr, &info);
		seq_printf(out, "not implemented: %s (%u): %u calls\n", info.name, nr,
			   dispatch.missing[i].count);
	}
	if (dispatch.missing_others)
		seq_printf(out, "not implemented: others: %u calls\n", dispatch.missing_others);
}
