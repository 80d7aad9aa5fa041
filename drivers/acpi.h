// What the firmware's tables say about this machine. Nothing is read before it is asked for: a boot
// that needs no device and no IO-APIC reads no table. May map memory (physmap); never sleeps.
#pragma once

#include "drivers/acpi_tables.h"
#include "lib/bootinfo.h"
#include "lib/compiler.h"

// Remembers where the RSDP is. Reads nothing.
void acpi_init(const struct bootinfo *info);
// The tables, or NULL if there are none. The first call reads them.
const struct acpi_info *acpi_get(void);
// virtio-mmio devices of the DSDT; returns how many were stored. (With ACPI off they are on the
// command line as virtio_mmio.device=.)
unsigned acpi_virtio_mmio(struct acpi_mmio_dev *out, unsigned max);
// The PCI configuration window of segment 0. False: use the ports.
bool acpi_ecam(uint64_t *base_pa, uint8_t *first_bus, uint8_t *last_bus);
// How ISA interrupt |irq| is wired.
struct acpi_override acpi_isa_irq(uint8_t irq);
// Maps and initialises the IO-APICs (the usual one where no table tells). For irq_set_router.
void acpi_init_ioapics(void);
// Tells drivers/power.c how to turn the machine off.
void acpi_init_power(void);
// APIC numbers of the CPUs that may be started besides the calling one; returns how many.
unsigned acpi_other_cpus(uint32_t *apic_ids, unsigned max);
