// From the loader's hand to kernel/init.
#pragma once

#include "lib/bootinfo.h"
#include "lib/compiler.h"

// Called once by entry64.S on the boot stack, interrupts off. |info_pa|: the protocol's structure.
void __noreturn boot_main(enum boot_protocol protocol, uint32_t info_pa);
