// The read-only lower layer of the root file system: the index of lib/image.h, searched in place.
// Owns nothing but a pointer to the image; no locks (the image does not change).
#pragma once

#include "lib/image.h"

#define INITRAMFS_NONE 0xffffffffu

// Checks the header (not the entries: those are checked when used). 0; -ENOENT: an archive without
// an index (initramfs_scan.c reads it); -EINVAL: damaged.
int __must_check initramfs_open(const void *image, uint64_t bytes);
// Entry |e|, or NULL if out of range or damaged.
const struct image_entry *initramfs_entry(uint32_t e);
const char *initramfs_name(const struct image_entry *ent); // not terminated; name_bytes long
// The child |name| of directory entry |dir|, or INITRAMFS_NONE. O(log children).
uint32_t initramfs_lookup(uint32_t dir, const char *name, size_t name_bytes);
const void *initramfs_data(const struct image_entry *ent); // NULL if damaged
uint32_t initramfs_entries(void);                          // 0: there is no index
const void *initramfs_image(uint64_t *bytes);
// Makes the tree of an archive without an index: every member becomes an inode of the root tmpfs,
// page-aligned data without a copy. 0 or -ENOMEM; damaged members end it with a log line.
struct path;
int __must_check initramfs_scan(const struct path *root);
const char *initramfs_config(size_t *bytes);
