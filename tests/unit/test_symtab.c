// sources: lib/symtab.c
// The symbol table: tools/symtab.py makes one of made-up names.
#include <cmocka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/compiler.h"
#include "lib/symtab.h"

#define FUNCTIONS 100
#define BASE      0xffffffff80201000ull

static struct {
	uint8_t *table;
	size_t bytes;
} made;

static uint64_t address_of(unsigned i)
{
	return BASE + i * 48ull + (i > 50 ? 0x12345 : 0);
}

static void name_of(unsigned i, char *name, size_t bytes)
{
	snprintf(name, bytes, "%s_%s_%u", i % 3 ? "aspace_fault" : "pt_map_range",
		 i % 2 ? "locked" : "unlocked", i);
}

// Runs the script on an `nm -n` listing and reads the bytes out of its assembler source.
static int make_table(void **state)
{
	char line[1000], name[100];
	FILE *p = fopen("/tmp/ouro-symtab.nm", "w"), *out;

	(void)state;
	fprintf(p, "0000000000200000 T boot_entry\n%llx T __text_start\n", BASE);
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		name_of(i, name, sizeof(name));
		fprintf(p, "%llx %c %s\n", (unsigned long long)address_of(i), i % 2 ? 't' : 'T',
			name);
		if (i == 7) // another name of the same function, and data
			fprintf(p, "%llx t alias\n%llx D data\n", (unsigned long long)address_of(i),
				(unsigned long long)address_of(i) + 1);
	}
	fprintf(p, "%llx T __text_end\n", (unsigned long long)address_of(FUNCTIONS));
	fclose(p);
	out = popen("python3 tools/symtab.py < /tmp/ouro-symtab.nm", "r");
	made.table = malloc(100000);
	while (fgets(line, sizeof(line), out)) {
		char *at = line + 6;

		if (strncmp(line, ".byte ", 6) != 0)
			continue;
		for (; *at; at += strcspn(at, ",\n") + 1)
			made.table[made.bytes++] = (uint8_t)strtoul(at, NULL, 10);
	}
	made.table = realloc(made.table, made.bytes); // exact, for ASan
	unlink("/tmp/ouro-symtab.nm");
	return pclose(out) == 0 && made.bytes > 0 ? 0 : -1;
}

static int free_table(void **state)
{
	(void)state;
	free(made.table);
	return 0;
}

static void finds_every_function(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		uint64_t start = address_of(i), end = address_of(i + 1);
		struct symtab_symbol s;
		char name[100];

		name_of(i, name, sizeof(name));
		for (unsigned probe = 0; probe < 3; probe++) {
			uint64_t va = probe == 0 ? start : probe == 1 ? start + 17 : end - 1;

			assert_true(symtab_lookup(made.table, made.bytes, va, &s));
			assert_string_equal(s.name, i == 7 ? "alias" : name);
			assert_true(s.start_va == start && s.bytes == end - start);
		}
	}
}

static void finds_nothing_outside(void **state)
{
	struct symtab_symbol s;

	(void)state;
	assert_false(symtab_lookup(made.table, made.bytes, BASE - 1, &s));
	assert_false(symtab_lookup(made.table, made.bytes, address_of(FUNCTIONS), &s));
	assert_false(symtab_lookup(made.table, made.bytes, 0, &s));
	assert_false(symtab_lookup(made.table, made.bytes, UINT64_MAX, &s));
	assert_false(symtab_lookup(NULL, 0, BASE, &s));
}

static void is_small(void **state)
{
	(void)state;
	assert_true(made.bytes < 40 + 2 * 8 + 256 * 3 + FUNCTIONS * 6);
}

// Broken tables: cut anywhere, or any byte set to anything: an answer or none, never a bad read.
static void survives_broken_tables(void **state)
{
	struct symtab_symbol s;

	(void)state;
	for (size_t n = 0; n < made.bytes; n++) {
		uint8_t *cut = malloc(n + 1);

		memcpy(cut, made.table, n);
		assert_false(symtab_lookup(cut, n, address_of(60), &s));
		free(cut);
	}
	for (size_t at = 0; at < made.bytes; at++) {
		static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
		uint8_t old = made.table[at];

		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			made.table[at] = values[v];
			for (unsigned i = 0; i < FUNCTIONS; i += 33) {
				if (symtab_lookup(made.table, made.bytes, address_of(i), &s))
					assert_true(strlen(s.name) < SYMTAB_NAME_BYTES);
			}
		}
		made.table[at] = old;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_every_function),
		cmocka_unit_test(finds_nothing_outside),
		cmocka_unit_test(is_small),
		cmocka_unit_test(survives_broken_tables),
	};

	return cmocka_run_group_tests_name("symtab", tests, make_table, free_table);
}
