// See vec.h.
#include "tools/ouro/vec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/ouro/diag.h"

void strvec_take(struct strvec *l, char *s)
{
	// Room for the terminator; grows at powers of two.
	if ((l->n & (l->n + 1)) == 0)
		l->v = xrealloc(l->v, ((l->n + 1) * 2 + 1) * sizeof(*l->v));
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void strvec_add(struct strvec *l, const char *s)
{
	strvec_take(l, xstrdup(s));
}

void strvec_addf(struct strvec *l, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		exit(fail(STATUS_OURO, "out of memory on this host"));
	va_end(ap);
	strvec_take(l, s);
}

void strvec_free(struct strvec *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strvec){ 0 };
}
