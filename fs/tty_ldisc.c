// The line discipline of terminals: what typed bytes become (lines, signals, echo) and what written
// bytes become. Follows Linux's drivers/tty/n_tty.c (6.18). Lock: the terminal's. Signals are sent
// by the caller after the lock is dropped.
#include <linux/signal.h>

#include "fs/tty_internal.h"

#define RING_MASK (TTY_INPUT_BYTES - 1)
#define TAB_WIDTH 8u
#define BELL      7

static bool flag_l(const struct tty *t, unsigned bit)
{
	return t->termios.c_lflag & bit;
}

static bool is_key(const struct tty *t, unsigned index, uint8_t c)
{
	return c && t->termios.c_cc[index] == c;
}

static void set_end(struct tty *t, uint32_t at, bool on)
{
	uint64_t bit = 1ull << (at % 64), *word = &t->ends[(at & RING_MASK) / 64];

	*word = on ? *word | bit : *word & ~bit;
}

bool tty_is_end(const struct tty *t, uint32_t at)
{
	return t->ends[(at & RING_MASK) / 64] >> (at % 64) & 1;
}

static void send(struct tty *t, const void *bytes, size_t n)
{
	// Echo is best effort: it must not wait for the reader of the other side.
	(void)!t->driver->write(t, bytes, n, true);
}

// Output processing of one byte: what to send into |out|, its length.
static size_t process(struct tty *t, uint8_t c, uint8_t out[TAB_WIDTH])
{
	unsigned o = t->termios.c_oflag;
	size_t n = 0;

	if (!(o & OPOST))
		goto plain;
	switch (c) {
	case '\n':
		if (o & ONLRET)
			t->column = 0;
		if (o & ONLCR) {
			t->column = 0;
			out[n++] = '\r';
		}
		break;
	case '\r':
		if (o & ONOCR && !t->column)
			return 0;
		if (o & OCRNL)
			c = '\n';
		t->column = 0;
		break;
	case '\t':
		if ((o & TABDLY) == XTABS) {
			do
				out[n++] = ' ';
			while (++t->column % TAB_WIDTH);
			return n;
		}
		t->column += TAB_WIDTH - t->column % TAB_WIDTH;
		break;
	case '\b':
		t->column -= t->column > 0;
		break;
	default:
		if (o & OLCUC && c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
		t->column += c >= ' ' && c != 127 && (c & 0xc0) != 0x80;
	}
plain:
	out[n++] = c;
	return n;
}

size_t tty_process_output(struct tty *t, const uint8_t *in, size_t n, uint8_t *out, size_t room,
			  size_t *used)
{
	size_t done = 0, filled = 0;

	while (done < n && room - filled >= TAB_WIDTH)
		filled += process(t, in[done++], out + filled);
	*used = done;
	return filled;
}

static void echo_raw(struct tty *t, const char *text, size_t n)
{
	uint8_t out[4 * TAB_WIDTH];
	size_t used,
		filled = tty_process_output(t, (const uint8_t *)text, n, out, sizeof(out), &used);

	send(t, out, filled);
}

static bool is_control(uint8_t c)
{
	return (c < ' ' && c != '\t') || c == 127;
}

// Echo of a byte that the line keeps.
static __stack_guarded void echo_char(struct tty *t, uint8_t c)
{
	char caret[2] = { '^', (char)(c ^ 0x40) };

	if (c == '\n' ? !flag_l(t, ECHO | ECHONL) : !flag_l(t, ECHO))
		return;
	if (is_control(c) && c != '\n' && flag_l(t, ECHOCTL))
		echo_raw(t, caret, 2);
	else
		echo_raw(t, (const char *)&c, 1);
}

static bool is_continuation(const struct tty *t, uint8_t c)
{
	return t->termios.c_iflag & IUTF8 && (c & 0xc0) == 0x80;
}

static void erase_char(struct tty *t)
{
	uint8_t c;

	do
		c = t->input[--t->head & RING_MASK];
	while (t->head != t->canon && is_continuation(t, c));
	if (!flag_l(t, ECHO))
		return;
	if (!flag_l(t, ECHOE))
		echo_char(t, t->termios.c_cc[VERASE]);
	else if (is_control(c) && flag_l(t, ECHOCTL))
		echo_raw(t, "\b \b\b \b", 6);
	else if (!is_control(c))
		echo_raw(t, "\b \b", 3);
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c >= 0x80;
}

static void erase_word(struct tty *t)
{
	bool seen = false;

	while (t->head != t->canon) {
		bool word = is_word(t->input[(t->head - 1) & RING_MASK]);

		if (seen && !word)
			break;
		seen |= word;
		erase_char(t);
	}
}

static void kill_line(struct tty *t)
{
	if (flag_l(t, ECHO) && !(flag_l(t, ECHOE) && flag_l(t, ECHOK) && flag_l(t, ECHOKE))) {
		t->head = t->canon;
		echo_char(t, t->termios.c_cc[VKILL]);
		if (flag_l(t, ECHOK))
			echo_raw(t, "\n", 1);
		return;
	}
	while (t->head != t->canon)
		erase_char(t);
}

static void reprint(struct tty *t)
{
	echo_char(t, t->termios.c_cc[VREPRINT]);
	echo_raw(t, "\n", 1);
	for (uint32_t at = t->canon; at != t->head; at++)
		echo_char(t, t->input[at & RING_MASK]);
}

static void put(struct tty *t, uint8_t c)
{
	set_end(t, t->head, false);
	t->input[t->head++ & RING_MASK] = c;
}

static void end_line(struct tty *t)
{
	set_end(t, t->head - 1, true);
	t->canon = t->head;
	waitq_wake_all(&t->read_wait);
}

// Room is kept for the end of a line.
static bool has_room(const struct tty *t)
{
	return t->head - t->tail < TTY_INPUT_BYTES - 1;
}

static void keep(struct tty *t, uint8_t c)
{
	if (!has_room(t)) {
		if (t->termios.c_iflag & IMAXBEL)
			echo_raw(t, "\a", 1);
		return;
	}
	echo_char(t, c);
	put(t, c);
}

// Keys that edit the line. True: |c| was one.
static bool edit(struct tty *t, uint8_t c)
{
	bool some = t->head != t->canon, extended = flag_l(t, IEXTEN);

	if (is_key(t, VERASE, c)) {
		if (some)
			erase_char(t);
	} else if (is_key(t, VKILL, c)) {
		kill_line(t);
	} else if (extended && is_key(t, VWERASE, c)) {
		erase_word(t);
	} else if (extended && is_key(t, VLNEXT, c)) {
		t->literal_next = true;
		if (flag_l(t, ECHO) && flag_l(t, ECHOCTL))
			send(t, "^\b", 2);
	} else if (extended && flag_l(t, ECHO) && is_key(t, VREPRINT, c)) {
		reprint(t);
	} else {
		return false;
	}
	return true;
}

static void canonical(struct tty *t, uint8_t c)
{
	if (edit(t, c))
		return;
	if (is_key(t, VEOF, c)) { // ends the line without being part of it
		put(t, 0);
		end_line(t);
	} else if (c == '\n' || is_key(t, VEOL, c) || (flag_l(t, IEXTEN) && is_key(t, VEOL2, c))) {
		echo_char(t, c);
		put(t, c);
		end_line(t);
	} else {
		keep(t, c);
	}
}

static const struct {
	uint8_t cc, sig;
} signal_keys[] = { { VINTR, SIGINT }, { VQUIT, SIGQUIT }, { VSUSP, SIGTSTP } };

static int signal_of(const struct tty *t, uint8_t c)
{
	if (!flag_l(t, ISIG))
		return 0;
	for (unsigned k = 0; k < ARRAY_SIZE(signal_keys); k++)
		if (is_key(t, signal_keys[k].cc, c))
			return signal_keys[k].sig;
	return 0;
}

static void signal_key(struct tty *t, uint8_t c)
{
	if (!flag_l(t, NOFLSH)) {
		tty_discard_input(t);
		if (t->driver->flush_output)
			t->driver->flush_output(t);
	}
	echo_char(t, c);
}

// Start and stop of output. True: |c| was such a key.
static bool flow_key(struct tty *t, uint8_t c)
{
	if (!(t->termios.c_iflag & IXON))
		return false;
	if (is_key(t, VSTOP, c) && !t->output_stopped) {
		t->output_stopped = true;
		return true;
	}
	if (!is_key(t, VSTART, c) && !is_key(t, VSTOP, c))
		return false;
	t->output_stopped = false;
	waitq_wake_all(&t->write_wait);
	return true;
}

int tty_input_byte(struct tty *t, uint8_t c)
{
	unsigned i = t->termios.c_iflag;
	int sig;

	if (i & ISTRIP)
		c &= 0x7f;
	if (t->literal_next) {
		t->literal_next = false;
		keep(t, c);
		return 0;
	}
	sig = signal_of(t, c);
	if (sig) {
		signal_key(t, c);
		return sig;
	}
	if (flow_key(t, c))
		return 0;
	if (c == '\r' && i & IGNCR)
		return 0;
	if (c == '\r' && i & ICRNL)
		c = '\n';
	else if (c == '\n' && i & INLCR)
		c = '\r';
	if (flag_l(t, ICANON)) {
		canonical(t, c);
	} else {
		keep(t, c);
		t->canon = t->head;
	}
	return 0;
}

void tty_discard_input(struct tty *t)
{
	t->tail = t->canon = t->head;
	t->literal_next = false;
	waitq_wake_all(&t->room_wait);
}
