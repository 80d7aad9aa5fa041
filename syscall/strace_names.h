// Names of constants for strace: sets of flags and single values by argument kind, and errno.
#pragma once

#include "lib/compiler.h"

struct strace_name {
	uint64_t value;
	const char *name;
};

struct strace_table {
	const struct strace_name *names;
	uint16_t count;
	bool flags;          // names of single bits (or masks), joined by |; else one value
	const char *unknown; // as strace: "MAP_???"; NULL prints the bare number
};

// The table of an argument kind (enum arg_kind), or NULL.
const struct strace_table *strace_table_of(unsigned kind);
const char *strace_errno_name(unsigned err);  // "ENOENT", or NULL
const char *strace_errno_text(unsigned err);  // "No such file or directory"
const char *strace_signal_name(unsigned sig); // "SIGSEGV", or NULL
