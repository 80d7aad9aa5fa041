// The order of initialisation, and nothing else.
#include "kernel/init/main.h"

#include "drivers/power.h"
#include "kernel/base/cmdline.h"
#include "kernel/base/desc.h"
#include "kernel/base/earlycon.h"
#include "kernel/base/fpu.h"
#include "kernel/base/panic.h"
#include "kernel/init/trap.h"

static void end_after_panic(void)
{
	power_off();
}

void kernel_main(const struct bootinfo *info)
{
	static const struct panic_handlers handlers = { .end = end_after_panic };
	panic_set_handlers(&handlers);
	boot_set_cmdline(info->cmdline);
	desc_init();
	trap_init();
	fpu_init();
	earlycon_write("ouro: hello\n");
	power_off();
}
