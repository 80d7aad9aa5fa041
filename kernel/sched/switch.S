// How a thread's first run begins, in the kernel and in user mode. (The stack switch itself is in
// sched.c.)

	.text

// Where the first switch to a new thread goes to: the stack is empty, rax is |prev|.
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
