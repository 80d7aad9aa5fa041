// Names of constants for strace: sets of flags and single values by argument kind, and errno.
#pragma once

#include "lib/compiler.h"

struct strace_table {
	const uint32_t *values;
	const char *names; // first what strace calls an unknown value ("MAP_???"; "" prints the
			   // bare number), then one name a value; each ends with a NUL
	uint8_t count;
	uint8_t kind; // enum arg_kind
	bool flags;   // names of single bits (or masks), joined by |; else one value
};

// The name behind |name| in such a list.
const char *strace_next_name(const char *name);
// The table of an argument kind, or NULL. Those of structures (SACTI, POLLIO) name their flags.
const struct strace_table *strace_table_of(unsigned kind);
const char *strace_errno_name(unsigned err);  // "ENOENT", or NULL
const char *strace_errno_text(unsigned err);  // "No such file or directory"
const char *strace_signal_name(unsigned sig); // "SIGSEGV", or NULL
