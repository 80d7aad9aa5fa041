// 16550 UARTs at the PC's ports, polled, with an optional receive interrupt. Callers serialise
// access to one port (the control channel or the raw console owns it).
#pragma once

#include "kernel/base/irq.h"
#include "lib/compiler.h"

#define UART_COM1 0x3f8 // ISA interrupt 4
#define UART_COM2 0x2f8 // ISA interrupt 3

// Sets 115200 8N1. |fifo| must be false if input may have come already: turning the FIFO on drops
// it. False if there is no UART.
bool __must_check uart_init(uint16_t port, bool fifo);
// Sends, waiting a bounded time for room before each byte. Any context.
void uart_write(uint16_t port, const void *bytes, size_t n);
// Takes one received byte. False: there is none.
bool uart_read(uint16_t port, uint8_t *byte);
// Calls |fn| from interrupt context when input is there; it must read until uart_read is false.
int __must_check uart_enable_rx_irq(uint16_t port, irq_handler_fn *fn, void *arg);
// The log goes to the first UART as well (images started by hand).
void uart_add_log_sink(void);
