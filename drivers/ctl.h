// The control channel to the ouro command (lib/ctlproto.h) over virtio-console or a second UART,
// and, for an image started by hand, the raw console. Standard streams of the program live here.
//
// The command line says what carries it: ouro.ctl=virtio or ouro.ctl=uart2 (ouro run gives it),
// or ouro.ctl=auto (virtio if there is one; ISO images have it). Without it the console is the
// first UART, raw, and nothing else is looked for.
#pragma once

#include "lib/compiler.h"
#include "lib/ctlproto.h"

struct waitq;

// Finds a transport and announces CTL_READY. After it, log and streams go to the host. Needs the
// pmm, the physmap and, for input, interrupts.
void ctl_init(void);
bool ctl_connected(void); // false: started by hand, everything goes to the raw console

enum ctl_stream { CTL_STREAM_STDOUT, CTL_STREAM_STDERR };
// Sends bytes of the program. May sleep for room. Bytes taken (all, unless |nonblock| or a signal)
// or -EAGAIN, -ERESTARTSYS.
int64_t __must_check ctl_write(enum ctl_stream stream, const void *bytes, size_t n, bool nonblock);
bool ctl_writable(void);
struct waitq *ctl_write_waitq(void);
// Standard input: bytes read, 0 at end of input, -EAGAIN if |nonblock|, -ERESTARTSYS. May sleep.
// The host is asked for input only when the program first wants some (this, or ctl_readable).
int64_t __must_check ctl_read(void *buf, size_t n, bool nonblock);
bool ctl_readable(void);
size_t ctl_readable_bytes(void);
struct waitq *ctl_read_waitq(void);
// Records: exit status, panic text, statistics, log. Polled, any context. Text longer than a record
// is split. By hand, texts go to the raw console and the others nowhere.
void ctl_send_record(enum ctl_type type, const void *bytes, size_t n);
void ctl_drain(void); // waits (polling) until the host has taken everything
// Callbacks for host records, from interrupt context, no lock held: window size, signals, dump.
// What came before they were set is delivered when they are.
struct ctl_handlers {
	void (*winsize)(const struct ctl_winsize *ws);
	void (*signal)(int sig);
	void (*dump)(void);
};
void ctl_set_handlers(const struct ctl_handlers *h);
