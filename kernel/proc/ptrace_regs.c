// Registers of tracees: the user area, register sets, debug registers. Follows Linux's
// arch/x86/kernel/ptrace.c, fpu/regset.c and fpu/xstate.c (6.18).
//
// A tracee's registers may be touched while it is stopped, with its sighand lock held (ptrace.c).
// Debug registers are the CPU's only while the thread is in user mode or about to be: leaving the
// CPU turns them off and sets PENDING_NOTIFY, on the way back to user mode ptrace_load_debug()
// loads them. So the switch to a thread costs nothing for them.

#include <asm/errno.h>
#include <asm/prctl.h>
#include <linux/elf.h>
#include <linux/signal.h>

#include "kernel/base/cpu.h"
#include "kernel/base/desc.h"
#include "kernel/base/fpu.h"
#include "kernel/proc/ptrace_internal.h"
#include "kernel/proc/sigframe.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"

// Linux's struct user (arch/x86/include/asm/user_64.h): the offsets that PTRACE_PEEKUSR takes.
#define USER_BYTES     928u
#define USER_DEBUG     848u // u_debugreg[8]
#define USER_DEBUG_END 912u

// struct user_regs_struct: struct pt_regs and these.
enum {
	REG_ORIG_RAX = sizeof(struct pt_regs) / 8 - 6,
	REG_CS = REG_ORIG_RAX + 2,
	REG_FLAGS,
	REG_RSP,
	REG_SS,
	REG_FS_BASE,
	REG_GS_BASE,
	REG_DS, // ds, es, fs, gs: always 0, programs have no use for them
	REG_COUNT = REG_DS + 4,
};
_Static_assert(REG_COUNT == 27 && offsetof(struct pt_regs, ss) == REG_SS * 8, "Linux's layout");

#define RFLAGS_TRACER 0x54dd5ull // CF PF AF ZF SF TF DF OF NT RF AC: what a tracer may change
#define RFLAGS_RF     (1ull << 16)

#define DR6_STEP       (1ull << 14)
#define DR6_TRAPS      15ull
#define DR7_ENABLED    0xffull
#define DR7_RESERVED   0xffffffff0000fc00ull
#define DR_BREAKPOINTS 4u

// ---- general registers, with the sighand lock held

static uint64_t read_reg(const struct thread *t, unsigned reg)
{
	uint64_t v = reg <= REG_SS ? ((const uint64_t *)t->regs)[reg] : 0;

	if (reg == REG_FS_BASE)
		return t->fs_base;
	if (reg == REG_GS_BASE)
		return t->gs_base;
	if (reg == REG_FLAGS && t->uthread->trace->own_step)
		v &= ~RFLAGS_TF;
	return v;
}

// The trap flag of a step stays, whatever the tracer writes; one that it writes is the program's.
static void write_flags(struct thread *t, uint64_t v)
{
	struct tracee *tr = t->uthread->trace;

	if (v & RFLAGS_TF)
		tr->own_step = false;
	else if (tr->own_step)
		v |= RFLAGS_TF;
	t->regs->rflags = (t->regs->rflags & ~RFLAGS_TRACER) | (v & RFLAGS_TRACER);
}

static int write_reg(struct thread *t, unsigned reg, uint64_t v)
{
	switch (reg) {
	case REG_CS:
	case REG_SS:
	case REG_DS ... REG_COUNT - 1:
		// There are no other segments than those that programs start with.
		return v == read_reg(t, reg) ? 0 : -EIO;
	case REG_FS_BASE:
	case REG_GS_BASE:
		if (v >= USER_TOP)
			return -EIO;
		*(reg == REG_FS_BASE ? &t->fs_base : &t->gs_base) = v;
		return 0;
	case REG_FLAGS:
		write_flags(t, v);
		return 0;
	default:
		((uint64_t *)t->regs)[reg] = v;
		return 0;
	}
}

void ptrace_set_step(struct tracee *tr, bool on)
{
	struct pt_regs *regs = tr->thread->regs;

	if (on) {
		tr->work |= TRACE_STEP;
		if (!(regs->rflags & RFLAGS_TF))
			tr->own_step = true;
		regs->rflags |= RFLAGS_TF;
		return;
	}
	tr->work &= (uint8_t)~TRACE_STEP;
	if (tr->own_step)
		regs->rflags &= ~RFLAGS_TF;
	tr->own_step = false;
}

// ---- debug registers

static int write_debug_address(struct tracee *tr, unsigned n, uint64_t va)
{
	if (va >= USER_TOP)
		return -EINVAL;
	tr->debug[n] = va;
	return 0;
}

// Would Linux take this? Only aligned places of 1, 2, 4 or 8 bytes, and code bytes.
static bool breakpoint_ok(const struct tracee *tr, uint64_t dr7, unsigned n)
{
	unsigned type = dr7 >> (16 + 4 * n) & 3, len = dr7 >> (18 + 4 * n) & 3;
	static const uint8_t mask[] = { 0, 1, 7, 3 };

	if (!(dr7 >> 2 * n & 3))
		return true;
	if (type == 0)
		return len == 0;
	return type != 2 && !(tr->debug[n] & mask[len]);
}

static int write_debug_control(struct tracee *tr, uint64_t dr7)
{
	struct thread *t = tr->thread;

	dr7 &= ~DR7_RESERVED;
	for (unsigned n = 0; n < DR_BREAKPOINTS; n++)
		if (!breakpoint_ok(tr, dr7, n))
			return -EINVAL;
	tr->debug[7] = dr7;
	if (dr7 & DR7_ENABLED)
		t->notify_on_switch |= NOTIFY_DEBUG; // what the tracee does when it goes on
	else
		t->notify_on_switch &= (uint8_t)~NOTIFY_DEBUG;
	return 0;
}

static int write_debug(struct tracee *tr, unsigned n, uint64_t v)
{
	switch (n) {
	case 0 ... DR_BREAKPOINTS - 1:
		return write_debug_address(tr, n, v);
	case 6:
		tr->debug[6] = v ^ DR6_NONE;
		return 0;
	case 7:
		return write_debug_control(tr, v);
	default:
		return -EIO;
	}
}

void ptrace_load_debug(void)
{
	const struct tracee *tr = uthread_current()->trace;
	uint64_t irq = cpu_irq_save();

	cpu_write_dr0123(tr->debug);
	cpu_write_dr7(tr->debug[7] | DR7_OFF);
	cpu_irq_restore(irq);
}

void ptrace_drop_debug(void)
{
	struct thread *t = thread_current();
	struct tracee *tr = t->uthread->trace;

	if (!tr)
		return;
	t->notify_on_switch &= (uint8_t)~NOTIFY_DEBUG;
	memset(tr->debug, 0, sizeof(tr->debug));
	cpu_write_dr7(DR7_OFF);
}

void ptrace_debug_lost(void)
{
	struct thread *t = thread_current();

	if (t->notify_on_switch & NOTIFY_DEBUG)
		__atomic_fetch_or(&t->pending, PENDING_NOTIFY, __ATOMIC_RELAXED);
}

int ptrace_debug_trap(struct pt_regs *regs, uint64_t dr6)
{
	struct tracee *tr = uthread_current()->trace;

	if (!tr)
		return TRAP_TRACE;
	dr6 &= DR6_TRAPS | DR6_STEP;
	tr->debug[6] = dr6;
	for (unsigned n = 0; n < DR_BREAKPOINTS; n++)
		if (dr6 >> n & 1 && !(tr->debug[7] >> (16 + 4 * n) & 3))
			regs->rflags |= RFLAGS_RF; // past it, or it would trap for ever
	return dr6 & DR6_STEP || !(dr6 & DR6_TRAPS) ? TRAP_TRACE : TRAP_HWBKPT;
}

// ---- the user area

static bool user_offset_ok(uint64_t offset)
{
	return !(offset % sizeof(uint64_t)) && offset < USER_BYTES;
}

int64_t ptrace_peek_user(struct thread *t, uint64_t offset, struct uptr out)
{
	const struct tracee *tr = t->uthread->trace;
	uint64_t v = 0, n = (offset - USER_DEBUG) / 8, irq;

	if (!user_offset_ok(offset))
		return -EIO;
	irq = sighand_lock(t->process);
	if (offset < REG_COUNT * 8)
		v = read_reg(t, (unsigned)offset / 8);
	else if (offset >= USER_DEBUG && offset < USER_DEBUG_END)
		v = n == 6 ? tr->debug[6] ^ DR6_NONE : tr->debug[n];
	sighand_unlock(t->process, irq);
	return put_user(v, out);
}

int64_t ptrace_poke_user(struct thread *t, uint64_t offset, uint64_t value)
{
	struct tracee *tr = t->uthread->trace;
	int err = -EIO;
	uint64_t irq;

	if (!user_offset_ok(offset))
		return err;
	irq = sighand_lock(t->process);
	if (!tr->stopped)
		err = -ESRCH;
	else if (offset < REG_COUNT * 8)
		err = write_reg(t, (unsigned)offset / 8, value);
	else if (offset >= USER_DEBUG && offset < USER_DEBUG_END)
		err = write_debug(tr, (unsigned)(offset - USER_DEBUG) / 8, value);
	sighand_unlock(t->process, irq);
	return err;
}

// ---- register sets

static uint64_t general_bytes(void)
{
	return REG_COUNT * 8;
}

static int general_get(struct thread *t, void *buf)
{
	for (unsigned i = 0; i < REG_COUNT; i++)
		((uint64_t *)buf)[i] = read_reg(t, i);
	return 0;
}

static int general_set(struct thread *t, const void *buf, uint64_t bytes)
{
	int err = 0;

	for (unsigned i = 0; !err && i < bytes / 8; i++)
		err = write_reg(t, i, ((const uint64_t *)buf)[i]);
	return err;
}

static uint64_t legacy_bytes(void)
{
	return FXSAVE_BYTES;
}

static uint64_t xstate_bytes(void)
{
	return fpu_area_bytes();
}

// What the hardware leaves to software, which signal frames use, is zeros here.
static void clear_software_bytes(void *area)
{
	struct _fpx_sw_bytes *sw = &((struct _xstate *)area)->fpstate.sw_reserved;

	memset(sw, 0, sizeof(*sw));
}

static int legacy_get(struct thread *t, void *buf)
{
	memcpy(buf, t->fpu, FXSAVE_BYTES);
	clear_software_bytes(buf);
	return 0;
}

static int legacy_set(struct thread *t, const void *buf, uint64_t bytes)
{
	struct _xstate *to = t->fpu;

	if (bytes != FXSAVE_BYTES || ((const struct _fpstate_64 *)buf)->mxcsr & ~fpu_mxcsr_mask())
		return -EINVAL;
	memcpy(to, buf, FXSAVE_BYTES);
	if (fpu_features())
		to->xstate_hdr.xfeatures |= 3; // x87 and SSE
	return 0;
}

// The features that there are stand where debuggers look for them: Linux's
// USER_XSTATE_XCR0_WORD.
static int xstate_get(struct thread *t, void *buf)
{
	uint64_t features = fpu_features();

	if (!features)
		return -ENODEV;
	memcpy(buf, t->fpu, fpu_area_bytes());
	clear_software_bytes(buf);
	memcpy(&((struct _xstate *)buf)->fpstate.sw_reserved, &features, sizeof(features));
	return 0;
}

static int xstate_set(struct thread *t, const void *buf, uint64_t bytes)
{
	const struct _xstate *from = buf;
	const uint64_t *header = (const uint64_t *)&from->xstate_hdr;

	if (!fpu_features())
		return -ENODEV;
	if (bytes != fpu_area_bytes())
		return -EFAULT;
	if (header[0] & ~fpu_features() || from->fpstate.mxcsr & ~fpu_mxcsr_mask())
		return -EINVAL;
	for (unsigned i = 1; i < sizeof(from->xstate_hdr) / 8; i++)
		if (header[i])
			return -EINVAL;
	memcpy(t->fpu, buf, bytes);
	return 0;
}

// |get| and |set| are called with the lock held, |set| with |bytes| that the tracer gave.
static const struct regset {
	uint32_t type;
	uint64_t (*bytes)(void);
	int (*get)(struct thread *t, void *buf);
	int (*set)(struct thread *t, const void *buf, uint64_t bytes);
} regsets[] = {
	{ NT_PRSTATUS, general_bytes, general_get, general_set },
	{ NT_PRFPREG, legacy_bytes, legacy_get, legacy_set },
	{ NT_X86_XSTATE, xstate_bytes, xstate_get, xstate_set },
};

// |buf| is the kernel's.
static int access_regset(const struct regset *s, struct thread *t, void *buf, uint64_t bytes,
			 bool set)
{
	uint64_t irq = sighand_lock(t->process);
	int err = !t->uthread->trace->stopped ? -ESRCH
		  : set                       ? s->set(t, buf, bytes)
					      : s->get(t, buf);

	sighand_unlock(t->process, irq);
	return err;
}

int64_t ptrace_regset(struct thread *t, uint64_t type, struct uptr user, uint64_t *bytes, bool set)
{
	const struct regset *s = regsets;
	int64_t err = 0;
	void *buf;

	while (s < regsets + ARRAY_SIZE(regsets) && s->type != type)
		s++;
	if (s == regsets + ARRAY_SIZE(regsets))
		return -EINVAL;
	if (*bytes == UINT64_MAX)
		*bytes = s->bytes();
	if (*bytes % sizeof(uint64_t))
		return -EINVAL;
	*bytes = MIN(*bytes, s->bytes());
	buf = kzalloc(s->bytes());
	if (!buf)
		return -ENOMEM;
	if (set)
		err = copy_from_user(buf, user, *bytes);
	if (!err)
		err = access_regset(s, t, buf, *bytes, set);
	if (!err && !set)
		err = copy_to_user(user, buf, *bytes);
	kfree(buf);
	return err;
}

int64_t ptrace_arch_prctl(struct thread *t, int option, uint64_t arg)
{
	unsigned reg = option == ARCH_GET_FS || option == ARCH_SET_FS ? REG_FS_BASE : REG_GS_BASE;

	switch (option) {
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		return ptrace_peek_user(t, reg * 8, UPTR(arg));
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		return arg >= USER_TOP ? -EPERM : ptrace_poke_user(t, reg * 8, arg);
	default:
		return -EINVAL;
	}
}
