// The virtio entropy source, where there is one: mixed into the kernel's random numbers once.
#pragma once

#include "lib/compiler.h"

// Asks the device for seed bytes and gives them to random_add. Waits a bounded time, polling; a
// missing or slow device is no error. Called when the CPU has no random instruction of its own.
void virtio_rng_seed(void);
