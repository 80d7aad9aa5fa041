// What the boot protocols (PVH, multiboot2) tell the kernel, in one form. Filled by boot/bootinfo.c
// from untrusted bytes before any memory is handed out; everything in it is a copy.
#pragma once

#include "lib/compiler.h"

#define BOOTINFO_MAX_RANGES    64
#define BOOTINFO_CMDLINE_BYTES 4096

enum boot_protocol { BOOT_PVH, BOOT_MULTIBOOT2 };

struct boot_range {
	uint64_t start_pa; // byte address, as given (not page aligned)
	uint64_t size_bytes;
};

struct bootinfo {
	enum boot_protocol protocol;
	unsigned ram_ranges; // usable RAM, sorted, not overlapping, no empty ones
	struct boot_range ram[BOOTINFO_MAX_RANGES];
	struct boot_range initramfs; // size 0: none given
	uint64_t rsdp_pa;            // 0: none given
	unsigned rsdp_bytes;         // multiboot2 hands over a copy of the RSDP instead: 20 or 36
	uint8_t rsdp[36];
	bool cmdline_truncated;
	char cmdline[BOOTINFO_CMDLINE_BYTES];
};
