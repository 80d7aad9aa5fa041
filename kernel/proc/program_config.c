// Reads what to run. See program_config.h.

#include "kernel/proc/program_config.h"

#include <asm/errno.h>

#include "lib/cmdline.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

#define FIRST_ITEMS 8u
#define WORD_BYTES  4096u // BOOTINFO_CMDLINE_BYTES: no word is longer than the line
#define CONFIG_MARK "ouro-config=1"

static int list_reserve(struct string_list *l)
{
	unsigned cap = l->cap ? l->cap * 2 : FIRST_ITEMS;
	char **items;

	if (l->count + 1 < l->cap)
		return 0;
	items = kcalloc(cap, sizeof(*items));
	if (!items)
		return -ENOMEM;
	if (l->count)
		memcpy(items, l->items, l->count * sizeof(*items));
	kfree(l->items);
	l->items = items;
	l->cap = cap;
	return 0;
}

int string_list_add(struct string_list *l, const char *text, size_t bytes)
{
	char *copy;

	if (list_reserve(l))
		return -ENOMEM;
	copy = kstrndup(text, bytes);
	if (!copy)
		return -ENOMEM;
	l->items[l->count++] = copy;
	l->items[l->count] = NULL;
	return 0;
}

int string_list_set_env(struct string_list *l, const char *text, size_t bytes)
{
	const char *eq = memchr(text, '=', bytes);
	size_t name = eq ? (size_t)(eq - text) + 1 : bytes;
	char *copy;

	for (unsigned i = 0; i < l->count; i++) {
		if (strncmp(l->items[i], text, name))
			continue;
		copy = kstrndup(text, bytes);
		if (!copy)
			return -ENOMEM;
		kfree(l->items[i]);
		l->items[i] = copy;
		return 0;
	}
	return string_list_add(l, text, bytes);
}

void string_list_free(struct string_list *l)
{
	for (unsigned i = 0; i < l->count; i++)
		kfree(l->items[i]);
	kfree(l->items);
	memset(l, 0, sizeof(*l));
}

static int set_string(char **slot, const char *value)
{
	char *copy = kstrndup(value, strlen(value));

	if (!copy)
		return -ENOMEM;
	kfree(*slot);
	*slot = copy;
	return 0;
}

static int parse_id(const char *text, const char *end, uint32_t *out)
{
	uint64_t v = 0;

	if (text == end)
		return -EINVAL;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		v = v * 10 + (uint64_t)(*text - '0');
		if (v > UINT32_MAX)
			return -EINVAL;
	}
	*out = (uint32_t)v;
	return 0;
}

static int set_user(struct program_config *c, const char *value)
{
	const char *colon = strchr(value, ':');

	if (!colon || parse_id(value, colon, &c->uid) ||
	    parse_id(colon + 1, value + strlen(value), &c->gid))
		return -EINVAL;
	c->has_user = true;
	return 0;
}

static int set_arg(struct program_config *c, const char *value)
{
	return string_list_add(&c->argv, value, strlen(value));
}

static int set_exe(struct program_config *c, const char *value)
{
	return set_string(&c->exe, value);
}

static int set_env(struct program_config *c, const char *value)
{
	return string_list_set_env(&c->env, value, strlen(value));
}

static int set_cwd(struct program_config *c, const char *value)
{
	return set_string(&c->cwd, value);
}

static int set_tty(struct program_config *c, const char *value)
{
	c->tty = value[0] == '1';
	return 0;
}

static const struct config_key {
	const char *prefix;
	int (*set)(struct program_config *c, const char *value);
} keys[] = {
	{ "arg=", set_arg }, { "exe=", set_exe },   { "env=", set_env },
	{ "cwd=", set_cwd }, { "user=", set_user }, { "tty=", set_tty },
};

static int read_entry(struct program_config *c, const char *entry)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (str_has_prefix(entry, keys[i].prefix))
			return keys[i].set(c, entry + strlen(keys[i].prefix));
	return 0; // a newer builder's key
}

int program_config_read(struct program_config *c, const char *text, size_t bytes)
{
	const char *end = text + bytes, *nul;
	int err = 0;

	memset(c, 0, sizeof(*c));
	nul = bytes ? memchr(text, '\0', bytes) : NULL;
	if (!nul || strcmp(text, CONFIG_MARK))
		return -EINVAL;
	for (text = nul + 1; !err && text < end; text = nul + 1) {
		nul = memchr(text, '\0', (size_t)(end - text));
		if (!nul) // padding aside, every string has its terminator
			return -EINVAL;
		err = read_entry(c, text);
	}
	return err;
}

// Words behind "--" replace the arguments but keep the program's name.
static int override_word(struct program_config *c, const char *word, bool argument, bool *first)
{
	const char *value;

	if (!argument) {
		value = cmdline_option(word, "env");
		return value && *value ? set_env(c, value) : 0;
	}
	if (*first) {
		*first = false;
		while (c->argv.count > 1) {
			kfree(c->argv.items[--c->argv.count]);
			c->argv.items[c->argv.count] = NULL;
		}
	}
	return set_arg(c, word);
}

int program_config_override(struct program_config *c, const char *cmdline)
{
	char *word = kmalloc(WORD_BYTES);
	struct cmdline line;
	bool first = true;
	int err = 0, more;

	if (!word)
		return -ENOMEM;
	cmdline_init(&line, cmdline);
	while (!err && (more = cmdline_next(&line, word, WORD_BYTES)) != 0) {
		if (more == -EINVAL)
			break; // an open quote: the rest is not a command line
		if (more == 1)
			err = override_word(c, word, line.program_args, &first);
	}
	kfree(word);
	return err;
}

void program_config_free(struct program_config *c)
{
	string_list_free(&c->argv);
	string_list_free(&c->env);
	kfree(c->exe);
	kfree(c->cwd);
	memset(c, 0, sizeof(*c));
}
