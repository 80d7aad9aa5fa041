// Layout of signal frames. See sigframe.h.

#include "kernel/proc/sigframe.h"

#include <asm/errno.h>

#include "kernel/base/desc.h"
#include "kernel/base/fpu.h"
#include "lib/string.h"

// What a handler may change in the flags: Linux's FIX_EFLAGS (AC RF OF DF TF SF ZF AF PF CF; SDM
// vol. 1, 3.4.3).
#define RFLAGS_PROGRAMS 0x50dd5ull

// The padding that aligning may cost, as Linux counts it.
#define MAX_FRAME_PADDING (SIGFRAME_ALIGN - 1)
#define MAX_FPU_PADDING   (SIGFRAME_FPU_ALIGN - 1)

static bool inside_altstack(const struct sig_altstack *s, uint64_t sp)
{
	return sp > s->sp && sp - s->sp <= s->bytes;
}

bool sigframe_on_altstack(const struct sig_altstack *s, uint64_t sp)
{
	return !(s->flags & SS_AUTODISARM) && inside_altstack(s, sp);
}

bool sigframe_place(struct sigframe_place *out, uint64_t sp, const struct sig_altstack *alt,
		    bool want_altstack, size_t fpu_bytes)
{
	bool nested = sigframe_on_altstack(alt, sp), entering = false;

	sp -= SIGFRAME_RED_ZONE;
	if (want_altstack && alt->bytes && !sigframe_on_altstack(alt, sp)) {
		sp = alt->sp + alt->bytes;
		entering = true;
	}
	sp = ALIGN_DOWN(sp - fpu_bytes, SIGFRAME_FPU_ALIGN);
	out->fpstate = sp;
	// As if a call had pushed the return address: sp + 8 is a multiple of 16.
	sp = ALIGN_DOWN(sp - sizeof(struct rt_sigframe), SIGFRAME_ALIGN) - 8;
	out->frame = sp;
	return !(nested || entering) || inside_altstack(alt, sp);
}

void sigframe_save_regs(struct sigcontext *sc, const struct pt_regs *regs)
{
	sc->r8 = regs->r8;
	sc->r9 = regs->r9;
	sc->r10 = regs->r10;
	sc->r11 = regs->r11;
	sc->r12 = regs->r12;
	sc->r13 = regs->r13;
	sc->r14 = regs->r14;
	sc->r15 = regs->r15;
	sc->rdi = regs->rdi;
	sc->rsi = regs->rsi;
	sc->rbp = regs->rbp;
	sc->rbx = regs->rbx;
	sc->rdx = regs->rdx;
	sc->rax = regs->rax;
	sc->rcx = regs->rcx;
	sc->rsp = regs->rsp;
	sc->rip = regs->rip;
	sc->eflags = regs->rflags;
	sc->cs = (uint16_t)regs->cs;
	sc->ss = (uint16_t)regs->ss;
	sc->gs = sc->fs = 0;
}

void sigframe_restore_regs(const struct sigcontext *sc, struct pt_regs *regs)
{
	regs->r8 = sc->r8;
	regs->r9 = sc->r9;
	regs->r10 = sc->r10;
	regs->r11 = sc->r11;
	regs->r12 = sc->r12;
	regs->r13 = sc->r13;
	regs->r14 = sc->r14;
	regs->r15 = sc->r15;
	regs->rdi = sc->rdi;
	regs->rsi = sc->rsi;
	regs->rbp = sc->rbp;
	regs->rbx = sc->rbx;
	regs->rdx = sc->rdx;
	regs->rax = sc->rax;
	regs->rcx = sc->rcx;
	regs->rsp = sc->rsp;
	regs->rip = sc->rip;
	regs->rflags = (regs->rflags & ~RFLAGS_PROGRAMS) | (sc->eflags & RFLAGS_PROGRAMS);
	// There is no other code segment than the 64-bit one; a frame cannot ask for another.
	regs->cs = SEL_USER_CS;
	regs->ss = SEL_USER_DS;
	regs->orig_rax = (uint64_t)-1;
}

_Static_assert(sizeof(struct _fpstate_64) == FXSAVE_BYTES, "the hardware's size");

#define XSTATE_FPSSE 3ull // x87 and SSE

size_t sigframe_fpu_bytes(void)
{
	return fpu_area_bytes() + (fpu_features() ? FP_XSTATE_MAGIC2_SIZE : 0);
}

void sigframe_fpu_finish(void *area)
{
	struct _xstate *x = area;
	struct _fpx_sw_bytes *sw = &x->fpstate.sw_reserved;
	uint32_t magic2 = FP_XSTATE_MAGIC2;

	if (!fpu_features())
		return;
	memset(sw, 0, sizeof(*sw));
	sw->magic1 = FP_XSTATE_MAGIC1;
	sw->extended_size = (uint32_t)sigframe_fpu_bytes();
	sw->xfeatures = fpu_features();
	sw->xstate_size = fpu_area_bytes();
	// Programs that know only FXSAVE change these two parts without setting their bits.
	x->xstate_hdr.xfeatures |= XSTATE_FPSSE;
	memcpy((char *)area + fpu_area_bytes(), &magic2, sizeof(magic2));
}

// True if the image is a whole XSAVE area of ours.
static bool has_xstate(const struct _xstate *x, size_t bytes)
{
	const struct _fpx_sw_bytes *sw = &x->fpstate.sw_reserved;
	uint32_t magic2;

	if (!fpu_features() || bytes < sigframe_fpu_bytes() || sw->magic1 != FP_XSTATE_MAGIC1 ||
	    sw->xstate_size < sizeof(struct _fpstate_64) + sizeof(struct _header) ||
	    sw->xstate_size > fpu_area_bytes() || sw->xstate_size > sw->extended_size)
		return false;
	memcpy(&magic2, (const char *)x + sw->xstate_size, sizeof(magic2));
	return magic2 == FP_XSTATE_MAGIC2;
}

int sigframe_fpu_import(void *area, const void *image, size_t bytes)
{
	const struct _xstate *from = image;
	struct _xstate *to = area;

	if (from->fpstate.mxcsr & ~fpu_mxcsr_mask())
		return -EINVAL;
	if (!has_xstate(from, bytes)) {
		fpu_init_area(area);
		memcpy(area, image, FXSAVE_BYTES);
		if (fpu_features())
			to->xstate_hdr.xfeatures |= XSTATE_FPSSE;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(from->xstate_hdr.reserved1); i++)
		if (from->xstate_hdr.reserved1[i])
			return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(from->xstate_hdr.reserved2); i++)
		if (from->xstate_hdr.reserved2[i])
			return -EINVAL;
	if (from->xstate_hdr.xfeatures & ~fpu_features())
		return -EINVAL;
	memcpy(area, image, from->fpstate.sw_reserved.xstate_size);
	to->xstate_hdr.xfeatures &= from->fpstate.sw_reserved.xfeatures;
	return 0;
}

uint64_t sigframe_max_bytes(void)
{
	uint64_t bytes = sizeof(struct rt_sigframe) + MAX_FRAME_PADDING + sigframe_fpu_bytes() +
			 MAX_FPU_PADDING;

	return ALIGN_UP(bytes, (uint64_t)SIGFRAME_ALIGN);
}
