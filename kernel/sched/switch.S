// The stack switch. Only what the C calling convention calls callee-saved is kept here: segment
// bases, page tables and FPU state are switched by sched.c.

	.text

// struct thread *sched_switch_stacks(uint64_t *save_sp, uint64_t new_sp, struct thread *prev)
// Returns on the new stack, with the |prev| that the switching thread gave.
	.globl sched_switch_stacks
	.type sched_switch_stacks, @function
sched_switch_stacks:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	movq %rdx, %rax
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret
	.size sched_switch_stacks, . - sched_switch_stacks

// Where a new thread's first switch returns to: the stack is empty, rax is |prev|.
	.globl sched_thread_trampoline
	.type sched_thread_trampoline, @function
sched_thread_trampoline:
	xorl %ebp, %ebp
	movq %rax, %rdi
	call sched_thread_first
	ud2
	.size sched_thread_trampoline, . - sched_thread_trampoline

// void sched_enter_user(struct pt_regs *regs, void (*entry)(void))
	.globl sched_enter_user
	.type sched_enter_user, @function
sched_enter_user:
	movq %rdi, %rsp
	jmp *%rsi
	.size sched_enter_user, . - sched_enter_user

	.section .note.GNU-stack, "", @progbits
