// sources: lib/fmt.c
// A format made of the input's choices, against the C library's answer; and the input itself as a
// format without conversions that take arguments.
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fmt.h"

#pragma clang diagnostic ignored "-Wformat-nonliteral"
#pragma clang diagnostic ignored "-Wformat-security"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const char *spec, uint64_t value, size_t room)
{
	char *ours = malloc(room + 1), *theirs = malloc(room + 1);
	int n, m;

	n = fmt_snprintf(ours, room, spec, value);
	m = snprintf(theirs, room, spec, value);
	assert(n == m);
	assert(room == 0 || strcmp(ours, theirs) == 0);
	free(ours);
	free(theirs);
}

static void make_spec(const uint8_t *d, char *spec)
{
	bool is_signed = d[0] % 6 < 2;
	char conv = "diuxXo"[d[0] % 6];
	unsigned n = 0;

	spec[n++] = '%';
	for (unsigned i = 0; i < d[1] % 4u; i++)
		spec[n++] = is_signed ? "-0 +"[(d[1] >> (2 + 2 * i)) % 4]
				      : "-0#"[(d[1] >> (2 + 2 * i)) % 3];
	if (d[2] & 1)
		n += (unsigned)sprintf(spec + n, "%u", 1 + d[2] / 2);
	if (d[3] & 1)
		n += (unsigned)sprintf(spec + n, ".%u", d[3] / 2);
	sprintf(spec + n, "%s%c", (const char *[]){ "hh", "h", "", "l", "ll", "z" }[d[4] % 6],
		conv);
}

// As text: every conversion letter becomes one that needs no argument.
static void take_as_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), out[64];

	for (size_t i = 0; i < size; i++)
		text[i] = memchr("diuxXocsp*", data[i], 10) ? '%' : (char)data[i];
	text[size] = '\0';
	assert(fmt_snprintf(out, sizeof(out), text) >= 0);
	assert(strnlen(out, sizeof(out)) < sizeof(out));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char spec[40];
	uint64_t value;

	take_as_text(data, size);
	if (size < 14)
		return 0;
	make_spec(data, spec);
	memcpy(&value, data + 6, 8);
	compare(spec, value, data[5]);
	return 0;
}
