// The exchange of two threads' stacks, and how a thread's first run begins, in the kernel and in
// user mode.

	.text

// void sched_switch(void), for sched.h's function of that name: keeps no register but rbp and rsp.
// Interrupts are on. Everybody who is not running stands behind the two instructions in the middle.
	.globl sched_switch_stacks
	.type sched_switch_stacks, @function
sched_switch_stacks:
	pushq %rbp
	movq %rsp, %rbp
	cli
	call sched_leave		// rax: stack of who comes, or 0; rdx: where ours is noted
	testq %rax, %rax
	jz 1f
	movq %rsp, (%rdx)
	movq %rax, %rsp
	movq %rdx, %rdi
	popq %rbp
	jmp sched_arrive
1:	sti
	popq %rbp
	ret
	.size sched_switch_stacks, . - sched_switch_stacks

// Where sched_arrive returns to on a new thread's stack, which is empty.
	.globl sched_thread_trampoline
	.type sched_thread_trampoline, @function
sched_thread_trampoline:
	xorl %ebp, %ebp
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
