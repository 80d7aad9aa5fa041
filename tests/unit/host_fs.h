// A machine with the file layer for host tests: simulated RAM, an initramfs with an index built
// from entries, the root mounted, and a current thread with credentials and a file context. List
// tests/unit/host_fs.c among a test's sources; HOST_FS in the first lines of test_namei.c is the
// rest.
#pragma once

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/namei.h"
#include "fs/stat.h"
#include "fs/vfs.h"
#include "lib/image.h"

struct host_entry {
	const char *path; // "usr/bin/x"; parents must come before
	uint32_t mode;
	const char *text; // data of a file, target of a link; NULL: |bytes| of a pattern
	uint32_t bytes;
	uint32_t link_of; // 1 + number of the entry it is a hard link of; 0: none
};

// The byte at |at| of a pattern file.
static inline uint8_t host_pattern(uint64_t at)
{
	return (uint8_t)(at * 7 + (at >> 12) * 13 + 1);
}

// Boots with these entries (n may be 0: no image). The second form takes ready archive bytes.
void host_fs_boot(const struct host_entry *entries, unsigned n);
int host_fs_boot_archive(const void *bytes, size_t n);
void host_fs_down(void);
uint64_t host_fs_free_pages(void); // caches drained
// Opens by absolute or root-relative path; -errno, or 0 and the file.
int host_open(const char *path, unsigned flags, struct file **out);
int host_stat(const char *path, struct kstat *out); // does not follow the last link
// Kernel-buffer transfers; results as pread and pwrite.
int64_t host_pread(struct file *f, void *buf, size_t n, uint64_t pos);
int64_t host_pwrite(struct file *f, const void *buf, size_t n, uint64_t pos);
int64_t host_read(struct file *f, void *buf, size_t n);
int64_t host_write(struct file *f, const void *buf, size_t n);
// The names of a directory, each followed by a blank, "." and ".." left out, in listing order.
const char *host_list(const char *path);
// Signals that the layer has sent to the caller since the last call (bits 1 << number).
uint64_t host_signals(void);
// How often it has asked for a process to be killed for memory, since the last call.
unsigned host_out_of_memory(void);
