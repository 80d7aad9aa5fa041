// sources: boot/bootinfo.c tests/unit/shim/host_seam.c
#include <cmocka.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "boot/bootinfo.h"
#include "tests/unit/shim/host_seam.h"

// Simulated low memory from BASE on; everything else cannot be mapped.
#define BASE  0x1000u
#define BYTES 0x10000u
static uint8_t memory[BYTES];
static struct bootinfo info;

static const void *map(void *arg, uint64_t pa, uint64_t bytes)
{
	assert_true(bytes > 0 && pa + bytes > pa);
	if (pa < BASE || pa - BASE > BYTES || bytes > BYTES - (pa - BASE))
		return NULL;
	return memory + (pa - BASE);
}
static const struct bootinfo_memory mem = { .map = map };

static void put32(uint64_t pa, uint32_t v)
{
	memcpy(memory + pa - BASE, &v, 4);
}
static void put64(uint64_t pa, uint64_t v)
{
	memcpy(memory + pa - BASE, &v, 8);
}

// ---- PVH ----

#define INFO    0x1100u
#define MODLIST 0x1200u
#define CMDLINE 0x3000u
#define MEMMAP  0x8000u

static unsigned map_entries;

static void pvh_begin(void)
{
	memset(memory, 0, sizeof(memory));
	map_entries = 0;
	put32(INFO, 0x336ec578);
	put32(INFO + 4, 1);
	put64(INFO + 40, MEMMAP);
}
static void pvh_range(uint64_t start, uint64_t bytes, uint32_t type)
{
	uint64_t at = MEMMAP + 24ull * map_entries++;
	put64(at, start);
	put64(at + 8, bytes);
	put32(at + 16, type);
	put32(INFO + 48, map_entries);
}
static int pvh_parse(void)
{
	return bootinfo_parse_pvh(&mem, INFO, &info);
}
static void expect_range(unsigned i, uint64_t start, uint64_t end)
{
	assert_true(i < info.ram_ranges);
	assert_int_equal(info.ram[i].start_pa, start);
	assert_int_equal(info.ram[i].start_pa + info.ram[i].size_bytes, end);
}

static void pvh_reads_everything(void **state)
{
	pvh_begin();
	put32(INFO + 12, 1);
	put64(INFO + 16, MODLIST);
	put64(INFO + 24, CMDLINE);
	put64(INFO + 32, 0xf5a10);
	put64(MODLIST, 0x3ff000);
	put64(MODLIST + 8, 12345);
	strcpy((char *)memory + CMDLINE - BASE, "ouro.log=info -- a b");
	pvh_range(0x100000, 0x1ff00000, 1);
	pvh_range(0, 0x9fc00, 1);
	assert_int_equal(pvh_parse(), 0);
	assert_int_equal(info.protocol, BOOT_PVH);
	assert_int_equal(info.ram_ranges, 2);
	expect_range(0, 0, 0x9fc00);
	expect_range(1, 0x100000, 0x20000000);
	assert_int_equal(info.initramfs.start_pa, 0x3ff000);
	assert_int_equal(info.initramfs.size_bytes, 12345);
	assert_int_equal(info.rsdp_pa, 0xf5a10);
	assert_string_equal(info.cmdline, "ouro.log=info -- a b");
	assert_false(info.cmdline_truncated);
}

static void pvh_refuses_what_is_not_it(void **state)
{
	pvh_begin();
	pvh_range(0, 0x9fc00, 1);
	assert_int_equal(bootinfo_parse_pvh(&mem, 0, &info), -EINVAL);
	assert_int_equal(bootinfo_parse_pvh(&mem, UINT64_MAX - 8, &info), -EINVAL);
	assert_int_equal(bootinfo_parse_pvh(&mem, BASE + BYTES - 8, &info), -EINVAL);
	put32(INFO, 0x336ec579);
	assert_int_equal(pvh_parse(), -EINVAL);
	put32(INFO, 0x336ec578);
	put32(INFO + 4, 0); // version 0 has no memory map
	assert_int_equal(pvh_parse(), -EINVAL);
	put32(INFO + 4, 1);
	put32(INFO + 48, 0x10000000);
	assert_int_equal(pvh_parse(), -EINVAL);
	put32(INFO + 48, 0);
	assert_int_equal(pvh_parse(), -EINVAL);
	put32(INFO + 48, 1);
	assert_int_equal(pvh_parse(), 0);
}

static void no_ram_is_an_error(void **state)
{
	pvh_begin();
	pvh_range(0, 0x100000, 2);
	pvh_range(0x100000, 0, 1);
	assert_int_equal(pvh_parse(), -EINVAL);
}

static void strange_entries_are_skipped(void **state)
{
	pvh_begin();
	pvh_range(0, 0, 0); // microvm's map ends with one like this
	pvh_range(0x200000, 0, 1);
	pvh_range(0x100000, 0x100000, 1);
	pvh_range(0x300000, 0, 2);
	pvh_range(1ull << 60, 4096, 1);            // no CPU reaches it
	pvh_range((1ull << 40), UINT64_MAX, 1);    // wraps
	pvh_range((1ull << 50), UINT64_MAX, 0x77); // unknown type, wraps
	assert_int_equal(pvh_parse(), 0);
	assert_int_equal(info.ram_ranges, 2);
	expect_range(0, 0x100000, 0x200000);
	expect_range(1, 1ull << 40, 1ull << 50);
}

static void overlaps_are_merged_and_others_win(void **state)
{
	pvh_begin();
	pvh_range(0x10000, 0x1000, 2); // a hole, listed before the RAM around it
	pvh_range(0x30000, 0x10000, 1);
	pvh_range(0x00000, 0x20000, 1);
	pvh_range(0x18000, 0x18000, 1); // joins both
	pvh_range(0x3f000, 0x2000, 4);  // cuts the end
	pvh_range(0x00000, 0x1000, 3);  // and the start
	assert_int_equal(pvh_parse(), 0);
	assert_int_equal(info.ram_ranges, 2);
	expect_range(0, 0x1000, 0x10000);
	expect_range(1, 0x11000, 0x3f000);
	assert_true(bootinfo_is_ram(&info, 0x11000, 0x2e000));
	assert_false(bootinfo_is_ram(&info, 0x11000, 0x2e001));
	assert_false(bootinfo_is_ram(&info, 0xf000, 0x3000));
	assert_false(bootinfo_is_ram(&info, 0x20000, UINT64_MAX));
}

static void the_smallest_ranges_are_left_out(void **state)
{
	pvh_begin();
	for (unsigned i = 0; i < BOOTINFO_MAX_RANGES + 20; i++)
		pvh_range(0x100000ull * i, 0x1000 + 0x1000 * i, 1);
	assert_int_equal(pvh_parse(), 0);
	assert_int_equal(info.ram_ranges, BOOTINFO_MAX_RANGES);
	expect_range(0, 0x100000ull * 20, 0x100000ull * 20 + 0x15000);
}

static void long_command_lines_are_cut(void **state)
{
	pvh_begin();
	pvh_range(0, 0x9fc00, 1);
	put64(INFO + 24, CMDLINE + 1000);
	memset(memory + CMDLINE + 1000 - BASE, 'x', BOOTINFO_CMDLINE_BYTES - 1);
	assert_int_equal(pvh_parse(), 0);
	assert_int_equal(strlen(info.cmdline), BOOTINFO_CMDLINE_BYTES - 1);
	assert_false(info.cmdline_truncated);
	memset(memory + CMDLINE + 1000 - BASE, 'x', BOOTINFO_CMDLINE_BYTES);
	assert_int_equal(pvh_parse(), 0);
	assert_int_equal(strlen(info.cmdline), BOOTINFO_CMDLINE_BYTES - 1);
	assert_true(info.cmdline_truncated);
	// In the last page of what can be mapped, and not mappable at all.
	put64(INFO + 24, BASE + BYTES - 3);
	memcpy(memory + BYTES - 3, "ab", 3);
	assert_int_equal(pvh_parse(), 0);
	assert_string_equal(info.cmdline, "ab");
	put64(INFO + 24, 1ull << 40);
	assert_int_equal(pvh_parse(), 0);
	assert_string_equal(info.cmdline, "");
}

static void modules_that_make_no_sense_are_none(void **state)
{
	pvh_begin();
	pvh_range(0, 0x9fc00, 1);
	put32(INFO + 12, 1);
	put64(INFO + 16, 1ull << 40);
	assert_int_equal(pvh_parse(), 0);
	assert_int_equal(info.initramfs.size_bytes, 0);
	put64(INFO + 16, MODLIST);
	put64(MODLIST, 0x1000);
	put64(MODLIST + 8, UINT64_MAX);
	assert_int_equal(pvh_parse(), 0);
	assert_int_equal(info.initramfs.size_bytes, 0);
}

// ---- multiboot2 ----

static uint64_t mb2_at;

static void mb2_begin(void)
{
	memset(memory, 0xee, sizeof(memory));
	mb2_at = INFO + 8;
}
static uint64_t mb2_tag(uint32_t type, uint32_t body_bytes)
{
	uint64_t body = mb2_at + 8;
	put32(mb2_at, type);
	put32(mb2_at + 4, 8 + body_bytes);
	mb2_at = (body + body_bytes + 7) & ~7ull;
	return body;
}
static int mb2_parse(void)
{
	mb2_tag(0, 0);
	put32(INFO, mb2_at - INFO);
	put32(INFO + 4, 0);
	return bootinfo_parse_multiboot2(&mem, INFO, &info);
}
static void mb2_map(void)
{
	uint64_t b = mb2_tag(6, 8 + 3 * 32); // entries larger than we know
	put32(b, 32);
	put32(b + 4, 0);
	for (unsigned i = 0; i < 3; i++) {
		put64(b + 8 + 32 * i, 0x100000ull * i);
		put64(b + 16 + 32 * i, 0x80000);
		put32(b + 24 + 32 * i, i == 1 ? 5 : 1);
	}
}

static void multiboot2_reads_everything(void **state)
{
	mb2_begin();
	memcpy(memory + mb2_tag(1, 6) - BASE, "ouro.", 6);
	uint64_t old = mb2_tag(14, 20), new = mb2_tag(15, 36);
	memset(memory + old - BASE, 1, 20);
	memset(memory + new - BASE, 2, 36);
	mb2_tag(99, 13);
	uint64_t m = mb2_tag(3, 13), second = mb2_tag(3, 9);
	put32(m, 0x800000);
	put32(m + 4, 0x801234);
	put32(second, 0x900000);
	put32(second + 4, 0x901234);
	mb2_map();
	assert_int_equal(mb2_parse(), 0);
	assert_int_equal(info.protocol, BOOT_MULTIBOOT2);
	assert_string_equal(info.cmdline, "ouro.");
	assert_int_equal(info.initramfs.start_pa, 0x800000);
	assert_int_equal(info.initramfs.size_bytes, 0x1234);
	assert_int_equal(info.rsdp_bytes, 36);
	assert_int_equal(info.rsdp[35], 2);
	assert_int_equal(info.ram_ranges, 2);
	expect_range(0, 0, 0x80000);
	expect_range(1, 0x200000, 0x280000);
}

static void multiboot2_refuses_damage(void **state)
{
	mb2_begin();
	mb2_map();
	assert_int_equal(mb2_parse(), 0);
	put32(INFO, 8);
	assert_int_equal(bootinfo_parse_multiboot2(&mem, INFO, &info), -EINVAL);
	put32(INFO, BYTES);
	assert_int_equal(bootinfo_parse_multiboot2(&mem, INFO, &info), -EINVAL);
	put32(INFO, mb2_at - INFO - 8); // no end tag
	assert_int_equal(bootinfo_parse_multiboot2(&mem, INFO, &info), -EINVAL);
	put32(INFO, mb2_at - INFO);
	put32(INFO + 12, 0x7fffffff); // a tag longer than all
	assert_int_equal(bootinfo_parse_multiboot2(&mem, INFO, &info), -EINVAL);
	put32(INFO + 12, 7);
	assert_int_equal(bootinfo_parse_multiboot2(&mem, INFO, &info), -EINVAL);
}

// Against a bitmap: any map gives sorted, disjoint, non-empty ranges that say exactly the same.
static void random_maps_agree_with_a_bitmap(void **state)
{
	for (unsigned round = 0; round < 2000; round++) {
		enum { NOTHING, RAM, OTHER } pages[64] = { 0 };
		unsigned n = 1 + host_random_below(20);
		pvh_begin();
		for (unsigned i = 0; i < n; i++) {
			unsigned start = host_random_below(64), len = host_random_below(65 - start);
			bool ram = host_random_below(3) != 0;
			pvh_range(start * 4096ull, len * 4096ull, ram ? 1 : 2);
			for (unsigned p = start; p < start + len; p++)
				pages[p] = !ram ? OTHER : pages[p] == OTHER ? OTHER : RAM;
		}
		unsigned ram_pages = 0;
		for (unsigned p = 0; p < 64; p++)
			ram_pages += pages[p] == RAM;
		assert_int_equal(pvh_parse(), ram_pages ? 0 : -EINVAL);
		for (unsigned p = 0; p < 64; p++)
			assert_int_equal(bootinfo_is_ram(&info, p * 4096ull, 4096),
					 pages[p] == RAM);
		for (unsigned i = 0; i < info.ram_ranges; i++) {
			assert_true(info.ram[i].size_bytes > 0);
			if (i > 0)
				assert_true(info.ram[i].start_pa >
					    info.ram[i - 1].start_pa + info.ram[i - 1].size_bytes);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pvh_reads_everything),
		cmocka_unit_test(pvh_refuses_what_is_not_it),
		cmocka_unit_test(no_ram_is_an_error),
		cmocka_unit_test(strange_entries_are_skipped),
		cmocka_unit_test(overlaps_are_merged_and_others_win),
		cmocka_unit_test(the_smallest_ranges_are_left_out),
		cmocka_unit_test(long_command_lines_are_cut),
		cmocka_unit_test(modules_that_make_no_sense_are_none),
		cmocka_unit_test(multiboot2_reads_everything),
		cmocka_unit_test(multiboot2_refuses_damage),
		cmocka_unit_test(random_maps_agree_with_a_bitmap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
