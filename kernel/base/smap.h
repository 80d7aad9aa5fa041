// STAC and CLAC for assembly. Each site is a 3-byte NOP that boot/entry32.S turns into the
// instruction on CPUs with SMAP, before paging makes text read-only.
#pragma once

#define KERNEL_VMA_ASM 0xffffffff80000000

// clang-format off
.macro smap_site third_byte
.Lsmap_\@:
	.byte	0x0f, 0x1f, 0x00
	.pushsection .smap_sites, "a"
	.long	.Lsmap_\@ - KERNEL_VMA_ASM
	.long	\third_byte
	.popsection
.endm
.macro smap_clac
	smap_site 0xca
.endm
.macro smap_stac
	smap_site 0xcb
.endm
	// clang-format on
