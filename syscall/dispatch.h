// System call entry: the table generated from syscalls.def, and what watches it.
#pragma once

#include "kernel/base/ptregs.h"
#include "lib/restart.h"

#define SYSCALL_COUNT 470

struct seq;

// What trap.S calls for numbers below |syscall_limit|, with interrupts on and the arguments in
// registers; may sleep. Results of the restart family (lib/restart.h) are left for
// signal_on_return. Made in table.S: the low halves of addresses, 0 where nothing is implemented.
// Every kind of argument takes one register, so all calls are entered with all six: a function that
// has fewer parameters, or narrower ones, does not look at the rest (System V ABI).
typedef int64_t syscall_fn(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
extern const int32_t syscall_table[SYSCALL_COUNT];
extern uint32_t syscall_limit; // 0 while calls are traced, counted or seen by ptrace(2)
// All others: regs->orig_rax may be any number. The result.
int64_t syscall_other(struct pt_regs *regs);
// Has all calls come by syscall_other, or only those that must: ptrace_set_call_watch().
void syscall_set_watched(bool on);

// Turns tracing on. |list| as strace's -e trace=: call names separated by commas, a leading '!'
// inverts; NULL or "" is all calls. 0, or -EINVAL for a name that is not in the list. Boot only.
int __must_check syscall_trace_configure(const char *list);
// Starts counting calls by number (ouro.stats). Boot only; costs nothing while off.
void syscall_stats_enable(void);
// Writes the exit report: calls by count if counting was on, and always the unimplemented calls
// that were asked for, with how often. Any thread; does not sleep.
void syscall_report(struct seq *out);

// For strace.c and the tests.
struct syscall_info {
	const char *name;
	uint8_t nargs;
	uint8_t kinds[6]; // enum arg_kind
};
// False, and the name "unknown", for a number that is not in the list.
bool syscall_info(uint64_t nr, struct syscall_info *out);
