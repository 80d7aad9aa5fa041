// Stack traces by frame pointers, with names from the symbol table that the build embeds.
#pragma once

#include "kernel/base/ptregs.h"
#include "lib/compiler.h"

// Writes "  ADDRESS name+0xOFFSET/0xSIZE\n" for |va|; returns its length.
int backtrace_format_address(char *buf, size_t size, uint64_t va);
// Calls |emit| for |rip| and every return address found from frame pointer |rbp| on. Trusts nothing
// that it reads: a frame must lie in kernel stack memory and frames must ascend.
void backtrace_walk(uint64_t rbp, uint64_t rip, void (*emit)(uint64_t va));
// The same to the log (error level), for threads that sleep.
void backtrace_log(uint64_t rbp, uint64_t rip);
