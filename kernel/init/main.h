// Start of the kernel proper: the order in which the layers are initialised.
#pragma once

#include "lib/bootinfo.h"
#include "lib/compiler.h"

// On the boot stack, interrupts off; |info| stays valid. CPU features are known.
void __noreturn kernel_main(const struct bootinfo *info);
