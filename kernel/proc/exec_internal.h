// The parts of exec: strings (exec_strings.c), the binary (exec_elf.c), the point of no return and
// what follows (exec.c).
#pragma once

#include "kernel/proc/exec.h"
#include "kernel/proc/exec_stack.h"
#include "lib/elf.h"

struct aspace;
struct file;

#define EXEC_HEAD_BYTES 256 // read of a file to tell what it is; Linux's BINPRM_BUF_SIZE

// exec_strings.c: may sleep. 0, -E2BIG, -EFAULT, -ENOMEM.
int __must_check exec_strings_collect(struct exec_strings *s, const struct exec_request *req,
				      const char *filename, uint64_t stack_limit_bytes);
void exec_strings_free(struct exec_strings *s);
// A script: argv[0] is replaced by |interp|, |arg| (NULL: none) and |script|.
int __must_check exec_strings_script(struct exec_strings *s, const char *interp, const char *arg,
				     const char *script);
// The interpreter's line of a script in |head| (EXEC_HEAD_BYTES, |n| read; changed by this):
// *interp and *arg (or NULL) point into it. -ENOEXEC as Linux's load_script().
int __must_check exec_parse_script(char *head, size_t n, char **interp, char **arg);

// One ELF file being loaded: the program or its interpreter.
struct exec_binary {
	struct file *file; // owned, writers denied
	struct elf_header header;
	void *table; // program headers, kmalloc'd
	struct elf_image image;
	uint64_t bias;
};

// exec_elf.c. Opens an executable file for reading with writers denied; |at| NULL: the working
// directory. 0, -EACCES, -ETXTBSY, ...
int __must_check exec_open(const struct path *at, const char *name, unsigned lookup,
			   struct file **out);
void exec_close(struct file *f);
// Parses the headers of b->file, of which |head| holds the first |n| bytes.
int __must_check exec_binary_parse(struct exec_binary *b, const void *head, size_t n);
void exec_binary_release(struct exec_binary *b);
// Reads and opens the program's interpreter into |interp| (file NULL: there is none).
int __must_check exec_open_interp(const struct exec_binary *b, struct exec_binary *interp);
// Maps the segments at |base_va| (the file's own addresses for ET_EXEC; 0: anywhere in the mmap
// area). Sets b->bias.
int __must_check exec_binary_map(struct exec_binary *b, struct aspace *as, uint64_t base_va);
// Zeroes the ends of the last file pages; the address space is the caller's. 0 or -EFAULT.
int __must_check exec_binary_clear(const struct exec_binary *b);
