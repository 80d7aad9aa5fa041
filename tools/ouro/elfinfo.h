// What the dynamic linker would want to know of an ELF file, read with libelf from untrusted bytes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tools/ouro/vec.h"

enum elf_verdict {
	ELF_OK,
	ELF_UNREADABLE, // errno says why
	ELF_NOT_A_FILE, // a directory, device, ...
	ELF_NO_ELF,
	ELF_32_BIT,
	ELF_OTHER_MACHINE,
	ELF_TRUNCATED,
	ELF_NOT_PROGRAM, // an object file, a core dump
	ELF_MALFORMED,
};

struct elf_info {
	enum elf_verdict verdict;
	int error;        // errno for ELF_UNREADABLE
	unsigned machine; // e_machine
	unsigned type;    // e_type
	bool dynamic;     // has a dynamic section
	bool no_default_dirs;
	bool ends_threads; // names pthread_exit or the like, for which glibc opens libgcc_s
	char *interp;      // PT_INTERP, or NULL
	char *rpath, *runpath, *soname;
	struct strvec needed;
	char *script_interp, *script_arg; // "#!" line of what is no ELF file
};

// Reads |size_bytes| at |offset| of |fd|. Free with elf_info_free whatever the verdict.
void elf_info_read(struct elf_info *e, int fd, uint64_t offset, uint64_t size_bytes);
void elf_info_read_path(struct elf_info *e, const char *path);
void elf_info_free(struct elf_info *e);
// One sentence on why it cannot run, without a file name, e.g. "it is a 32-bit program (...)".
const char *elf_verdict_text(const struct elf_info *e);
const char *elf_machine_name(unsigned machine);
