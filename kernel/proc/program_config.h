// What to run: the image's configuration (lib/image.h) with the command line's overrides. Pure but
// for the memory of the lists.
#pragma once

#include "lib/compiler.h"

// A NULL-terminated list of strings that it owns.
struct string_list {
	char **items;
	unsigned count, cap;
};
int __must_check string_list_add(struct string_list *l, const char *text, size_t bytes);
// Replaces the entry with the same NAME= or appends.
int __must_check string_list_set_env(struct string_list *l, const char *text, size_t bytes);
void string_list_free(struct string_list *l);

struct program_config {
	struct string_list argv, env;
	char *exe; // NULL: argv[0]
	char *cwd; // NULL: /
	bool has_user;
	uint32_t uid, gid;
	bool tty;
};

// |text| is the configuration member (NUL-terminated "key=value" strings), |bytes| long; |cmdline|
// the kernel's. 0, -EINVAL (not a configuration, or a bad value) or -ENOMEM; what was read so far
// stays in |c| for program_config_free.
int __must_check program_config_read(struct program_config *c, const char *text, size_t bytes);
int __must_check program_config_override(struct program_config *c, const char *cmdline);
void program_config_free(struct program_config *c);
