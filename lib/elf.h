// Parser and validator of ELF64 x86-64 executables: program headers only, as exec needs them. Pure:
// it looks only at the bytes it is given and keeps no pointers to them. Checks and errors are those
// of Linux's fs/binfmt_elf.c (6.18). Any context, no locks.
//
// Use: read the file's first ELF_HEADER_BYTES, elf_parse_header; read the table, elf_parse_phdrs;
// then elf_next_segment until it returns 0. For an interpreter turn -ENOEXEC of elf_parse_header
// into -ELIBBAD, as Linux does.
#pragma once

#include "lib/compiler.h"

#define ELF_HEADER_BYTES     64
#define ELF_PHDR_BYTES       56
#define ELF_MAX_PHDRS        73 // Linux: the table must fit in 4096 bytes
#define ELF_MAX_PHDRS_BYTES  (ELF_MAX_PHDRS * ELF_PHDR_BYTES)
#define ELF_MAX_INTERP_BYTES 4096 // PATH_MAX, with the terminator

// What the file header says.
struct elf_header {
	uint64_t entry_va;     // before the load bias
	uint64_t phdrs_offset; // file offset of the program headers
	uint32_t phdrs_bytes;  // of the whole table, at most ELF_MAX_PHDRS_BYTES
	uint16_t phdrs;
	bool dynamic; // ET_DYN: position independent
};

enum elf_stack { ELF_STACK_DEFAULT, ELF_STACK_NOEXEC, ELF_STACK_EXEC };

// What the program headers say together. Addresses are before the load bias; a program without
// PT_LOAD has loads == 0 and everything zero.
struct elf_image {
	unsigned loads;
	uint64_t first_va;    // p_vaddr of the first PT_LOAD, page-aligned down
	uint64_t min_va;      // lowest page of any PT_LOAD ...
	uint64_t total_bytes; // ... and how far the highest byte is above it (page-aligned up)
	uint64_t align_bytes; // largest power-of-two p_align, at least a page
	uint64_t phdr_va;     // where the program headers are in memory (AT_PHDR); 0: nowhere
	uint64_t start_code_va, end_code_va, start_data_va, end_data_va; // as in /proc/PID/stat
	uint64_t brk_va;        // end of the highest segment
	uint64_t interp_offset; // file offset of the first PT_INTERP's path ...
	uint32_t interp_bytes;  // ... its size with the terminator; 0: no interpreter
	enum elf_stack stack;   // of the last PT_GNU_STACK
};

// One PT_LOAD in pages, before the load bias: map |file_bytes| of the file from |file_offset| to
// |va|; zero [zero_va, zero_end_va) in the last file page (if it is writable); map
// [bss_va, bss_va + bss_bytes) anonymously, readable and writable (and executable if |exec|).
struct elf_segment {
	uint64_t va;          // page-aligned
	uint64_t file_offset; // page-aligned
	uint64_t file_bytes;  // multiple of a page; 0: nothing of the file is mapped
	uint64_t zero_va, zero_end_va;
	uint64_t bss_va, bss_bytes; // page-aligned; 0 bytes: none
	bool read, write, exec;
};

// Parses the first |bytes| of a file (fewer than ELF_HEADER_BYTES if it is shorter). -ENOEXEC.
int __must_check elf_parse_header(const void *file, size_t bytes, struct elf_header *out);

// Parses the table of |h->phdrs_bytes|. Addresses must end at or below |limit_va| (Linux's
// TASK_SIZE). -ENOEXEC for a PT_INTERP of impossible size, found first; -EINVAL for a segment that
// cannot be loaded (where Linux has passed the point of no return and kills with SIGSEGV).
int __must_check elf_parse_phdrs(const struct elf_header *h, const void *table, uint64_t limit_va,
				 struct elf_image *out);

// -ENOEXEC unless the interpreter's path of |bytes| ends with its only terminator in place (Linux
// looks at the last byte alone; what is behind an earlier NUL is ignored).
int __must_check elf_check_interp(const char *path, uint32_t bytes);

// Iterates over the PT_LOADs of a table that elf_parse_phdrs accepted: *cursor starts at 0. True if
// |out| was filled.
bool elf_next_segment(const struct elf_header *h, const void *table, unsigned *cursor,
		      struct elf_segment *out);

// The load bias that puts the first PT_LOAD at |base_va| or below it as far as the image's
// alignment wants (modulo 2^64: add it to any address of the file). 0 for ET_EXEC.
uint64_t elf_load_bias(const struct elf_header *h, const struct elf_image *img, uint64_t base_va);
