// Whether KVM on this host really runs a plain guest at speed. /dev/kvm may exist and be unusable,
// or a thousand times too slow: so a tiny guest is started and timed.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PROBE_CPU "host" // the -cpu that a KVM machine gets

// Never takes longer than about 400 ms. |anew|: do not trust the answer of some minutes ago. |why|
// says what is wrong.
bool probe_kvm(const char *cpu, bool anew, char *why, size_t why_bytes);
