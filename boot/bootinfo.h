// Reads what a boot protocol left in memory into struct bootinfo. Pure: every byte is reached
// through the caller's |map|, nothing is trusted, nothing is kept but copies.
#pragma once

#include "lib/bootinfo.h"
#include "lib/compiler.h"

// Makes [pa, pa + bytes) readable and returns its address, or NULL if that is not possible.
// |bytes| is at least 1 and the range does not wrap. The address stays valid.
struct bootinfo_memory {
	const void *(*map)(void *arg, uint64_t pa, uint64_t bytes);
	void *arg;
};

// Fill |out| from the structure at |info_pa|. 0, or -EINVAL if it is not what the protocol says (a
// wrong magic number, no memory map, no usable RAM); |out| is then not meaningful.
// RAM ranges come out sorted, merged and without what any other map entry claims; if there are more
// than BOOTINFO_MAX_RANGES, the smallest are left out.
// Specifications: Xen public/arch-x86/hvm/start_info.h; Multiboot2 2.0 section 3.6.
int __must_check bootinfo_parse_pvh(const struct bootinfo_memory *mem, uint64_t info_pa,
				    struct bootinfo *out);
int __must_check bootinfo_parse_multiboot2(const struct bootinfo_memory *mem, uint64_t info_pa,
					   struct bootinfo *out);

// True if all of [start_pa, start_pa + size_bytes) is usable RAM.
bool bootinfo_is_ram(const struct bootinfo *info, uint64_t start_pa, uint64_t size_bytes);
