// The program's terminal (ouro run -t): one terminal over the standard streams of drivers/ctl.h.
#pragma once

#include "lib/compiler.h"

struct inode;
struct file;

extern const struct file_ops tty_file_ops;
void tty_init(void); // vfs_init: registers /dev/tty and /dev/console
// The size of the user's window, told by the host; from interrupt context too. The caller signals
// SIGWINCH.
struct ctl_winsize;
void tty_set_winsize(const struct ctl_winsize *ws);
// From now on there is a terminal: /dev/tty and /dev/console open it.
void tty_activate(void);
