// See the header. No state.
#include "drivers/acpi_tables.h"

#include <asm-generic/errno-base.h>

#include "lib/string.h"

#define HEADER_BYTES    36u
#define MAX_TABLE_BYTES (1u << 20)
#define MAX_TABLES      64u

static uint16_t get16(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static bool checksum_ok(const uint8_t *p, size_t bytes)
{
	uint8_t sum = 0;
	for (size_t i = 0; i < bytes; i++)
		sum += p[i];
	return sum == 0;
}

// The table at |pa|, if it is whole and sound and its signature is |signature| (NULL: any).
static const uint8_t *map_table(const struct acpi_memory *mem, uint64_t pa, const char *signature,
				uint32_t *bytes)
{
	const uint8_t *t = pa ? mem->map(mem->arg, pa, HEADER_BYTES) : NULL;
	if (!t || (signature && memcmp(t, signature, 4) != 0))
		return NULL;
	*bytes = get32(t + 4);
	if (*bytes < HEADER_BYTES || *bytes > MAX_TABLE_BYTES)
		return NULL;
	t = mem->map(mem->arg, pa, *bytes);
	return t && checksum_ok(t, *bytes) ? t : NULL;
}

// ---- the tables ----

// 5.2.12: I/O APICs, interrupt source overrides, local APICs.
static void madt_entry(const uint8_t *e, unsigned bytes, struct acpi_info *out)
{
	if (e[0] == 0 && bytes >= 8 && (get32(e + 4) & 1) && out->cpus < ACPI_MAX_CPUS)
		out->cpu_apic_id[out->cpus++] = e[3];
	if (e[0] == 1 && bytes >= 12 && out->ioapics < ACPI_MAX_IOAPICS) {
		out->ioapic[out->ioapics].pa = get32(e + 4);
		out->ioapic[out->ioapics++].gsi_base = get32(e + 8);
	}
	if (e[0] == 2 && bytes >= 10 && out->overrides < ACPI_MAX_OVERRIDES) {
		uint16_t flags = get16(e + 8); // 0 in a field: as the ISA bus has it
		out->override[out->overrides++] = (struct acpi_override){
			.irq = e[3],
			.gsi = get32(e + 4),
			.active_low = (flags & 3) == 3,
			.level = (flags >> 2 & 3) == 3,
		};
	}
}

static void read_madt(const struct acpi_memory *mem, const uint8_t *t, uint32_t bytes,
		      struct acpi_info *out)
{
	for (uint32_t at = 44; bytes - at >= 2 && at < bytes;) {
		unsigned entry_bytes = t[at + 1];
		if (entry_bytes < 2 || entry_bytes > bytes - at)
			return;
		madt_entry(t + at, entry_bytes, out);
		at += entry_bytes;
	}
}

// A generic address structure (5.2.3.2) in memory; 0 if it is elsewhere.
static uint64_t gas_memory(const uint8_t *gas)
{
	return gas[0] == 0 ? get64(gas + 4) : 0;
}

// 5.2.9. The table has grown: fields are there if its length says so.
static void read_fadt(const struct acpi_memory *mem, const uint8_t *t, uint32_t bytes,
		      struct acpi_info *out)
{
	uint64_t dsdt_pa = bytes >= 44 ? get32(t + 40) : 0;
	if (bytes >= 116) {
		uint32_t flags = get32(t + 112);
		out->pm_timer_32bit = flags >> 8 & 1;
		out->hw_reduced = flags >> 20 & 1;
	}
	if (bytes >= 80 && !out->hw_reduced) {
		out->pm1a_port = get32(t + 64);
		out->pm1b_port = get32(t + 68);
		out->pm_timer_port = get32(t + 76);
	}
	if (bytes >= 148 && get64(t + 140))
		dsdt_pa = get64(t + 140);
	if (bytes >= 256 && out->hw_reduced)
		out->sleep_control_pa = gas_memory(t + 244);
	out->dsdt = map_table(mem, dsdt_pa, "DSDT", &out->dsdt_bytes);
}

static void read_hpet(const struct acpi_memory *mem, const uint8_t *t, uint32_t bytes,
		      struct acpi_info *out)
{
	if (bytes >= 56)
		out->hpet_pa = gas_memory(t + 40);
}

// PCI firmware specification 3.3, table 4-3: allocations of 16 bytes from 44 on.
static void read_mcfg(const struct acpi_memory *mem, const uint8_t *t, uint32_t bytes,
		      struct acpi_info *out)
{
	for (uint32_t at = 44; at < bytes && bytes - at >= 16; at += 16) {
		if (get16(t + at + 8) != 0)
			continue;
		out->ecam_pa = get64(t + at);
		out->ecam_first_bus = t[at + 10];
		out->ecam_last_bus = t[at + 11];
		return;
	}
}

static const struct {
	char signature[5];
	void (*read)(const struct acpi_memory *mem, const uint8_t *t, uint32_t bytes,
		     struct acpi_info *out);
} readers[] = {
	{ "APIC", read_madt },
	{ "FACP", read_fadt },
	{ "HPET", read_hpet },
	{ "MCFG", read_mcfg },
};

static void read_table(const struct acpi_memory *mem, uint64_t pa, struct acpi_info *out)
{
	const uint8_t *h = pa ? mem->map(mem->arg, pa, HEADER_BYTES) : NULL;
	for (unsigned i = 0; h && i < ARRAY_SIZE(readers); i++) {
		if (memcmp(h, readers[i].signature, 4) != 0)
			continue;
		uint32_t bytes;
		const uint8_t *t = map_table(mem, pa, readers[i].signature, &bytes);
		if (t)
			readers[i].read(mem, t, bytes, out);
		return;
	}
}

static bool rsdp_ok(const uint8_t *p, size_t bytes)
{
	return bytes >= 20 && memcmp(p, "RSD PTR ", 8) == 0 && checksum_ok(p, 20);
}

int acpi_parse(const struct acpi_memory *mem, const void *rsdp, size_t rsdp_bytes,
	       struct acpi_info *out)
{
	const uint8_t *r = rsdp;
	*out = (struct acpi_info){ 0 };
	if (!rsdp_ok(r, rsdp_bytes))
		return -EINVAL;
	uint32_t bytes = 0;
	unsigned pointer_bytes = 8;
	const uint8_t *root = NULL;
	if (r[15] >= 2 && rsdp_bytes >= 36 && checksum_ok(r, 36))
		root = map_table(mem, get64(r + 24), "XSDT", &bytes);
	if (!root) {
		pointer_bytes = 4;
		root = map_table(mem, get32(r + 16), "RSDT", &bytes);
	}
	if (!root)
		return -EINVAL;
	unsigned n = MIN((bytes - HEADER_BYTES) / pointer_bytes, MAX_TABLES);
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *p = root + HEADER_BYTES + i * pointer_bytes;
		read_table(mem, pointer_bytes == 8 ? get64(p) : get32(p), out);
	}
	return 0;
}

uint64_t acpi_find_rsdp(const struct acpi_memory *mem, uint64_t pa, uint64_t bytes)
{
	const uint8_t *p = mem->map(mem->arg, pa, bytes);
	for (uint64_t at = 0; p && bytes - at >= 20 && at < bytes; at += 16)
		if (p[at] == 'R' && rsdp_ok(p + at, bytes - at))
			return pa + at;
	return 0;
}

// ---- byte patterns of AML (chapter 20) ----

// The first |pattern| in [at, end), or |end|.
static size_t find(const uint8_t *p, size_t at, size_t end, const char *pattern, size_t bytes)
{
	while (end - at >= bytes && at < end) {
		const uint8_t *hit = memchr(p + at, pattern[0], end - at - bytes + 1);
		if (!hit)
			return end;
		at = hit - p;
		if (memcmp(hit, pattern, bytes) == 0)
			return at;
		at++;
	}
	return end;
}

// A small integer constant: ZeroOp, OneOp or BytePrefix. Returns its length, 0 if it is none.
static size_t aml_byte(const uint8_t *p, size_t bytes, uint8_t *value)
{
	if (bytes >= 1 && p[0] <= 1) {
		*value = p[0];
		return 1;
	}
	if (bytes >= 2 && p[0] == 0x0a) {
		*value = p[1];
		return 2;
	}
	return 0;
}

#define PACKAGE_OP 0x12

bool acpi_find_s5(const uint8_t *dsdt, size_t bytes, uint8_t *typ_a, uint8_t *typ_b)
{
	for (size_t at = HEADER_BYTES; (at = find(dsdt, at, bytes, "_S5_", 4)) < bytes; at += 4) {
		// Name, PackageOp, length (its first byte's top bits: further length bytes), count.
		size_t p = at + 4;
		if (bytes - p < 4 || dsdt[p] != PACKAGE_OP)
			continue;
		p += 2 + (dsdt[p + 1] >> 6) + 1;
		if (p >= bytes)
			continue;
		size_t n = aml_byte(dsdt + p, bytes - p, typ_a);
		if (n == 0)
			continue;
		if (aml_byte(dsdt + p + n, bytes - p - n, typ_b) == 0)
			*typ_b = *typ_a;
		return true;
	}
	return false;
}

// 6.4.3.4: Memory32Fixed; 6.4.3.6: extended interrupt.
#define MEMORY32_BYTES  12u
#define INTERRUPT_BYTES 9u

// Reads the resources of one device from the bytes between its _CRS and the next device.
static bool read_mmio_resources(const uint8_t *p, size_t at, size_t end, struct acpi_mmio_dev *out)
{
	size_t mem = find(p, at, end, "\x86\x09\x00", 3);
	if (end - mem < MEMORY32_BYTES)
		return false;
	size_t irq = find(p, mem + MEMORY32_BYTES, end, "\x89", 1);
	if (end - irq < INTERRUPT_BYTES || p[irq + 4] == 0)
		return false;
	*out = (struct acpi_mmio_dev){
		.base_pa = get32(p + mem + 4),
		.bytes = get32(p + mem + 8),
		.level = !(p[irq + 3] & 2),
		.active_low = p[irq + 3] & 4,
		.gsi = get32(p + irq + 5),
	};
	return true;
}

#define VIRTIO_HID       "LNRO0005"
#define VIRTIO_HID_BYTES 9 // with its terminator

unsigned acpi_find_virtio_mmio(const uint8_t *dsdt, size_t bytes, struct acpi_mmio_dev *out,
			       unsigned max)
{
	unsigned n = 0;
	size_t at = find(dsdt, HEADER_BYTES, bytes, VIRTIO_HID, VIRTIO_HID_BYTES);
	while (at < bytes && n < max) {
		size_t next =
			find(dsdt, at + VIRTIO_HID_BYTES, bytes, VIRTIO_HID, VIRTIO_HID_BYTES);
		size_t crs = find(dsdt, at, next, "_CRS", 4);
		if (crs < next && read_mmio_resources(dsdt, crs, next, &out[n]))
			n++;
		at = next;
	}
	return n;
}
