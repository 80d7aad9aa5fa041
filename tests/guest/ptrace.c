// ptrace(2): requests to a tracee that is stopped. What stops it is ptrace_stops.c's.
//
// needs: root
// cpus: 1 4
// cflags: -pthread
#include "t.h"
#include <elf.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#define USER(field) ((long)offsetof(struct user, field))
#define LL(x)       ((unsigned long long)(x))
#define RAW(req, pid, addr, data)                                                                  \
	syscall(SYS_ptrace, (long)(req), (long)(pid), (long)(addr), (long)(data))

static volatile long word = 0x1122334455667788;
static const long constant = 42;
static long *shared_ro;

// Without what a C library does around it.
static void raise_(int sig)
{
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
}

static int status_of(pid_t pid)
{
	int st = -1;

	MUST(waitpid(pid, &st, __WALL));
	return st;
}

// A child that traces itself and stops by SIGSTOP; |then| runs after it goes on.
static pid_t tracee(void (*then)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		MUST(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
		raise_(SIGSTOP);
		if (then)
			then();
		_exit(7);
	}
	printf("first stop %x\n", (unsigned)status_of(pid));
	return pid;
}

static void finish(pid_t pid)
{
	R(ptrace(PTRACE_CONT, pid, 0, 0));
	printf("end %x\n", (unsigned)status_of(pid));
}

static void without_tracee(void)
{
	pid_t pid;
	long v;

	R(RAW(PTRACE_PEEKDATA, 999999, 0, &v));
	R(RAW(PTRACE_CONT, getppid(), 0, 0));
	R(RAW(PTRACE_ATTACH, 0, 0, 0));
	R(RAW(PTRACE_ATTACH, -1, 0, 0));
	R(RAW(PTRACE_ATTACH, getpid(), 0, 0));
	R(RAW(PTRACE_SEIZE, getpid(), 0, 0));
	R(RAW(PTRACE_SEIZE, getpid(), 1, 0));
	R(RAW(PTRACE_SEIZE, getpid(), 0, 1 << 9));
	R(RAW(9999, getpid(), 0, 0));
	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		R(RAW(PTRACE_TRACEME, 0, 0, 0));
		R(RAW(PTRACE_TRACEME, 0, 0, 0));
		fflush(stdout);
		_exit(0);
	}
	printf("%x\n", (unsigned)status_of(pid));
}

static void memory(void)
{
	pid_t pid = tracee(NULL);
	long v = 0;

	R(RAW(PTRACE_PEEKDATA, pid, &word, &v));
	printf("%lx\n", v);
	R(RAW(PTRACE_PEEKTEXT, pid, (char *)&word + 1, &v));
	printf("%lx\n", v & 0xffffff);
	R(RAW(PTRACE_POKEDATA, pid, &word, 99));
	R(RAW(PTRACE_PEEKDATA, pid, &word, &v));
	printf("%ld, here %lx\n", v, word);
	// Read-only memory of its own: it gets a page of its own.
	R(RAW(PTRACE_POKETEXT, pid, &constant, 43));
	R(RAW(PTRACE_PEEKTEXT, pid, &constant, &v));
	printf("%ld, here %ld\n", v, *(const volatile long *)&constant);
	R(RAW(PTRACE_POKEDATA, pid, shared_ro, 1));
	R(RAW(PTRACE_PEEKDATA, pid, shared_ro, &v));
	R(RAW(PTRACE_PEEKDATA, pid, 0, &v));
	R(RAW(PTRACE_PEEKDATA, pid, 16, &v));
	R(RAW(PTRACE_PEEKDATA, pid, 0x7fffffffeffd, &v));
	R(RAW(PTRACE_PEEKDATA, pid, 0xffff800000000000, &v));
	R(RAW(PTRACE_PEEKDATA, pid, &word, 8));
	R(RAW(PTRACE_POKEDATA, pid, 8, 8));
	finish(pid);
}

static void user_area(void)
{
	pid_t pid = tracee(NULL);
	struct user_regs_struct r;
	long v = 0;

	R(RAW(PTRACE_PEEKUSER, pid, USER(regs.orig_rax), &v));
	IS(v == SYS_tgkill || v == SYS_tkill);
	R(RAW(PTRACE_PEEKUSER, pid, USER(regs.rax), &v));
	printf("rax %ld\n", v);
	R(RAW(PTRACE_PEEKUSER, pid, USER(regs.cs), &v));
	printf("cs %lx\n", v);
	R(RAW(PTRACE_PEEKUSER, pid, USER(regs.fs_base), &v));
	IS(v != 0);
	R(RAW(PTRACE_PEEKUSER, pid, USER(regs.gs), &v));
	R(RAW(PTRACE_PEEKUSER, pid, 4, &v));
	R(RAW(PTRACE_PEEKUSER, pid, -8, &v));
	R(RAW(PTRACE_PEEKUSER, pid, sizeof(struct user), &v));
	R(RAW(PTRACE_PEEKUSER, pid, sizeof(struct user) - 8, &v));
	R(RAW(PTRACE_PEEKUSER, pid, USER(u_tsize), &v));
	R(RAW(PTRACE_PEEKUSER, pid, 0, 8));
	R(RAW(PTRACE_POKEUSER, pid, USER(regs.r15), 0x1234));
	R(RAW(PTRACE_PEEKUSER, pid, USER(regs.r15), &v));
	printf("r15 %lx\n", v);
	R(RAW(PTRACE_POKEUSER, pid, USER(regs.cs), 0));
	R(RAW(PTRACE_POKEUSER, pid, USER(regs.cs), 0x10));
	R(RAW(PTRACE_POKEUSER, pid, USER(regs.cs), 0x33));
	R(RAW(PTRACE_POKEUSER, pid, USER(regs.ss), 0));
	R(RAW(PTRACE_POKEUSER, pid, USER(regs.fs_base), 0x7ffffffff000));
	R(RAW(PTRACE_POKEUSER, pid, USER(regs.gs_base), 0x5000));
	R(RAW(PTRACE_PEEKUSER, pid, USER(regs.gs_base), &v));
	printf("gs_base %lx\n", v);
	R(RAW(PTRACE_POKEUSER, pid, USER(regs.eflags), -1));
	R(RAW(PTRACE_PEEKUSER, pid, USER(regs.eflags), &v));
	printf("flags %lx\n", v);
	R(RAW(PTRACE_POKEUSER, pid, USER(regs.eflags), 0x246));
	R(RAW(PTRACE_POKEUSER, pid, USER(u_tsize), 0));
	R(RAW(PTRACE_POKEUSER, pid, 4, 0));

	R(ptrace(PTRACE_GETREGS, pid, 0, &r));
	printf("r15 %llx cs %llx ss %llx ds %llx flags %llx\n", LL(r.r15), LL(r.cs), LL(r.ss),
	       LL(r.ds), LL(r.eflags));
	r.r14 = 77;
	r.ss = 0x18; // refused; what stands before it is set
	R(ptrace(PTRACE_SETREGS, pid, 0, &r));
	R(ptrace(PTRACE_GETREGS, pid, 0, &r));
	printf("r14 %lld ss %llx\n", LL(r.r14), LL(r.ss));
	R(RAW(PTRACE_GETREGS, pid, 0, 8));
	R(RAW(PTRACE_SETREGS, pid, 0, 8));
	v = 0;
	R(RAW(PTRACE_ARCH_PRCTL, pid, &v, 0x1003)); // ARCH_GET_FS
	IS(v == (long)r.fs_base);
	R(RAW(PTRACE_ARCH_PRCTL, pid, 0x6000, 0x1001)); // ARCH_SET_GS
	R(RAW(PTRACE_ARCH_PRCTL, pid, &v, 0x1004));
	printf("gs_base %lx\n", v);
	R(RAW(PTRACE_ARCH_PRCTL, pid, -1, 0x1001));
	R(RAW(PTRACE_ARCH_PRCTL, pid, 0, 0x9999));
	R(kill(pid, SIGKILL));
	printf("end %x\n", (unsigned)status_of(pid));
}

static void debug_registers(void)
{
	pid_t pid = tracee(NULL);
	long v;

	for (int i = 0; i < 8; i++) {
		v = 1;
		R(RAW(PTRACE_PEEKUSER, pid, USER(u_debugreg[i]), &v));
		printf("dr%d %lx\n", i, v);
	}
	R(RAW(PTRACE_POKEUSER, pid, USER(u_debugreg[0]), 0x4003));
	R(RAW(PTRACE_POKEUSER, pid, USER(u_debugreg[1]), 0x7ffffffff000));
	R(RAW(PTRACE_POKEUSER, pid, USER(u_debugreg[2]), 0xffffffff81000000));
	R(RAW(PTRACE_POKEUSER, pid, USER(u_debugreg[4]), 0));
	R(RAW(PTRACE_POKEUSER, pid, USER(u_debugreg[5]), 1));
	R(RAW(PTRACE_POKEUSER, pid, USER(u_debugreg[6]), 0));
	R(RAW(PTRACE_PEEKUSER, pid, USER(u_debugreg[6]), &v));
	printf("%lx\n", v);
	R(RAW(PTRACE_POKEUSER, pid, USER(u_debugreg[6]), 0xffff0ff0));
	R(RAW(PTRACE_POKEUSER, pid, USER(u_debugreg[7]), 0xd0001)); // 4 bytes, unaligned
	R(RAW(PTRACE_POKEUSER, pid, USER(u_debugreg[7]), 0x20001)); // i/o
	R(RAW(PTRACE_POKEUSER, pid, USER(u_debugreg[7]), 0x40001)); // code, 2 bytes
	R(RAW(PTRACE_POKEUSER, pid, USER(u_debugreg[7]), 0x10001)); // 1 byte, written
	R(RAW(PTRACE_PEEKUSER, pid, USER(u_debugreg[7]), &v));
	printf("%lx\n", v);
	R(RAW(PTRACE_POKEUSER, pid, USER(u_debugreg[7]), 0));
	R(RAW(PTRACE_PEEKUSER, pid, USER(u_debugreg[0]), &v));
	printf("%lx\n", v);
	finish(pid);
}

static void store_word(void)
{
	word = 5;
	word = 6;
	for (int i = 0; i < 1000; i++) // so that it is switched out
		getppid();
	word = 7;
}

static long peek_(pid_t pid, long at)
{
	long v = 0;

	MUST(RAW(PTRACE_PEEKUSER, pid, at, &v));
	return v;
}

static void watchpoint(void)
{
	pid_t pid = tracee(store_word);
	siginfo_t si;
	long v;

	R(ptrace(PTRACE_POKEUSER, pid, USER(u_debugreg[0]), &word));
	R(ptrace(PTRACE_POKEUSER, pid, USER(u_debugreg[7]), 0x90001)); // 8 bytes, written
	for (int i = 0; i < 3; i++) {
		R(ptrace(PTRACE_CONT, pid, 0, 0));
		printf("stop %x\n", (unsigned)status_of(pid));
		MUST(ptrace(PTRACE_GETSIGINFO, pid, 0, &si));
		printf("code %d dr6 %lx\n", si.si_code, peek_(pid, USER(u_debugreg[6])));
		R(RAW(PTRACE_PEEKDATA, pid, &word, &v));
		printf("word %ld\n", v);
	}
	finish(pid);
}

static void called(void)
{
	__asm__ volatile("" ::: "memory");
}

static void call_twice(void)
{
	void (*volatile fn)(void) = called;

	fn();
	fn();
}

static void code_breakpoint(void)
{
	pid_t pid = tracee(call_twice);

	R(ptrace(PTRACE_POKEUSER, pid, USER(u_debugreg[1]), called));
	R(ptrace(PTRACE_POKEUSER, pid, USER(u_debugreg[7]), 4));
	for (int i = 0; i < 2; i++) {
		R(ptrace(PTRACE_CONT, pid, 0, 0));
		printf("stop %x ", (unsigned)status_of(pid));
		printf("at it: %d dr6 %lx\n", peek_(pid, USER(regs.rip)) == (long)called,
		       peek_(pid, USER(u_debugreg[6])));
	}
	finish(pid);
}

static void float_registers(void)
{
	pid_t pid = tracee(NULL);
	static unsigned char area[8192], again[8192];
	struct user_fpregs_struct f;
	struct iovec v = { &f, sizeof(f) };
	unsigned long features, header;

	memset(&f, 0xee, sizeof(f));
	R(ptrace(PTRACE_GETFPREGS, pid, 0, &f));
	printf("cwd %x mxcsr %x\n", f.cwd, f.mxcsr);
	for (int i = 464; i < 512; i++)
		if (((unsigned char *)&f)[i])
			printf("byte %d is not 0\n", i);
	f.xmm_space[0] = 0x12345678;
	f.xmm_space[63] = 0x9abcdef0;
	R(ptrace(PTRACE_SETFPREGS, pid, 0, &f));
	memset(&f, 0, sizeof(f));
	R(ptrace(PTRACE_GETREGSET, pid, NT_PRFPREG, &v));
	printf("%zu %x %x\n", v.iov_len, f.xmm_space[0], f.xmm_space[63]);
	f.mxcsr |= 1u << 31;
	R(ptrace(PTRACE_SETFPREGS, pid, 0, &f));
	v.iov_len = 8;
	R(ptrace(PTRACE_SETREGSET, pid, NT_PRFPREG, &v));

	v = (struct iovec){ area, sizeof(area) };
	R(ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &v));
	memcpy(&features, area + 464, 8);
	memcpy(&header, area + 512, 8);
	IS((features & 3) == 3 && v.iov_len >= 576 && (header & 3) == 3);
	IS(!memcmp(area + 160, "\x78\x56\x34\x12", 4));
	R(ptrace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &v));
	v.iov_len -= 8;
	R(ptrace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &v));
	v.iov_len += 8;
	area[520] = 1;
	R(ptrace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &v));
	area[520] = 0;
	area[512 + 7] = 0x80;
	R(ptrace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &v));
	area[512 + 7] = 0;
	v = (struct iovec){ again, sizeof(again) };
	R(ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &v));
	IS(!memcmp(area, again, 512));
	finish(pid);
}

static void register_sets(void)
{
	pid_t pid = tracee(NULL);
	struct user_regs_struct r;
	struct iovec v = { &r, sizeof(r) };

	memset(&r, 0, sizeof(r));
	R(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v));
	printf("%zu cs %llx\n", v.iov_len, LL(r.cs));
	v.iov_len = 1000;
	R(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v));
	printf("%zu\n", v.iov_len);
	v.iov_len = 16;
	r.r15 = 15;
	r.r14 = 14;
	r.r13 = 13;
	R(ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &v));
	v.iov_len = 8;
	R(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v));
	printf("%zu r15 %lld\n", v.iov_len, LL(r.r15));
	v.iov_len = 7;
	R(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v));
	v.iov_len = 0;
	R(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v));
	v.iov_len = 8;
	R(ptrace(PTRACE_GETREGSET, pid, 12345, &v));
	R(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, 8));
	v.iov_base = (void *)8;
	R(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v));
	R(ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &v));
	R(kill(pid, SIGKILL));
	printf("end %x\n", (unsigned)status_of(pid));
}

static void show_info(const siginfo_t *si, pid_t pid)
{
	printf("signo %d code %x from %s value %d\n", si->si_signo, (unsigned)si->si_code,
	       si->si_pid == pid        ? "it"
	       : si->si_pid == getpid() ? "me"
	       : si->si_pid             ? "another"
					: "nobody",
	       si->si_code == SI_QUEUE ? si->si_value.sival_int : 0);
}

static volatile int got, got_code, got_value;
static void on_signal(int sig, siginfo_t *si, void *c)
{
	got = sig;
	got_code = si->si_code;
	got_value = si->si_value.sival_int;
}

static void await_signal(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
	kill(getpid(), SIGUSR1);
	printf("child got %d code %d value %d\n", got, got_code, got_value);
	fflush(stdout);
}

static void signal_info(void)
{
	pid_t pid = tracee(await_signal);
	siginfo_t si;

	memset(&si, 0xee, sizeof(si));
	R(ptrace(PTRACE_GETSIGINFO, pid, 0, &si));
	printf("signo %d code %d it %d\n", si.si_signo, si.si_code, si.si_pid == pid);
	R(ptrace(PTRACE_GETSIGINFO, pid, 0, 8));
	R(ptrace(PTRACE_CONT, pid, 0, 0));
	printf("stop %x\n", (unsigned)status_of(pid));
	MUST(ptrace(PTRACE_GETSIGINFO, pid, 0, &si));
	show_info(&si, pid);
	si.si_code = SI_QUEUE;
	si.si_value.sival_int = 33;
	R(ptrace(PTRACE_SETSIGINFO, pid, 0, &si));
	R(ptrace(PTRACE_SETSIGINFO, pid, 0, 8));
	R(ptrace(PTRACE_CONT, pid, 0, 65));
	R(ptrace(PTRACE_CONT, pid, 0, -1));
	R(ptrace(PTRACE_CONT, pid, 0, SIGUSR1));
	printf("end %x\n", (unsigned)status_of(pid));

	pid = tracee(await_signal);
	R(ptrace(PTRACE_CONT, pid, 0, 0));
	printf("stop %x\n", (unsigned)status_of(pid));
	R(ptrace(PTRACE_CONT, pid, 0, SIGUSR2)); // another one
	printf("end %x\n", (unsigned)status_of(pid));

	pid = tracee(await_signal);
	R(ptrace(PTRACE_CONT, pid, 0, 0));
	printf("stop %x\n", (unsigned)status_of(pid));
	R(ptrace(PTRACE_CONT, pid, 0, SIGTERM));
	printf("end %x\n", (unsigned)status_of(pid));
}

static void masks_and_queues(void)
{
	pid_t pid = tracee(NULL);
	struct {
		uint64_t off;
		uint32_t flags;
		int32_t nr;
	} a = { 0, 0, 4 };
	siginfo_t si[4];
	uint64_t mask = ~0ull;
	union sigval v = { .sival_int = 5 };

	R(RAW(0x420a, pid, 8, &mask)); // GETSIGMASK
	printf("%llx\n", (unsigned long long)mask);
	mask = ~0ull;
	R(RAW(0x420b, pid, 8, &mask)); // SETSIGMASK
	R(RAW(0x420a, pid, 8, &mask));
	printf("%llx\n", (unsigned long long)mask);
	R(RAW(0x420a, pid, 4, &mask));
	R(RAW(0x420a, pid, 8, 8));
	R(RAW(0x420b, pid, 8, 8));
	R(sigqueue(pid, SIGRTMIN + 1, v));
	v.sival_int = 6;
	R(sigqueue(pid, SIGRTMIN + 1, v));
	R((int)syscall(SYS_tgkill, pid, pid, SIGUSR1));
	R(RAW(0x4209, pid, &a, si)); // PEEKSIGINFO
	printf("signo %d\n", si[0].si_signo);
	a.flags = 1;
	R(RAW(0x4209, pid, &a, si));
	printf("%d %d\n", si[0].si_value.sival_int, si[1].si_value.sival_int);
	a.off = 1;
	R(RAW(0x4209, pid, &a, si));
	printf("%d\n", si[0].si_value.sival_int);
	a.off = 9;
	R(RAW(0x4209, pid, &a, si));
	a.off = 0;
	a.nr = -1;
	R(RAW(0x4209, pid, &a, si));
	a.nr = 2;
	a.flags = 2;
	R(RAW(0x4209, pid, &a, si));
	a.flags = 1;
	R(RAW(0x4209, pid, &a, 8));
	R(RAW(0x4209, pid, 8, si));
	finish(pid);
}

static void options(void)
{
	pid_t pid = tracee(NULL);
	unsigned long msg = 9;

	R(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD));
	R(ptrace(PTRACE_SETOPTIONS, pid, 0, 0xff | PTRACE_O_EXITKILL));
	R(ptrace(PTRACE_SETOPTIONS, pid, 0, 1 << 8));
	R(ptrace(PTRACE_SETOPTIONS, pid, 0, 1l << 40));
	R(RAW(21, pid, 0, 1)); // OLDSETOPTIONS
	R(ptrace(PTRACE_GETEVENTMSG, pid, 0, &msg));
	printf("%lu\n", msg);
	R(ptrace(PTRACE_GETEVENTMSG, pid, 0, 8));
	R(RAW(PTRACE_INTERRUPT, pid, 0, 0)); // not seized
	R(RAW(PTRACE_LISTEN, pid, 0, 0));
	R(RAW(9999, pid, 0, 0));
	R(RAW(PTRACE_ATTACH, pid, 0, 0)); // already
	R(RAW(PTRACE_DETACH, pid, 0, 65));
	R(RAW(PTRACE_KILL, pid, 0, 0));
	printf("end %x\n", (unsigned)status_of(pid));
	R(RAW(PTRACE_KILL, pid, 0, 0));
}

static void state_file(void)
{
	pid_t pid = tracee(NULL);
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "State:", 6))
			printf("%s", line);
		if (!strncmp(line, "TracerPid:", 10))
			printf("tracer is me: %d\n", atoi(line + 10) == getpid());
	}
	fclose(f);
	finish(pid);
}

int main(void)
{
	shared_ro = mmap(NULL, PG, PROT_READ, MAP_SHARED, t_memfd_sized(0, PG), 0);
	without_tracee();
	memory();
	user_area();
	debug_registers();
	watchpoint();
	code_breakpoint();
	float_registers();
	register_sets();
	signal_info();
	masks_and_queues();
	options();
	state_file();
	return 0;
}
