// The strings of a new program: copied once from the caller into one buffer, in the order and with
// the limits of Linux's fs/exec.c (6.18).

#include <asm/errno.h>
#include <linux/binfmts.h>
#include <linux/limits.h>

#include "kernel/proc/exec_internal.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"

#define FIRST_BYTES     2048
#define STRINGS_CEILING (6ull << 20) // three quarters of _STK_LIM
#define MAX_STRINGS     0x7fffffffu

// One of the two arrays of pointers, wherever it is.
struct string_array {
	struct uptr user;
	const char *const *kernel;
	bool in_kernel;
};

static int grow(struct exec_strings *s, size_t more)
{
	size_t cap = s->cap ? s->cap : FIRST_BYTES;
	char *buf;

	while (cap - s->used < more)
		cap *= 2;
	if (cap == s->cap)
		return 0;
	buf = kvalloc(cap);
	if (!buf)
		return -ENOMEM;
	if (s->used)
		memcpy(buf, s->buf, s->used);
	kvfree(s->buf);
	s->buf = buf;
	s->cap = cap;
	return 0;
}

static int add_kernel(struct exec_strings *s, const char *text)
{
	size_t bytes = strlen(text) + 1;
	int err = bytes > MAX_ARG_STRLEN ? -E2BIG : grow(s, bytes);

	if (err)
		return err;
	memcpy(s->buf + s->used, text, bytes);
	s->used += bytes;
	return 0;
}

static int add_user(struct exec_strings *s, struct uptr text)
{
	size_t room = MIN(s->cap - s->used, (size_t)MAX_ARG_STRLEN);
	int64_t n = -ENAMETOOLONG;
	int err;

	if (room)
		n = strncpy_from_user(s->buf + s->used, text, room);
	if (n == -ENAMETOOLONG && room < MAX_ARG_STRLEN) {
		n = strnlen_user(text, MAX_ARG_STRLEN);
		if (n < 0)
			return (int)n;
		if (n >= (int64_t)MAX_ARG_STRLEN)
			return -E2BIG;
		err = grow(s, (size_t)n + 1);
		if (err)
			return err;
		n = strncpy_from_user(s->buf + s->used, text, (size_t)n + 1);
	}
	if (n < 0) // it grew meanwhile, or is simply too long
		return n == -ENAMETOOLONG ? -E2BIG : (int)n;
	s->used += (size_t)n + 1;
	return 0;
}

// Adds all strings of |a| and counts them. |limit_bytes| includes their pointers.
static int add_array(struct exec_strings *s, const struct string_array *a, unsigned *count,
		     uint64_t limit_bytes)
{
	for (unsigned i = 0; i < MAX_STRINGS; i++) {
		uint64_t ptr = 0;
		int err = 0;

		if (a->in_kernel)
			ptr = a->kernel ? (uint64_t)a->kernel[i] : 0;
		else if (a->user.va)
			err = get_user(ptr, uptr_add(a->user, i * sizeof(ptr)));
		if (err || !ptr)
			return err;
		err = a->in_kernel ? add_kernel(s, (const char *)ptr) : add_user(s, UPTR(ptr));
		if (err)
			return err;
		(*count)++;
		if (s->used + ((uint64_t)s->argc + s->envc) * sizeof(ptr) > limit_bytes)
			return -E2BIG;
	}
	return -E2BIG;
}

int exec_strings_collect(struct exec_strings *s, const struct exec_request *req,
			 const char *filename, uint64_t stack_limit_bytes)
{
	struct string_array argv = { req->argv, req->kargv, req->kargv != NULL };
	struct string_array envp = { req->envp, req->kenvp, req->kargv != NULL };
	uint64_t limit = MAX(MIN(stack_limit_bytes / 4, STRINGS_CEILING), (uint64_t)ARG_MAX);
	int err;

	memset(s, 0, sizeof(*s));
	err = grow(s, 1);
	if (!err)
		err = add_array(s, &argv, &s->argc, limit);
	if (!err && !s->argc) { // programs rely on argv[0]: an empty one is made up (Linux 5.18)
		err = add_kernel(s, "");
		s->argc = 1;
	}
	s->argv_bytes = s->used;
	if (!err)
		err = add_array(s, &envp, &s->envc, limit);
	s->env_bytes = s->used - s->argv_bytes;
	if (!err)
		err = add_kernel(s, filename);
	if (err)
		exec_strings_free(s);
	return err;
}

void exec_strings_free(struct exec_strings *s)
{
	kvfree(s->buf);
	memset(s, 0, sizeof(*s));
}

int exec_strings_script(struct exec_strings *s, const char *interp, const char *arg,
			const char *script)
{
	struct exec_strings n = { 0 };
	size_t first = strlen(s->buf) + 1;
	int err = add_kernel(&n, interp);

	n.argc = s->argc + 1;
	if (!err && arg) {
		err = add_kernel(&n, arg);
		n.argc++;
	}
	if (!err)
		err = add_kernel(&n, script);
	if (!err)
		err = grow(&n, s->used - first);
	if (err) {
		exec_strings_free(&n);
		return err;
	}
	n.argv_bytes = n.used + s->argv_bytes - first;
	n.env_bytes = s->env_bytes;
	n.envc = s->envc;
	memcpy(n.buf + n.used, s->buf + first, s->used - first);
	n.used += s->used - first;
	kvfree(s->buf);
	*s = n;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

int exec_parse_script(char *head, size_t n, char **interp, char **arg)
{
	char *p = head + 2, *end = memchr(head, '\n', n), *stop;

	if (!end) {
		// The line is cut off: fine only if the name of the interpreter is whole, that is
		// if a blank or the end of the file follows it.
		char *q = p;

		end = head + n;
		while (q < end && is_blank(*q))
			q++;
		if (q == end)
			return -ENOEXEC;
		while (q < end && !is_blank(*q) && *q)
			q++;
		if (q == end && n == EXEC_HEAD_BYTES)
			return -ENOEXEC;
	}
	if (end == head + EXEC_HEAD_BYTES)
		end--;
	while (end > p && is_blank(end[-1]))
		end--;
	*end = '\0';
	while (is_blank(*p))
		p++;
	if (!*p)
		return -ENOEXEC;
	*interp = p;
	*arg = NULL;
	while (*p && !is_blank(*p))
		p++;
	stop = p;
	while (is_blank(*p))
		p++;
	if (*p)
		*arg = p;
	*stop = '\0';
	return 0;
}
