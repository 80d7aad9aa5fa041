// FPU, SSE and AVX state. Which XCR0 bits are used is decided once; areas are in the standard
// format so that a program's signal frame is the area itself. SDM 1 chapter 13.
#include "kernel/base/fpu.h"

#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "lib/string.h"

#define FXSAVE_BYTES  512u
#define OFF_FCW       0
#define OFF_MXCSR     24
#define OFF_XSTATE_BV 512

#define XCR0_X87    (1u << 0)
#define XCR0_SSE    (1u << 1)
#define XCR0_AVX    (1u << 2)
#define XGETBV1     (1u << 2) // CPUID leaf 0xd, 1: XGETBV tells which state is in use
#define XCR0_AVX512 (7u << 5) // opmask, upper halves, upper registers: all or none

// Read-only after fpu_init on the boot CPU.
static struct {
	unsigned area_bytes;
	uint32_t mxcsr_mask;
} fpu = { .area_bytes = FXSAVE_BYTES, .mxcsr_mask = 0xffbf };

bool cpu_has_wide_stores;
uint32_t fpu_xsave_mask;

// Of what the CPU offers, what the kernel knows: other bits (MPX, PKU, AMX) stay off.
static uint32_t choose_xfeatures(uint64_t offered)
{
	uint32_t use = XCR0_X87 | XCR0_SSE;
	if (cpu_features.avx && (offered & XCR0_AVX))
		use |= XCR0_AVX;
	if ((use & XCR0_AVX) && cpu_features.avx512 && (offered & XCR0_AVX512) == XCR0_AVX512)
		use |= XCR0_AVX512;
	return use;
}

// SDM 1 11.6.6: 0 in the FXSAVE image means the default mask.
static void read_mxcsr_mask(void)
{
	static char image[FXSAVE_BYTES] __aligned_to(16);
	cpu_fxsave(image);
	uint32_t mask;
	memcpy(&mask, image + 28, sizeof(mask));
	if (mask)
		fpu.mxcsr_mask = mask;
}

__cold void fpu_init_cpu(void)
{
	cpu_fninit();
	cpu_load_mxcsr(0x1f80);
	if (fpu_xsave_mask)
		cpu_xsetbv(0, fpu_xsave_mask);
}

__cold void fpu_init(void)
{
	fpu_init_cpu();
	read_mxcsr_mask();
	if (!cpu_features.xsave)
		return;
	struct cpuid_regs r = cpu_cpuid(0xd, 0);
	fpu_xsave_mask = choose_xfeatures((uint64_t)r.edx << 32 | r.eax);
	cpu_xsetbv(0, fpu_xsave_mask);
	fpu.area_bytes = cpu_cpuid(0xd, 0).ebx; // for what XCR0 holds now
	cpu_has_wide_stores = (fpu_xsave_mask & XCR0_AVX) && (cpu_cpuid(0xd, 1).eax & XGETBV1);
}

unsigned fpu_area_bytes(void)
{
	return fpu.area_bytes;
}

uint64_t fpu_features(void)
{
	return fpu_xsave_mask;
}

__cold uint32_t fpu_mxcsr_mask(void)
{
	return fpu.mxcsr_mask;
}

void fpu_init_area(void *area)
{
	memset(area, 0, fpu.area_bytes);
	*(uint16_t *)((char *)area + OFF_FCW) = 0x37f;
	*(uint32_t *)((char *)area + OFF_MXCSR) = 0x1f80;
	// XSTATE_BV 0 would leave the registers' initial state to the CPU; FXRSTOR data is marked
	// present so that frames show Linux's values.
	if (fpu_xsave_mask)
		*(uint64_t *)((char *)area + OFF_XSTATE_BV) = XCR0_X87 | XCR0_SSE;
}

void fpu_save(void *area)
{
	if (fpu_xsave_mask)
		cpu_xsave(area, fpu_xsave_mask);
	else
		cpu_fxsave(area);
}

void fpu_restore(const void *area)
{
	if (fpu_xsave_mask)
		cpu_xrstor(area, fpu_xsave_mask);
	else
		cpu_fxrstor(area);
}
