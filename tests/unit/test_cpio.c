// sources: lib/cpio.c
// The archive reader: archives made here by hand, one made by GNU cpio, and every truncation.
#include <cmocka.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/compiler.h"
#include "lib/cpio.h"

struct archive {
	uint8_t *bytes;
	size_t size;
};

static void append(struct archive *a, const void *data, size_t n)
{
	a->bytes = realloc(a->bytes, a->size + n + 1);
	memcpy(a->bytes + a->size, data, n);
	a->size += n;
}

static void pad(struct archive *a)
{
	append(a, "\0\0\0", (4 - a->size % 4) % 4);
}

// |padded| is the name field's size with its NULs.
static void add(struct archive *a, const char *name, uint32_t padded, uint32_t mode,
		const char *data, uint32_t ino)
{
	char header[111], *field = calloc(1, padded);

	strncpy(field, name, padded);
	snprintf(header, sizeof(header),
		 "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08X%08X", ino, mode, 10u, 20u,
		 1u, 0x60000000u, strlen(data), 8u, 1u, 4u, 64u, padded, 0u);
	append(a, header, 110);
	append(a, field, padded);
	pad(a);
	append(a, data, strlen(data));
	pad(a);
	free(field);
}

static struct archive small_archive(void)
{
	struct archive a = { 0 };

	add(&a, ".", 2, S_IFDIR | 0755, "", 1);
	add(&a, "etc/motd", 3000, S_IFREG | 0644, "hello world", 2);
	add(&a, "link", 5, S_IFLNK | 0777, "etc/motd", 3);
	add(&a, "TRAILER!!!", 11, 0, "", 0);
	return a;
}

static void reads_members(void **state)
{
	struct archive a = small_archive();
	struct cpio_reader r;
	struct cpio_member m;

	(void)state;
	cpio_init(&r, a.bytes, a.size);
	assert_int_equal(cpio_next(&r, &m), 1);
	assert_string_equal(m.name, ".");
	assert_int_equal(m.mode, S_IFDIR | 0755);
	assert_int_equal(m.size_bytes, 0);
	assert_int_equal(cpio_next(&r, &m), 1);
	assert_string_equal(m.name, "etc/motd");
	assert_int_equal(m.name_bytes, 8);
	assert_int_equal(m.size_bytes, 11);
	assert_memory_equal(a.bytes + m.data_offset, "hello world", 11);
	assert_int_equal(m.uid, 10);
	assert_int_equal(m.gid, 20);
	assert_int_equal(m.ino, 2);
	assert_int_equal(m.nlink, 1);
	assert_int_equal(m.mtime_s, 0x60000000);
	assert_int_equal(m.dev_major, 8);
	assert_int_equal(m.dev_minor, 1);
	assert_int_equal(m.rdev_major, 4);
	assert_int_equal(m.rdev_minor, 64);
	assert_int_equal(cpio_next(&r, &m), 1);
	assert_memory_equal(a.bytes + m.data_offset, "etc/motd", 8);
	assert_int_equal(cpio_next(&r, &m), 0);
	assert_int_equal(cpio_next(&r, &m), 0);
	free(a.bytes);
}

static void goes_on_behind_a_trailer(void **state)
{
	struct archive a = small_archive();
	struct cpio_reader r;
	struct cpio_member m;
	int members = 0;

	(void)state;
	append(&a, (char[64]){ 0 }, 64);
	add(&a, "second", 7, S_IFREG | 0600, "x", 9);
	cpio_init(&r, a.bytes, a.size);
	while (cpio_next(&r, &m) == 1)
		members++;
	assert_int_equal(members, 4);
	assert_string_equal(m.name, "second");
	free(a.bytes);
}

static void refuses(const char *what, const struct archive *a)
{
	struct cpio_reader r;
	struct cpio_member m;

	cpio_init(&r, a->bytes, a->size);
	if (cpio_next(&r, &m) != -EINVAL)
		fail_msg("%s was accepted", what);
	assert_int_equal(r.at, 0);
}

static void refuses_malformed_headers(void **state)
{
	static const struct {
		const char *what;
		unsigned at;
		const char *text;
	} rows[] = {
		{ "old magic", 0, "070707" },
		{ "not hexadecimal", 14, "0000g1a4" },
		{ "a sign", 14, "-00001a4" },
		{ "no name", 94, "00000000" },
		{ "a name of nothing but its terminator", 94, "00000001" },
		{ "a name over 4096", 94, "00001001" },
		{ "a name over the end", 94, "00000F00" },
		{ "a name without terminator", 94, "00000002" },
		{ "data over the end", 54, "00001000" },
		{ "data of 4 GiB", 54, "FFFFFFFF" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct archive a = { 0 };

		add(&a, "name", 5, S_IFREG, "data", 1);
		memcpy(a.bytes + rows[i].at, rows[i].text, strlen(rows[i].text));
		refuses(rows[i].what, &a);
		free(a.bytes);
	}
}

static void accepts_the_crc_magic(void **state)
{
	struct archive a = small_archive();
	struct cpio_reader r;
	struct cpio_member m;

	(void)state;
	a.bytes[5] = '2';
	cpio_init(&r, a.bytes, a.size);
	assert_int_equal(cpio_next(&r, &m), 1);
	free(a.bytes);
}

// Cut anywhere: never a read behind the end (the block is exact), and never an endless loop.
static void every_truncation(void **state)
{
	struct archive a = small_archive();

	(void)state;
	for (size_t n = 0; n <= a.size; n++) {
		uint8_t *cut = malloc(n ? n : 1);
		struct cpio_reader r;
		struct cpio_member m;
		int got, members = 0;

		memcpy(cut, a.bytes, n);
		cpio_init(&r, cut, n);
		while ((got = cpio_next(&r, &m)) == 1) {
			assert_true(m.data_offset + m.size_bytes <= n);
			members++;
		}
		assert_true(members <= 3);
		assert_true(got == 0 || got == -EINVAL);
		free(cut);
	}
	free(a.bytes);
}

static void reads_what_gnu_cpio_writes(void **state)
{
	struct archive a = { 0 };
	struct cpio_reader r;
	struct cpio_member m;
	int members = 0;
	char buf[4096];
	FILE *p;
	size_t n;

	(void)state;
	p = popen("command -v cpio >/dev/null && find lib kernel -type f | cpio -o -H newc --quiet",
		  "r");
	while ((n = fread(buf, 1, sizeof(buf), p)) > 0)
		append(&a, buf, n);
	pclose(p);
	if (a.size == 0)
		skip();
	cpio_init(&r, a.bytes, a.size);
	while (cpio_next(&r, &m) == 1) {
		struct stat st;

		assert_int_equal(stat(m.name, &st), 0);
		assert_int_equal(st.st_size, m.size_bytes);
		assert_int_equal(st.st_mode, m.mode);
		members++;
	}
	assert_true(members > 10);
	free(a.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_members),
		cmocka_unit_test(goes_on_behind_a_trailer),
		cmocka_unit_test(refuses_malformed_headers),
		cmocka_unit_test(accepts_the_crc_magic),
		cmocka_unit_test(every_truncation),
		cmocka_unit_test(reads_what_gnu_cpio_writes),
	};

	return cmocka_run_group_tests_name("cpio", tests, NULL, NULL);
}
