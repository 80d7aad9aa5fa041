// sources: tests/unit/shim/host_seam.c lib/fmt.c lib/string.c
// The log's own source is included: the host seam has a log of its own, which tests elsewhere use.
#include <cmocka.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define log_print     log_under_test_print
#define log_enabled   log_under_test_enabled
#define log_add_sink  log_under_test_add_sink
#define log_configure log_under_test_configure
#define log_write_raw log_under_test_write_raw
#include "kernel/base/log.c"

static char got[60000];
static size_t got_bytes;

static void take(struct log_sink *s, const char *text, size_t bytes)
{
	assert_true(got_bytes + bytes < sizeof(got));
	memcpy(got + got_bytes, text, bytes);
	got_bytes += bytes;
	got[got_bytes] = '\0';
}

static int begin(void **state)
{
	klog.sinks = NULL;
	klog.written = 0;
	assert_int_equal(log_configure(""), 0);
	got_bytes = 0;
	got[0] = '\0';
	return 0;
}

static void is_off_until_configured(void **state)
{
	static struct log_sink sink = { .write = take };
	log_add_sink(&sink);
	log_print(LOG_ERROR, "mm", "lost");
	assert_string_equal(got, "");
	assert_int_equal(log_configure("info"), 0);
	log_print(LOG_INFO, "mm", "page %d of %s", 7, "x");
	log_print(LOG_DEBUG, "mm", "not shown");
	assert_string_equal(got, "ouro: mm: page 7 of x\n");
}

static void areas_have_their_own_level(void **state)
{
	assert_int_equal(log_configure("warn,mm:debug,fs:none"), 0);
	assert_true(log_enabled(LOG_DEBUG, "mm"));
	assert_false(log_enabled(LOG_ERROR, "fs"));
	assert_true(log_enabled(LOG_WARN, "boot"));
	assert_false(log_enabled(LOG_INFO, "boot"));
	assert_int_equal(log_configure(""), 0);
	assert_false(log_enabled(LOG_ERROR, "mm"));
	static const char *const bad[] = { "loud",
					   "mm:",
					   "mm:loud",
					   ":info",
					   "info,",
					   "averylongareaname:info",
					   "a:info,b:info,c:info,d:info,"
					   "e:info,f:info,g:info,h:info,i:info" };
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(log_configure(bad[i]), i == 4 ? 0 : -EINVAL);
}

static void early_lines_are_replayed_whole(void **state)
{
	static struct log_sink first = { .write = take };
	assert_int_equal(log_configure("info"), 0);
	log_print(LOG_INFO, "boot", "one");
	log_print(LOG_INFO, "boot", "two");
	log_add_sink(&first);
	assert_string_equal(got, "ouro: boot: one\nouro: boot: two\n");
	for (unsigned i = 0; i < 1000; i++)
		log_print(LOG_INFO, "boot", "line number %u", i);
	static struct log_sink late = { .write = take };
	got_bytes = 0;
	log_add_sink(&late);
	assert_true(got_bytes > LOG_RING_BYTES - 64 && got_bytes <= LOG_RING_BYTES);
	assert_memory_equal(got, "ouro: boot: line number ", 24);
	const char *last = "ouro: boot: line number 999\n";
	assert_string_equal(got + got_bytes - strlen(last), last);
}

static void long_lines_are_cut_with_their_newline(void **state)
{
	static struct log_sink sink = { .write = take };
	char text[600];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_add_sink(&sink);
	assert_int_equal(log_configure("info"), 0);
	log_print(LOG_INFO, "mm", "%s", text);
	assert_true(got_bytes < 300 && got[got_bytes - 1] == '\n');
	assert_int_equal(strspn(got + 10, "x"), got_bytes - 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(is_off_until_configured, begin),
		cmocka_unit_test_setup(areas_have_their_own_level, begin),
		cmocka_unit_test_setup(early_lines_are_replayed_whole, begin),
		cmocka_unit_test_setup(long_lines_are_cut_with_their_newline, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
