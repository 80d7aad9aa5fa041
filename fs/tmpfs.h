// tmpfs: directories, files, links, device nodes and fifos in memory; the root file system is one
// whose directories show the initramfs below (fs/initramfs.h).
#pragma once

#include "fs/mount.h"

struct tmpfs_options {
	uint32_t mode; // of the root directory
	uint32_t uid, gid;
	uint64_t max_bytes, max_inodes; // 0: no limit
	bool shows_ram;                 // statfs tells all memory for no limit, not 0
};

// A new instance with its root directory. 0 or -ENOMEM.
int __must_check tmpfs_create(const char *source, const struct tmpfs_options *opt,
			      struct superblock **out);
// mount(2) data: "size=,nr_inodes=,mode=,uid=,gid="; NULL or "" for Linux's defaults. 0 or -EINVAL.
int __must_check tmpfs_parse_options(const char *data, struct tmpfs_options *out);
// The root tmpfs over the initramfs index that was opened with initramfs_open.
int __must_check tmpfs_create_root(struct superblock **out);
