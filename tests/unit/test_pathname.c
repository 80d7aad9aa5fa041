// sources: lib/pathname.c
#include <cmocka.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/compiler.h"
#include "lib/pathname.h"

static void takes_components(void **state)
{
	const char *path = "//usr/./lib//x/", *name;
	size_t n;

	(void)state;
	name = pathname_next(&path, &n);
	assert_int_equal(n, 3);
	assert_memory_equal(name, "usr", 3);
	name = pathname_next(&path, &n);
	assert_true(pathname_is_dot(name, n) && !pathname_is_dotdot(name, n));
	name = pathname_next(&path, &n);
	assert_memory_equal(name, "lib", n);
	name = pathname_next(&path, &n);
	assert_int_equal(n, 1);
	assert_string_equal(path, "/");
	assert_null(pathname_next(&path, &n));
	assert_int_equal(n, 0);
	assert_null(pathname_next(&path, &n));
}

static void tells_dots(void **state)
{
	(void)state;
	assert_true(pathname_is_dotdot("..", 2));
	assert_false(pathname_is_dotdot("..", 1));
	assert_false(pathname_is_dotdot(".a", 2));
	assert_false(pathname_is_dotdot("a.", 2));
	assert_true(pathname_is_dot("..", 1));
	assert_false(pathname_is_dot("a", 1));
}

static void bases(void **state)
{
	(void)state;
	assert_string_equal(pathname_base("/usr/bin/ls"), "ls");
	assert_string_equal(pathname_base("ls"), "ls");
	assert_string_equal(pathname_base("a/"), "");
	assert_string_equal(pathname_base(""), "");
	assert_true(pathname_wants_directory("a/"));
	assert_true(pathname_wants_directory("/"));
	assert_false(pathname_wants_directory("a"));
	assert_false(pathname_wants_directory(""));
}

static void normalises(void **state)
{
	static const struct {
		const char *cwd, *path, *result;
	} rows[] = {
		{ "/", "", "/" },
		{ "/", "a", "/a" },
		{ "/usr/lib", "../bin/./ls", "/usr/bin/ls" },
		{ "/usr", "/etc//motd/", "/etc/motd" },
		{ "/usr", "../../../x", "/x" },
		{ "/usr", "..", "/" },
		{ "/a/b", "...", "/a/b/..." },
		{ "/a/b", "/../..", "/" },
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(pathname_normalise(rows[i].cwd, rows[i].path, out, sizeof(out)),
				 0);
		assert_string_equal(out, rows[i].result);
	}
}

static void bounded(void **state)
{
	char out[8];

	(void)state;
	assert_int_equal(pathname_normalise("/", "/123456", out, 8), 0);
	assert_string_equal(out, "/123456");
	assert_int_equal(pathname_normalise("/", "/1234567", out, 8), -ENAMETOOLONG);
	assert_int_equal(pathname_normalise("/123", "4567", out, 8), -ENAMETOOLONG);
	assert_int_equal(pathname_normalise("/12345678", "/", out, 8), 0);
	assert_int_equal(pathname_normalise("/12345678", "x", out, 8), -ENAMETOOLONG);
	assert_int_equal(pathname_normalise("/", "/", out, 1), -ENAMETOOLONG);
	assert_int_equal(pathname_normalise("/", "/", out, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_components),
		cmocka_unit_test(tells_dots),
		cmocka_unit_test(bases),
		cmocka_unit_test(normalises),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests_name("pathname", tests, NULL, NULL);
}
