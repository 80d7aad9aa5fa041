// sources: drivers/acpi_tables.c
#include <cmocka.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "drivers/acpi_tables.h"

#define BASE  0xe0000u
#define BYTES 0x10000u
static uint8_t memory[BYTES];
static struct acpi_info info;

static const void *map(void *arg, uint64_t pa, uint64_t bytes)
{
	if (pa < BASE || pa - BASE > BYTES || bytes > BYTES - (pa - BASE))
		return NULL;
	return memory + (pa - BASE);
}
static const struct acpi_memory mem = { .map = map };

static uint8_t *at(uint64_t pa)
{
	return memory + (pa - BASE);
}
static void put32(uint64_t pa, uint32_t v)
{
	memcpy(at(pa), &v, 4);
}
static void put64(uint64_t pa, uint64_t v)
{
	memcpy(at(pa), &v, 8);
}
static void fix_sum(uint64_t pa, unsigned bytes, unsigned sum_at)
{
	uint8_t sum = 0;
	at(pa)[sum_at] = 0;
	for (unsigned i = 0; i < bytes; i++)
		sum += at(pa)[i];
	at(pa)[sum_at] = -sum;
}
static void header(uint64_t pa, const char *signature, uint32_t bytes)
{
	memcpy(at(pa), signature, 4);
	put32(pa + 4, bytes);
	fix_sum(pa, bytes, 9);
}

#define RSDP 0xe0100u
#define RSDT 0xe0200u
#define XSDT 0xe0300u
#define MADT 0xe0400u
#define FADT 0xe0600u
#define HPET 0xe0800u
#define MCFG 0xe0900u
#define DSDT 0xe1000u

// The tables of a machine with everything, by both roots.
static void build(void)
{
	memset(memory, 0, sizeof(memory));
	memcpy(at(RSDP), "RSD PTR ", 8);
	at(RSDP)[15] = 2;
	put32(RSDP + 16, RSDT);
	put32(RSDP + 20, 36);
	put64(RSDP + 24, XSDT);
	fix_sum(RSDP, 20, 8);
	fix_sum(RSDP, 36, 32);
	const uint32_t tables[] = { MADT, FADT, HPET, MCFG };
	for (unsigned i = 0; i < 4; i++) {
		put32(RSDT + 36 + 4 * i, tables[i]);
		put64(XSDT + 36 + 8 * i, tables[i]);
	}
	header(RSDT, "RSDT", 36 + 16);
	header(XSDT, "XSDT", 36 + 32);

	uint8_t *m = at(MADT) + 44;
	memcpy(m, (uint8_t[]){ 0, 8, 0, 7, 1, 0, 0, 0 }, 8);
	memcpy(m + 8, (uint8_t[]){ 0, 8, 1, 9, 0, 0, 0, 0 }, 8); // not enabled
	memcpy(m + 16, (uint8_t[]){ 1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 24, 0, 0, 0 }, 12);
	memcpy(m + 28, (uint8_t[]){ 2, 10, 0, 9, 20, 0, 0, 0, 0x0f, 0 }, 10);
	header(MADT, "APIC", 44 + 38);

	put32(FADT + 40, DSDT);
	put32(FADT + 64, 0x604);
	put32(FADT + 76, 0x608);
	put32(FADT + 112, 1 << 8);
	header(FADT, "FACP", 244);

	put64(HPET + 44, 0xfed00000);
	header(HPET, "HPET", 56);
	put64(MCFG + 44, 0xb0000000);
	at(MCFG)[55] = 255;
	header(MCFG, "MCFG", 60);
	header(DSDT, "DSDT", 100);
}

static void check_all(void)
{
	assert_int_equal(info.cpus, 1);
	assert_int_equal(info.cpu_apic_id[0], 7);
	assert_int_equal(info.ioapics, 1);
	assert_int_equal(info.ioapic[0].pa, 0xfec00000);
	assert_int_equal(info.ioapic[0].gsi_base, 24);
	assert_int_equal(info.overrides, 1);
	assert_int_equal(info.override[0].irq, 9);
	assert_int_equal(info.override[0].gsi, 20);
	assert_true(info.override[0].level && info.override[0].active_low);
	assert_int_equal(info.pm1a_port, 0x604);
	assert_int_equal(info.pm_timer_port, 0x608);
	assert_true(info.pm_timer_32bit);
	assert_int_equal(info.hpet_pa, 0xfed00000);
	assert_int_equal(info.ecam_pa, 0xb0000000);
	assert_int_equal(info.ecam_last_bus, 255);
	assert_int_equal(info.dsdt_bytes, 100);
	assert_ptr_equal(info.dsdt, at(DSDT));
}

static void reads_all_tables_by_either_root(void **state)
{
	build();
	assert_int_equal(acpi_parse(&mem, at(RSDP), 36, &info), 0);
	check_all();
	at(XSDT)[10] ^= 1; // a damaged XSDT: the RSDT is used
	assert_int_equal(acpi_parse(&mem, at(RSDP), 36, &info), 0);
	check_all();
	assert_int_equal(acpi_parse(&mem, at(RSDP), 20, &info), 0);
	check_all();
}

static void damage_is_found(void **state)
{
	build();
	at(RSDP)[9] ^= 1;
	assert_int_equal(acpi_parse(&mem, at(RSDP), 36, &info), -EINVAL);
	build();
	at(XSDT)[10] ^= 1;
	at(RSDT)[10] ^= 1;
	assert_int_equal(acpi_parse(&mem, at(RSDP), 36, &info), -EINVAL);
	build();
	at(MADT)[50] ^= 1;
	put32(HPET + 4, 20); // shorter than a header
	put32(MCFG + 4, 0xffffffff);
	assert_int_equal(acpi_parse(&mem, at(RSDP), 36, &info), 0);
	assert_int_equal(info.ioapics, 0);
	assert_int_equal(info.hpet_pa, 0);
	assert_int_equal(info.ecam_pa, 0);
	assert_int_equal(info.pm1a_port, 0x604);
}

static void short_and_odd_entries_end_the_table(void **state)
{
	build();
	at(MADT)[44 + 9] = 0; // an entry of no length
	header(MADT, "APIC", 44 + 38);
	assert_int_equal(acpi_parse(&mem, at(RSDP), 36, &info), 0);
	assert_int_equal(info.cpus, 1);
	assert_int_equal(info.ioapics, 0);
	build();
	at(MADT)[44 + 17] = 200; // longer than the table
	header(MADT, "APIC", 44 + 38);
	assert_int_equal(acpi_parse(&mem, at(RSDP), 36, &info), 0);
	assert_int_equal(info.ioapics, 0);
}

static void hardware_reduced_has_a_sleep_register(void **state)
{
	build();
	put32(FADT + 112, 1 << 20);
	at(FADT)[244] = 0;
	put64(FADT + 248, 0xfea00200);
	header(FADT, "FACP", 268);
	assert_int_equal(acpi_parse(&mem, at(RSDP), 36, &info), 0);
	assert_int_equal(info.sleep_control_pa, 0xfea00200);
	assert_int_equal(info.pm1a_port, 0);
	assert_int_equal(info.pm_timer_port, 0);
}

static void finds_the_rsdp_by_search(void **state)
{
	build();
	assert_int_equal(acpi_find_rsdp(&mem, BASE, BYTES), RSDP);
	at(RSDP)[8] ^= 1;
	assert_int_equal(acpi_find_rsdp(&mem, BASE, BYTES), 0);
	assert_int_equal(acpi_find_rsdp(&mem, BASE, BYTES + 1), 0);
}

static void finds_s5(void **state)
{
	static const struct {
		size_t bytes;
		uint8_t aml[16];
		bool found;
		uint8_t a, b;
	} cases[] = {
		{ 12, { 8, '_', 'S', '5', '_', 0x12, 6, 4, 0x0a, 5, 0x0a, 7 }, true, 5, 7 },
		{ 11, { 8, '_', 'S', '5', '_', 0x12, 6, 4, 0, 0, 0 }, true, 0, 0 },
		{ 12, { 8, '_', 'S', '5', '_', 0x12, 0x46, 0, 4, 1, 0, 0 }, true, 1, 0 },
		{ 9, { 8, '_', 'S', '5', '_', 0x12, 6, 4, 1 }, true, 1, 1 }, // cut behind the first
		{ 8, { 8, '_', 'S', '5', '_', 0x12, 6, 4 }, false, 0, 0 },
		{ 5, { 8, '_', 'S', '5', '_' }, false, 0, 0 },
		{ 12, { 8, '_', 'S', '5', '_', 0x13, 6, 4, 0, 0, 0, 0 }, false, 0, 0 },
		{ 12, { 8, '_', 'S', '5', '_', 0x12, 6, 4, 0x0c, 0, 0, 0 }, false, 0, 0 },
		{ 4, { 8, '_', 'S', '5' }, false, 0, 0 },
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t table[36 + 16] = { 0 }, a = 99, b = 99;
		memcpy(table + 36, cases[i].aml, cases[i].bytes);
		assert_int_equal(acpi_find_s5(table, 36 + cases[i].bytes, &a, &b), cases[i].found);
		if (cases[i].found) {
			assert_int_equal(a, cases[i].a);
			assert_int_equal(b, cases[i].b);
		}
	}
}

// What QEMU 7.2's microvm writes for one device (from its DSDT).
static size_t put_device(uint8_t *p, uint32_t base, uint8_t gsi)
{
	static const uint8_t aml[] = { 0x08, '_',  'H',  'I',  'D',  0x0d, 'L',  'N',  'R',  'O',
				       '0',  '0',  '0',  '5',  0,    0x08, '_',  'U',  'I',  'D',
				       0,    0x08, '_',  'C',  'C',  'A',  1,    0x08, '_',  'C',
				       'R',  'S',  0x11, 0x1a, 0x0a, 0x17, 0x86, 0x09, 0x00, 0x01,
				       0,    0,    0,    0,    0,    2,    0,    0,    0x89, 0x06,
				       0x00, 0x01, 0x01, 0,    0,    0,    0,    0x79, 0 };
	memcpy(p, aml, sizeof(aml));
	memcpy(p + 40, &base, 4);
	p[53] = gsi;
	return sizeof(aml);
}

static void finds_virtio_mmio_devices(void **state)
{
	uint8_t table[400] = { 0 };
	struct acpi_mmio_dev d[4];
	size_t n = 36;
	n += put_device(table + n, 0xfeb02e00, 23);
	size_t second = n;
	n += put_device(table + n, 0xfeb02c00, 22);
	assert_int_equal(acpi_find_virtio_mmio(table, n, d, 4), 2);
	assert_int_equal(d[0].base_pa, 0xfeb02e00);
	assert_int_equal(d[0].bytes, 512);
	assert_int_equal(d[0].gsi, 23);
	assert_true(d[0].level);
	assert_false(d[0].active_low);
	assert_int_equal(d[1].base_pa, 0xfeb02c00);
	assert_int_equal(acpi_find_virtio_mmio(table, n, d, 1), 1);
	// Every shorter table: never more than what is whole, never a read behind the end (ASan).
	for (size_t cut = 36; cut < n; cut++) {
		uint8_t *copy = test_malloc(cut);
		memcpy(copy, table, cut);
		unsigned whole = cut >= n - 2 ? 2 : cut >= second - 2 ? 1 : 0;
		assert_int_equal(acpi_find_virtio_mmio(copy, cut, d, 4), whole);
		test_free(copy);
	}
	// A device without resources must not take those of the next one.
	table[36 + 27] = 'X';
	assert_int_equal(acpi_find_virtio_mmio(table, n, d, 4), 2);
	memset(table + 36 + 36, 0, 3);
	assert_int_equal(acpi_find_virtio_mmio(table, n, d, 4), 1);
	assert_int_equal(d[0].base_pa, 0xfeb02c00);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_tables_by_either_root),
		cmocka_unit_test(damage_is_found),
		cmocka_unit_test(short_and_odd_entries_end_the_table),
		cmocka_unit_test(hardware_reduced_has_a_sleep_register),
		cmocka_unit_test(finds_the_rsdp_by_search),
		cmocka_unit_test(finds_s5),
		cmocka_unit_test(finds_virtio_mmio_devices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
