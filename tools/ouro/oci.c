// See oci.h. A scanner that knows strings and nesting, which is all that is asked of it.
#include "tools/ouro/oci.h"

#include <string.h>

#define SHA256 "sha256:"

struct scan {
	const char *at, *end;
};

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static void skip_blanks(struct scan *s)
{
	while (s->at < s->end && is_one_of(*s->at, " \t\r\n"))
		s->at++;
}

// At a string: its raw bytes between the quotes; moves behind it.
static bool take_string(struct scan *s, const char **text, size_t *n)
{
	if (s->at >= s->end || *s->at != '"')
		return false;
	*text = ++s->at;
	while (s->at < s->end && *s->at != '"')
		s->at += *s->at == '\\' ? 2 : 1;
	if (s->at >= s->end)
		return false;
	*n = (size_t)(s->at++ - *text);
	return true;
}

// Moves behind any value.
static bool skip_value(struct scan *s)
{
	unsigned depth = 0;
	const char *text;
	size_t n;

	do {
		skip_blanks(s);
		if (s->at >= s->end)
			return false;
		if (*s->at == '"') {
			if (!take_string(s, &text, &n))
				return false;
		} else if (is_one_of(*s->at, "{[")) {
			depth++;
			s->at++;
		} else if (is_one_of(*s->at, "}]")) {
			if (depth-- == 0)
				return false;
			s->at++;
		} else if (is_one_of(*s->at, ",:")) {
			if (depth == 0)
				return false;
			s->at++;
		} else {
			while (s->at < s->end && !is_one_of(*s->at, ",:{}[]\" \t\r\n"))
				s->at++;
		}
	} while (depth);
	return true;
}

// Inside an object at "{": moves to the value of |key|.
static bool find_key(struct scan *s, const char *key)
{
	skip_blanks(s);
	if (s->at >= s->end || *s->at++ != '{')
		return false;
	for (;;) {
		const char *text;
		size_t n;

		skip_blanks(s);
		if (!take_string(s, &text, &n))
			return false;
		skip_blanks(s);
		if (s->at >= s->end || *s->at++ != ':')
			return false;
		skip_blanks(s);
		if (n == strlen(key) && memcmp(text, key, n) == 0)
			return true;
		if (!skip_value(s))
			return false;
		skip_blanks(s);
		if (s->at >= s->end || *s->at++ != ',')
			return false;
	}
}

// At an array: moves to its |nth| element.
static bool find_element(struct scan *s, unsigned nth)
{
	skip_blanks(s);
	if (s->at >= s->end || *s->at++ != '[')
		return false;
	skip_blanks(s);
	for (; nth > 0; nth--) {
		if (!skip_value(s))
			return false;
		skip_blanks(s);
		if (s->at >= s->end || *s->at++ != ',')
			return false;
		skip_blanks(s);
	}
	return s->at < s->end && *s->at == '{';
}

bool oci_digest(const char *text, size_t bytes, const char *array, unsigned nth,
		char hex[OCI_DIGEST_HEX + 1])
{
	struct scan s = { text, text + bytes };
	const char *digest;
	size_t n;

	if (!find_key(&s, array) || !find_element(&s, nth) || !find_key(&s, "digest") ||
	    !take_string(&s, &digest, &n))
		return false;
	if (n != strlen(SHA256) + OCI_DIGEST_HEX || memcmp(digest, SHA256, strlen(SHA256)))
		return false;
	memcpy(hex, digest + strlen(SHA256), OCI_DIGEST_HEX);
	hex[OCI_DIGEST_HEX] = 0;
	return strspn(hex, "0123456789abcdef") == OCI_DIGEST_HEX;
}
