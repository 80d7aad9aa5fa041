// The alternate stack: where handlers run, nesting, overflow of the main stack, errors.
#include "t.h"
#include <sys/resource.h>

static char stack_memory[65536] __attribute__((aligned(16)));
static volatile int on_alt[3], calls;

static int inside(void *p)
{
	return (char *)p >= stack_memory && (char *)p < stack_memory + sizeof(stack_memory);
}

static void handler(int sig)
{
	int here;
	stack_t ss;

	on_alt[calls++] = inside(&here);
	sigaltstack(NULL, &ss);
	printf("handler on the stack: %d, flags %d\n", inside(&here), ss.ss_flags);
	if (sig == SIGUSR1) {
		ss.ss_flags = 0;
		printf("change inside: %s\n",
		       syscall(SYS_sigaltstack, &ss, NULL) ? t_errno(errno) : "ok");
		raise(SIGUSR2);
	}
}

static void overflow_handler(int sig, siginfo_t *si, void *ctx)
{
	int here;

	printf("overflow: %s on the alternate stack: %d\n", t_signame(sig), inside(&here));
	siglongjmp(t_jmp, 1);
}

static __attribute__((noinline)) int recurse(volatile char *above)
{
	volatile char frame[4096];

	frame[0] = above[0];
	return recurse(frame) + frame[0];
}

int main(void)
{
	stack_t ss = { .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) }, old;
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	struct rlimit rl = { 1 << 20, RLIM_INFINITY };

	R(sigaltstack(NULL, &old));
	IS(old.ss_flags == SS_DISABLE);
	R(syscall(SYS_sigaltstack, &ss, NULL));
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
	raise(SIGUSR1);
	IS(on_alt[0] && on_alt[1]);
	sa.sa_flags = 0;
	sigaction(SIGUSR2, &sa, NULL);
	raise(SIGUSR2);
	IS(!on_alt[2]);
	ss.ss_size = 100;
	R(syscall(SYS_sigaltstack, &ss, NULL));
	ss.ss_size = sizeof(stack_memory);
	ss.ss_flags = 77;
	R(syscall(SYS_sigaltstack, &ss, NULL));
	R(syscall(SYS_sigaltstack, 1, NULL));
	R(sigaltstack(NULL, &old));
	IS(old.ss_sp == stack_memory && old.ss_size == sizeof(stack_memory) && old.ss_flags == 0);

	R(setrlimit(RLIMIT_STACK, &rl));
	sa.sa_sigaction = overflow_handler;
	sa.sa_flags = SA_ONSTACK | SA_SIGINFO;
	sigaction(SIGSEGV, &sa, NULL);
	if (!sigsetjmp(t_jmp, 1))
		recurse("x");
	if (!sigsetjmp(t_jmp, 1))
		recurse("x");
	ss.ss_flags = SS_DISABLE;
	R(syscall(SYS_sigaltstack, &ss, NULL));
	printf("done\n");
	return 0;
}
