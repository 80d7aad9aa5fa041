// The file system behind MFD_HUGETLB: shmem inodes whose object is made of frames of the pool.
#pragma once

#include "fs/shmem.h"

struct dentry;
struct mount;

void hugetlbfs_init(void);           // memfd_init
struct mount *hugetlbfs_mount(void); // internal
// The page size that MFD_HUGE_* (already shifted down; 0: the default) asks for; 0: not offered.
unsigned hugetlbfs_page_shift(unsigned log2);
// Turns an inode that nobody has seen into one of this file system. 0 or -ENOMEM.
int __must_check hugetlbfs_make(struct shmem_inode *s, unsigned shift);
// dname of files without a place in the tree: "/NAME (deleted)".
int memfd_dname(const struct dentry *d, char *buf, size_t bytes);
