// File locks: flock(2) by open description, fcntl(2) record locks by owner (fd table) or open
// description (OFD). Sleeping waits are interruptible.
#pragma once

#include "lib/compiler.h"

struct file;
struct flock;
struct fdtable;

void flock_init(void);                                      // vfs_init
int __must_check file_flock(struct file *f, int operation); // LOCK_SH, LOCK_EX, LOCK_UN | LOCK_NB
// F_GETLK, F_SETLK, F_SETLKW and the F_OFD_ forms. |l| is the kernel's copy of struct flock
// (64-bit).
int __must_check file_posix_lock(struct file *f, struct fdtable *owner, int pid, int cmd,
				 struct flock *l);
void file_locks_release_owner(struct file *f, struct fdtable *owner); // each close(2)
void file_locks_release_file(struct file *f);                         // last reference
