// Per-CPU variables: one copy per CPU, zero at first, reached through GS. The boot CPU uses the
// linked .percpu section in place (GS base 0), other CPUs memory of its size. On the host each
// thread is a CPU.
//
// DEFINE_PERCPU(type, name) defines (in one .c file); use this_cpu_read/this_cpu_write for scalars
// (one instruction) and this_cpu_ptr/per_cpu_ptr for the address. A thread that may be preempted or
// may sleep must not keep such an address across that point.
#pragma once

#include "lib/compiler.h"

#define MAX_CPUS 64

#define DEFINE_PERCPU(type, name)  __attribute__((section(".bss.percpu"))) type name
#define DECLARE_PERCPU(type, name) extern type name

// Byte distance from the linked copy of a per-CPU variable to the copy of |cpu|.
uintptr_t percpu_offset(unsigned cpu);
extern uintptr_t percpu_offsets[MAX_CPUS]; // the same as a table, for the NMI entry

extern uintptr_t percpu_self_offset; // a per-CPU variable: this CPU's own distance
extern unsigned percpu_cpu_id;       // a per-CPU variable: 0 is the boot CPU

// For the system call entry: top of the running thread's kernel stack, and a place for RSP.
extern uint64_t percpu_kernel_stack_top, percpu_user_rsp;

#define this_cpu_read(name)                                                                        \
	({                                                                                         \
		__typeof__(name) v_;                                                               \
		__asm__ volatile("mov %%gs:%1, %0" : "=r"(v_) : "m"(name));                        \
		v_;                                                                                \
	})
#define this_cpu_write(name, value)                                                                \
	do {                                                                                       \
		__typeof__(name) v_ = (value);                                                     \
		__asm__ volatile("mov %1, %%gs:%0" : "=m"(name) : "r"(v_));                        \
	} while (0)
// A 32-bit flag: one instruction to set it to a constant.
#define this_cpu_set(name, constant)                                                               \
	__asm__ volatile("movl %1, %%gs:%0" : "=m"(name) : "i"(constant))
#define this_cpu_add(name, value)                                                                  \
	do {                                                                                       \
		__typeof__(name) v_ = (value);                                                     \
		_Static_assert(sizeof(v_) == 8, "64-bit counters only");                           \
		__asm__ volatile("addq %1, %%gs:%0" : "+m"(name) : "re"(v_) : "cc");               \
	} while (0)
#define per_cpu_ptr(name, cpu) ((__typeof__(&(name)))((uintptr_t) & (name) + percpu_offset(cpu)))
#define this_cpu_ptr(name)                                                                         \
	((__typeof__(&(name)))((uintptr_t) & (name) + this_cpu_read(percpu_self_offset)))
#define this_cpu_id() this_cpu_read(percpu_cpu_id)

// The CPUs of the machine, as programs see it: 0 to n - 1. All but the first are started when a
// program has a use for them.
unsigned cpu_count_online(void);
// Those whose per-CPU variables exist: loops over per_cpu_ptr go from 0 to n - 1.
unsigned cpu_count_ready(void);
// Those that take interrupts, bit per CPU.
uint64_t cpu_running_mask(void);

// For kernel/init, by the boot CPU: how many there are, and memory for the next one's variables
// (all zero, of the linked section's size and alignment).
void percpu_set_online(unsigned cpus);
void percpu_add_cpu(char *area);
// The calling CPU takes interrupts from now on. It must flush its TLB afterwards.
void percpu_set_running(void);
