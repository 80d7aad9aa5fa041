// Not part of the kernel: compiled to assembler, from which the build takes the numbers that trap.S
// needs (build.mk; they depend on the configuration).
#include "kernel/base/ptregs.h"
#include "kernel/sched/thread.h"

void offsets(void);

#define OFFSET(name, type, member)                                                                 \
	__asm__ volatile(".ascii \"=> " #name " %c0\"" ::"i"(offsetof(struct type, member)))

void offsets(void)
{
	OFFSET(THREAD_PENDING, thread, pending);
}
