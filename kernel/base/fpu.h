// FPU, SSE and AVX state of user threads: saved and restored eagerly by the context switch. The
// kernel itself never uses these registers. Areas are XSAVE images in the standard (not compacted)
// format, or FXSAVE images where the CPU has no XSAVE.
#pragma once

#include "lib/compiler.h"

// Sets CR0, CR4 and XCR0 of this CPU. Once per CPU, after cpufeat_init.
void fpu_init(void);
// Bytes of an area (512 to about 2,700); areas are 64-byte aligned.
size_t fpu_area_bytes(void);
// The XCR0 bits in use (3 for x87 and SSE); 0 without XSAVE.
uint64_t fpu_xfeatures(void);
// Makes |area| the state that a program starts with.
void fpu_area_init(void *area);
// Registers to |area| and back. fpu_restore must get an area that fpu_area_init, fpu_save or
// fpu_area_from_frame made: it does not check.
void fpu_save(void *area);
void fpu_restore(const void *area);

// Signal frames. The frame's image is the area followed by Linux's 4-byte FP_XSTATE_MAGIC2 (only
// with XSAVE), with struct _fpx_sw_bytes at byte 464.
size_t fpu_frame_bytes(void);
// Fills the software-reserved bytes of an image that was copied from an area. |image| is at least
// fpu_frame_bytes() long.
void fpu_frame_finish(void *image);
// Turns what a program left in its frame into a restorable |area|: unknown XCR0 bits and reserved
// MXCSR bits are an error as for XRSTOR (-EINVAL; Linux then sends SIGSEGV). |bytes| of |image|
// are readable. A frame without the magic is taken as FXSAVE data only, as Linux does.
int __must_check fpu_area_from_frame(void *area, const void *image, size_t bytes);
