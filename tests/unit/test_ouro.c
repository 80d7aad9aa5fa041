// sources: tools/ouro/ldcache.c tools/ouro/options.c tools/ouro/parse.c tools/ouro/vec.c
// sources: tools/ouro/diag.c tools/ouro/map.c tools/ouro/oci.c
// The pure parts of the host command: ld.so.cache, options, numbers, the hash table.
#include "tools/ouro/ldcache.h"

#include "lib/compiler.h"
#include "tools/ouro/diag.h"
#include "tools/ouro/map.h"
#include "tools/ouro/oci.h"
#include "tools/ouro/options.h"
#include "tools/ouro/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int take_first(void *arg, const char *path)
{
	snprintf(arg, 256, "%s", path);
	return 1;
}

static int count_all(void *arg, const char *path)
{
	++*(int *)arg;
	return 0;
}

static void *small_cache(size_t *bytes)
{
	struct strvec names = { 0 }, paths = { 0 };
	void *cache;

	strvec_add(&names, "libc.so.6");
	strvec_add(&paths, "/lib/libc.so.6");
	strvec_add(&names, "libz.so.1");
	strvec_add(&paths, "/opt/libz.so.1");
	cache = ldcache_make(&names, &paths, bytes);
	strvec_free(&names);
	strvec_free(&paths);
	return cache;
}

static void test_cache_round_trip(void **state)
{
	char found[256] = "";
	size_t bytes;
	void *cache = small_cache(&bytes);

	assert_int_equal(ldcache_find(cache, bytes, "libz.so.1", take_first, found), 1);
	assert_string_equal(found, "/opt/libz.so.1");
	assert_int_equal(ldcache_find(cache, bytes, "libz.so", take_first, found), 0);
	free(cache);
}

// Every prefix and every damaged byte of a cache is survived (ASan watches).
static void test_cache_damage(void **state)
{
	size_t bytes;
	char *cache = small_cache(&bytes);
	int n = 0;

	for (size_t cut = 0; cut < bytes; cut++) {
		char *part = malloc(cut ? cut : 1);

		memcpy(part, cache, cut);
		ldcache_find(part, cut, "libc.so.6", count_all, &n);
		free(part);
	}
	for (size_t i = 0; i < bytes; i++) {
		char saved = cache[i];

		cache[i] = (char)0xff;
		ldcache_find(cache, bytes, "libc.so.6", count_all, &n);
		cache[i] = saved;
	}
	free(cache);
}

// An old-format cache in front, as glibc before 2.32 wrote.
static void test_cache_behind_old_format(void **state)
{
	size_t bytes, head = 16 + 2 * 12 + 0;
	char *cache = small_cache(&bytes), *both, found[256] = "";
	uint32_t two = 2;

	head = ALIGN_UP(head, (size_t)8);
	both = calloc(1, head + bytes);
	memcpy(both, "ld.so-1.7.0", 11);
	memcpy(both + 12, &two, 4);
	memcpy(both + head, cache, bytes);
	assert_int_equal(ldcache_find(both, head + bytes, "libc.so.6", take_first, found), 1);
	assert_string_equal(found, "/lib/libc.so.6");
	two = 0xffffffff;
	memcpy(both + 12, &two, 4);
	assert_int_equal(ldcache_find(both, head + bytes, "libc.so.6", take_first, found), 0);
	free(both);
	free(cache);
}

// The host's own cache, where there is one: libc is found.
static void test_cache_of_host(void **state)
{
	static char cache[4 << 20];
	FILE *f = fopen("/etc/ld.so.cache", "r");
	char found[256] = "";
	size_t n;

	if (!f)
		skip();
	n = fread(cache, 1, sizeof(cache), f);
	fclose(f);
	assert_int_equal(ldcache_find(cache, n, "libc.so.6", take_first, found), 1);
	assert_int_equal(access(found, R_OK), 0);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t bytes;
	} cases[] = {
		{ "1", 0, 1ull << 20 },
		{ "512M", 0, 512ull << 20 },
		{ "2g", 0, 2ull << 30 },
		{ "3K", 0, 3 << 10 },
		{ "1GiB", 0, 1ull << 30 },
		{ "1MB", 0, 1 << 20 },
		{ "", -22, 0 },
		{ "M", -22, 0 },
		{ "-1", -22, 0 },
		{ "1.5G", -22, 0 },
		{ "1X", -22, 0 },
		{ "1MM", -22, 0 },
		{ "99999999999T", -22, 0 },
		{ "99999999999999999999", -22, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bytes = 0;

		assert_int_equal(parse_size(cases[i].text, 1 << 20, &bytes), cases[i].err);
		if (!cases[i].err)
			assert_int_equal(bytes, cases[i].bytes);
	}
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint64_t ms;
	} cases[] = { { "10", 0, 10000 },  { "0.5s", 0, 500 },   { "200ms", 0, 200 },
		      { "2m", 0, 120000 }, { "1h", 0, 3600000 }, { ".25", 0, 250 },
		      { "", -22, 0 },      { "0", -22, 0 },      { "-3", -22, 0 },
		      { "soon", -22, 0 },  { "1w", -22, 0 },     { "inf", -22, 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ms = 0;

		assert_int_equal(parse_duration_ms(cases[i].text, &ms), cases[i].err);
		if (!cases[i].err)
			assert_int_equal(ms, cases[i].ms);
	}
}

#define PARSE(o, ...)                                                                              \
	({                                                                                         \
		char *argv_[] = { "ouro", __VA_ARGS__, NULL };                                     \
		options_parse((o), (int)ARRAY_SIZE(argv_) - 1, argv_);                             \
	})

static void test_options(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "run", "-it", "-m64M", "-e", "A=1", "--env=B=2", "--timeout",
			       "3s", "--strace=open", "--gdb", "prog", "-m", "not-mine", "--stats"),
			 0);
	assert_true(o.tty && o.interactive && !o.stats);
	assert_int_equal(o.memory_bytes, 64 << 20);
	assert_int_equal(o.env.n, 2);
	assert_string_equal(o.env.v[1], "B=2");
	assert_int_equal(o.timeout_ms, 3000);
	assert_string_equal(o.strace, "open");
	assert_int_equal(o.gdb_port, 1234);
	assert_int_equal(o.words.n, 4);
	assert_string_equal(o.words.v[3], "--stats");
	options_free(&o);

	assert_int_equal(PARSE(&o, "run", "--strace", "--", "-prog"), 0);
	assert_string_equal(o.strace, "");
	assert_string_equal(o.words.v[0], "-prog");
	options_free(&o);
}

static void test_output_last(void **state)
{
	struct options o;

	assert_int_equal(PARSE(&o, "build", "prog", "arg", "-o", "x.elf"), 0);
	assert_string_equal(o.output, "x.elf");
	assert_int_equal(o.words.n, 2);
	options_free(&o);
	// Given before, what stands last belongs to the program.
	assert_int_equal(PARSE(&o, "build", "-o", "y.elf", "prog", "-o", "x"), 0);
	assert_string_equal(o.output, "y.elf");
	assert_int_equal(o.words.n, 3);
	options_free(&o);
}

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_oci_json(void **state)
{
	static const char text[] =
		"{ \"a\": [1, {\"layers\": []}, \"]}\\\"\"], \"n\": -1.5e3, \"t\":true,\n"
		"\"layers\" : [ {\"size\":1}, {\"x\":{}, \"digest\": \"sha256:" HEX64 "\"} ] }";
	char hex[OCI_DIGEST_HEX + 1];

	assert_true(oci_digest(text, sizeof(text) - 1, "layers", 1, hex));
	assert_string_equal(hex, HEX64);
	assert_false(oci_digest(text, sizeof(text) - 1, "layers", 0, hex));
	assert_false(oci_digest(text, sizeof(text) - 1, "layers", 2, hex));
	assert_false(oci_digest(text, sizeof(text) - 1, "digest", 0, hex));
	for (size_t cut = 0; cut < sizeof(text) - 8; cut++) {
		char *part = malloc(cut ? cut : 1);

		memcpy(part, text, cut);
		assert_false(oci_digest(part, cut, "layers", 1, hex));
		free(part);
	}
}

static void test_map(void **state)
{
	struct map m = { 0 };
	char key[32];

	for (intptr_t i = 1; i <= 5000; i++) {
		int n = snprintf(key, sizeof(key), "key %d", (int)i);

		map_put(&m, key, (size_t)n, (void *)i);
	}
	for (intptr_t i = 1; i <= 5000; i++) {
		int n = snprintf(key, sizeof(key), "key %d", (int)i);

		assert_ptr_equal(map_get(&m, key, (size_t)n), (void *)i);
	}
	assert_null(map_get(&m, "key", 3));
	map_put(&m, "key 1", 5, NULL);
	assert_null(map_get(&m, "key 1", 5));
	map_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache_round_trip),
		cmocka_unit_test(test_cache_damage),
		cmocka_unit_test(test_cache_behind_old_format),
		cmocka_unit_test(test_cache_of_host),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_output_last),
		cmocka_unit_test(test_oci_json),
		cmocka_unit_test(test_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
