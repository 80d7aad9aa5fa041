// State around the table parser: read once, on demand. Written by one CPU at boot or under the
// caller's lock; acpi.state makes later calls cheap.
#include "drivers/acpi.h"

#include "drivers/power.h"
#include "kernel/base/apic.h"
#include "kernel/base/log.h"
#include "mm/phys/physmap.h"

#define DEFAULT_IOAPIC_PA 0xfec00000u
#define BIOS_AREA_PA      0xe0000u
#define BIOS_AREA_BYTES   0x20000u

static struct {
	const struct bootinfo *boot;
	enum { ACPI_UNREAD, ACPI_NONE, ACPI_READ } state;
	struct acpi_info info;
} acpi;

static const void *map_physical(void *arg, uint64_t pa, uint64_t bytes)
{
	return physmap_ensure(pa, bytes, false) == 0 ? phys_to_virt(pa) : NULL;
}

static const struct acpi_memory memory = { .map = map_physical };

void acpi_init(const struct bootinfo *info)
{
	acpi.boot = info;
}

// The loader's copy, its pointer, or a search of the BIOS area.
static const uint8_t *find_rsdp(size_t *bytes)
{
	if (acpi.boot->rsdp_bytes) {
		*bytes = acpi.boot->rsdp_bytes;
		return acpi.boot->rsdp;
	}
	uint64_t pa = acpi.boot->rsdp_pa;
	if (!pa)
		pa = acpi_find_rsdp(&memory, BIOS_AREA_PA, BIOS_AREA_BYTES);
	*bytes = 36;
	return pa ? map_physical(NULL, pa, *bytes) : NULL;
}

const struct acpi_info *acpi_get(void)
{
	if (acpi.state == ACPI_UNREAD && acpi.boot) {
		size_t bytes = 0;
		const uint8_t *rsdp = find_rsdp(&bytes);
		bool ok = rsdp && acpi_parse(&memory, rsdp, bytes, &acpi.info) == 0;
		acpi.state = ok ? ACPI_READ : ACPI_NONE;
		log_info("acpi", "%s", ok ? "tables read" : "no tables");
	}
	return acpi.state == ACPI_READ ? &acpi.info : NULL;
}

unsigned acpi_virtio_mmio(struct acpi_mmio_dev *out, unsigned max)
{
	const struct acpi_info *a = acpi_get();
	return a && a->dsdt ? acpi_find_virtio_mmio(a->dsdt, a->dsdt_bytes, out, max) : 0;
}

bool acpi_ecam(uint64_t *base_pa, uint8_t *first_bus, uint8_t *last_bus)
{
	const struct acpi_info *a = acpi_get();
	if (!a || !a->ecam_pa)
		return false;
	*base_pa = a->ecam_pa;
	*first_bus = a->ecam_first_bus;
	*last_bus = a->ecam_last_bus;
	return true;
}

struct acpi_override acpi_isa_irq(uint8_t irq)
{
	const struct acpi_info *a = acpi_get();
	for (unsigned i = 0; a && i < a->overrides; i++)
		if (a->override[i].irq == irq)
			return a->override[i];
	return (struct acpi_override){ .irq = irq, .gsi = irq };
}

static void init_ioapic(uint64_t pa, unsigned gsi_base)
{
	if (physmap_ensure(pa, PAGE_SIZE, true) == 0)
		ioapic_init(phys_to_virt(pa), gsi_base);
}

void acpi_init_ioapics(void)
{
	const struct acpi_info *a = acpi_get();
	for (unsigned i = 0; a && i < a->ioapics; i++)
		init_ioapic(a->ioapic[i].pa, a->ioapic[i].gsi_base);
	if (!a)
		init_ioapic(DEFAULT_IOAPIC_PA, 0);
}

void acpi_init_power(void)
{
	const struct acpi_info *a = acpi_get();
	struct power_acpi p = { 0 };
	if (!a || !a->dsdt || !acpi_find_s5(a->dsdt, a->dsdt_bytes, &p.slp_typ_a, &p.slp_typ_b))
		return;
	p.pm1a_port = a->pm1a_port;
	p.pm1b_port = a->pm1b_port;
	if (a->sleep_control_pa && physmap_ensure(a->sleep_control_pa, 1, true) == 0)
		p.sleep_register = phys_to_virt(a->sleep_control_pa);
	power_set_acpi(&p);
}

unsigned acpi_other_cpus(uint32_t *apic_ids, unsigned max)
{
	const struct acpi_info *a = acpi_get();
	uint32_t self = apic_id();
	unsigned n = 0;
	for (unsigned i = 0; a && i < a->cpus && n < max; i++)
		if (a->cpu_apic_id[i] != self)
			apic_ids[n++] = a->cpu_apic_id[i];
	return n;
}
