// The format of Ouro's initramfs: what tools/ouro writes and fs/initramfs.c reads. Little endian.
//
// The archive is an ordinary cpio "newc". The data of every regular file starts at a multiple of
// 4096 from the start of the archive (the name field is padded with NULs, which newc allows), so
// that file pages are mapped in place. The first member is the index, the second the configuration;
// an archive without them is accepted too (the kernel scans it).
//
// Index: struct image_index_header, then |entries| struct image_entry, then |names_bytes| of names
// (no terminators). Entry 0 is the root directory. Entries stand in breadth-first order: the
// children of a directory are adjacent and sorted by name (memcmp order, shorter first), so that a
// look-up is one binary search for each path component and boot cost does not grow with the image.
//
// Configuration: NUL-terminated "key=value" strings, first "ouro-config=1". Keys, in any order:
//   arg=WORD (repeated, argv in order)  exe=PATH  env=NAME=VALUE (repeated)  cwd=PATH
//   user=UID:GID  tty=0|1  opt=WORD (repeated; as a word on the kernel command line)
// Unknown keys are ignored.
#pragma once

#include "lib/compiler.h"

#define IMAGE_INDEX_NAME    ".ouro/index"
#define IMAGE_CONFIG_NAME   ".ouro/config"
#define IMAGE_INDEX_MAGIC   0x31584449554f5221ull
#define IMAGE_INDEX_VERSION 1

struct image_index_header {
	uint64_t magic;
	uint32_t version;
	uint32_t entries;
	uint64_t names_bytes;
	uint64_t reserved;
};

struct image_entry {
	uint64_t data_offset; // from the start of the archive; for a symlink, of its target
	uint64_t size_bytes;  // of the file or the symlink's target; 0 for others
	uint32_t name_offset; // into the names
	uint16_t name_bytes;
	uint16_t nlink_extra; // hard links beyond the first (they share data_offset and inode)
	uint32_t mode;        // S_IFMT and permissions
	uint32_t uid, gid;
	uint32_t mtime_s;
	uint32_t first_child; // directories: index of the first child entry
	uint32_t children;    // directories: how many
	uint32_t inode;       // equal for hard links of one file, else unique; the root is 1
	uint32_t rdev;        // character and block devices: major << 20 | minor
	uint32_t parent;      // entry index of the directory that holds it
	uint32_t reserved;
};

_Static_assert(sizeof(struct image_index_header) == 32, "on-disk size");
_Static_assert(sizeof(struct image_entry) == 64, "on-disk size");

// An image that travels inside the kernel's own ELF file (ouro build -o x.elf): ouro appends it as
// a PT_LOAD of its own, page aligned behind the kernel's end in physical memory, and writes where
// it is into the kernel's slot. The kernel defines exactly one such object, in a loaded and
// initialised section (never .bss), with the magic and two zeros; ouro finds it by its magic at an
// 8-byte boundary. The kernel must therefore not keep a second copy of the magic in its file.
// A boot loader's module (-initrd, multiboot2) wins over the slot. If the kernel was loaded at
// another physical address than it was linked for, the image moved by the same distance.
#define IMAGE_SLOT_MAGIC 0x746f6c73214f5255ull

struct image_slot {
	uint64_t magic;
	uint64_t start_pa;   // as linked; 0: no image inside
	uint64_t size_bytes; // whole pages
};
