// Bounded formatting: %d %i %u %x %X %o %c %s %p %% with flags "-0 #+", width, precision and the
// length modifiers hh h l ll z. Sleeps: never. Locks: none.
#pragma once

#include <stdarg.h>

#include "lib/compiler.h"

// As snprintf/vsnprintf of C: always terminates if |size| > 0, returns the untruncated length.
int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int fmt_snprintf(char *buf, size_t size, const char *fmt, ...) __printf_like(3, 4);
