// The two boot protocols' structures, read with suspicion. No state.
#include "boot/bootinfo.h"

#include <asm-generic/errno-base.h>

#include "lib/checked.h"
#include "lib/string.h"

#define MAX_PA (1ull << 52) // no x86 CPU has more physical address bits

// ---- memory map: a sorted set of RAM ranges ----

static uint64_t range_end(const struct boot_range *r)
{
	return r->start_pa + r->size_bytes;
}

static void remove_at(struct bootinfo *b, unsigned i)
{
	b->ram_ranges--;
	memmove(&b->ram[i], &b->ram[i + 1], (b->ram_ranges - i) * sizeof(b->ram[0]));
}

// A full table loses its smallest range, which may be the new one.
static bool make_room(struct bootinfo *b, uint64_t new_bytes)
{
	if (b->ram_ranges < BOOTINFO_MAX_RANGES)
		return true;
	unsigned smallest = 0;
	for (unsigned i = 1; i < b->ram_ranges; i++)
		if (b->ram[i].size_bytes < b->ram[smallest].size_bytes)
			smallest = i;
	if (b->ram[smallest].size_bytes >= new_bytes)
		return false;
	remove_at(b, smallest);
	return true;
}

static void insert_range(struct bootinfo *b, uint64_t start, uint64_t end)
{
	if (!make_room(b, end - start))
		return;
	unsigned i = 0;
	while (i < b->ram_ranges && b->ram[i].start_pa < start)
		i++;
	memmove(&b->ram[i + 1], &b->ram[i], (b->ram_ranges - i) * sizeof(b->ram[0]));
	b->ram[i] = (struct boot_range){ start, end - start };
	b->ram_ranges++;
}

// Adds [start, end), swallowing every range that it touches.
static void add_ram(struct bootinfo *b, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < b->ram_ranges;) {
		struct boot_range *r = &b->ram[i];
		if (r->start_pa > end || range_end(r) < start) {
			i++;
			continue;
		}
		start = MIN(start, r->start_pa);
		end = MAX(end, range_end(r));
		remove_at(b, i);
	}
	insert_range(b, start, end);
}

static void remove_ram(struct bootinfo *b, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < b->ram_ranges; i++) {
		struct boot_range r = b->ram[i];
		if (r.start_pa >= end || range_end(&r) <= start)
			continue;
		remove_at(b, i);
		if (r.start_pa < start)
			insert_range(b, r.start_pa, start);
		if (range_end(&r) > end)
			insert_range(b, end, range_end(&r));
		i = -1u; // the table has changed: look again from the start
	}
}

// One entry of either protocol's map. Empty entries say nothing; sizes that wrap are cut.
#define MAP_RAM 1
static void apply_map_entry(struct bootinfo *b, uint64_t start, uint64_t bytes, uint32_t type,
			    bool want_ram)
{
	uint64_t end;
	if (bytes == 0 || start >= MAX_PA || want_ram != (type == MAP_RAM))
		return;
	if (!checked_add_u64(start, bytes, &end) || end > MAX_PA)
		end = MAX_PA;
	if (want_ram)
		add_ram(b, start, end);
	else
		remove_ram(b, start, end);
}

bool bootinfo_is_ram(const struct bootinfo *info, uint64_t start_pa, uint64_t size_bytes)
{
	for (unsigned i = 0; i < info->ram_ranges; i++) {
		const struct boot_range *r = &info->ram[i];
		if (start_pa >= r->start_pa && size_bytes <= r->size_bytes &&
		    start_pa - r->start_pa <= r->size_bytes - size_bytes)
			return true;
	}
	return false;
}

// ---- pieces that both protocols have ----

static const void *map(const struct bootinfo_memory *mem, uint64_t pa, uint64_t bytes)
{
	uint64_t end;
	if (pa == 0 || bytes == 0 || !checked_add_u64(pa, bytes, &end) || end > MAX_PA)
		return NULL;
	return mem->map(mem->arg, pa, bytes);
}

static void copy_cmdline(struct bootinfo *out, const char *text, size_t max)
{
	size_t n = strnlen(text, MIN(max, (size_t)BOOTINFO_CMDLINE_BYTES));
	if (n == BOOTINFO_CMDLINE_BYTES) {
		n--;
		out->cmdline_truncated = true;
	}
	memcpy(out->cmdline, text, n);
	out->cmdline[n] = '\0';
}

// The fields, not the 4 KiB of text.
static void reset(struct bootinfo *out, enum boot_protocol protocol)
{
	out->protocol = protocol;
	out->ram_ranges = 0;
	out->initramfs = (struct boot_range){ 0 };
	out->rsdp_pa = 0;
	out->rsdp_bytes = 0;
	out->cmdline_truncated = false;
	out->cmdline[0] = '\0';
}

static void set_initramfs(struct bootinfo *out, uint64_t start, uint64_t bytes)
{
	uint64_t end;
	if (bytes && start && checked_add_u64(start, bytes, &end) && end <= MAX_PA)
		out->initramfs = (struct boot_range){ start, bytes };
}

// ---- PVH ----

#define PVH_MAGIC    0x336ec578u
#define PVH_MAX_MAP  4096u
#define PVH_BYTES_V0 40 // before the memory map was added

struct pvh_start_info {
	uint32_t magic, version, flags, modules;
	uint64_t modlist_pa, cmdline_pa, rsdp_pa;
	uint64_t memmap_pa; // version 1
	uint32_t memmap_entries, reserved;
};
struct pvh_module {
	uint64_t start_pa, size_bytes, cmdline_pa, reserved;
};
struct pvh_map_entry {
	uint64_t start_pa, size_bytes;
	uint32_t type, reserved;
};

// Finds the end byte by byte of pages, so that nothing behind the text need be mapped.
static void pvh_cmdline(const struct bootinfo_memory *mem, uint64_t pa, struct bootinfo *out)
{
	size_t bytes = 0;
	const char *text = NULL;
	while (bytes < BOOTINFO_CMDLINE_BYTES) {
		size_t more = 4096 - ((pa + bytes) & 4095);
		const char *t = map(mem, pa, bytes + more);
		if (!t)
			break;
		text = t;
		bytes += more;
		if (memchr(text + bytes - more, '\0', more))
			break;
	}
	if (text)
		copy_cmdline(out, text, bytes);
}

static void pvh_first_module(const struct bootinfo_memory *mem, const struct pvh_start_info *info,
			     struct bootinfo *out)
{
	struct pvh_module m;
	const void *p = info->modules ? map(mem, info->modlist_pa, sizeof(m)) : NULL;
	if (!p)
		return;
	memcpy(&m, p, sizeof(m));
	set_initramfs(out, m.start_pa, m.size_bytes);
}

static int pvh_memory_map(const struct bootinfo_memory *mem, const struct pvh_start_info *info,
			  struct bootinfo *out)
{
	uint32_t n = info->memmap_entries;
	if (info->version < 1 || n == 0 || n > PVH_MAX_MAP)
		return -EINVAL;
	const struct pvh_map_entry *map_bytes =
		map(mem, info->memmap_pa, (uint64_t)n * sizeof(struct pvh_map_entry));
	if (!map_bytes)
		return -EINVAL;
	// RAM first: whatever else the map claims then wins over it.
	for (unsigned pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < n; i++) {
			struct pvh_map_entry e;
			memcpy(&e, &map_bytes[i], sizeof(e));
			apply_map_entry(out, e.start_pa, e.size_bytes, e.type, pass == 0);
		}
	}
	return out->ram_ranges ? 0 : -EINVAL;
}

int bootinfo_parse_pvh(const struct bootinfo_memory *mem, uint64_t info_pa, struct bootinfo *out)
{
	struct pvh_start_info info = { 0 };
	reset(out, BOOT_PVH);
	const void *p = map(mem, info_pa, PVH_BYTES_V0);
	if (!p)
		return -EINVAL;
	memcpy(&info, p, PVH_BYTES_V0);
	if (info.magic != PVH_MAGIC)
		return -EINVAL;
	if (info.version >= 1) {
		p = map(mem, info_pa, sizeof(info));
		if (!p)
			return -EINVAL;
		memcpy(&info, p, sizeof(info));
	}
	out->rsdp_pa = info.rsdp_pa;
	pvh_cmdline(mem, info.cmdline_pa, out);
	pvh_first_module(mem, &info, out);
	return pvh_memory_map(mem, &info, out);
}

// ---- multiboot2 ----

#define MB2_MAX_BYTES (1u << 20)

enum mb2_tag_type {
	MB2_END = 0,
	MB2_CMDLINE = 1,
	MB2_MODULE = 3,
	MB2_MEMORY_MAP = 6,
	MB2_RSDP_OLD = 14,
	MB2_RSDP_NEW = 15,
};
struct mb2_tag {
	uint32_t type, bytes; // with these 8
};
struct mb2_map_header {
	uint32_t entry_bytes, entry_version;
};
struct mb2_map_entry {
	uint64_t start_pa, size_bytes;
	uint32_t type, reserved;
};

static void mb2_module(const uint8_t *body, size_t bytes, struct bootinfo *out)
{
	uint32_t limits[2]; // start, end
	if (bytes < sizeof(limits) || out->initramfs.size_bytes)
		return;
	memcpy(limits, body, sizeof(limits));
	if (limits[1] > limits[0])
		set_initramfs(out, limits[0], limits[1] - limits[0]);
}

static void mb2_memory_map(const uint8_t *body, size_t bytes, bool want_ram, struct bootinfo *out)
{
	struct mb2_map_header h;
	struct mb2_map_entry e;
	if (bytes < sizeof(h))
		return;
	memcpy(&h, body, sizeof(h));
	if (h.entry_bytes < sizeof(e))
		return;
	for (size_t at = sizeof(h); bytes - at >= h.entry_bytes; at += h.entry_bytes) {
		memcpy(&e, body + at, sizeof(e));
		apply_map_entry(out, e.start_pa, e.size_bytes, e.type, want_ram);
	}
}

// The newer RSDP wins; both are copies that lie in memory the map calls usable.
static void mb2_rsdp(const uint8_t *body, size_t bytes, struct bootinfo *out)
{
	bytes = MIN(bytes, sizeof(out->rsdp));
	if (bytes < out->rsdp_bytes)
		return;
	memcpy(out->rsdp, body, bytes);
	out->rsdp_bytes = bytes;
}

static void mb2_tag(uint32_t type, const uint8_t *body, size_t bytes, unsigned pass,
		    struct bootinfo *out)
{
	if (type == MB2_MEMORY_MAP)
		mb2_memory_map(body, bytes, pass == 0, out);
	if (pass != 0)
		return;
	if (type == MB2_CMDLINE)
		copy_cmdline(out, (const char *)body, bytes);
	else if (type == MB2_MODULE)
		mb2_module(body, bytes, out);
	else if (type == MB2_RSDP_OLD || type == MB2_RSDP_NEW)
		mb2_rsdp(body, bytes, out);
}

static int mb2_walk(const uint8_t *info, size_t total, unsigned pass, struct bootinfo *out)
{
	for (size_t at = 8; total - at >= sizeof(struct mb2_tag);) {
		struct mb2_tag t;
		memcpy(&t, info + at, sizeof(t));
		if (t.type == MB2_END)
			return 0;
		if (t.bytes < sizeof(t) || t.bytes > total - at)
			return -EINVAL;
		mb2_tag(t.type, info + at + sizeof(t), t.bytes - sizeof(t), pass, out);
		at += MIN(ALIGN_UP((size_t)t.bytes, 8), total - at);
	}
	return -EINVAL; // no end tag
}

__stack_guarded int bootinfo_parse_multiboot2(const struct bootinfo_memory *mem, uint64_t info_pa,
					      struct bootinfo *out)
{
	uint32_t total;
	reset(out, BOOT_MULTIBOOT2);
	const uint8_t *info = map(mem, info_pa, 8);
	if (!info)
		return -EINVAL;
	memcpy(&total, info, sizeof(total));
	if (total < 16 || total > MB2_MAX_BYTES)
		return -EINVAL;
	info = map(mem, info_pa, total);
	if (!info)
		return -EINVAL;
	for (unsigned pass = 0; pass < 2; pass++)
		if (mb2_walk(info, total, pass, out) != 0)
			return -EINVAL;
	return out->ram_ranges ? 0 : -EINVAL;
}
