// Terminals: the line discipline and what all terminals share. What moves the bytes is a driver:
// the program's console (fs/console_tty.c, ouro run -t) and pseudo terminals (fs/pty.c).
#pragma once

#include <asm/termbits.h>
#include <asm/termios.h>

#include "kernel/sched/mutex.h"
#include "kernel/sched/waitq.h"

struct file;
struct tty;
struct uio;
struct poll_table;

#define TTY_INPUT_BYTES 4096u // Linux's N_TTY_BUF_SIZE

struct tty_driver {
	// Sends processed bytes. Bytes taken, -EAGAIN if |nonblock| and there is no room, -EIO,
	// -ERESTARTSYS. May sleep unless |nonblock|.
	int64_t (*write)(struct tty *t, const uint8_t *bytes, size_t n, bool nonblock);
	bool (*writable)(struct tty *t);
	// After a change of the settings. May be NULL.
	void (*mode_changed)(struct tty *t, const struct termios2 *now);
	// Discards what is written and not yet sent (TCFLSH). May be NULL.
	void (*flush_output)(struct tty *t);
};

struct tty {
	const struct tty_driver *driver;
	struct mutex lock; // RANK_PIPE; guards what follows up to |session|
	struct termios2 termios;
	struct winsize size;
	// Input: a ring; [tail, canon) are complete lines, [canon, head) is being edited.
	uint8_t *input;
	uint32_t head, tail, canon;          // counters, not wrapped
	uint64_t ends[TTY_INPUT_BYTES / 64]; // a bit per byte of the ring: a line ends here
	bool literal_next;                   // VLNEXT was typed
	bool output_stopped;                 // VSTOP or TCOOFF
	uint32_t column;                     // of the output, for tabs and erasing
	bool hung_up;                        // the other side is gone: end of file, -EIO

	// Session and foreground group that it controls; 0: none. Changed by kernel/proc's hooks
	// under its own lock, read anywhere.
	int session, pgrp;

	struct waitq read_wait, write_wait;
	struct waitq room_wait; // for who brings input
};

extern const struct file_ops tty_file_ops; // f->priv is the struct tty
// Sets up a terminal with Linux's initial settings. 0 or -ENOMEM.
int __must_check tty_setup(struct tty *t, const struct tty_driver *driver);
void tty_teardown(struct tty *t);
// Input from the driver: bytes taken (fewer: no room, see room_wait). May sleep.
size_t tty_receive(struct tty *t, const uint8_t *bytes, size_t n);
uint32_t tty_room(struct tty *t); // free bytes of input
// The other side is gone for good: readers see the end, writers -EIO, the session SIGHUP.
void tty_hang_up(struct tty *t);
// Calls on either end of a terminal. 0, -ENOTTY or another -errno.
int64_t tty_ioctl_common(struct tty *t, unsigned cmd, uint64_t arg);
void tty_set_size(struct tty *t, const struct winsize *s); // SIGWINCH if it changed

// What the process layer does for terminals. Registered once.
struct tty_jobs {
	// May the caller read (|sig| SIGTTIN) from, or change (SIGTTOU), its controlling terminal?
	// 0, -EIO, or -ERESTARTSYS after its group was sent |sig|.
	int (*check)(struct tty *t, int sig);
	void (*signal_group)(int pgrp, int sig);
	int (*caller_session)(void); // whose terminal /dev/tty is; 0: none
	// An open without O_NOCTTY: takes |t| for the caller's session if it leads one without.
	void (*opened)(struct tty *t);
	int64_t (*ioctl)(struct tty *t, unsigned cmd, uint64_t arg, bool master); // -ENOTTY: not it
	void (*hung_up)(struct tty *t); // the master of a pseudo terminal was closed
};
void tty_set_jobs(const struct tty_jobs *jobs);
const struct tty_jobs *tty_jobs(void);

void tty_init(void); // vfs_init: registers /dev/tty, /dev/console and what follows
void pty_init(void); // /dev/ptmx, /dev/pts
// The terminal that controls |session|, with a reference if it is a pseudo terminal (given back by
// pty_slave_closed); NULL: none.
struct tty *pty_find_session(int session);
uint32_t pty_number(struct tty *t);   // its device number, as /proc/PID/stat has it
void pty_slave_closed(struct tty *t); // nothing for the console
// The console. From now on there is a terminal: its input is read.
int __must_check tty_activate(void);
struct tty *tty_console(void); // NULL: there is none
// The size of the user's window, told by the host; from interrupt context too.
struct ctl_winsize;
void tty_set_winsize(const struct ctl_winsize *ws);
