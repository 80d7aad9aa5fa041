// Interrupt vectors and handlers. Handlers run with interrupts off on the current kernel stack.
#pragma once

#include "kernel/base/percpu.h"
#include "kernel/base/ptregs.h"
#include "lib/compiler.h"

typedef void irq_handler_fn(void *arg);

// Allocates a vector for a device handler. -ENOSPC when none is left. |*vector| is for MSI(-X).
int __must_check irq_alloc_vector(irq_handler_fn *fn, void *arg, uint8_t *vector);
// Routes an IO-APIC global interrupt (from ACPI or microvm's virtio-mmio) to a handler; shared
// lines call every handler. Level or edge as said. -ENODEV without an IO-APIC.
int __must_check irq_route_gsi(unsigned gsi, bool level, bool active_low, irq_handler_fn *fn,
			       void *arg);
// |init| finds and initialises the IO-APICs; called once, before the first route.
void irq_set_router(void (*init)(void));
// The MSI address and data that raise |vector| on the boot CPU.
void irq_msi_message(uint8_t vector, uint64_t *address, uint32_t *data);
// For the trap router: runs the handlers of |vector| and acknowledges the interrupt.
void irq_dispatch(uint8_t vector);
DECLARE_PERCPU(unsigned, irq_handling);
// Is the caller part of an interrupt's handler?
static inline bool irq_in_handler(void)
{
	return this_cpu_read(irq_handling);
}
// For the vectors of the local APIC, VECTOR_TIMER to VECTOR_CALL (apic.h).
void irq_set_local_handler(uint8_t vector, void (*fn)(void));
// Interrupts that nobody asked for (statistics).
uint64_t irq_spurious_count(void);
