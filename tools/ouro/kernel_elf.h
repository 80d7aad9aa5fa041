// The kernel's ELF file: where it is, what memory it takes, and the kernel with an initramfs
// inside.
#pragma once

#include <stdint.h>

struct kernel_file {
	char *path;
	int fd;
	char *bytes; // the whole file, mapped
	uint64_t size_bytes;
	uint64_t start_pa, end_pa; // what it occupies in memory, bss included
};

// Opens |path|, or (NULL) the kernel beside the ouro binary. 0 or an exit status.
int kernel_open(struct kernel_file *k, const char *path);
void kernel_close(struct kernel_file *k);

// Writes a copy of the kernel to |out_fd| with the |image_bytes| of |image_fd| as one more segment
// behind its end (none: 0 bytes), and the slot (lib/image.h) filled in. The program headers stay in
// the first 32 KiB, where GRUB wants them. 0 or an exit status.
int kernel_write_with_image(const struct kernel_file *k, int image_fd, uint64_t image_bytes,
			    int out_fd, const char *out_name);
// Finds the image inside a file that kernel_write_with_image made: its offset and size. 0, or
// -ENOENT if it is another ELF file (or none).
int kernel_find_image(const char *bytes, uint64_t size_bytes, uint64_t *offset,
		      uint64_t *image_bytes);
