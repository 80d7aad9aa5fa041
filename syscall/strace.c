// Tracing: one line a call, in strace(1)'s shape. Owns the set of traced calls, fixed at boot. What
// the kernel only reads is printed before the call runs, what it writes afterwards.
#include "syscall/strace.h"

#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>

#include "fs/pseudo.h"
#include "kernel/base/log.h"
#include "kernel/proc/process.h"
#include "lib/restart.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "syscall/calls.h"
#include "syscall/dispatch.h"
#include "syscall/strace_args.h"
#include "syscall/strace_names.h"

#define RESULT_COLUMN 39

static struct {
	bool on;
	uint64_t traced[(SYSCALL_COUNT + 63) / 64];
} strace;

struct strace_call {
	struct syscall_info info;
	uint32_t nr;
	unsigned printed; // arguments
	uint64_t args[6];
	struct seq out;
	size_t start; // of the call's name in the line, behind "[pid N] "
};

enum result_kind { RESULT_NUMBER, RESULT_FD, RESULT_ADDRESS, RESULT_NONE };

// Calls whose result is not a plain number.
static const struct {
	uint16_t nr;
	uint8_t kind;
} results[] = {
	{ __NR_open, RESULT_FD },
	{ __NR_openat, RESULT_FD },
	{ __NR_openat2, RESULT_FD },
	{ __NR_creat, RESULT_FD },
	{ __NR_dup, RESULT_FD },
	{ __NR_dup2, RESULT_FD },
	{ __NR_dup3, RESULT_FD },
	{ __NR_memfd_create, RESULT_FD },
	{ __NR_eventfd, RESULT_FD },
	{ __NR_eventfd2, RESULT_FD },
	{ __NR_epoll_create, RESULT_FD },
	{ __NR_epoll_create1, RESULT_FD },
	{ __NR_timerfd_create, RESULT_FD },
	{ __NR_signalfd, RESULT_FD },
	{ __NR_signalfd4, RESULT_FD },
	{ __NR_mmap, RESULT_ADDRESS },
	{ __NR_mremap, RESULT_ADDRESS },
	{ __NR_brk, RESULT_ADDRESS },
	{ __NR_exit, RESULT_NONE },
	{ __NR_exit_group, RESULT_NONE },
};

static unsigned result_kind(uint32_t nr)
{
	for (unsigned i = 0; i < ARRAY_SIZE(results); i++)
		if (results[i].nr == nr)
			return results[i].kind;
	return RESULT_NUMBER;
}

static int number_of(const char *name, size_t bytes)
{
	struct syscall_info info;

	for (int nr = 0; nr < SYSCALL_COUNT; nr++)
		if (syscall_info((uint64_t)nr, &info) && strlen(info.name) == bytes &&
		    !memcmp(info.name, name, bytes))
			return nr;
	return -1;
}

static void trace_all(void)
{
	memset(strace.traced, 0xff, sizeof(strace.traced));
}

int strace_select(const char *list)
{
	bool invert = list && list[0] == '!';

	strace.on = true;
	if (!list || !list[0]) {
		trace_all();
		return 0;
	}
	for (list += invert; *list;) {
		const char *comma = strchr(list, ',');
		size_t n = comma ? (size_t)(comma - list) : strlen(list);
		int nr = number_of(list, n);

		if (nr < 0) {
			trace_all();
			return -EINVAL;
		}
		strace.traced[nr / 64] |= 1ull << (nr % 64);
		list += n + (comma != NULL);
	}
	for (unsigned i = 0; invert && i < ARRAY_SIZE(strace.traced); i++)
		strace.traced[i] = ~strace.traced[i];
	return 0;
}

// open's mode means nothing, and is not shown, without a flag that creates.
static bool is_omitted(const struct strace_call *c, unsigned index)
{
	return index && c->info.kinds[index] == KIND_MODE &&
	       c->info.kinds[index - 1] == KIND_OFLAGS &&
	       !(c->args[index - 1] & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)));
}

// Prints arguments from the first unprinted one on; before the call, stops at what it will write.
static void print_args(struct strace_call *c, bool after, int64_t result)
{
	struct strace_arg a = { &c->out, c->args, 0, after, result };

	for (; c->printed < c->info.nargs; c->printed++) {
		unsigned kind = c->info.kinds[c->printed];

		if (!after && !strace_arg_known_before(kind))
			return;
		if (is_omitted(c, c->printed))
			continue;
		a.index = c->printed;
		// What failed wrote nothing, but what it was given to read is still there.
		a.after = after && !strace_arg_known_before(kind);
		seq_printf(&c->out, c->printed ? ", " : "");
		strace_print_arg(&a, kind);
	}
}

static void pad_to_result(struct strace_call *c)
{
	seq_printf(&c->out, ")");
	while (c->out.len - c->start < RESULT_COLUMN && !c->out.oom)
		seq_write(&c->out, " ", 1);
}

static void finish(struct strace_call *c)
{
	seq_printf(&c->out, "\n");
	if (!c->out.oom)
		log_write_raw(c->out.buf, c->out.len);
	kfree(c->out.buf);
	kfree(c);
}

struct strace_call *strace_enter(uint32_t nr, const struct pt_regs *regs)
{
	struct strace_call *c;
	bool known;

	if (!strace.on || (nr < SYSCALL_COUNT && !(strace.traced[nr / 64] >> (nr % 64) & 1)))
		return NULL;
	c = kzalloc(sizeof(*c));
	if (!c)
		return NULL;
	known = syscall_info(nr, &c->info);
	if (!known) {
		c->info.nargs = 6;
		memset(c->info.kinds, KIND_HEX, sizeof(c->info.kinds));
	}
	c->nr = nr;
	memcpy(c->args,
	       (uint64_t[]){ regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9 },
	       sizeof(c->args));
	if (process_current() && process_current()->nthreads > 1)
		seq_printf(&c->out, "[pid %d] ", thread_current()->tid);
	c->start = c->out.len;
	if (known)
		seq_printf(&c->out, "%s(", c->info.name);
	else
		seq_printf(&c->out, "syscall_0x%x(", nr);
	print_args(c, false, 0);
	if (result_kind(nr) != RESULT_NONE)
		return c;
	pad_to_result(c);
	seq_printf(&c->out, " = ?");
	if (nr == __NR_exit_group)
		seq_printf(&c->out, "\n+++ exited with %d +++", (int)c->args[0] & 0xff);
	finish(c);
	return NULL;
}

static const struct {
	unsigned err;
	const char *text;
} restarts[] = {
	{ ERESTARTSYS, "ERESTARTSYS (To be restarted if SA_RESTART is set)" },
	{ ERESTARTNOINTR, "ERESTARTNOINTR (To be restarted)" },
	{ ERESTARTNOHAND, "ERESTARTNOHAND (To be restarted if no handler)" },
	{ ERESTART_RESTARTBLOCK, "ERESTART_RESTARTBLOCK (Interrupted by signal)" },
};

static void print_error(struct seq *out, unsigned err)
{
	for (unsigned i = 0; i < ARRAY_SIZE(restarts); i++)
		if (restarts[i].err == err) {
			seq_printf(out, " = ? %s", restarts[i].text);
			return;
		}
	if (strace_errno_name(err))
		seq_printf(out, " = -1 %s (%s)", strace_errno_name(err), strace_errno_text(err));
	else
		seq_printf(out, " = -%u", err);
}

void strace_leave(struct strace_call *c, int64_t result)
{
	unsigned kind;

	if (!c)
		return;
	print_args(c, true, result);
	pad_to_result(c);
	kind = result_kind(c->nr);
	if (result < 0 && result >= -4095) {
		print_error(&c->out, (unsigned)-result);
	} else if (kind == RESULT_ADDRESS) {
		seq_printf(&c->out, " = 0x%llx", (unsigned long long)result);
	} else if (kind == RESULT_FD) {
		seq_printf(&c->out, " = ");
		strace_print_fd(&c->out, (int)result);
	} else {
		seq_printf(&c->out, " = %lld", (long long)result);
		if (result > 0 && c->info.kinds[0] == KIND_POLLIO)
			strace_print_poll_result(&c->out, c->args[0], (uint32_t)c->args[1]);
	}
	finish(c);
}
