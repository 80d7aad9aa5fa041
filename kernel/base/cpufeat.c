// CPU features: CPUID once at boot, then control registers. Read-only afterwards.
#include "kernel/base/cpufeat.h"

#include "kernel/base/cpu.h"
#include "lib/string.h"

struct cpu_features cpu_features;

// What the kernel and its programs use without asking (x86-64-v1's bits in CPUID leaf 1 EDX).
static const struct {
	uint8_t bit;
	const char *name;
} baseline[] = {
	{ 0, "an FPU" },  { 4, "a time stamp counter" },
	{ 5, "MSRs" },    { 8, "CMPXCHG8B" },
	{ 9, "an APIC" }, { 13, "global pages" },
	{ 15, "CMOV" },   { 24, "FXSAVE" },
	{ 25, "SSE" },    { 26, "SSE2" },
};

static const char *missing_baseline(uint32_t edx)
{
	for (unsigned i = 0; i < ARRAY_SIZE(baseline); i++)
		if (!(edx >> baseline[i].bit & 1))
			return baseline[i].name;
	return NULL;
}

// The hypervisor range of CPUID (0x40000000) exists only if leaf 1 says so.
static void read_hypervisor(struct cpu_features *f)
{
	struct cpuid_regs r = cpu_cpuid(0x40000000, 0);
	f->max_hyp_leaf = r.eax;
	memcpy(f->hyp_vendor, &r.ebx, 4);
	memcpy(f->hyp_vendor + 4, &r.ecx, 4);
	memcpy(f->hyp_vendor + 8, &r.edx, 4);
	// KVM before Linux 2.6.34 said 0.
	if (f->max_hyp_leaf == 0 && strncmp(f->hyp_vendor, "KVMKVMKVM", 9) == 0)
		f->max_hyp_leaf = 0x40000001;
}

static void read_leaf7(struct cpu_features *f)
{
	struct cpuid_regs r = cpu_cpuid(7, 0);
	f->fsgsbase = r.ebx & 1u << 0;
	f->smep = r.ebx & 1u << 7;
	f->avx512 = r.ebx & 1u << 16;
	f->rdseed = r.ebx & 1u << 18;
	f->smap = r.ebx & 1u << 20;
	f->umip = r.ecx & 1u << 2;
}

static void set_control_registers(const struct cpu_features *f)
{
	cpu_write_cr0((cpu_read_cr0() & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE | CR0_AM | CR0_WP);
	uint64_t cr4 = cpu_read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;
	cr4 |= f->smep ? CR4_SMEP : 0;
	cr4 |= f->smap ? CR4_SMAP : 0;
	cr4 |= f->umip ? CR4_UMIP : 0;
	cr4 |= f->fsgsbase ? CR4_FSGSBASE : 0;
	cr4 |= f->xsave ? CR4_OSXSAVE : 0;
	cpu_write_cr4(cr4);
}

void cpufeat_init_cpu(void)
{
	set_control_registers(&cpu_features);
}

const char *cpufeat_init(void)
{
	struct cpu_features *f = &cpu_features;
	f->max_leaf = cpu_cpuid(0, 0).eax;
	struct cpuid_regs r = cpu_cpuid(1, 0);
	const char *missing = missing_baseline(r.edx);
	if (missing)
		return missing;
	f->family_model_stepping = r.eax;
	f->hwcap = r.edx;
	f->pcid = r.ecx & 1u << 17;
	f->xsave = r.ecx & 1u << 26;
	f->avx = r.ecx & 1u << 28;
	f->rdrand = r.ecx & 1u << 30;
	f->hypervisor = r.ecx & 1u << 31;
	if (f->max_leaf >= 7)
		read_leaf7(f);
	// CPUID leaf 0xd describes the areas: XSAVE without it is no use.
	f->xsave = f->xsave && f->max_leaf >= 0xd;
	if (f->xsave)
		f->xsaveopt = cpu_cpuid(0xd, 1).eax & 1;
	f->max_ext_leaf = cpu_cpuid(0x80000000, 0).eax;
	r = cpu_cpuid(0x80000001, 0);
	if (!(r.edx & 1u << 11))
		return "SYSCALL";
	f->gib_pages = r.edx & 1u << 26;
	f->rdtscp = r.edx & 1u << 27;
	if (f->max_ext_leaf >= 0x80000007)
		f->invariant_tsc = cpu_cpuid(0x80000007, 0).edx & 1u << 8;
	f->phys_bits = f->max_ext_leaf >= 0x80000008 ? cpu_cpuid(0x80000008, 0).eax & 0xff : 36;
	if (f->hypervisor)
		read_hypervisor(f);
	set_control_registers(f);
	return NULL;
}
