// The kernel command line: words separated by blanks, quoting as in a shell ('..', "..", \c), the
// kernel's own options as ouro.KEY or ouro.KEY=VALUE, everything after the word "--" belongs to the
// program. Words that are not ours are ignored by whoever reads them. Pure, any context.
#pragma once

#include "lib/compiler.h"

struct cmdline {
	const char *at;
	bool program_args; // "--" was passed: words are the program's arguments
};

void cmdline_init(struct cmdline *c, const char *line);
// Unquotes the next word into |word| (always terminated). Returns 1, or 0 at the end of the line,
// -E2BIG if the word does not fit (it is skipped), -EINVAL for a quote that is not closed (the
// iteration ends). The "--" itself is not returned: c->program_args turns true.
int __must_check cmdline_next(struct cmdline *c, char *word, size_t word_bytes);
// The VALUE if |word| is "ouro.KEY=VALUE", "" if it is "ouro.KEY", else NULL.
const char *cmdline_option(const char *word, const char *key);
// Finds option |key| before "--"; the last one on the line wins. Copies its value: 1 if found, 0 if
// not, -E2BIG if the whole word does not fit into |value|, -EINVAL as above.
int __must_check cmdline_find(const char *line, const char *key, char *value, size_t value_bytes);
