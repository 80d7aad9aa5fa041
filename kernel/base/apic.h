// Local APIC (xAPIC, memory mapped), IO-APIC and the masked 8259 pair.
#pragma once

#include "lib/compiler.h"

// Vectors. 0-31 are exceptions; devices get those between IRQ_FIRST and IRQ_LAST.
#define IRQ_FIRST       0x30
#define IRQ_LAST        0x5f
#define VECTOR_TIMER    0xf0
#define VECTOR_TLB      0xf1 // shootdown request
#define VECTOR_RESCHED  0xf2 // another CPU queued a thread here
#define VECTOR_CALL     0xf3 // cpu_call
#define VECTOR_SPURIOUS 0xff

// Where the CPU says its local APIC is (physical).
uint64_t apic_base_pa(void);
// Enables this CPU's local APIC, reached at |regs| (uncached). Masks the 8259s.
void apic_init(volatile void *regs);
// The same for the local APIC of a further CPU.
void apic_init_cpu(void);
// |regs| of an IO-APIC whose first input is |gsi_base|. All inputs are masked.
void ioapic_init(volatile void *regs, unsigned gsi_base);
void apic_eoi(void);
// The one-shot timer: |count| ticks of its clock (0 stops it), interrupt VECTOR_TIMER.
void apic_timer_start(uint32_t count);
// Counts down from 2^32-1 for calibration; apic_timer_count reads it.
void apic_timer_start_counting(void);
uint32_t apic_timer_count(void);
// Sends |vector| to CPU |apic_id|.
void apic_send_ipi(uint32_t apic_id, uint8_t vector);
void apic_send_nmi(uint32_t apic_id);
// Starting a CPU: reset it, then have it run the real-mode code at |code_pa| (a page below 1 MiB).
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, uint64_t code_pa);
// False before apic_init.
bool apic_present(void);
uint32_t apic_id(void); // of the calling CPU
// Unmasks input |gsi| towards the calling CPU. -ENODEV: no IO-APIC has it.
int __must_check ioapic_route(unsigned gsi, uint8_t vector, bool level, bool active_low);
