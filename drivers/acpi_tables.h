// ACPI tables, read with suspicion: bounds and checksums are checked, nothing is executed (the DSDT
// is searched by byte pattern). Pure: memory is reached through the caller's |map|. ACPI 6.4.
#pragma once

#include "lib/compiler.h"

// Makes [pa, pa + bytes) readable and returns its address, or NULL.
struct acpi_memory {
	const void *(*map)(void *arg, uint64_t pa, uint64_t bytes);
	void *arg;
};

#define ACPI_MAX_IOAPICS   4
#define ACPI_MAX_OVERRIDES 16
#define ACPI_MAX_CPUS      64

struct acpi_override { // an ISA interrupt that is wired differently
	uint8_t irq;
	bool level, active_low;
	uint32_t gsi;
};

struct acpi_info {
	unsigned ioapics;
	struct {
		uint32_t pa, gsi_base;
	} ioapic[ACPI_MAX_IOAPICS];
	unsigned overrides;
	struct acpi_override override[ACPI_MAX_OVERRIDES];
	unsigned cpus; // enabled ones
	uint32_t cpu_apic_id[ACPI_MAX_CPUS];

	uint64_t hpet_pa; // 0: none
	uint16_t pm_timer_port;
	bool pm_timer_32bit;
	uint64_t ecam_pa; // PCI segment 0; 0: none
	uint8_t ecam_first_bus, ecam_last_bus;

	bool hw_reduced;
	uint64_t sleep_control_pa; // sleep register in memory; 0: none
	uint16_t pm1a_port, pm1b_port;
	const uint8_t *dsdt; // mapped, header included; NULL: none
	uint32_t dsdt_bytes;
};

struct acpi_mmio_dev {
	uint64_t base_pa;
	uint32_t bytes;
	uint32_t gsi;
	bool level, active_low;
};

// Fills |out| from an RSDP of |bytes| (20 or 36) at |rsdp|. 0, or -EINVAL if the RSDP or its root
// table is not sound; other tables that are not sound are left out.
int __must_check acpi_parse(const struct acpi_memory *mem, const void *rsdp, size_t bytes,
			    struct acpi_info *out);
// Looks for an RSDP at 16-byte steps of [pa, pa + bytes): its address, or 0.
uint64_t acpi_find_rsdp(const struct acpi_memory *mem, uint64_t pa, uint64_t bytes);

// The sleep types of \_S5 (soft off). False if the pattern is not there.
bool acpi_find_s5(const uint8_t *dsdt, size_t bytes, uint8_t *typ_a, uint8_t *typ_b);
// Devices with _HID "LNRO0005" (virtio-mmio), in table order; returns how many were stored.
unsigned acpi_find_virtio_mmio(const uint8_t *dsdt, size_t bytes, struct acpi_mmio_dev *out,
			       unsigned max);
