// Growing arrays of strings (argv, environment, search paths). The strings are copied and owned.
#pragma once

#include <stddef.h>

struct strvec {
	char **v; // NULL-terminated once something was added
	size_t n;
};

void strvec_add(struct strvec *l, const char *s);
// Takes over |s|, which malloc gave.
void strvec_take(struct strvec *l, char *s);
void strvec_addf(struct strvec *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strvec_free(struct strvec *l);
