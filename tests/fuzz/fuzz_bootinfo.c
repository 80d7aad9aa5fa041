// sources: boot/bootinfo.c
// Any bytes as either protocol's structure: what comes out is sorted, disjoint and terminated.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "boot/bootinfo.h"

#define BASE 0x1000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static const void *map(void *arg, uint64_t pa, uint64_t bytes)
{
	const struct input *in = arg;
	assert(bytes > 0 && pa + bytes > pa);
	if (pa < BASE || pa - BASE > in->size || bytes > in->size - (pa - BASE))
		return NULL;
	return in->data + (pa - BASE);
}

static void check(const struct bootinfo *info)
{
	assert(info->ram_ranges > 0 && info->ram_ranges <= BOOTINFO_MAX_RANGES);
	for (unsigned i = 0; i < info->ram_ranges; i++) {
		const struct boot_range *r = &info->ram[i];
		assert(r->size_bytes > 0 && r->start_pa + r->size_bytes > r->start_pa);
		if (i > 0)
			assert(r->start_pa > r[-1].start_pa + r[-1].size_bytes);
	}
	assert(info->initramfs.start_pa + info->initramfs.size_bytes >= info->initramfs.start_pa);
	assert(memchr(info->cmdline, '\0', sizeof(info->cmdline)));
	assert(info->rsdp_bytes <= sizeof(info->rsdp));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bootinfo info;
	struct input in = { data, size };
	struct bootinfo_memory mem = { map, &in };

	if (bootinfo_parse_pvh(&mem, BASE, &info) == 0)
		check(&info);
	if (bootinfo_parse_multiboot2(&mem, BASE, &info) == 0)
		check(&info);
	return 0;
}
