// See relay.h. One thread and one poll loop; nothing in it blocks except the writes to a terminal.
//
// Flow control: nothing is read from the channel while the program's output waits for our own
// standard output, and nothing is read from standard input beyond the credit the guest gave. So
// ouro in a pipeline holds back what the program in its place would hold back.
#include "tools/ouro/relay.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "lib/ctlframe.h"
#include "tools/ouro/diag.h"

#define TAIL_BYTES         16384u
#define GRACE_MS           2000u // from a forwarded SIGTERM to the end of the machine
#define DUMP_GRACE_MS      300u  // from the time limit to the end, for the dump of all threads
#define INTERRUPTS_TO_KILL 3
#define INTERRUPT_KEY      3 // Ctrl-C
// QEMU says this and then stops the machine for ever, without ending.
#define KVM_STOPPED "KVM internal error"

enum terminal_mode { TERMINAL_UNTOUCHED, TERMINAL_LINES, TERMINAL_RAW };

// Bytes on their way to one of our own descriptors.
struct queue {
	int fd;
	bool regular; // never blocks
	char *bytes;
	size_t start, end, capacity;
};

// The last bytes of a stream that is shown only when something went wrong.
struct tail {
	char bytes[TAIL_BYTES];
	size_t used;
};

static struct {
	struct relay_setup s;
	int signal_fd;
	struct frame_parser parser;
	struct queue out, err; // standard output and error
	struct queue to_guest;
	struct tail qemu_text, serial_text;
	bool ready, exited, stdin_done, timed_out;
	bool output_lost;
	struct ctl_exit exit;
	uint64_t credit;
	unsigned interrupts;    // SIGINTs; on a terminal, since the program last wrote
	int forced_status;      // with |forced|: what ouro returns
	uint64_t kill_at_ms;    // UINT64_MAX: never
	uint64_t timeout_at_ms; // UINT64_MAX: never
	enum terminal_mode terminal;
	struct termios saved; // the terminal as it was
} relay;

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void queue_init(struct queue *q, int fd)
{
	struct stat st;

	*q = (struct queue){ .fd = fd };
	q->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static void queue_put(struct queue *q, const void *bytes, size_t n)
{
	if (q->fd < 0 || n == 0)
		return;
	if (q->start == q->end)
		q->start = q->end = 0;
	if (q->end + n > q->capacity) {
		q->capacity = MAX(q->capacity * 2, q->end + n);
		q->bytes = xrealloc(q->bytes, q->capacity);
	}
	memcpy(q->bytes + q->end, bytes, n);
	q->end += n;
}

static bool queue_empty(const struct queue *q)
{
	return q->start == q->end;
}

static void tail_put(struct tail *t, const char *bytes, size_t n)
{
	if (n > TAIL_BYTES) {
		bytes += n - TAIL_BYTES;
		n = TAIL_BYTES;
	}
	if (t->used + n > TAIL_BYTES) {
		size_t drop = t->used + n - TAIL_BYTES;

		memmove(t->bytes, t->bytes + drop, t->used - drop);
		t->used -= drop;
	}
	memcpy(t->bytes + t->used, bytes, n);
	t->used += n;
}

static void tail_print(const struct tail *t)
{
	if (!t->used)
		return;
	fwrite(t->bytes, 1, t->used, stderr);
	if (t->bytes[t->used - 1] != '\n')
		fputc('\n', stderr);
}

static void send_record(unsigned type, const void *bytes, uint32_t n)
{
	struct ctl_header h;

	frame_header(&h, type, n);
	queue_put(&relay.to_guest, &h, sizeof(h));
	queue_put(&relay.to_guest, bytes, n);
}

// How long to wait for the program to act on a signal; then the machine ends with |status|.
static void end_soon(uint64_t grace_ms, int status)
{
	if (relay.kill_at_ms == UINT64_MAX) {
		relay.kill_at_ms = now_ms() + grace_ms;
		relay.forced_status = status;
	}
}

static void send_signal(uint32_t sig)
{
	send_record(CTL_SIGNAL, &sig, sizeof(sig));
}

static void send_window_size(void)
{
	struct winsize w;
	struct ctl_winsize c;

	if (!relay.s.tty || !relay.ready ||
	    (ioctl(1, TIOCGWINSZ, &w) < 0 && ioctl(0, TIOCGWINSZ, &w) < 0))
		return;
	c = (struct ctl_winsize){ w.ws_row, w.ws_col, w.ws_xpixel, w.ws_ypixel };
	send_record(CTL_WINSIZE, &c, sizeof(c));
}

// The guest's terminal does the line discipline, so ours passes bytes through as they are, the keys
// that signal too.
static void set_terminal(enum terminal_mode mode)
{
	struct termios t;

	if (mode == relay.terminal || !relay.s.tty)
		return;
	if (relay.terminal == TERMINAL_UNTOUCHED && tcgetattr(0, &relay.saved) < 0)
		return;
	t = relay.saved;
	if (mode != TERMINAL_UNTOUCHED)
		cfmakeraw(&t);
	if (tcsetattr(0, TCSADRAIN, &t) == 0)
		relay.terminal = mode;
}

static void on_ready(void)
{
	relay.ready = true;
	set_terminal(TERMINAL_LINES);
	send_window_size();
}

static void on_record(void *arg, unsigned type, uint32_t offset, uint32_t total, const void *bytes,
		      size_t n)
{
	uint32_t value = 0;

	if (n >= sizeof(value))
		memcpy(&value, bytes, sizeof(value));
	switch (type) {
	case CTL_READY:
		on_ready();
		break;
	case CTL_STDOUT:
		if (relay.s.tty) // it reacts: the keys are for the program
			relay.interrupts = 0;
		queue_put(&relay.out, bytes, n);
		break;
	case CTL_STDERR:
	case CTL_LOG:
	case CTL_PANIC:
	case CTL_STATS:
		queue_put(&relay.err, bytes, n);
		break;
	case CTL_CREDIT:
		relay.credit += value;
		break;
	case CTL_EXIT:
		if (n < sizeof(relay.exit))
			break;
		memcpy(&relay.exit, bytes, sizeof(relay.exit));
		relay.exited = true;
		break;
	case CTL_TTYMODE:
		set_terminal(value ? TERMINAL_RAW : TERMINAL_LINES);
		break;
	}
}

// Standard output is gone (a reader like head ended): the program gets SIGPIPE.
static void on_broken_output(struct queue *q)
{
	relay.output_lost |= q == &relay.out;
	q->fd = -1;
	q->start = q->end = 0;
	if (q == &relay.out) {
		send_signal(SIGPIPE);
		end_soon(GRACE_MS, STATUS_SIGNAL_BASE + SIGPIPE);
	}
}

// Writes what the descriptor surely takes: after POLLOUT a pipe has room for PIPE_BUF bytes.
static void queue_write(struct queue *q)
{
	size_t n = q->end - q->start;
	ssize_t done;

	if (!q->regular)
		n = MIN(n, (size_t)PIPE_BUF);
	done = write(q->fd, q->bytes + q->start, n);
	if (done < 0 && errno != EINTR && errno != EAGAIN)
		on_broken_output(q);
	else if (done > 0)
		q->start += (size_t)done;
}

static void send_to_guest(void)
{
	struct queue *q = &relay.to_guest;
	ssize_t n =
		send(q->fd, q->bytes + q->start, q->end - q->start, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		q->start += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		q->start = q->end = 0; // QEMU is gone; its end is seen elsewhere
}

// A machine that takes keys and shows nothing hangs: there, too, the third interrupt key ends it.
static void count_interrupt_keys(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] == INTERRUPT_KEY && ++relay.interrupts >= INTERRUPTS_TO_KILL) {
			relay.kill_at_ms = now_ms();
			relay.forced_status = STATUS_SIGNAL_BASE + SIGINT;
		}
}

static void read_stdin(void)
{
	char bytes[65536];
	ssize_t n = read(0, bytes, MIN(sizeof(bytes), (size_t)relay.credit));

	if (n > 0) {
		relay.credit -= (uint64_t)n;
		if (relay.terminal == TERMINAL_LINES)
			count_interrupt_keys(bytes, (size_t)n);
		send_record(CTL_STDIN, bytes, (uint32_t)n);
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		relay.stdin_done = true;
		send_record(CTL_STDIN_EOF, NULL, 0);
	}
}

// False at the end of the channel.
static bool read_ctl(void)
{
	static char bytes[65536];
	ssize_t n = recv(relay.s.ctl_fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n > 0)
		frame_feed(&relay.parser, bytes, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool read_text(int fd, struct tail *t, bool show)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n > 0)
		tail_put(t, bytes, (size_t)n);
	if (n > 0 && t == &relay.qemu_text &&
	    memmem(t->bytes, t->used, KVM_STOPPED, sizeof(KVM_STOPPED) - 1))
		kill(relay.s.qemu, SIGKILL);
	if (n > 0 && show)
		queue_put(&relay.err, bytes, (size_t)n);
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

// A signal for us: the program gets it, and the machine ends if that does not end it.
static void on_signal(int sig)
{
	int status = STATUS_SIGNAL_BASE + sig;

	if (sig == SIGWINCH) {
		send_window_size();
		return;
	}
	if (sig == SIGINT && ++relay.interrupts >= INTERRUPTS_TO_KILL)
		relay.kill_at_ms = now_ms();
	if (relay.ready)
		send_signal((uint32_t)sig);
	if (!relay.ready)
		end_soon(0, status);
	else if (sig == SIGTERM || sig == SIGHUP)
		end_soon(GRACE_MS, status);
	if (relay.kill_at_ms != UINT64_MAX && !relay.forced_status)
		relay.forced_status = status;
}

static void read_signals(void)
{
	struct signalfd_siginfo info;

	while (read(relay.signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			on_signal((int)info.ssi_signo);
}

static void check_time(void)
{
	uint64_t now = now_ms();

	if (now >= relay.timeout_at_ms) {
		relay.timeout_at_ms = UINT64_MAX;
		relay.timed_out = true;
		if (relay.ready)
			send_record(CTL_DUMP, NULL, 0);
		end_soon(relay.ready ? DUMP_GRACE_MS : 0, STATUS_TIMEOUT);
	}
	if (now >= relay.kill_at_ms) {
		relay.kill_at_ms = UINT64_MAX;
		kill(relay.s.qemu, SIGKILL);
	}
}

static int time_left(void)
{
	uint64_t at = MIN(relay.kill_at_ms, relay.timeout_at_ms), now = now_ms();

	if (at == UINT64_MAX)
		return -1;
	return at <= now ? 0 : (int)MIN(at - now, (uint64_t)INT_MAX);
}

enum { P_SIGNAL, P_CTL, P_SERIAL, P_QEMU, P_STDIN, P_OUT, P_ERR, P_COUNT };

static void fill_poll(struct pollfd p[P_COUNT], bool backlog)
{
	for (unsigned i = 0; i < P_COUNT; i++)
		p[i] = (struct pollfd){ .fd = -1 };
	p[P_SIGNAL] = (struct pollfd){ relay.signal_fd, POLLIN, 0 };
	p[P_CTL] = (struct pollfd){ relay.s.ctl_fd, backlog ? 0 : POLLIN, 0 };
	if (!queue_empty(&relay.to_guest))
		p[P_CTL].events |= POLLOUT;
	if (!p[P_CTL].events)
		p[P_CTL].fd = -1;
	p[P_SERIAL] = (struct pollfd){ relay.s.serial_fd, POLLIN, 0 };
	p[P_QEMU] = (struct pollfd){ relay.s.stderr_fd, POLLIN, 0 };
	if (relay.ready && relay.credit && !relay.stdin_done && queue_empty(&relay.to_guest))
		p[P_STDIN] = (struct pollfd){ 0, POLLIN, 0 };
	if (!queue_empty(&relay.out))
		p[P_OUT] = (struct pollfd){ relay.out.fd, POLLOUT, 0 };
	if (!queue_empty(&relay.err))
		p[P_ERR] = (struct pollfd){ relay.err.fd, POLLOUT, 0 };
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void step(struct pollfd p[P_COUNT])
{
	if (p[P_SIGNAL].revents)
		read_signals();
	if (p[P_OUT].revents)
		queue_write(&relay.out);
	if (p[P_ERR].revents)
		queue_write(&relay.err);
	if (p[P_CTL].revents & POLLOUT)
		send_to_guest();
	if ((p[P_CTL].revents & (POLLIN | POLLHUP | POLLERR)) && !read_ctl())
		close_fd(&relay.s.ctl_fd);
	if (p[P_SERIAL].revents &&
	    !read_text(relay.s.serial_fd, &relay.serial_text, relay.s.show_serial))
		close_fd(&relay.s.serial_fd);
	if (p[P_QEMU].revents && !read_text(relay.s.stderr_fd, &relay.qemu_text, false))
		close_fd(&relay.s.stderr_fd);
	if (p[P_STDIN].revents)
		read_stdin();
}

// The machine has ended, or said that it is about to, and our outputs are written.
static bool finished(void)
{
	bool drained = queue_empty(&relay.out) && queue_empty(&relay.err);

	return drained && (relay.exited || relay.s.ctl_fd < 0);
}

static void loop(void)
{
	struct pollfd p[P_COUNT];

	while (!finished()) {
		bool backlog = !queue_empty(&relay.out) || !queue_empty(&relay.err);

		fill_poll(p, backlog);
		if (poll(p, P_COUNT, time_left()) < 0 && errno != EINTR)
			break;
		check_time();
		step(p);
	}
}

// QEMU's own last words, and whether a hardware virtualisation error stopped it.
static void drain_text(void)
{
	while (relay.s.stderr_fd >= 0 && read_text(relay.s.stderr_fd, &relay.qemu_text, false))
		;
	while (relay.s.serial_fd >= 0 &&
	       read_text(relay.s.serial_fd, &relay.serial_text, relay.s.show_serial))
		;
	while (!queue_empty(&relay.err) && relay.err.fd >= 0)
		queue_write(&relay.err);
}

static int report_failure(int wait_status)
{
	if (relay.timed_out)
		return fail(STATUS_TIMEOUT,
			    "the time limit of %llu ms is over; the machine was ended",
			    (unsigned long long)relay.s.timeout_ms);
	if (relay.forced_status)
		return relay.forced_status;
	if (WIFSIGNALED(wait_status))
		fail(STATUS_OURO, "QEMU was ended by signal %d (%s)", WTERMSIG(wait_status),
		     strsignal(WTERMSIG(wait_status)));
	else if (WEXITSTATUS(wait_status))
		fail(STATUS_OURO, "QEMU failed with status %d", WEXITSTATUS(wait_status));
	else
		fail(STATUS_OURO, "the machine ended without saying how the program ended");
	tail_print(&relay.qemu_text);
	if (relay.serial_text.used && !relay.s.show_serial) {
		hint("its serial port said:");
		tail_print(&relay.serial_text);
	}
	if (!relay.ready && !relay.qemu_text.used && !relay.serial_text.used)
		hint("the kernel did not start: is the memory (-m) enough? --serial shows more");
	return STATUS_OURO;
}

static int exit_status(void)
{
	switch (relay.exit.kind) {
	case CTL_EXIT_STATUS:
		// In place of ouro the program itself would have met the closed pipe.
		if (relay.output_lost && relay.exit.code == 0)
			return STATUS_SIGNAL_BASE + SIGPIPE;
		return (int)(relay.exit.code & 0xff);
	case CTL_EXIT_SIGNAL:
		return STATUS_SIGNAL_BASE + (int)(relay.exit.code & 0x7f);
	case CTL_EXIT_NOT_FOUND:
		return fail(STATUS_NOT_FOUND, "the program is not in the image");
	case CTL_EXIT_NOT_EXECUTABLE:
		return fail(STATUS_NOT_EXECUTABLE, "the kernel cannot execute the program: %s",
			    strerror((int)relay.exit.code));
	}
	return fail(STATUS_OURO, "the kernel failed (code %u)", relay.exit.code);
}

void relay_block_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	relay.signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int relay_run(const struct relay_setup *setup)
{
	int wait_status = 0;

	relay.s = *setup;
	relay.parser.record = on_record;
	queue_init(&relay.out, 1);
	queue_init(&relay.err, 2);
	queue_init(&relay.to_guest, setup->ctl_fd);
	relay.kill_at_ms = UINT64_MAX;
	relay.timeout_at_ms = setup->timeout_ms ? now_ms() + setup->timeout_ms : UINT64_MAX;
	loop();
	set_terminal(TERMINAL_UNTOUCHED);
	// The exit record is the last thing the machine says; what is left is its power-off.
	if (relay.exited || relay.s.ctl_fd >= 0)
		kill(relay.s.qemu, SIGKILL);
	while (waitpid(relay.s.qemu, &wait_status, 0) < 0 && errno == EINTR)
		;
	drain_text();
	return relay.exited ? exit_status() : report_failure(wait_status);
}
