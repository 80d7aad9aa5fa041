// sources: kernel/proc/exec_strings.c tests/unit/proc_heap.c tests/unit/shim/host_seam.c
// Argument strings and "#!" lines. The program's memory is the test's own.

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/proc/exec_internal.h"
#include "mm/virt/uaccess.h"
#include "tests/unit/proc_heap.h"
#include "tests/unit/shim/host_seam.h"

#define BAD_POINTER 0xdead0000ull
#define STACK_8M    (8ull << 20)

int copy_from_user(void *dst, struct uptr src, size_t bytes)
{
	if (src.va == BAD_POINTER)
		return -EFAULT;
	memcpy(dst, (void *)src.va, bytes);
	return 0;
}

int64_t strncpy_from_user(char *dst, struct uptr src, size_t size)
{
	size_t n;

	if (src.va == BAD_POINTER)
		return -EFAULT;
	n = strnlen((char *)src.va, size);
	if (n == size)
		return -ENAMETOOLONG;
	memcpy(dst, (char *)src.va, n + 1);
	return (int64_t)n;
}

int64_t strnlen_user(struct uptr src, size_t max)
{
	size_t n = strnlen((char *)src.va, max + 1);

	return n > max ? (int64_t)max + 1 : (int64_t)n;
}

static struct exec_request user_request(const char *const *argv, const char *const *envp)
{
	return (struct exec_request){ .argv = UPTR(argv), .envp = UPTR(envp), .at_fd = -1 };
}

static void collects_in_order(void **state)
{
	static const char *const argv[] = { "a", "bc", NULL }, *const envp[] = { "X=1", NULL };
	struct exec_request r = user_request(argv, envp);
	struct exec_strings s;

	(void)state;
	assert_int_equal(exec_strings_collect(&s, &r, "/bin/f", STACK_8M), 0);
	assert_int_equal(s.argc, 2);
	assert_int_equal(s.envc, 1);
	assert_int_equal(s.argv_bytes, 5);
	assert_int_equal(s.env_bytes, 4);
	assert_int_equal(s.used, 5 + 4 + 7);
	assert_memory_equal(s.buf, "a\0bc\0X=1\0/bin/f", 16);
	exec_strings_free(&s);
	r.kargv = argv;
	r.kenvp = envp;
	assert_int_equal(exec_strings_collect(&s, &r, "/bin/f", STACK_8M), 0);
	assert_memory_equal(s.buf, "a\0bc\0X=1\0/bin/f", 16);
	exec_strings_free(&s);
	assert_int_equal(proc_heap_live(), 0);
}

static void makes_up_an_empty_name(void **state)
{
	static const char *const none[] = { NULL };
	struct exec_request r = user_request(none, NULL);
	struct exec_strings s;

	(void)state;
	assert_int_equal(exec_strings_collect(&s, &r, "f", STACK_8M), 0);
	assert_int_equal(s.argc, 1);
	assert_memory_equal(s.buf, "\0f", 3);
	exec_strings_free(&s);
}

static void has_the_limits_of_linux(void **state)
{
	const char *argv[40] = { NULL }, *const none[] = { NULL };
	struct exec_request r = user_request(argv, none);
	char *big = malloc(131072 + 1);
	struct exec_strings s;

	(void)state;
	memset(big, 'x', 131072);
	big[131072] = '\0';
	argv[0] = big;
	assert_int_equal(exec_strings_collect(&s, &r, "f", STACK_8M), -E2BIG); // MAX_ARG_STRLEN
	big[131071] = '\0';
	assert_int_equal(exec_strings_collect(&s, &r, "f", STACK_8M), 0);
	exec_strings_free(&s);
	for (int i = 0; i < 17; i++)
		argv[i] = big;
	assert_int_equal(exec_strings_collect(&s, &r, "f", STACK_8M), -E2BIG); // a quarter
	assert_int_equal(exec_strings_collect(&s, &r, "f", 4 * STACK_8M), 0);
	exec_strings_free(&s);
	argv[0] = (const char *)BAD_POINTER;
	assert_int_equal(exec_strings_collect(&s, &r, "f", STACK_8M), -EFAULT);
	r.argv = UPTR(BAD_POINTER);
	assert_int_equal(exec_strings_collect(&s, &r, "f", STACK_8M), -EFAULT);
	free(big);
	assert_int_equal(proc_heap_live(), 0);
}

static void survives_no_memory(void **state)
{
	static const char *const argv[] = { "script", "x", NULL }, *const envp[] = { "E=1", NULL };
	struct exec_request r = user_request(argv, envp);
	struct exec_strings s;
	int err = -ENOMEM;

	(void)state;
	for (unsigned n = 1; err == -ENOMEM; n++) {
		proc_heap_fail_at(n);
		err = exec_strings_collect(&s, &r, "f", STACK_8M);
		if (!err) {
			err = exec_strings_script(&s, "/bin/sh", "-e", "f");
			exec_strings_free(&s);
		}
		proc_heap_fail_at(0);
		assert_int_equal(proc_heap_live(), 0);
	}
	assert_int_equal(err, 0);
}

static void puts_the_interpreter_first(void **state)
{
	static const char *const argv[] = { "script", "x", NULL }, *const envp[] = { "E=1", NULL };
	struct exec_request r = user_request(argv, envp);
	struct exec_strings s;

	(void)state;
	assert_int_equal(exec_strings_collect(&s, &r, "/s", STACK_8M), 0);
	assert_int_equal(exec_strings_script(&s, "/bin/sh", "-e", "/s"), 0);
	assert_int_equal(s.argc, 4);
	assert_memory_equal(s.buf, "/bin/sh\0-e\0/s\0x\0E=1\0/s", 23);
	assert_int_equal(s.argv_bytes, 16);
	assert_int_equal(s.env_bytes, 4);
	assert_int_equal(s.used, 23);
	exec_strings_free(&s);
	assert_int_equal(exec_strings_collect(&s, &r, "/s", STACK_8M), 0);
	assert_int_equal(exec_strings_script(&s, "/bin/sh", NULL, "/s"), 0);
	assert_int_equal(s.argc, 3);
	exec_strings_free(&s);
}

static void parse(const char *line, int err, const char *interp, const char *arg)
{
	char head[EXEC_HEAD_BYTES] = "";
	char *i, *a;
	size_t n = strlen(line);

	if (n > sizeof(head))
		n = sizeof(head);
	memcpy(head, line, n);
	assert_int_equal(exec_parse_script(head, n, &i, &a), err);
	if (err)
		return;
	assert_string_equal(i, interp);
	if (arg)
		assert_string_equal(a, arg);
	else
		assert_null(a);
}

static void parses_script_lines(void **state)
{
	char line[300];

	(void)state;
	parse("#!/bin/sh\n", 0, "/bin/sh", NULL);
	parse("#! \t/bin/sh  -e x \t\nrest", 0, "/bin/sh", "-e x"); // one argument, trimmed
	parse("#!/bin/sh", 0, "/bin/sh", NULL);                     // no newline, whole file
	parse("#!\n", -ENOEXEC, NULL, NULL);
	parse("#!   \n", -ENOEXEC, NULL, NULL);
	parse("#!", -ENOEXEC, NULL, NULL);
	// Longer than the part that is read: the name must be whole, the argument is cut.
	memset(line, 'x', sizeof(line));
	memcpy(line, "#!/", 3);
	line[299] = '\0';
	parse(line, -ENOEXEC, NULL, NULL);
	line[20] = ' ';
	line[299] = '\0';
	{
		char head[EXEC_HEAD_BYTES], *i, *a;

		memcpy(head, line, sizeof(head));
		assert_int_equal(exec_parse_script(head, sizeof(head), &i, &a), 0);
		assert_int_equal(strlen(i), 18);
		assert_int_equal(strlen(a), EXEC_HEAD_BYTES - 1 - 21);
	}
}

static void parses_noise(void **state)
{
	static const char alphabet[] = "#!/ab \t\n\0";

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char head[EXEC_HEAD_BYTES], *interp, *arg;
		size_t n = 2 + host_random_below(EXEC_HEAD_BYTES - 1);

		memset(head, 0, sizeof(head));
		for (size_t k = 0; k < n; k++)
			head[k] = alphabet[host_random_below(sizeof(alphabet))];
		if (exec_parse_script(head, n, &interp, &arg))
			continue;
		assert_in_range((size_t)(interp - head), 2, EXEC_HEAD_BYTES - 1);
		assert_true(*interp && strlen(interp) < EXEC_HEAD_BYTES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collects_in_order),
		cmocka_unit_test(makes_up_an_empty_name),
		cmocka_unit_test(has_the_limits_of_linux),
		cmocka_unit_test(survives_no_memory),
		cmocka_unit_test(puts_the_interpreter_first),
		cmocka_unit_test(parses_script_lines),
		cmocka_unit_test(parses_noise),
	};

	return cmocka_run_group_tests_name("exec_strings", tests, NULL, NULL);
}
