// The control channel between the guest kernel and the ouro command: a byte stream in each
// direction that carries framed records. It runs over one virtio-console port, or over a second
// 16550 UART where there is no virtio. Both ends include this file.
//
// A record is struct ctl_header followed by |length| bytes. Little endian. A receiver ignores types
// it does not know (skipping |length| bytes) and resynchronises on the magic after garbage.
// Flow control is only needed towards the guest: the host sends CTL_STDIN bytes only within the
// credit that CTL_CREDIT records have granted. The host sends nothing before CTL_READY.
#pragma once

#include "lib/compiler.h"

#define CTL_MAGIC      0x4f75u
#define CTL_MAX_LENGTH 65536u
#define CTL_VERSION    1u

enum ctl_type {
	// guest to host
	CTL_READY = 1,  // u32 version: the guest reads its channel now
	CTL_STDOUT = 2, // bytes of the program's standard output
	CTL_STDERR = 3, // bytes of the program's standard error
	CTL_LOG = 4,    // bytes of the kernel's own log (whole lines)
	CTL_CREDIT = 5, // u32: how many more CTL_STDIN bytes the host may send
	CTL_EXIT = 6,   // struct ctl_exit: the program ended; nothing follows but the power-off
	CTL_PANIC = 7,  // bytes: the kernel's panic report
	CTL_STATS = 8,  // bytes: text of --stats
	CTL_TTYMODE =
		9, // u32: 1: keys for signals are bytes too; 0: the host turns them into CTL_SIGNAL
	// host to guest
	CTL_STDIN = 64,     // bytes of standard input
	CTL_STDIN_EOF = 65, // no bytes: end of input
	CTL_WINSIZE = 66,   // struct ctl_winsize
	CTL_SIGNAL = 67,    // u32: deliver this Linux signal number to the program
	CTL_DUMP = 68,      // no bytes: dump all threads to CTL_LOG (a hang in a test)
};

struct ctl_header {
	uint16_t magic;
	uint16_t type;
	uint32_t length;
};

enum ctl_exit_kind {
	CTL_EXIT_STATUS = 0,         // code: exit status 0..255
	CTL_EXIT_SIGNAL = 1,         // code: signal number
	CTL_EXIT_NOT_FOUND = 2,      // the program is not in the image: 127
	CTL_EXIT_NOT_EXECUTABLE = 3, // code: positive errno of exec: 126
	CTL_EXIT_KERNEL = 4,         // the kernel failed: 125
};

struct ctl_exit {
	uint32_t kind;
	uint32_t code;
};

struct ctl_winsize {
	uint16_t rows, cols, xpixel, ypixel;
};

_Static_assert(sizeof(struct ctl_header) == 8, "wire size");
