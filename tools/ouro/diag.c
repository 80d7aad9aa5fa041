// Messages and memory of the host command; see diag.h. Owns nothing.
#include "tools/ouro/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(const char *prefix, const char *fmt, va_list ap)
{
	char text[4096];

	vsnprintf(text, sizeof(text), fmt, ap);
	// Names out of files and archives may hold anything: no control characters to a terminal.
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	fprintf(stderr, "%s%s\n", prefix, text);
}

int fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("ouro: ", fmt, ap);
	va_end(ap);
	return status;
}

void hint(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("      ", fmt, ap);
	va_end(ap);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("ouro: warning: ", fmt, ap);
	va_end(ap);
}

static void *or_die(void *p)
{
	if (!p)
		exit(fail(STATUS_OURO, "out of memory on this host"));
	return p;
}

void *xmalloc(size_t bytes)
{
	return or_die(malloc(bytes ? bytes : 1));
}

void *xcalloc(size_t count, size_t bytes)
{
	return or_die(calloc(count ? count : 1, bytes ? bytes : 1));
}

void *xrealloc(void *p, size_t bytes)
{
	return or_die(realloc(p, bytes ? bytes : 1));
}

char *xstrdup(const char *s)
{
	return or_die(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
	return or_die(strndup(s, n));
}

char *xprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return or_die(s);
}
