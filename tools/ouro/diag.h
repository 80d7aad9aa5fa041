// Messages to the user and the exit statuses of the command itself. Every message says what failed,
// where, and what to do about it. A function that can fail prints its message and returns the exit
// status; 0 is success.
#pragma once

#include "lib/compiler.h"

enum {
	STATUS_TIMEOUT = 124,        // --timeout ended the machine
	STATUS_OURO = 125,           // ouro, QEMU or the kernel failed
	STATUS_NOT_EXECUTABLE = 126, // the program exists and cannot be run
	STATUS_NOT_FOUND = 127,      // there is no such program
	STATUS_SIGNAL_BASE = 128,    // plus the signal that ended the program
};

// Prints "ouro: MESSAGE" and returns |status|.
int fail(int status, const char *fmt, ...) __printf_like(2, 3);
// A further line of the message before it: details, or what to do.
void hint(const char *fmt, ...) __printf_like(1, 2);
void warn(const char *fmt, ...) __printf_like(1, 2);

// Memory of the host command: running out of it ends the command with STATUS_OURO.
void *xmalloc(size_t bytes);
void *xcalloc(size_t count, size_t bytes);
void *xrealloc(void *p, size_t bytes);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xprintf(const char *fmt, ...) __printf_like(1, 2);
