// sources: kernel/proc/sigframe.c tests/unit/sigframe_host.c tests/unit/shim/host_seam.c
// The layout of signal frames, with the host's own kernel as the oracle for where things go.

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/base/fpu.h"
#include "kernel/proc/sigframe.h"
#include "tests/unit/shim/host_seam.h"
#include "tests/unit/sigframe_host.h"

#define XSAVE_BYTES 832u // x87, SSE and AVX

static uint64_t features = 7;

unsigned fpu_area_bytes(void)
{
	return features ? XSAVE_BYTES : FXSAVE_BYTES;
}

uint64_t fpu_features(void)
{
	return features;
}

uint32_t fpu_mxcsr_mask(void)
{
	return 0xffff;
}

void fpu_init_area(void *area)
{
	memset(area, 0, fpu_area_bytes());
}

static void keeps_its_promises(void **state)
{
	struct sig_altstack alt = { .sp = 0x10000, .bytes = 0x8000 };
	struct sigframe_place at;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t sp = 0x7000000000 + host_random_below(1 << 20);
		size_t fpu = 512 + host_random_below(3000);
		bool want = i & 1, fits;

		if (i % 7 == 0)
			sp = alt.sp + 1 + host_random_below(alt.bytes);
		fits = sigframe_place(&at, sp, &alt, want, fpu);
		if (!fits) {
			assert_true(i % 7 == 0); // only on the alternate stack itself
			continue;
		}
		assert_int_equal((at.frame + 8) % 16, 0);
		assert_int_equal(at.fpstate % 64, 0);
		assert_true(at.frame + sizeof(struct rt_sigframe) <= at.fpstate);
		if (want || i % 7 == 0)
			assert_in_range(at.frame, alt.sp, alt.sp + alt.bytes);
		else
			assert_true(at.fpstate + fpu <= sp - 128);
	}
}

static void refuses_an_overflowing_altstack(void **state)
{
	struct sig_altstack alt = { .sp = 0x10000, .bytes = 1200 };
	struct sigframe_place at;

	(void)state;
	assert_false(sigframe_place(&at, 0x70000000, &alt, true, 832));
	assert_true(sigframe_place(&at, 0x70000000, &alt, false, 832));
	alt.bytes = 2048;
	assert_true(sigframe_place(&at, 0x70000000, &alt, true, 832));
	// Nested: already on it, near its end.
	assert_false(sigframe_place(&at, alt.sp + 600, &alt, true, 832));
	// SS_AUTODISARM: the old contents do not count, each signal starts at its top.
	alt.flags = SS_AUTODISARM;
	assert_true(sigframe_place(&at, alt.sp + 600, &alt, true, 832));
}

// Raises a signal on the host and compares where its kernel put the frame.
static void matches_the_host(void **state)
{
	struct host_frame h;
	struct sig_altstack alt = { 0 };
	struct sigframe_place at;

	(void)state;
	for (int on_alt = 0; on_alt < 2; on_alt++) {
		host_take_signal(&h, on_alt);
		alt.sp = h.alt_sp;
		alt.bytes = h.alt_bytes;
		assert_true(sigframe_place(&at, h.interrupted_sp, &alt, on_alt, h.fpu_bytes));
		assert_int_equal(at.frame, h.frame);
		assert_int_equal(at.fpstate, h.fpstate);
	}
}

static void copies_all_registers(void **state)
{
	struct pt_regs regs, back;
	struct sigcontext sc;
	uint64_t *w = (uint64_t *)&regs;

	(void)state;
	for (size_t i = 0; i < sizeof(regs) / 8; i++)
		w[i] = 0x1000 + i;
	regs.cs = 0x33;
	regs.ss = 0x2b;
	regs.rflags = 0x246;
	memset(&sc, 0xee, sizeof(sc));
	sigframe_save_regs(&sc, &regs);
	assert_int_equal(sc.rip, regs.rip);
	assert_int_equal(sc.rsp, regs.rsp);
	back = regs;
	memset(&back, 0, offsetof(struct pt_regs, orig_rax));
	back.rip = back.rsp = 0;
	sigframe_restore_regs(&sc, &back);
	assert_int_equal((int64_t)back.orig_rax, -1);
	back.orig_rax = regs.orig_rax;
	assert_memory_equal(&back, &regs, sizeof(regs));
}

static void guards_the_flags(void **state)
{
	struct pt_regs regs = { .rflags = 0x202 };
	struct sigcontext sc = { .eflags = ~0ull, .cs = 0, .ss = 0 };

	(void)state;
	sigframe_restore_regs(&sc, &regs);
	assert_int_equal(regs.cs, 0x33);
	assert_int_equal(regs.ss, 0x2b);
	// Neither the I/O privilege level, nor NT, nor virtual modes; interrupts stay on.
	assert_int_equal(regs.rflags, 0x202 | 0x50dd5);
	sc.eflags = 0;
	sigframe_restore_regs(&sc, &regs);
	assert_int_equal(regs.rflags, 0x202);
}

static void imports_what_it_exported(void **state)
{
	_Alignas(64) unsigned char area[XSAVE_BYTES + 64], image[XSAVE_BYTES + 64];
	struct _xstate *x = (struct _xstate *)image;

	(void)state;
	memset(image, 0, sizeof(image));
	image[600 + 100] = 0x5a; // some AVX state
	x->xstate_hdr.xfeatures = 4;
	sigframe_fpu_finish(image);
	assert_int_equal(sigframe_fpu_bytes(), XSAVE_BYTES + 4);
	assert_int_equal(x->fpstate.sw_reserved.magic1, FP_XSTATE_MAGIC1);
	assert_int_equal(x->fpstate.sw_reserved.extended_size, XSAVE_BYTES + 4);
	assert_int_equal(x->fpstate.sw_reserved.xstate_size, XSAVE_BYTES);
	assert_int_equal(x->xstate_hdr.xfeatures, 7);
	assert_int_equal(sigframe_fpu_import(area, image, sigframe_fpu_bytes()), 0);
	assert_memory_equal(area, image, XSAVE_BYTES);
	// A broken end mark: FXSAVE data only.
	image[XSAVE_BYTES] ^= 1;
	assert_int_equal(sigframe_fpu_import(area, image, sigframe_fpu_bytes()), 0);
	assert_int_equal(area[700], 0);
	assert_int_equal(((struct _xstate *)area)->xstate_hdr.xfeatures, 3);
	image[XSAVE_BYTES] ^= 1;
	// What XRSTOR would refuse.
	x->xstate_hdr.reserved2[1] = 1;
	assert_int_equal(sigframe_fpu_import(area, image, sigframe_fpu_bytes()), -EINVAL);
	x->xstate_hdr.reserved2[1] = 0;
	x->xstate_hdr.xfeatures |= 1ull << 9;
	assert_int_equal(sigframe_fpu_import(area, image, sigframe_fpu_bytes()), -EINVAL);
	x->xstate_hdr.xfeatures = 7;
	x->fpstate.mxcsr = 1u << 20;
	assert_int_equal(sigframe_fpu_import(area, image, sigframe_fpu_bytes()), -EINVAL);
}

static void works_without_xsave(void **state)
{
	_Alignas(64) unsigned char area[FXSAVE_BYTES], image[FXSAVE_BYTES] = { 0x7f, 3 };

	(void)state;
	features = 0;
	sigframe_fpu_finish(image);
	assert_int_equal(sigframe_fpu_bytes(), FXSAVE_BYTES);
	assert_int_equal(sigframe_fpu_import(area, image, sizeof(image)), 0);
	assert_memory_equal(area, image, sizeof(area));
	features = 7;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_its_promises),
		cmocka_unit_test(refuses_an_overflowing_altstack),
		cmocka_unit_test(matches_the_host),
		cmocka_unit_test(copies_all_registers),
		cmocka_unit_test(guards_the_flags),
		cmocka_unit_test(imports_what_it_exported),
		cmocka_unit_test(works_without_xsave),
	};

	return cmocka_run_group_tests_name("sigframe", tests, NULL, NULL);
}
