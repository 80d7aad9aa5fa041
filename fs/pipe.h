// Pipes and fifos.
#pragma once

#include "lib/compiler.h"

struct file;
struct inode;

void pipe_init(void); // vfs_init
// pipe2: flags O_CLOEXEC (the caller's business), O_NONBLOCK, O_DIRECT. 0, -EINVAL, -ENOMEM.
int __must_check pipe_create(unsigned flags, struct file **read_end, struct file **write_end);
// Opens an end of a fifo inode; may sleep for the other side. 0, -ENXIO, -ERESTARTSYS, -ENOMEM.
int __must_check fifo_open(struct inode *i, struct file *f);
int64_t pipe_set_size(struct file *f, uint64_t bytes); // F_SETPIPE_SZ: new size, -EBUSY, -EPERM
int64_t pipe_get_size(struct file *f);                 // F_GETPIPE_SZ or -EBADF
