// An unmasked SSE exception is SIGFPE with its code.
#include "t.h"
#include <ucontext.h>

static volatile long long trapno, error;
static void *volatile ip;

static void on_fault(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	t_sig = sig;
	t_code = si->si_code;
	t_addr = si->si_addr;
	trapno = uc->uc_mcontext.gregs[REG_TRAPNO];
	error = uc->uc_mcontext.gregs[REG_ERR];
	ip = (void *)uc->uc_mcontext.gregs[REG_RIP];
	siglongjmp(t_jmp, 1);
}

#define TRY(name, stmt)                                                                            \
	do {                                                                                       \
		t_sig = 0;                                                                         \
		if (!sigsetjmp(t_jmp, 1)) {                                                        \
			stmt;                                                                      \
		}                                                                                  \
		printf("%s: signal %d code %d trap %lld error %lld\n", name, t_sig, t_code,        \
		       trapno, error);                                                             \
	} while (0)

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	volatile int zero = 0;

	MUST(sigaction(SIGFPE, &sa, NULL));
	TRY("sse division", {
		unsigned csr;
		double d = 0.0;
		__asm__ volatile("stmxcsr %0" : "=m"(csr));
		csr &= ~0x200u;
		__asm__ volatile("ldmxcsr %0" ::"m"(csr));
		__asm__ volatile("divsd %1, %0" : "+x"(d) : "x"(d + zero));
		d = 1.0;
		__asm__ volatile("divsd %1, %0" : "+x"(d) : "x"((double)zero));
	});
	return 0;
}
