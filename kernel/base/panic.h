// Ends the machine with a report: registers, decoded fault, symbolised backtrace.
// Only for broken kernel logic: nothing a program does may come here.
#pragma once

#include "kernel/base/ptregs.h"
#include "lib/compiler.h"

void __noreturn panic(const char *fmt, ...) __printf_like(1, 2);
// The same for a trap in kernel mode, with the registers at the trap.
void __noreturn panic_regs(const struct pt_regs *regs, const char *fmt, ...) __printf_like(2, 3);

// What the machine is made of is known higher up: |report| gets the whole text at the end (a record
// for the host), then |end| stops the machine and does not return. Either may be NULL.
struct panic_handlers {
	void (*report)(const char *text, size_t bytes);
	void (*end)(void);
	void (*send_nmi)(unsigned cpu); // stops a CPU by way of panic_nmi
};
void panic_set_handlers(const struct panic_handlers *h);
// For the NMI handler once a panic has begun elsewhere: tells where this CPU was, and stops it.
void __noreturn panic_nmi(const struct pt_regs *regs);
// True once a panic has begun: waiting for devices or other CPUs is pointless.
bool panic_in_progress(void);

#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(cond))                                                                \
			panic("%s:%d: %s", __FILE__, __LINE__, #cond);                             \
	} while (0)
// Kept in release builds. The condition must have no side effect.
#define ASSERT(cond) BUG_ON(!(cond))
#ifdef CONFIG_DEBUG
#define DEBUG_ASSERT(cond) ASSERT(cond)
#else
#define DEBUG_ASSERT(cond) ((void)sizeof(cond))
#endif
