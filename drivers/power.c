// Power-off, the surest way first. Under QEMU: q35 and pc stop at PM1a, microvm with ACPI at its
// sleep register, without ACPI only at a triple fault (with -no-reboot). State: what ACPI said,
// set once at boot.
#include "drivers/power.h"

#include "kernel/base/cpu.h"

#define SLP_EN           (1u << 13) // ACPI 6.4, 4.8.3.2.1
#define SLEEP_REG_ENABLE (1u << 5)  // 4.8.3.7
#define KBC_COMMAND      0x64
#define KBC_RESET        0xfe

static struct {
	struct power_acpi acpi;
} power;

void power_set_acpi(const struct power_acpi *acpi)
{
	power.acpi = *acpi;
}

// The device model may need a moment; nothing else runs.
static void settle(void)
{
	for (unsigned i = 0; i < 10000; i++)
		cpu_relax();
}

static void acpi_off(void)
{
	const struct power_acpi *a = &power.acpi;
	if (a->sleep_register) {
		*a->sleep_register = SLEEP_REG_ENABLE | (a->slp_typ_a & 7) << 2;
		settle();
	}
	if (a->pm1a_port) {
		cpu_outw(a->pm1a_port, SLP_EN | (a->slp_typ_a & 7) << 10);
		if (a->pm1b_port)
			cpu_outw(a->pm1b_port, SLP_EN | (a->slp_typ_b & 7) << 10);
		settle();
	}
}

void power_off(void)
{
	cpu_irq_disable();
	acpi_off();
	cpu_outb(KBC_COMMAND, KBC_RESET);
	settle();
	cpu_triple_fault();
}
