// See the header. Port and register layout: 16550 at the PC's COM1.
#include "kernel/base/earlycon.h"

#include "kernel/base/cpu.h"

#define COM1          0x3f8
#define LSR           5
#define LSR_THR_EMPTY 0x20
#define MAX_POLLS     100000u

static struct {
	bool off;
} earlycon;

void earlycon_enable(bool on)
{
	earlycon.off = !on;
}

static void put(char c)
{
	for (unsigned i = 0; i < MAX_POLLS && !(cpu_inb(COM1 + LSR) & LSR_THR_EMPTY); i++)
		;
	cpu_outb(COM1, c);
}

void earlycon_write(const char *text)
{
	for (; !earlycon.off && *text; text++) {
		if (*text == '\n')
			put('\r');
		put(*text);
	}
}
