// The .iso output: GRUB for BIOS and UEFI, the kernel by multiboot2, the initramfs as its module.
#pragma once

#include "tools/ouro/kernel_elf.h"
#include "tools/ouro/options.h"
#include "tools/ouro/pack.h"

int write_iso(const struct options *o, const struct kernel_file *k, const struct packed *p, int fd);
