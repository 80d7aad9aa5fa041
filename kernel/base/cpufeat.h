// What this CPU can do, found once at boot, and the control registers that follow from it.
#pragma once

#include "lib/compiler.h"

struct cpu_features {
	bool smep, smap, umip, fsgsbase, pcid;
	bool xsave, xsaveopt, avx, avx512;
	bool rdrand, rdseed, rdtscp, gib_pages;
	bool invariant_tsc, hypervisor;
	uint32_t max_leaf, max_ext_leaf, max_hyp_leaf; // CPUID leaves beyond these are rubbish
	char hyp_vendor[13];                           // "KVMKVMKVM", "TCGTCGTCGTCG", "" if none
	unsigned phys_bits;                            // width of a physical address
	uint32_t family_model_stepping;                // CPUID leaf 1 EAX
	uint32_t hwcap; // CPUID leaf 1 EDX, AT_HWCAP as Linux gives it
};
// Read-only after cpufeat_init.
extern struct cpu_features cpu_features;

// Fills cpu_features and sets CR0, CR4 and EFER of the boot CPU. Returns NULL, or the name of a
// feature that the kernel cannot do without and this CPU lacks.
const char *__must_check cpufeat_init(void);
// A further CPU: the same control registers. All CPUs are taken to be alike.
void cpufeat_init_cpu(void);
