// The node registry under /proc, /sys and /dev: a table of generated files, directories, links and
// devices. Higher layers (kernel/proc/procfs.c) register theirs at init.
#pragma once

#include "lib/compiler.h"

struct file;
struct inode;
struct path;

// Growing text buffer that generated files are printed into.
struct seq {
	char *buf;
	size_t len, cap;
	bool oom;
};
void seq_printf(struct seq *s, const char *fmt, ...) __printf_like(2, 3);
void seq_write(struct seq *s, const void *bytes, size_t n);
