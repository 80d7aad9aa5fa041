// The first stack of a program, as Linux's create_elf_tables() lays it out: from the top an 8-byte
// zero, the file name, the environment strings, the argument strings; below them the platform name,
// 16 random bytes, and, 16-byte aligned, argc, argv[], NULL, envp[], NULL, the auxiliary vector.
// Pure: builds an image of that memory, touches no address space.
#pragma once

#include "lib/compiler.h"

#define EXEC_AUXV_MAX 24 // pairs, AT_NULL included

// What the auxiliary vector says.
struct exec_auxv {
	uint64_t vdso_va; // 0: none
	uint64_t min_sigstack_bytes;
	uint64_t hwcap, hwcap2;
	uint64_t phdr_va, phdrs;
	uint64_t interp_base_va, entry_va;
	uint64_t uid, euid, gid, egid;
	bool secure;
};

// The strings: argument strings, then environment strings, then the file name, each with its
// terminator, in the order in which they stand in memory.
struct exec_strings {
	char *buf; // kvalloc'd
	size_t used, cap;
	size_t argv_bytes, env_bytes; // parts of |used|; the rest is the file name
	unsigned argc, envc;
};

struct exec_stack {
	uint64_t sp;                      // where the program starts: points to argc
	uint64_t strings_va;              // of the first argument string
	uint64_t tables_bytes;            // from sp on
	uint64_t *tables;                 // kvalloc'd image of [sp, sp + tables_bytes)
	uint64_t auxv[2 * EXEC_AUXV_MAX]; // as in memory, for /proc/self/auxv
	unsigned auxv_words;
	uint64_t arg_start, arg_end, env_start, env_end; // as in /proc/PID/stat
};

// Lays out the stack that ends at |top_va| (a multiple of 16). |random16| fills AT_RANDOM;
// |align_gap| bytes (below 8192) are left out under the strings (Linux's arch_align_stack). 0 or
// -ENOMEM.
int __must_check exec_stack_build(struct exec_stack *out, uint64_t top_va,
				  const struct exec_strings *s, const struct exec_auxv *aux,
				  const uint8_t random16[16], unsigned align_gap);
