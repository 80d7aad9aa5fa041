// The command line of ouro, as docker's: options end at the first word that is none; one table
// defines them all.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tools/ouro/vec.h"

enum command {
	CMD_BUILD = 1 << 0,
	CMD_RUN = 1 << 1,
	CMD_INSPECT = 1 << 2,
	CMD_DOCTOR = 1 << 3,
	CMD_VERSION = 1 << 4,
	CMD_HELP = 1 << 5,
};

enum accel { ACCEL_AUTO, ACCEL_KVM, ACCEL_TCG };
enum machine { MACHINE_DEFAULT, MACHINE_MICROVM, MACHINE_Q35, MACHINE_PC };

struct options {
	enum command command;
	uint64_t memory_bytes; // 0: not given
	unsigned cpus;
	struct strvec env, add;
	const char *workdir, *rootfs, *kernel, *output, *log;
	const char *strace; // NULL: off; "": all
	bool stats, icount, dry_run, tty, interactive, serial, list;
	unsigned gdb_port; // 0: no
	enum accel accel;
	enum machine machine;
	const char *ctl;     // "virtio" or "uart2"
	uint64_t timeout_ms; // 0: none
	struct strvec words; // PROGRAM or IMAGE and its arguments
};

// 0 or an exit status; prints its own messages.
int options_parse(struct options *o, int argc, char **argv);
void options_free(struct options *o);
void options_print_help(enum command command);
