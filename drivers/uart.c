// See the header. Registers: PC16550D data sheet. The hardware is the state.
#include "drivers/uart.h"

#include "drivers/acpi.h"
#include "kernel/base/cpu.h"
#include "kernel/base/log.h"

enum {
	UART_DATA = 0,
	UART_IER = 1,
	UART_FCR = 2,
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_SCRATCH = 7
};
#define IER_RX        0x01
#define FCR_ENABLE    0x07 // on, both cleared, trigger at 1 byte
#define LCR_8N1       0x03
#define LCR_DIVISOR   0x80
#define MCR_ON        0x0b // DTR, RTS, interrupt output
#define LSR_DATA      0x01
#define LSR_THR_EMPTY 0x20
#define MAX_POLLS     1000000u

bool uart_init(uint16_t port, bool fifo)
{
	cpu_outb(port + UART_SCRATCH, 0x5a);
	if (cpu_inb(port + UART_SCRATCH) != 0x5a)
		return false;
	cpu_outb(port + UART_IER, 0);
	cpu_outb(port + UART_LCR, LCR_DIVISOR | LCR_8N1);
	cpu_outb(port + UART_DATA, 1); // divisor 1: 115200
	cpu_outb(port + UART_IER, 0);
	cpu_outb(port + UART_LCR, LCR_8N1);
	if (fifo)
		cpu_outb(port + UART_FCR, FCR_ENABLE);
	cpu_outb(port + UART_MCR, MCR_ON);
	return true;
}

void uart_write(uint16_t port, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < n; i++) {
		unsigned polls = 0;
		while (!(cpu_inb(port + UART_LSR) & LSR_THR_EMPTY) && ++polls < MAX_POLLS)
			cpu_relax();
		cpu_outb(port + UART_DATA, p[i]);
	}
}

bool uart_read(uint16_t port, uint8_t *byte)
{
	if (!(cpu_inb(port + UART_LSR) & LSR_DATA))
		return false;
	*byte = cpu_inb(port + UART_DATA);
	return true;
}

int uart_enable_rx_irq(uint16_t port, irq_handler_fn *fn, void *arg)
{
	struct acpi_override w = acpi_isa_irq(port == UART_COM1 ? 4 : 3);
	int err = irq_route_gsi(w.gsi, w.level, w.active_low, fn, arg);
	if (!err)
		cpu_outb(port + UART_IER, IER_RX);
	return err;
}

static void write_log(struct log_sink *sink, const char *text, size_t bytes)
{
	uart_write(UART_COM1, text, bytes);
}

void uart_add_log_sink(void)
{
	static struct log_sink sink = { .write = write_log };
	log_add_sink(&sink);
}
