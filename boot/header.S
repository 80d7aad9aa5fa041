/* What loaders look for: the multiboot2 header (GRUB) and the PVH note (QEMU -kernel, Firecracker,
 * cloud-hypervisor). Each names an entry label of its own. There is no multiboot1 header on
 * purpose: QEMU would prefer it to the note.
 * Multiboot2 specification 2.0, section 3.1; xen/include/public/elfnote.h. */

#define MULTIBOOT2_MAGIC 0xe85250d6
#define MULTIBOOT2_ARCH_I386 0

	.section .multiboot2, "a"
	.balign 8
header:
	.long	MULTIBOOT2_MAGIC
	.long	MULTIBOOT2_ARCH_I386
	.long	header_end - header
	.long	-(MULTIBOOT2_MAGIC + MULTIBOOT2_ARCH_I386 + (header_end - header))
	/* Entry address (the ELF entry point says the same; this wins). */
	.balign 8
	.short	3, 0
	.long	12
	.long	boot_entry_multiboot2
	/* Modules are page aligned: file pages are mapped in place. */
	.balign 8
	.short	6, 0
	.long	8
	.balign 8
	.short	0, 0
	.long	8
header_end:

	.section .note.Xen, "a", @note
	.balign 4
	.long	4			/* name bytes */
	.long	8			/* value bytes */
	.long	18			/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.quad	boot_entry_pvh
	.balign 4
