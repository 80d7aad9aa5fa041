/* Entries to the kernel: system calls, exceptions, interrupts; and the ways back. Every entry saves
 * a full struct pt_regs on the thread's kernel stack (or on the interrupted one, or an IST stack).
 *
 * GS: entries from user mode do SWAPGS, told by the saved CS. With FSGSBASE a program can put any
 * value into GS, so the IST entries, which may come between a mode change and its SWAPGS, never
 * guess: they save the current base, load this CPU's own (found through the limit of SEL_CPU_NODE)
 * and put the saved one back.
 * AC and DF: SYSCALL clears them by mask, all others by CLAC and CLD first: compiled code relies on DF
 * being clear. */
#include <asm-generic/errno.h>

#include "kernel/base/desc.h"
#include "kernel/base/smap.h"
#include "kernel/init/regs_offsets.h"

#define MSR_GS_BASE 0xc0000101

.macro function name
	.section .text.\name, "ax", @progbits
	.balign	16
	.global	\name
	.type	\name, @function
\name:
.endm

/* Below an already pushed orig_rax (and rdi, if \rdi is 0). */
.macro push_regs rdi=1 rax=%rax
	.if \rdi
	pushq	%rdi
	.endif
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	\rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
.endm

.macro pop_regs
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
.endm

/* ---- system calls ---- */
function trap_syscall_entry
	swapgs
	movq	%rsp, %gs:percpu_user_rsp
	movq	%gs:percpu_kernel_stack_top, %rsp
	pushq	$SEL_USER_DS
	pushq	%gs:percpu_user_rsp
	pushq	%r11
	pushq	$SEL_USER_CS
	pushq	%rcx
	pushq	%rax			/* orig_rax */
	push_regs rax=$-ENOSYS	/* -ENOSYS until the call stores its result */
	sti
	/* The arguments are still in their registers; as Linux, the low half of RAX is the number. */
	cmpl	syscall_limit, %eax
	jae	.Lsyscall_other
	movl	%eax, %eax
	movslq	syscall_table(, %rax, 4), %rax
	testq	%rax, %rax
	jz	.Lsyscall_other
	movq	%r10, %rcx
	call	*%rax
.Lsyscall_done:
	cli
	movq	%gs:percpu_current, %rcx
	cmpl	$0, THREAD_PENDING(%rcx)
	jne	.Lsyscall_long_way
	/* SYSRET loads rip from rcx and rflags from r11. Nobody has touched the saved registers: who
	 * does (exec, sigreturn, signal delivery) leaves PENDING_NOTIFY or comes from the loop before
	 * IRET. So they are what SYSCALL put there: rcx is the address behind an instruction below
	 * USER_TOP, never one that SYSRET would fault on in ring 0, r11 holds flags that ring 3 had,
	 * and the callee-saved registers are still in place. With RF or TF, SYSRET would trap one
	 * instruction too early (SDM 2B SYSRET). */
	movq	REGS_R11(%rsp), %r11
	testl	$(1 << 16 | 1 << 8), %r11d
	jnz	.Lsyscall_long_way
#ifdef CONFIG_DEBUG
	movq	REGS_RIP(%rsp), %rcx
	cmpq	%rcx, REGS_RCX(%rsp)
	jne	.Lregs_changed
	shrq	$47, %rcx
	jnz	.Lregs_changed
	movq	REGS_RFLAGS(%rsp), %rcx
	cmpq	%rcx, REGS_R11(%rsp)
	jne	.Lregs_changed
	cmpq	%rbx, REGS_RBX(%rsp)
	jne	.Lregs_changed
#endif
	movq	REGS_R10(%rsp), %r10
	movq	REGS_R9(%rsp), %r9
	movq	REGS_R8(%rsp), %r8
	movq	REGS_RCX(%rsp), %rcx
	movq	REGS_RDX(%rsp), %rdx
	movq	REGS_RSI(%rsp), %rsi
	movq	REGS_RDI(%rsp), %rdi
	movq	REGS_RSP(%rsp), %rsp
	swapgs
	sysretq
.Lsyscall_long_way:
	movq	%rax, REGS_RAX(%rsp)
	jmp	trap_return_to_user
.Lsyscall_other:
	movq	%rsp, %rdi
	call	syscall_other
	jmp	.Lsyscall_done
#ifdef CONFIG_DEBUG
.Lregs_changed:
	ud2
#endif

/* ---- back to user mode by IRET. RSP: struct pt_regs. Interrupts off. ---- */
function trap_return_to_user
	movq	%gs:percpu_current, %rax
	cmpl	$0, THREAD_PENDING(%rax)
	jne	1f
	movq	REGS_RIP(%rsp), %rax
	shlq	$16, %rax
	sarq	$16, %rax
	cmpq	%rax, REGS_RIP(%rsp)
	jne	1f
	pop_regs
	addq	$8, %rsp
	swapgs
	iretq
	/* Work first (with interrupts on): signals, rescheduling, a rip that is not canonical. */
1:	movq	%rsp, %rdi
	call	trap_work_before_user
	jmp	trap_return_to_user

/* A new thread's way to user mode: jumped to with RSP at its struct pt_regs. */
function trap_enter_user
	cli
	xorl	%ebp, %ebp
	jmp	trap_return_to_user

/* ---- exceptions and interrupts ---- */
/* On the stack: rdi, error code or 0, then the hardware's frame. EDI: vector. */
.macro trap_common_to handler
	cld
	smap_clac
	push_regs rdi=0
	testb	$3, REGS_CS(%rsp)
	jz	1f
	swapgs
	/* The hardware left SS null. As a call has it: an emulator that translates code by the state
	 * of the segments would else translate all that calls and faults share twice. */
	movl	$SEL_KERNEL_DS, %eax
	movl	%eax, %ss
1:	movq	%rsp, %rsi
	movq	REGS_ORIG_RAX(%rsp), %rdx
	movq	$-1, REGS_ORIG_RAX(%rsp)
	xorl	%ebp, %ebp
	testb	$3, REGS_CS(%rsp)
	cmovzq	REGS_RBP(%rsp), %rbp	/* a backtrace goes on into interrupted kernel code */
	call	\handler
	cli
	testb	$3, REGS_CS(%rsp)
	jnz	trap_return_to_user
	pop_regs
	addq	$8, %rsp
	iretq
.endm

function trap_common
	trap_common_to trap_handle

function trap_common_page_fault
	trap_common_to trap_page_fault

/* NMI, #MC, #DF, and #DB of the kernel: as trap_common, but GS is not known. */
function trap_common_ist
	cld
	smap_clac
	push_regs rdi=0
	movl	%edi, %r12d
	/* #DB from user mode goes on on the thread's own stack: it may have to sleep. */
	cmpl	$VECTOR_DB, %edi
	jne	1f
	testb	$3, REGS_CS(%rsp)
	jnz	trap_move_to_thread_stack
1:	movl	$MSR_GS_BASE, %ecx
	rdmsr
	movl	%eax, %r13d
	movl	%edx, %r14d
	movl	$SEL_CPU_NODE, %eax
	lsll	%eax, %eax
	andl	$0xfff, %eax
	movq	percpu_offsets(, %rax, 8), %rax
	movq	%rax, %rdx
	shrq	$32, %rdx
	wrmsr
	movl	%r12d, %edi
	movq	%rsp, %rsi
	movq	REGS_ORIG_RAX(%rsp), %rdx
	movq	$-1, REGS_ORIG_RAX(%rsp)
	xorl	%ebp, %ebp
	testb	$3, REGS_CS(%rsp)
	cmovzq	REGS_RBP(%rsp), %rbp
	call	trap_handle
	cli
	movl	$MSR_GS_BASE, %ecx
	movl	%r13d, %eax
	movl	%r14d, %edx
	wrmsr
	pop_regs
	addq	$8, %rsp
	iretq

trap_move_to_thread_stack:
	swapgs
	movq	%rsp, %rsi
	movq	%gs:percpu_kernel_stack_top, %rdi
	subq	$REGS_BYTES, %rdi
	movq	%rdi, %rsp
	movl	$REGS_BYTES / 8, %ecx
	rep movsq
	movq	%rsp, %rsi
	movl	%r12d, %edi
	movq	$-1, REGS_ORIG_RAX(%rsp)
	xorl	%edx, %edx
	xorl	%ebp, %ebp
	call	trap_handle
	cli
	jmp	trap_return_to_user

/* ---- the stubs that the IDT points to: TRAP_STUB_BYTES each ---- */
.macro stub vector common
	.balign	TRAP_STUB_BYTES
	.if \vector != 8 && (\vector < 10 || \vector > 14) && \vector != 17 && \vector != 21 && \vector != 29 && \vector != 30
	pushq	$0
	.endif
	pushq	%rdi
	movl	$\vector, %edi
	jmp	\common
.endm

	.section .text.trap_stubs, "ax", @progbits
	.balign	TRAP_STUB_BYTES
	.global	trap_stubs_exceptions, trap_stubs_devices, trap_stubs_apic
trap_stubs_exceptions:
	.set	v, 0
	.rept	32
	.if v == VECTOR_DB || v == VECTOR_NMI || v == VECTOR_DF || v == VECTOR_MC
	stub	v, trap_common_ist
	.elseif v == VECTOR_PF
	stub	v, trap_common_page_fault
	.else
	stub	v, trap_common
	.endif
	.set	v, v + 1
	.endr
trap_stubs_devices:			/* 0x20 to 0x5f: the 8259s' (masked), then devices */
	.rept	64
	stub	v, trap_common
	.set	v, v + 1
	.endr
trap_stubs_apic:			/* 0xf0 to 0xff */
	.set	v, 0xf0
	.rept	16
	stub	v, trap_common
	.set	v, v + 1
	.endr

	.section .note.GNU-stack, "", @progbits
