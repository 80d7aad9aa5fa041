// What linker.ld and the build define: the kernel's place in memory and its tables.
#pragma once

#include "lib/compiler.h"

extern const char __kernel_start[], __kernel_end[];
extern const char __text_start[], __text_end[], __rodata_start[], __rodata_end[], __data_start[];

// Accesses to user memory and where to go on when they fault; offsets relative to their own place.
struct extable_entry {
	int32_t access, fixup;
};
extern const struct extable_entry __extable_start[], __extable_end[];

extern const char symtab_blob[], symtab_blob_end[]; // made by tools/symtab.py, read by lib/symtab

// The linked copy of the per-CPU variables, 64-byte aligned.
extern char __percpu_start[], __percpu_end[];
