// (Not here, because QEMU 7.2's TCG has no #AC, no SSE exceptions, no #SS for addresses, and its
// own error codes for INT n.) Exceptions beyond those of sig_fault, what a system call keeps of the
// registers, and returns to addresses and flags that no program should have.
#include "t.h"
#include <ucontext.h>

static volatile long long trapno, error;
static volatile int steps, traps;
static void *volatile ip;

static void on_fault(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	__asm__ volatile("pushf; andl $~0x40000, (%%rsp); popf" ::: "cc", "memory");
	t_sig = sig;
	t_code = si->si_code;
	t_addr = si->si_addr;
	trapno = uc->uc_mcontext.gregs[REG_TRAPNO];
	error = uc->uc_mcontext.gregs[REG_ERR];
	ip = (void *)uc->uc_mcontext.gregs[REG_RIP];
	siglongjmp(t_jmp, 1);
}

static void on_step(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	steps += si->si_code == TRAP_TRACE && si->si_addr == (void *)uc->uc_mcontext.gregs[REG_RIP];
	traps++;
}

#define TRY(name, stmt)                                                                            \
	do {                                                                                       \
		t_sig = 0;                                                                         \
		if (!sigsetjmp(t_jmp, 1)) {                                                        \
			stmt;                                                                      \
		}                                                                                  \
		printf("%s: signal %d code %d trap %lld error %lld at ip %d\n", name, t_sig,       \
		       t_code, trapno, error, t_addr == ip);                                       \
	} while (0)

// What SYSCALL must keep: everything but rax, rcx and r11.
static int registers_kept(void)
{
	unsigned long bad = 0, nr = SYS_getppid;

	__asm__ volatile("push %%rbx; push %%rbp\n\t"
			 "mov $1, %%ebx; mov $2, %%ebp; mov $3, %%r12d; mov $4, %%r13d\n\t"
			 "mov $5, %%r14d; mov $6, %%r15d; mov $7, %%edi; mov $8, %%esi\n\t"
			 "mov $9, %%edx; mov $10, %%r10d; mov $11, %%r8d; mov $12, %%r9d\n\t"
			 "syscall\n\t"
			 "sub $1, %%rbx; sub $2, %%rbp; sub $3, %%r12; sub $4, %%r13\n\t"
			 "sub $5, %%r14; sub $6, %%r15; sub $7, %%rdi; sub $8, %%rsi\n\t"
			 "sub $9, %%rdx; sub $10, %%r10; sub $11, %%r8; sub $12, %%r9\n\t"
			 "or %%rbx, %%rdi; or %%rbp, %%rdi; or %%r12, %%rdi; or %%r13, %%rdi\n\t"
			 "or %%r14, %%rdi; or %%r15, %%rdi; or %%rsi, %%rdi; or %%rdx, %%rdi\n\t"
			 "or %%r10, %%rdi; or %%r8, %%rdi; or %%r9, %%rdi\n\t"
			 "pop %%rbp; pop %%rbx\n\t"
			 : "+a"(nr), "=D"(bad)
			 :
			 : "rcx", "r11", "rsi", "rdx", "r8", "r9", "r10", "r12", "r13", "r14",
			   "r15", "memory", "cc");
	return bad == 0;
}

// The flags that a call must give back as they were (carry, direction, alignment check).
static unsigned long flags_after_call(unsigned long set)
{
	unsigned long nr = SYS_getppid, flags;

	__asm__ volatile("pushf; orq %2, (%%rsp); popf\n\t"
			 "syscall\n\t"
			 "pushf; pop %1; pushf; andq $~0x40c01, (%%rsp); popf"
			 : "+a"(nr), "=&r"(flags)
			 : "ri"(set)
			 : "rcx", "r11", "memory", "cc");
	return flags & (set | 0x202);
}

static volatile int returns_to;
static void on_usr1(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;
	static const long long rips[] = { 0x800000000000, -1, 0x7ffffffff000,
					  (long long)0xffff800000000000ull };

	uc->uc_mcontext.gregs[REG_RIP] = rips[returns_to];
}
static void on_usr2(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	uc->uc_mcontext.gregs[REG_EFL] |= 0x3000 | 0x20000 | 0x4000; // IOPL, VM, NT
}

static unsigned long read_flags(void)
{
	unsigned long flags;

	__asm__ volatile("pushf; pop %0" : "=r"(flags));
	return flags;
}

// Page faults, exceptions and timer interrupts while the direction flag is set: the kernel's own
// string instructions must not run backwards.
static int zero_pages_with_df(void)
{
	struct {
		long a, b, c, d;
	} it = { 0, 1000, 0, 1000 }, off = { 0 };
	unsigned char *p = MUST(
		mmap(NULL, 256 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	int zero = 1;

	signal(SIGALRM, SIG_IGN);
	syscall(SYS_setitimer, 0, &it, NULL);
	for (unsigned i = 0; i < 256; i++) {
		unsigned char *at = p + i * PG + 2048;
		unsigned spin = 20000;

		__asm__ volatile("std; movb $1, (%1); 1: dec %0; jnz 1b; cld"
				 : "+r"(spin)
				 : "r"(at)
				 : "cc", "memory");
	}
	syscall(SYS_setitimer, 0, &off, NULL);
	for (unsigned i = 0; i < 256 * PG; i++)
		zero &= p[i] == (i % PG == 2048);
	return zero;
}

int main(void)
{
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	static char stack[65536];
	const stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	unsigned short cw = 0x37f & ~0x04, default_cw = 0x37f;

	MUST(sigaltstack(&alt, NULL));
	for (unsigned i = 0; i < 5; i++)
		MUST(sigaction(sigs[i], &sa, NULL));
	TRY("hlt", __asm__ volatile("hlt"));
	TRY("cli", __asm__ volatile("cli"));
	TRY("in", __asm__ volatile("inb $0x80, %%al" ::: "eax"));
	TRY("rdmsr", __asm__ volatile("rdmsr" ::"c"(0x10) : "eax", "edx"));
	TRY("mov cr0", __asm__ volatile("mov %%cr0, %%rax" ::: "rax"));
	TRY("int 3", __asm__ volatile("int3"));
	TRY("bad selector", __asm__ volatile("mov %0, %%ds" ::"r"(0x1003)));
	TRY("x87",
	    __asm__ volatile(
		    "fninit; fldcw %0; fld1; fldz; fdivrp; fwait; fninit; fldcw %1" ::"m"(cw),
		    "m"(default_cw)));
	__asm__ volatile("fninit");
	sa.sa_sigaction = on_step;
	MUST(sigaction(SIGTRAP, &sa, NULL));
	__asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop; nop; nop;"
			 "pushf; andl $~0x100, (%%rsp); popf" ::
				 : "cc", "memory");
	printf("single steps %d of %d\n", steps, traps);
	steps = traps = 0;
	__asm__ volatile("pushf; orl $0x100, (%%rsp); popf; mov %0, %%eax; syscall; nop;"
			 "pushf; andl $~0x100, (%%rsp); popf" ::"i"(SYS_getppid)
			 : "rax", "rcx", "r11", "cc", "memory");
	printf("single steps over a call %d of %d\n", steps, traps);

	IS(registers_kept());
	IS(zero_pages_with_df());
	printf("flags %lx %lx %lx\n", flags_after_call(1), flags_after_call(0x400),
	       flags_after_call(0x40000));

	sa.sa_sigaction = on_fault;
	MUST(sigaction(SIGSEGV, &sa, NULL));
	sa.sa_sigaction = on_usr1;
	MUST(sigaction(SIGUSR1, &sa, NULL));
	for (returns_to = 0; returns_to < 4; returns_to++)
		TRY("return", raise(SIGUSR1));
	sa.sa_sigaction = on_usr2;
	MUST(sigaction(SIGUSR2, &sa, NULL));
	raise(SIGUSR2);
	printf("flags after sigreturn %lx\n", read_flags() & ~0x8d5ul);
	return 0;
}
