// FPU, SSE and AVX state of user threads: saved and restored eagerly by the context switch. The
// kernel itself never uses these registers but to clear and copy pages (clearpage.S). Areas are
// XSAVE images in the standard (not compacted) format, or FXSAVE images where the CPU has no XSAVE;
// they are 64-byte aligned.
#pragma once

#include "lib/compiler.h"

// For clearpage.S: AVX is there. Set by fpu_init.
extern bool cpu_has_wide_stores;
// The XCR0 bits in use (always with 3, x87 and SSE); 0 without XSAVE. Read-only after fpu_init.
extern uint32_t fpu_xsave_mask;
// Sets XCR0 of the boot CPU, after cpufeat_init; then the same value on each further CPU.
void fpu_init(void);
void fpu_init_cpu(void);
// Bytes of an area: 512 without XSAVE, else up to about 2,700.
unsigned fpu_area_bytes(void);
// fpu_xsave_mask, for those above.
uint64_t fpu_features(void);
// MXCSR bits that a program may set; others make a restore fault.
uint32_t fpu_mxcsr_mask(void);
// Makes |area| the state that a program starts with.
void fpu_init_area(void *area);
// Registers to |area| and back. fpu_restore does not check: a program's own bytes must have been
// validated (XSTATE_BV within fpu_features(), rest of the XSAVE header zero, MXCSR in the mask).
void fpu_save(void *area);
void fpu_restore(const void *area);
