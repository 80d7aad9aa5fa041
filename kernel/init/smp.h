// The machine's other CPUs: found at boot, started when a program has a use for them.
#pragma once

#include "lib/bootinfo.h"
#include "lib/compiler.h"

// A page below 1 MiB for their first code, to be kept from the pmm; size 0: there is none, and the
// boot CPU stays alone.
struct boot_range smp_choose_page(const struct bootinfo *info);
// Counts the CPUs. After the APIC and the scheduler are up; sends nothing to them yet.
void smp_init(const struct boot_range *page);
void smp_send_nmi(unsigned cpu);

// ap.S.
extern const char smp_trampoline[], smp_trampoline_end[];
extern const uint16_t smp_trampoline_fixups[];
// For ap.S, by CPU number. Written before a CPU is sent its start-up message.
extern uint32_t smp_apic_ids[];
extern uint64_t smp_stack_tops[];
extern unsigned smp_cpus_wanted;
void __noreturn smp_cpu_main(unsigned cpu);
