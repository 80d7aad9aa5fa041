// sources: kernel/proc/program_config.c lib/cmdline.c lib/string.c tests/unit/proc_heap.c
// sources: tests/unit/shim/host_seam.c
//
// What to run: the image's configuration and the command line's overrides; damaged and random
// configurations; no memory at every point.

#include "kernel/proc/program_config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/proc_heap.h"
#include "tests/unit/shim/host_seam.h"

#define CONFIG(text) text, sizeof(text)

static const char full[] = "ouro-config=1\0arg=prog\0arg=-x\0exe=/usr/bin/prog\0env=A=1\0env=B=2\0"
			   "cwd=/data\0user=1000:1001\0tty=1\0future=thing";

static void reads_all_keys(void **state)
{
	struct program_config c;

	(void)state;
	assert_int_equal(program_config_read(&c, full, sizeof(full)), 0);
	assert_int_equal(c.argv.count, 2);
	assert_string_equal(c.argv.items[0], "prog");
	assert_string_equal(c.argv.items[1], "-x");
	assert_null(c.argv.items[2]);
	assert_string_equal(c.exe, "/usr/bin/prog");
	assert_int_equal(c.env.count, 2);
	assert_string_equal(c.env.items[1], "B=2");
	assert_string_equal(c.cwd, "/data");
	assert_true(c.has_user && c.tty);
	assert_int_equal(c.uid, 1000);
	assert_int_equal(c.gid, 1001);
	program_config_free(&c);
	assert_int_equal(proc_heap_live(), 0);
}

static void takes_overrides(void **state)
{
	struct program_config c;

	(void)state;
	assert_int_equal(program_config_read(&c, full, sizeof(full)), 0);
	assert_int_equal(
		program_config_override(
			&c, "ouro.env=A=9 quiet ouro.env='C=x y' ouro.log=info -- p 'q r'"),
		0);
	assert_int_equal(c.env.count, 3);
	assert_string_equal(c.env.items[0], "A=9");
	assert_string_equal(c.env.items[2], "C=x y");
	assert_int_equal(c.argv.count, 3);
	assert_string_equal(c.argv.items[0], "prog"); // the name stays
	assert_string_equal(c.argv.items[1], "p");
	assert_string_equal(c.argv.items[2], "q r");
	program_config_free(&c);
	// A name that starts like another is another.
	assert_int_equal(program_config_read(&c, CONFIG("ouro-config=1\0env=AB=1\0env=A=2")), 0);
	assert_int_equal(c.env.count, 2);
	program_config_free(&c);
	assert_int_equal(proc_heap_live(), 0);
}

static void refuses_what_is_none(void **state)
{
	static const char *const bad[] = { "ouro-config=2", "arg=x", "", "ouro-config=10" };
	struct program_config c;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(program_config_read(&c, bad[i], strlen(bad[i]) + 1), -EINVAL);
		program_config_free(&c);
	}
	assert_int_equal(program_config_read(&c, NULL, 0), -EINVAL);
	// The last string without its end.
	assert_int_equal(program_config_read(&c, full, sizeof(full) - 1), -EINVAL);
	program_config_free(&c);
	assert_int_equal(program_config_read(&c, CONFIG("ouro-config=1\0user=1")), -EINVAL);
	program_config_free(&c);
	assert_int_equal(program_config_read(&c, CONFIG("ouro-config=1\0user=1:4294967296")),
			 -EINVAL);
	program_config_free(&c);
	assert_int_equal(proc_heap_live(), 0);
}

static void survives_no_memory(void **state)
{
	struct program_config c;
	int err = -ENOMEM;

	(void)state;
	for (unsigned n = 1; err == -ENOMEM; n++) {
		proc_heap_fail_at(n);
		err = program_config_read(&c, full, sizeof(full));
		if (!err)
			err = program_config_override(&c, "ouro.env=A=9 ouro.env=Z=1 -- 1 2 3");
		program_config_free(&c);
		proc_heap_fail_at(0);
		assert_int_equal(proc_heap_live(), 0);
		assert_true(n < 100);
	}
	assert_int_equal(err, 0);
}

static void survives_noise(void **state)
{
	struct program_config c;
	char text[sizeof(full)];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		memcpy(text, full, sizeof(full));
		for (unsigned k = 0; k < 1 + host_random_below(4); k++)
			text[14 + host_random_below(sizeof(text) - 14)] = (char)host_random();
		(void)!program_config_read(&c, text, 14 + host_random_below(sizeof(text) - 13));
		program_config_free(&c);
	}
	assert_int_equal(proc_heap_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_keys),       cmocka_unit_test(takes_overrides),
		cmocka_unit_test(refuses_what_is_none), cmocka_unit_test(survives_no_memory),
		cmocka_unit_test(survives_noise),
	};

	return cmocka_run_group_tests_name("program_config", tests, NULL, NULL);
}
