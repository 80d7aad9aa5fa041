// The program's terminal on the console (ouro run -t): a driver over drivers/ctl.h. Input is read
// by a thread of its own, so that Ctrl-C reaches a program that does not read.
#include <linux/errno.h>

#include "drivers/ctl.h"
#include "fs/tty.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/thread.h"

#define STEP_BYTES 256u

static struct {
	bool active;
	struct tty tty;
	struct winsize size; // told by the host, perhaps before there is a terminal
} console;

static int64_t console_tty_write(struct tty *t, const uint8_t *bytes, size_t n, bool nonblock)
{
	return ctl_write(CTL_STREAM_STDOUT, bytes, n, nonblock);
}

static bool console_tty_writable(struct tty *t)
{
	return ctl_writable();
}

// The host's terminal is raw while this one edits no lines; it does not matter otherwise.
static void console_tty_mode(struct tty *t, const struct termios2 *now)
{
	uint32_t raw = !(now->c_lflag & ICANON);

	ctl_send_record(CTL_TTYMODE, &raw, sizeof(raw));
}

static const struct tty_driver driver = {
	.write = console_tty_write,
	.writable = console_tty_writable,
	.mode_changed = console_tty_mode,
};

static void deliver(const uint8_t *bytes, size_t n)
{
	while (n) {
		size_t taken = tty_receive(&console.tty, bytes, n);
		int err;

		bytes += taken;
		n -= taken;
		if (n)
			waitq_wait_until(&console.tty.room_wait, tty_room(&console.tty), UINT64_MAX,
					 false, err);
	}
}

static void pump(void *arg)
{
	uint8_t buf[STEP_BYTES];
	int64_t n;

	for (;;) {
		n = ctl_read(buf, sizeof(buf), false);
		if (n <= 0)
			break;
		deliver(buf, (size_t)n);
	}
	buf[0] = console.tty.termios.c_cc[VEOF]; // the user's input has ended
	deliver(buf, 1);
}

int tty_activate(void)
{
	struct thread *t;
	int err = tty_setup(&console.tty, &driver);

	if (err)
		return err;
	console.tty.size = console.size;
	t = thread_create_kernel("console", pump, NULL);
	if (!t) {
		tty_teardown(&console.tty);
		return -ENOMEM;
	}
	console.active = true;
	sched_start(t);
	return 0;
}

struct tty *tty_console(void)
{
	return console.active ? &console.tty : NULL;
}

void tty_set_winsize(const struct ctl_winsize *ws)
{
	console.size = (struct winsize){ ws->rows, ws->cols, ws->xpixel, ws->ypixel };
	console.tty.size = console.size;
}
