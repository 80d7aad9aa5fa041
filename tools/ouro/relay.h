// While the machine runs: moves standard input, output and error over the control channel, forwards
// signals and the window size, watches QEMU, and says how it ended.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct relay_setup {
	pid_t qemu;
	int ctl_fd;    // our end of the channel
	int serial_fd; // of the first serial port
	int stderr_fd; // what QEMU writes to its standard error
	bool tty;      // -t: follow the guest's wish for raw mode, send window sizes
	bool show_serial;
	uint64_t timeout_ms; // 0: none
};

// Blocks the signals that relay_run handles. To be called before QEMU is started.
void relay_block_signals(void);
// Runs until the machine has ended; takes over the descriptors and the process. The exit status for
// ouro run; messages are printed.
int relay_run(const struct relay_setup *setup);
