// Words and options of the kernel command line. Owns nothing, takes no locks, never sleeps.
#include <asm/errno.h>

#include "lib/cmdline.h"
#include "lib/string.h"

struct word_out {
	char *buf;
	size_t size, length;
	bool quoted; // some part was quoted: '--' in quotes is a word like any other
};

static void word_put(struct word_out *w, char c)
{
	if (w->length + 1 < w->size)
		w->buf[w->length] = c;
	w->length++;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Copies a quoted part; |at| is behind the opening quote. Returns what is behind the closing one,
// NULL if there is none.
static const char *take_quoted(const char *at, char quote, struct word_out *w)
{
	for (; *at && *at != quote; at++) {
		if (quote == '"' && *at == '\\' && (at[1] == '"' || at[1] == '\\'))
			at++;
		word_put(w, *at);
	}
	return *at ? at + 1 : NULL;
}

// Copies one word from |at|. Returns what is behind it, NULL for a quote that is not closed.
static const char *take_word(const char *at, struct word_out *w)
{
	while (*at && !is_blank(*at)) {
		if (*at == '\'' || *at == '"') {
			w->quoted = true;
			at = take_quoted(at + 1, *at, w);
			if (!at)
				return NULL;
			continue;
		}
		if (*at == '\\' && at[1]) {
			w->quoted = true;
			at++;
		}
		word_put(w, *at++);
	}
	return at;
}

void cmdline_init(struct cmdline *c, const char *line)
{
	*c = (struct cmdline){ .at = line };
}

int cmdline_next(struct cmdline *c, char *word, size_t word_bytes)
{
	for (;;) {
		struct word_out w = { .buf = word, .size = word_bytes };
		const char *end;

		while (is_blank(*c->at))
			c->at++;
		if (!*c->at)
			return 0;
		end = take_word(c->at, &w);
		c->at = end ? end : "";
		if (w.size > 0)
			w.buf[MIN(w.length, w.size - 1)] = '\0';
		if (!end)
			return -EINVAL;
		if (w.length + 1 > w.size)
			return -E2BIG;
		if (c->program_args || w.quoted || strcmp(word, "--") != 0)
			return 1;
		c->program_args = true;
	}
}

const char *cmdline_option(const char *word, const char *key)
{
	size_t n = strlen(key);

	if (!str_has_prefix(word, "ouro.") || strncmp(word + 5, key, n) != 0)
		return NULL;
	word += 5 + n;
	if (*word == '=')
		return word + 1;
	return *word ? NULL : word;
}

int cmdline_find(const char *line, const char *key, char *value, size_t value_bytes)
{
	const char *last = NULL, *text;
	struct cmdline c;
	int got;

	// The buffer holds each word in turn, so the value is taken in a second look at its word. A
	// word that is too long is recognised by the head of it that fits.
	cmdline_init(&c, line);
	for (;;) {
		const char *at = c.at;

		got = cmdline_next(&c, value, value_bytes);
		if (got == -EINVAL)
			return got;
		if (got == 0 || c.program_args)
			break;
		if (cmdline_option(value, key))
			last = at;
	}
	if (!last)
		return 0;
	cmdline_init(&c, last);
	got = cmdline_next(&c, value, value_bytes);
	if (got < 0)
		return got;
	text = cmdline_option(value, key);
	memmove(value, text, strlen(text) + 1);
	return 1;
}
