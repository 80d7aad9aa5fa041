// The frame that a signal handler finds on its stack: Linux's struct rt_sigframe (x86-64,
// arch/x86/include/asm/sigframe.h and kernel/signal_64.c of 6.18) with the floating point image
// above it. Pure but for the registers and memory it is given: layout and conversions only.
#pragma once

#include <linux/signal.h>

#include <asm/sigcontext.h>
#include <asm/ucontext.h>

#include "kernel/base/ptregs.h"
#include "kernel/base/types.h"
#include "kernel/proc/signal.h"

struct rt_sigframe {
	uint64_t pretcode; // where the handler returns to
	struct ucontext uc;
	siginfo_t info;
};
_Static_assert(sizeof(struct rt_sigframe) == 440, "Linux's size");
_Static_assert(sizeof(struct ucontext) == 304, "Linux's size");
_Static_assert(sizeof(struct sigcontext) == 256, "Linux's size");

#define SIGFRAME_RED_ZONE  128u
#define SIGFRAME_FPU_ALIGN 64u
#define SIGFRAME_ALIGN     16u
#define FXSAVE_BYTES       512u

// Where the parts go on the stack of a program whose stack pointer is |sp|.
struct sigframe_place {
	va_t frame;   // struct rt_sigframe; the handler's stack pointer
	va_t fpstate; // 64-byte aligned
};

// True if |sp| lies in the alternate stack (which SS_AUTODISARM hides).
bool sigframe_on_altstack(const struct sig_altstack *s, uint64_t sp);
// False: no room on the alternate stack, the frame cannot be made. |want_altstack| is SA_ONSTACK.
bool sigframe_place(struct sigframe_place *out, uint64_t sp, const struct sig_altstack *alt,
		    bool want_altstack, size_t fpu_bytes);
// Registers to a signal context and back (only what a program may change).
void sigframe_save_regs(struct sigcontext *sc, const struct pt_regs *regs);
void sigframe_restore_regs(const struct sigcontext *sc, struct pt_regs *regs);
// The floating point image of a frame: an area of fpu.h, with Linux's description in the bytes that
// the hardware leaves to software, and FP_XSTATE_MAGIC2 behind it (with XSAVE).
size_t sigframe_fpu_bytes(void);
// Makes such an image of |area|, in place (restoring it ignores what is added).
void sigframe_fpu_finish(void *area);
// Turns the |bytes| of |image| that a program left (at least FXSAVE_BYTES) into a restorable
// |area|. -EINVAL for what XRSTOR would refuse. Without the magic numbers it is FXSAVE data only.
int __must_check sigframe_fpu_import(void *area, const void *image, size_t bytes);

// The most stack that delivering a signal takes: AT_MINSIGSTKSZ.
uint64_t sigframe_max_bytes(void);
