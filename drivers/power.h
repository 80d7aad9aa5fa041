// Ending the machine: ACPI where the tables give it, else the keyboard controller's reset, else a
// triple fault.
#pragma once

#include "lib/compiler.h"

// What ACPI says about power-off, from drivers/acpi.c. Zero: not available.
struct power_acpi {
	uint16_t pm1a_port, pm1b_port; // PM1 control registers
	uint8_t slp_typ_a, slp_typ_b;
	volatile uint8_t *sleep_register; // hardware-reduced ACPI, mapped
};
void power_set_acpi(const struct power_acpi *acpi);

// Does not return. Interrupts go off. Any context.
void __noreturn power_off(void);
