// Routes exceptions and interrupts: page faults to mm/virt, program errors to signals as Linux 6.18
// maps them (arch/x86/kernel/traps.c), interrupts to their handlers, everything that the kernel did
// wrong itself to panic. Owns nothing but the IDT's contents.
#include "kernel/init/trap.h"

#include <asm-generic/siginfo.h>
#include <asm/signal.h>

#include "kernel/base/apic.h"
#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/desc.h"
#include "kernel/base/irq.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#include "kernel/base/sections.h"
#include "kernel/base/types.h"
#include "kernel/init/regs_offsets.h"
#include "kernel/proc/ptrace.h"
#include "kernel/proc/signal.h"
#include "kernel/sched/thread.h"
#include "mm/phys/kstack.h"
#include "mm/virt/aspace.h"

_Static_assert(offsetof(struct pt_regs, rbp) == REGS_RBP, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, rbx) == REGS_RBX, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, r11) == REGS_R11, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, r10) == REGS_R10, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, r9) == REGS_R9, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, r8) == REGS_R8, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, rdx) == REGS_RDX, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, rsi) == REGS_RSI, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, rdi) == REGS_RDI, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, rax) == REGS_RAX, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, rcx) == REGS_RCX, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, orig_rax) == REGS_ORIG_RAX, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, rip) == REGS_RIP, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, cs) == REGS_CS, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, rflags) == REGS_RFLAGS, "regs_offsets.h");
_Static_assert(offsetof(struct pt_regs, rsp) == REGS_RSP, "regs_offsets.h");
_Static_assert(sizeof(struct pt_regs) == REGS_BYTES, "regs_offsets.h");
_Static_assert(offsetof(struct thread, pending) == THREAD_PENDING, "regs_offsets.h");

// si_addr of an exception's signal.
enum addr_kind { ADDR_NONE, ADDR_RIP };

static const struct exception {
	const char *name;
	uint8_t sig; // 0: never a program's fault
	int8_t code; // si_code; SI_KERNEL is 0x80 and would not fit: KERNEL stands for it
	uint8_t addr;
} exceptions[32] = {
#define KERNEL (-128)
	[VECTOR_DE] = { "divide error", SIGFPE, FPE_INTDIV, ADDR_RIP },
	[VECTOR_DB] = { "debug", SIGTRAP, TRAP_TRACE, ADDR_RIP },
	[VECTOR_NMI] = { "NMI" },
	[VECTOR_BP] = { "breakpoint", SIGTRAP, KERNEL, ADDR_NONE },
	[VECTOR_OF] = { "overflow", SIGSEGV, KERNEL, ADDR_NONE },
	[VECTOR_BR] = { "bounds", SIGSEGV, KERNEL, ADDR_NONE },
	[VECTOR_UD] = { "invalid opcode", SIGILL, ILL_ILLOPN, ADDR_RIP },
	[VECTOR_NM] = { "device not available" },
	[VECTOR_DF] = { "double fault" },
	[VECTOR_TS] = { "invalid TSS", SIGSEGV, KERNEL, ADDR_NONE },
	[VECTOR_NP] = { "segment not present", SIGBUS, KERNEL, ADDR_NONE },
	[VECTOR_SS] = { "stack segment", SIGBUS, KERNEL, ADDR_NONE },
	[VECTOR_GP] = { "general protection fault", SIGSEGV, KERNEL, ADDR_NONE },
	[VECTOR_PF] = { "page fault", SIGSEGV, SEGV_MAPERR, ADDR_NONE },
	[VECTOR_MF] = { "x87 exception", SIGFPE, FPE_FLTUNK, ADDR_RIP },
	[VECTOR_AC] = { "alignment check", SIGBUS, BUS_ADRALN, ADDR_NONE },
	[VECTOR_MC] = { "machine check" },
	[VECTOR_XM] = { "SIMD exception", SIGFPE, FPE_FLTUNK, ADDR_RIP },
};

__cold void trap_init(void)
{
	desc_set_gates(0, 32, trap_stubs_exceptions);
	desc_set_gates(32, 64, trap_stubs_devices);
	desc_set_gates(0xf0, 16, trap_stubs_apic);
	desc_finish_gates();
	trap_init_cpu();
}

__cold void trap_init_cpu(void)
{
	desc_init_syscall(trap_syscall_entry);
}

// ---- kernel-mode faults ----

// Continues at the fixup of the instruction at regs->rip. Only code that opened user memory by STAC
// may have one taken (without SMAP there is no such mark).
static bool take_fixup(struct pt_regs *regs)
{
	if (cpu_features.smap && !(regs->rflags & RFLAGS_AC))
		return false;
	for (const struct extable_entry *e = __extable_start; e < __extable_end; e++) {
		if ((uint64_t)&e->access + (int64_t)e->access == regs->rip) {
			regs->rip = (uint64_t)&e->fixup + (int64_t)e->fixup;
			return true;
		}
	}
	return false;
}

static __noinline bool has_fixup(const struct pt_regs *regs)
{
	struct pt_regs copy = *regs;
	return take_fixup(&copy);
}

static __cold void __noreturn die(unsigned vector, const struct pt_regs *regs, uint64_t error)
{
	const char *name = vector < 32 ? exceptions[vector].name : NULL;
	uint64_t cr2 = cpu_read_cr2();
	if (vector == VECTOR_PF)
		panic_regs(regs, "page fault: %s of %s at %016lx%s%s (error %lx)",
			   error & FAULT_ERR_FETCH   ? "execution"
			   : error & FAULT_ERR_WRITE ? "write"
						     : "read",
			   cr2 <= USER_TOP ? "user memory" : "kernel memory", cr2,
			   error & FAULT_ERR_PRESENT ? ", protection" : ", not mapped",
			   cr2 < PAGE_SIZE ? " (null pointer)" : "", error);
	if (vector == VECTOR_DF && (kstack_is_guard(cr2) || desc_is_stack_guard(cr2)))
		panic_regs(regs, "kernel stack overflow at %016lx", cr2);
	panic_regs(regs, "exception %u (%s), error %lx, in %s mode", vector,
		   name ? name : "reserved", error, regs_from_user(regs) ? "user" : "kernel");
}

// ---- page faults ----

static const struct {
	uint8_t sig, code;
} fault_signals[] = {
	[FAULT_MAPERR] = { SIGSEGV, SEGV_MAPERR },
	[FAULT_ACCERR] = { SIGSEGV, SEGV_ACCERR },
	[FAULT_BUS] = { SIGBUS, BUS_ADRERR },
	[FAULT_IO] = { SIGBUS, BUS_ADRERR },
};

// Linux reports kernel addresses as protection faults, mapped or not, and never tells which.
static uint64_t visible_error(uint64_t va, uint64_t error)
{
	return va >= USER_TOP ? error | FAULT_ERR_PRESENT : error;
}

static __noinline __stack_guarded void refuse_access(struct pt_regs *regs, uint64_t va,
						     uint64_t error, enum fault_result r)
{
	signal_force_fault(fault_signals[r].sig, fault_signals[r].code, va, VECTOR_PF,
			   visible_error(va, error), regs);
}

static void user_page_fault(struct pt_regs *regs, uint64_t va, uint64_t error)
{
	enum fault_result r = FAULT_MAPERR;
	cpu_irq_enable();
	// A supervisor access on behalf of user mode to a page that is there: only QEMU's TCG does
	// that (LRET and IRET of ring 3 with SMAP, 7.2). Trying again would go on for ever.
	if (!(error & FAULT_ERR_USER) && (error & FAULT_ERR_PRESENT))
		r = FAULT_ACCERR;
	else if (va < USER_TOP)
		r = aspace_fault(thread_current()->aspace, va, error);
	// Out of memory: the killer has run; retry the access, or die on the way out.
	if (likely(r == FAULT_OK || r == FAULT_OOM))
		return;
	refuse_access(regs, va, error, r);
}

// A copy to or from user memory met a page that is not there. AC of the interrupted code lies in
// its saved flags: sleeping in between is fine.
static __noinline void kernel_page_fault(struct pt_regs *regs, uint64_t va, uint64_t error)
{
	struct thread *t = thread_current();
	if (!has_fixup(regs))
		die(VECTOR_PF, regs, error);
	bool may_fault = va < USER_TOP && t && t->aspace && t->no_fault_depth == 0 &&
			 (regs->rflags & RFLAGS_IF);
	if (may_fault) {
		cpu_irq_enable();
		if (aspace_fault(t->aspace, va, error | FAULT_ERR_USER) == FAULT_OK)
			return;
	}
	if (!take_fixup(regs))
		die(VECTOR_PF, regs, error);
}

// ---- program errors ----

// The lowest unmasked x87 or SSE exception flag, as Linux's fpu__exception_code.
static int fpe_code(uint32_t flags)
{
	if (flags & 0x01)
		return FPE_FLTINV;
	if (flags & 0x04)
		return FPE_FLTDIV;
	if (flags & 0x08)
		return FPE_FLTOVF;
	if (flags & 0x12)
		return FPE_FLTUND;
	if (flags & 0x20)
		return FPE_FLTRES;
	return 0;
}

static int x87_code(void)
{
	return fpe_code(cpu_read_fpu_status() & ~cpu_read_fpu_control());
}

static int simd_code(void)
{
	uint32_t mxcsr = cpu_read_mxcsr();
	return fpe_code(mxcsr & ~(mxcsr >> 7));
}

static int si_code_of(unsigned vector)
{
	switch (vector) {
	case VECTOR_MF:
		return x87_code();
	case VECTOR_XM:
		return simd_code();
	default:
		return exceptions[vector].code == KERNEL ? SI_KERNEL : exceptions[vector].code;
	}
}

static void user_exception(unsigned vector, struct pt_regs *regs, uint64_t error)
{
	const struct exception *e = &exceptions[vector];
	if (!e->sig)
		die(vector, regs, error);
	int code = si_code_of(vector);
	cpu_irq_enable();
	// A spurious x87 or SSE exception has no code: Linux ignores it.
	if (code == 0)
		return;
	signal_force_fault(e->sig, code, e->addr == ADDR_RIP ? regs->rip : 0, vector, error, regs);
}

// A breakpoint or single step of the program; the kernel's own ones are turned off and ignored.
static void debug_exception(struct pt_regs *regs)
{
	uint64_t dr6 = cpu_read_dr6();
	cpu_write_dr6(DR6_NONE);
	if (!regs_from_user(regs)) {
		cpu_write_dr7(DR7_OFF);
		ptrace_debug_lost();
		regs->rflags &= ~RFLAGS_TF;
		return;
	}
	cpu_irq_enable();
	int code = ptrace_debug_trap(regs, dr6 ^ DR6_NONE);
	signal_force_fault(SIGTRAP, code, regs->rip, VECTOR_DB, 0, regs);
}

// ---- the router ----

void trap_page_fault(unsigned vector, struct pt_regs *regs, uint64_t error)
{
	uint64_t va = cpu_read_cr2();
	if (likely(regs_from_user(regs)))
		user_page_fault(regs, va, error);
	else
		kernel_page_fault(regs, va, error);
}

__stack_guarded void trap_handle(unsigned vector, struct pt_regs *regs, uint64_t error)
{
	if (vector >= 32)
		irq_dispatch(vector);
	else if (vector == VECTOR_DB)
		debug_exception(regs);
	else if (vector == VECTOR_NMI && panic_in_progress())
		panic_nmi(regs);
	else if (vector == VECTOR_NMI)
		log_warn("trap", "NMI at %016lx", regs->rip);
	else if (regs_from_user(regs))
		user_exception(vector, regs, error);
	else if (vector != VECTOR_GP || !take_fixup(regs))
		die(vector, regs, error);
}

__stack_guarded void trap_work_before_user(struct pt_regs *regs)
{
	// IRET to an address that is not canonical would fault in ring 0: answer as Linux's
	// fixup_bad_iret does.
	if ((uint64_t)((int64_t)(regs->rip << 16) >> 16) != regs->rip)
		signal_force_fault(SIGSEGV, SI_KERNEL, 0, VECTOR_GP, 0, regs);
	cpu_irq_enable();
	signal_on_return(regs);
	cpu_irq_disable();
}
