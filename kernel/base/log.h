// The kernel's own log. Off by default (ouro.log=LEVEL or area:LEVEL,... on the command line);
// lines go to the sinks registered by drivers (second channel, never the program's output). Usable
// in any context, also before drivers exist (lines are kept in a small ring and replayed to new
// sinks).
#pragma once

#include "lib/compiler.h"

enum log_level { LOG_NONE, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

// |area| is a short word such as "mm" or "boot". The format is that of lib/fmt.h; no newline.
void log_print(enum log_level level, const char *area, const char *fmt, ...) __printf_like(3, 4);
bool log_enabled(enum log_level level, const char *area);

#define log_error(area, ...) log_print(LOG_ERROR, area, __VA_ARGS__)
#define log_warn(area, ...)  log_print(LOG_WARN, area, __VA_ARGS__)
#define log_info(area, ...)  log_print(LOG_INFO, area, __VA_ARGS__)
#define log_debug(area, ...)                                                                       \
	do {                                                                                       \
		if (log_enabled(LOG_DEBUG, area))                                                  \
			log_print(LOG_DEBUG, area, __VA_ARGS__);                                   \
	} while (0)

// A sink gets whole lines with their newline, in any context, with the log lock held: it must not
// sleep, log, or take a lock of smaller rank than RANK_LOG (it may poll a device).
struct log_sink {
	void (*write)(struct log_sink *sink, const char *text, size_t bytes);
	struct log_sink *next;
};
void log_add_sink(struct log_sink *sink);
// Sets levels from the value of ouro.log=. -EINVAL names nothing; unknown areas are accepted.
int __must_check log_configure(const char *spec);

// Text as it is, to the ring and all sinks, whatever the level (strace).
void log_write_raw(const char *text, size_t bytes);
