// Handlers may edit the saved context: registers, flags, mask, FPU state come back as they left it.
#include "t.h"
#include <ucontext.h>

static volatile int edits;

static void skip_ud2(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	uc->uc_mcontext.gregs[REG_RIP] += 2;
	uc->uc_mcontext.gregs[REG_RAX] = 1234;
	uc->uc_mcontext.gregs[REG_R12] = 5678;
	edits++;
}

static void change_mask(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	sigaddset(&uc->uc_sigmask, SIGUSR2);
}

static void clobber_fpu(int sig)
{
	__asm__ volatile(
		"pxor %%xmm0, %%xmm0; pxor %%xmm7, %%xmm7; pxor %%xmm15, %%xmm15; fninit" ::
			: "xmm0", "xmm7", "xmm15");
}

static void edit_xmm(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	uc->uc_mcontext.fpregs->_xmm[3].element[0] = 77;
}

static void set_carry(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	uc->uc_mcontext.gregs[REG_EFL] |= 1;
	uc->uc_mcontext.gregs[REG_EFL] |= 0x3000; // IOPL: must not come through
}

static void set(int sig, void *fn)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO };

	sa.sa_sigaction = (void (*)(int, siginfo_t *, void *))fn;
	MUST(sigaction(sig, &sa, NULL));
}

int main(void)
{
	register long r12 __asm__("r12") = 0;
	long rax = 0, flags;
	double x = 1.5, y;
	unsigned xmm[4] = { 1, 2, 3, 4 };
	sigset_t now;

	set(SIGILL, skip_ud2);
	__asm__ volatile("ud2" : "+a"(rax), "+r"(r12)::"memory");
	printf("rax %ld r12 %ld edits %d\n", rax, r12, edits);
	set(SIGUSR1, change_mask);
	raise(SIGUSR1);
	sigprocmask(SIG_BLOCK, NULL, &now);
	IS(sigismember(&now, SIGUSR2) == 1);

	set(SIGUSR1, clobber_fpu);
	__asm__ volatile(
		"movsd %1, %%xmm7; fldpi; mov %2, %%edi; mov %3, %%esi; mov $234, %%eax\n\t"
		"mov %4, %%edx; syscall; movsd %%xmm7, %0; fstp %%st(0)"
		: "=m"(y)
		: "m"(x), "r"(getpid()), "r"(getpid()), "i"(SIGUSR1)
		: "rax", "rcx", "r11", "rdi", "rsi", "rdx", "xmm7", "memory");
	printf("xmm7 survives: %g\n", y);
	set(SIGUSR1, edit_xmm);
	__asm__ volatile("movups %0, %%xmm3; syscall; movups %%xmm3, %0"
			 : "+m"(xmm)
			 : "a"(234), "D"(getpid()), "S"(getpid()), "d"(SIGUSR1)
			 : "rcx", "r11", "xmm3", "memory");
	printf("xmm3 %u %u %u %u\n", xmm[0], xmm[1], xmm[2], xmm[3]);
	set(SIGUSR1, set_carry);
	__asm__ volatile("clc; syscall; pushf; pop %0"
			 : "=r"(flags)
			 : "a"(234), "D"(getpid()), "S"(getpid()), "d"(SIGUSR1)
			 : "rcx", "r11", "memory");
	printf("carry %ld iopl %ld\n", flags & 1, flags >> 12 & 3);
	return 0;
}
