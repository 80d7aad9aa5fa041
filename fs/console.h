// The program's descriptors 0 to 2 over drivers/ctl.h.
#pragma once

#include "lib/compiler.h"

#include "drivers/ctl.h"

struct fdtable;
struct uio;

void console_init(void); // vfs_init
// Opens 0, 1 and 2 in an empty table: as pipes, or with |tty| as one terminal. 0 or -ENOMEM.
int __must_check console_open_stdio(struct fdtable *t, bool tty);
// Transfers between a program's buffers and the streams, for console.c and tty.c. Bytes or -errno.
int64_t __must_check console_read(struct uio *u, bool nonblock);
int64_t __must_check console_write(enum ctl_stream stream, struct uio *u, bool nonblock);
