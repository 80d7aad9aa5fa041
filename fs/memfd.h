// memfd_create(2) and seals. A memfd is a shmem inode without a name in any directory.
#pragma once

#include "kernel/base/types.h"

struct file;
struct inode;

// |name| without the "memfd:" prefix, already checked for length. flags MFD_* of Linux 6.18.
// 0 or -EINVAL, -EACCES (vm.memfd_noexec), -ENOMEM.
int __must_check memfd_create_file(const char *name, unsigned flags, struct file **out);
// The same with the name in the program's memory: also -EFAULT.
int __must_check memfd_create_user(struct uptr name, unsigned flags, struct file **out);
// For file_free: the end of an embedded description. True if it was the end of the whole file.
bool memfd_recycle(struct file *f);
// A file of |bytes| that is in no directory and shown as "/NAME (deleted)": SysV shared memory.
int __must_check memfd_create_unlinked(const char *name, uint64_t bytes, struct file **out);
// The flag checks alone, which Linux makes before it looks at the name; fills defaults in.
int __must_check memfd_check_flags(unsigned *flags);
void memfd_init(void);                                            // vfs_init
int __must_check memfd_add_seals(struct file *f, unsigned seals); // F_ADD_SEALS
int64_t memfd_get_seals(struct file *f);                          // F_GET_SEALS or -EINVAL
#define MEMFD_NAME_MAX 249    // bytes of a name (NAME_MAX less the prefix)
extern unsigned memfd_noexec; // sysctl vm.memfd_noexec: 0, 1 or 2
