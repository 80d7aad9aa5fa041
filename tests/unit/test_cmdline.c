// sources: lib/cmdline.c lib/string.c
#include <cmocka.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cmdline.h"

// Joins the words of |line| as [word]; those behind "--" as (word); errors as {errno}.
static const char *words(const char *line)
{
	static char out[1000];
	struct cmdline c;
	char word[16];
	int got;

	out[0] = '\0';
	cmdline_init(&c, line);
	while ((got = cmdline_next(&c, word, sizeof(word))) != 0) {
		strcat(out, got < 0 ? "{" : c.program_args ? "(" : "[");
		strcat(out, got == -E2BIG ? "E2BIG" : got == -EINVAL ? "EINVAL" : word);
		strcat(out, got < 0 ? "}" : c.program_args ? ")" : "]");
	}
	assert_int_equal(cmdline_next(&c, word, sizeof(word)), 0);
	return out;
}

static void splits_words(void **state)
{
	(void)state;
	assert_string_equal(words(""), "");
	assert_string_equal(words("  \t\n"), "");
	assert_string_equal(words("a b"), "[a][b]");
	assert_string_equal(words(" a\tb \r\nc "), "[a][b][c]");
	assert_string_equal(words("-- a --"), "(a)(--)");
	assert_string_equal(words("a -- b"), "[a](b)");
	assert_string_equal(words("--a"), "[--a]");
	assert_string_equal(words("'--' a"), "[--][a]");
}

static void unquotes(void **state)
{
	(void)state;
	assert_string_equal(words("'a b' \"c d\""), "[a b][c d]");
	assert_string_equal(words("a'b c'd"), "[ab cd]");
	assert_string_equal(words("'' \"\""), "[][]");
	assert_string_equal(words("a\\ b \\' \\\\"), "[a b]['][\\]");
	assert_string_equal(words("'a\\b' \"a\\b\" \"a\\\"b\\\\\""), "[a\\b][a\\b][a\"b\\]");
	assert_string_equal(words("'\"' \"'\""), "[\"][']");
	assert_string_equal(words("end\\"), "[end\\]");
}

static void refuses(void **state)
{
	(void)state;
	assert_string_equal(words("a 'b c"), "[a]{EINVAL}");
	assert_string_equal(words("a \"b\\"), "[a]{EINVAL}");
	assert_string_equal(words("a 0123456789abcdef b"), "[a]{E2BIG}[b]");
	assert_string_equal(words("0123456789abcde"), "[0123456789abcde]");
}

static void names_options(void **state)
{
	(void)state;
	assert_string_equal(cmdline_option("ouro.log=mm:debug", "log"), "mm:debug");
	assert_string_equal(cmdline_option("ouro.strace", "strace"), "");
	assert_string_equal(cmdline_option("ouro.env=A=B", "env"), "A=B");
	assert_null(cmdline_option("ouro.logs=1", "log"));
	assert_null(cmdline_option("ouro.lo=1", "log"));
	assert_null(cmdline_option("log=1", "log"));
	assert_null(cmdline_option("", "log"));
}

static int find(const char *line, const char *key, char *value, size_t bytes)
{
	memset(value, 'x', bytes);
	return cmdline_find(line, key, value, bytes);
}

static void finds_options(void **state)
{
	char v[20];

	(void)state;
	assert_int_equal(find("quiet ouro.log=1 ouro.x ouro.log=2 z", "log", v, sizeof(v)), 1);
	assert_string_equal(v, "2");
	assert_int_equal(find("ouro.log='a b'", "log", v, sizeof(v)), 1);
	assert_string_equal(v, "a b");
	assert_int_equal(find("ouro.log", "log", v, sizeof(v)), 1);
	assert_string_equal(v, "");
	assert_int_equal(find("a b", "log", v, sizeof(v)), 0);
	assert_int_equal(find("a -- ouro.log=1", "log", v, sizeof(v)), 0);
	assert_int_equal(find("ouro.log=7 -- ouro.log=1", "log", v, sizeof(v)), 1);
	assert_string_equal(v, "7");
	assert_int_equal(find("ouro.log=1 'open", "log", v, sizeof(v)), -EINVAL);
	assert_int_equal(find("ouro.log=0123456789abcdefg", "log", v, sizeof(v)), -E2BIG);
	assert_int_equal(find("ouro.other=0123456789abcdefg ouro.log=1", "log", v, sizeof(v)), 1);
	assert_string_equal(v, "1");
	assert_int_equal(find("ouro.log=1 0123456789abcdefghijklmn", "log", v, sizeof(v)), 1);
	assert_string_equal(v, "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_words),  cmocka_unit_test(unquotes),
		cmocka_unit_test(refuses),       cmocka_unit_test(names_options),
		cmocka_unit_test(finds_options),
	};

	return cmocka_run_group_tests_name("cmdline", tests, NULL, NULL);
}
