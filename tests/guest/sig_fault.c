// Program errors become signals with exact siginfo and machine context.
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
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	volatile char *ro = MUST(mmap(NULL, PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	volatile char *none = MUST(mmap(NULL, PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	volatile int zero = 0, r = 0;
	int fd = t_memfd_sized(0, PG);
	volatile char *past = MUST(mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	for (unsigned i = 0; i < 5; i++)
		MUST(sigaction(sigs[i], &sa, NULL));
	TRY("read nothing", r = *(volatile char *)0x10000000);
	IS(t_addr == (void *)0x10000000);
	TRY("write nothing", *(volatile char *)0x10000008 = 1);
	IS(t_addr == (void *)0x10000008);
	TRY("write read-only", ro[5] = 1);
	IS(t_addr == ro + 5);
	TRY("read none", r = none[7]);
	TRY("run data", ((void (*)(void))ro)());
	IS(t_addr == ro && ip == ro);
	TRY("kernel address", r = *(volatile char *)0xffff888000000000);
	IS(t_addr == (void *)0xffff888000000000);
	TRY("non-canonical", r = *(volatile char *)0x8000000000000000);
	IS(t_addr == NULL);
	TRY("past the end", past[PG + 3] = 1);
	IS(t_addr == past + PG + 3);
	TRY("divide by zero", __asm__ volatile("cltd; idivl %0" ::"r"(zero), "a"(1) : "edx"));
	IS(t_addr == ip);
	TRY("invalid opcode", __asm__ volatile("ud2"));
	IS(t_addr == ip);
	TRY("breakpoint", __asm__ volatile("int3"));
	IS(t_addr == NULL);
	TRY("privileged hlt", __asm__ volatile("hlt"));
	IS(t_addr == NULL);
	TRY("port", __asm__ volatile("inb $0x80, %%al" ::: "rax"));
	TRY("int 0", __asm__ volatile("int $0"));
	TRY("cli", __asm__ volatile("cli"));
	TRY("unaligned sse", __asm__ volatile("movaps (%0), %%xmm0" ::"r"(ro + 1) : "xmm0"));
	TRY("wild jump", ((void (*)(void))0x8000000000000000)());
	TRY("single step", __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop" ::
						    : "cc", "memory"));
	(void)r;
	return 0;
}
