// Between the line discipline (tty_ldisc.c) and the files (tty.c). All with the terminal's lock.
#pragma once

#include "fs/tty.h"

// One typed byte. The signal that it stands for, to be sent to the foreground group; 0: none.
int tty_input_byte(struct tty *t, uint8_t c);
void tty_discard_input(struct tty *t);
// A line ends with the byte at counter |at|.
bool tty_is_end(const struct tty *t, uint32_t at);
// Processes up to |n| bytes of output into |out|; bytes there, *used of |in|.
size_t tty_process_output(struct tty *t, const uint8_t *in, size_t n, uint8_t *out, size_t room,
			  size_t *used);
