// First C: copies what the loader left into struct bootinfo, checks that the machine can run the
// kernel and that kernel and initramfs lie in RAM, and goes on to kernel/init. Until mm/phys takes
// over, 2 MiB entries are added to the boot direct map for what is read here.
#include "boot/start.h"

#include "boot/bootinfo.h"
#include "drivers/power.h"
#include "kernel/base/boottables.h"
#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/earlycon.h"
#include "kernel/base/sections.h"
#include "kernel/init/main.h"
#include "lib/fmt.h"
#include "lib/image.h"

static struct bootinfo bootinfo;

// The ouro command finds the slot by its magic and patches it (lib/image.h).
const volatile struct image_slot boot_image_slot = { .magic = IMAGE_SLOT_MAGIC };

static void __noreturn refuse(const char *why)
{
	earlycon_write("ouro: ");
	earlycon_write(why);
	earlycon_write("\n");
	power_off();
}

// The boot direct map reaches 1 GiB: every loader leaves its data well below.
static const void *map_boot_data(void *arg, uint64_t pa, uint64_t bytes)
{
	if (bytes > GIGA_SIZE || pa > GIGA_SIZE - bytes)
		return NULL;
	for (uint64_t at = ALIGN_DOWN(pa, HUGE_SIZE); at < pa + bytes; at += HUGE_SIZE) {
		uint64_t *entry = &boot_pd_physmap[at >> HUGE_SHIFT];
		if (*entry == 0)
			*entry = at | BOOT_PDE_RAM;
	}
	return (const void *)(BOOT_PHYSMAP_BASE + pa);
}

static void read_loader(enum boot_protocol protocol, uint32_t info_pa)
{
	static const struct bootinfo_memory mem = { .map = map_boot_data };
	int err = protocol == BOOT_PVH ? bootinfo_parse_pvh(&mem, info_pa, &bootinfo)
				       : bootinfo_parse_multiboot2(&mem, info_pa, &bootinfo);
	if (err)
		refuse(protocol == BOOT_PVH ? "the PVH start info is not valid"
					    : "the multiboot2 information is not valid");
}

// A module of the loader wins over an image inside the kernel's own file.
static void find_image(void)
{
	if (bootinfo.initramfs.size_bytes || !boot_image_slot.start_pa)
		return;
	bootinfo.initramfs.start_pa = boot_image_slot.start_pa;
	bootinfo.initramfs.size_bytes = boot_image_slot.size_bytes;
}

// A loader that does not look at the memory map puts things where there is no RAM.
static __stack_guarded void check_in_ram(const char *what, uint64_t start_pa, uint64_t bytes)
{
	char why[160];
	if (bytes == 0 || bootinfo_is_ram(&bootinfo, start_pa, bytes))
		return;
	fmt_snprintf(
		why, sizeof(why),
		"not enough memory: %s at 0x%lx to 0x%lx is not all in RAM; give the machine more",
		what, start_pa, start_pa + bytes);
	refuse(why);
}

static void check_image_clear_of_kernel(void)
{
	const struct boot_range *i = &bootinfo.initramfs;
	pa_t start = kernel_sym_pa(__kernel_start), end = kernel_sym_pa(__kernel_end);
	if (i->size_bytes && i->start_pa < end && i->start_pa + i->size_bytes > start)
		refuse("not enough memory: the loader put the initramfs over the kernel");
	if (!IS_ALIGNED(i->start_pa, PAGE_SIZE))
		refuse("the initramfs is not page aligned");
}

void boot_main(enum boot_protocol protocol, uint32_t info_pa)
{
	const char *lacks = cpufeat_init();
	if (lacks) {
		char why[96];
		fmt_snprintf(why, sizeof(why), "the kernel cannot run here: this CPU lacks %s",
			     lacks);
		refuse(why);
	}
	read_loader(protocol, info_pa);
	find_image();
	pa_t kernel_pa = kernel_sym_pa(__kernel_start);
	check_in_ram("the kernel", kernel_pa, kernel_sym_pa(__kernel_end) - kernel_pa);
	check_in_ram("the initramfs", bootinfo.initramfs.start_pa, bootinfo.initramfs.size_bytes);
	check_image_clear_of_kernel();
	kernel_main(&bootinfo);
}
