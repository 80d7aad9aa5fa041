// The first serial port without any driver: for messages when nothing else can be trusted (a CPU
// that cannot run the kernel, a panic). Polled, bounded waiting, no lock.
#pragma once

void earlycon_write(const char *text);
// drivers/uart.c or the control channel owns the port now: earlycon_write is silent unless |on|.
void earlycon_enable(_Bool on);
