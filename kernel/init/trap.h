// The gate between programs and the kernel: entry points of trap.S and the routing in trap.c.
#pragma once

#include "kernel/base/ptregs.h"
#include "lib/compiler.h"

// Points the IDT and SYSCALL to the entries of trap.S. Interrupts stay off.
void trap_init(void);
// A further CPU, after desc_init_cpu.
void trap_init_cpu(void);
// For sched_set_user_entry: code of trap.S, not a C function.
void trap_enter_user(void);

// Called by trap.S only. trap_handle: any exception or interrupt but the page fault, which has a
// function of its own; |error| is 0 where the CPU gives none. trap_work_before_user: interrupts off
// on entry and on return.
void trap_handle(unsigned vector, struct pt_regs *regs, uint64_t error);
void trap_page_fault(unsigned vector, struct pt_regs *regs, uint64_t error);
void trap_work_before_user(struct pt_regs *regs);

// Labels of trap.S.
extern const char trap_stubs_exceptions[], trap_stubs_devices[], trap_stubs_apic[];
extern const char trap_syscall_entry[];
