// The control channel to the ouro command (lib/ctlproto.h) over virtio-console or a second UART,
// and, for an image started by hand, the raw console. Standard streams of the program live here.
#pragma once

#include "lib/compiler.h"
#include "lib/ctlproto.h"

// Finds a transport and announces CTL_READY. After it, log and streams go to the host.
void ctl_init(void);
bool ctl_connected(void); // false: started by hand, everything goes to the raw console

enum ctl_stream { CTL_STREAM_STDOUT, CTL_STREAM_STDERR };
// Sends bytes of the program. May sleep for room. Bytes taken or -errno (-ERESTARTSYS).
int64_t __must_check ctl_write(enum ctl_stream stream, const void *bytes, size_t n, bool nonblock);
// Standard input: bytes read, 0 at end of input, -EAGAIN if |nonblock|, -ERESTARTSYS.
int64_t __must_check ctl_read(void *buf, size_t n, bool nonblock);
bool ctl_readable(void);
struct waitq;
struct waitq *ctl_read_waitq(void);
// Records: exit status, panic text, statistics. Polled, any context.
void ctl_send_record(enum ctl_type type, const void *bytes, size_t n);
void ctl_drain(void); // waits (polling) until the host has taken everything
// Callbacks for host records, from interrupt context: window size, signals, dump.
struct ctl_handlers {
	void (*winsize)(const struct ctl_winsize *ws);
	void (*signal)(int sig);
	void (*dump)(void);
};
void ctl_set_handlers(const struct ctl_handlers *h);
