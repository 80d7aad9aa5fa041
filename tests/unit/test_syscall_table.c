// The list of system calls against the host's own headers, and the names strace prints.
// sources: syscall/strace_names.c
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "syscall/calls.h"
#include "syscall/dispatch.h"
#include "syscall/strace_names.h"

struct row {
	int nr;
	const char *name;
	int nargs;
	const char *args; // the argument list as written
};

#define STATUS_FULL    1
#define STATUS_PARTIAL 2
#define STATUS_NOSYS   3

static const struct row rows[] = {
#define SYSCALL(number, sysname, status, n, ...)                                                   \
	{ .nr = number, .name = #sysname, .nargs = n, .args = #__VA_ARGS__ },
#include "syscall/syscalls.def"
#undef SYSCALL
};
static const int statuses[] = {
#define SYSCALL(number, sysname, status, n, ...) STATUS_##status,
#include "syscall/syscalls.def"
#undef SYSCALL
};

// The numbers as the host's C library knows them.
static const struct {
	const char *name;
	int nr;
} host[] = {
	{ "read", SYS_read },
	{ "mmap", SYS_mmap },
	{ "rt_sigreturn", SYS_rt_sigreturn },
	{ "getppid", SYS_getppid },
	{ "prctl", SYS_prctl },
	{ "newfstatat", SYS_newfstatat },
	{ "getdents64", SYS_getdents64 },
	{ "memfd_create", SYS_memfd_create },
	{ "copy_file_range", SYS_copy_file_range },
	{ "statx", SYS_statx },
	{ "rseq", SYS_rseq },
	{ "pidfd_send_signal", SYS_pidfd_send_signal },
	{ "openat2", SYS_openat2 },
	{ "futex_waitv", SYS_futex_waitv },
};

static void numbers_rise_and_fit(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_in_range(rows[i].nr, 0, SYSCALL_COUNT - 1);
		if (i)
			assert_true(rows[i].nr > rows[i - 1].nr);
	}
	assert_int_equal(rows[sizeof(rows) / sizeof(rows[0]) - 1].nr, SYSCALL_COUNT - 1);
}

static void numbers_are_the_hosts(void **state)
{
	for (size_t h = 0; h < sizeof(host) / sizeof(host[0]); h++) {
		bool found = false;

		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			if (!strcmp(rows[i].name, host[h].name)) {
				assert_int_equal(rows[i].nr, host[h].nr);
				found = true;
			}
		assert_true(found);
	}
}

static void argument_counts_match_lists(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int commas = 0;

		// KIND, name, ..., "note": two commas an argument. Notes may hold more.
		for (const char *p = rows[i].args; *p && *p != '"'; p++)
			commas += *p == ',';
		assert_int_equal(commas, 2 * rows[i].nargs);
		assert_in_range(rows[i].nargs, 0, 6);
	}
}

static void partial_calls_say_what_is_missing(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (statuses[i] == STATUS_PARTIAL)
			assert_null(strstr(rows[i].args, "\"\""));
}

static void errors_have_the_hosts_texts(void **state)
{
	for (int e = 1; e < 134; e++) {
		if (e == 41 || e == 58) // never used
			continue;
		assert_non_null(strace_errno_name((unsigned)e));
		assert_string_equal(strace_errno_text((unsigned)e), strerror(e));
	}
	assert_string_equal(strace_errno_name(EPERM), "EPERM");
	assert_string_equal(strace_errno_name(ENOENT), "ENOENT");
	assert_string_equal(strace_errno_name(EHWPOISON), "EHWPOISON");
	assert_null(strace_errno_name(0));
	assert_null(strace_errno_name(41));
	assert_null(strace_errno_name(EHWPOISON + 1));
	assert_null(strace_errno_name(4095));
}

static void signals_have_names(void **state)
{
	assert_string_equal(strace_signal_name(SIGHUP), "SIGHUP");
	assert_string_equal(strace_signal_name(SIGSEGV), "SIGSEGV");
	assert_string_equal(strace_signal_name(SIGSYS), "SIGSYS");
	assert_null(strace_signal_name(0));
	assert_null(strace_signal_name(SIGSYS + 1));
	assert_null(strace_signal_name(64));
}

// A mask that is part of another must stand behind it, or it would hide it.
static void wider_flags_come_first(void **state)
{
	for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
		const struct strace_table *t = strace_table_of(kind);

		for (unsigned i = 0; t && t->flags && i < t->count; i++)
			for (unsigned j = i + 1; j < t->count; j++) {
				uint64_t a = t->values[i], b = t->values[j];

				assert_true(a != b);
				assert_false(a && (a & b) == a);
			}
	}
}

static const char *name_of(unsigned kind, uint32_t value)
{
	const struct strace_table *t = strace_table_of(kind);
	const char *name = t->names;

	for (unsigned i = 0; i < t->count; i++) {
		name = strace_next_name(name);
		if (t->values[i] == value)
			return name;
	}
	return NULL;
}

// The packed names keep step with their values: the first, the last and one between.
static void names_belong_to_values(void **state)
{
	assert_string_equal(name_of(KIND_OFLAGS, O_CREAT), "O_CREAT");
	assert_string_equal(name_of(KIND_OFLAGS, O_NOFOLLOW), "O_NOFOLLOW");
	assert_string_equal(name_of(KIND_OFLAGS, O_DIRECTORY), "O_DIRECTORY");
	assert_string_equal(name_of(KIND_MADV, MADV_NORMAL), "MADV_NORMAL");
	assert_string_equal(name_of(KIND_MADV, MADV_PAGEOUT), "MADV_PAGEOUT");
	assert_string_equal(name_of(KIND_SACTI, SA_RESETHAND), "SA_RESETHAND");
	assert_string_equal(name_of(KIND_POLLIO, POLLRDHUP), "POLLRDHUP");
	assert_string_equal(strace_table_of(KIND_MAPFL)->names, "MAP_???");
	assert_string_equal(strace_table_of(KIND_IOCTL)->names, "");
	assert_null(strace_table_of(KIND_INT));
	for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
		const struct strace_table *t = strace_table_of(kind);

		for (unsigned i = 0; t && i < t->count; i++)
			assert_true(*name_of(kind, t->values[i]) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_rise_and_fit),
		cmocka_unit_test(numbers_are_the_hosts),
		cmocka_unit_test(argument_counts_match_lists),
		cmocka_unit_test(partial_calls_say_what_is_missing),
		cmocka_unit_test(errors_have_the_hosts_texts),
		cmocka_unit_test(signals_have_names),
		cmocka_unit_test(wider_flags_come_first),
		cmocka_unit_test(names_belong_to_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
