// The kernel's random numbers: ChaCha20 keyed from RDSEED/RDRAND, time stamp jitter and whatever
// drivers add (virtio-rng), or from ouro.seed= alone, which makes a run repeatable. Any context.
#pragma once

#include "lib/compiler.h"

// First key; cheap. Called once before anything asks. |seed| NULL: from the hardware.
void random_init(const char *seed);
// Mixes more entropy in (device drivers, interrupt times). Ignored when a seed was given.
void random_add(const void *bytes, size_t n);
void random_bytes(void *out, size_t n);
uint64_t random_u64(void);
