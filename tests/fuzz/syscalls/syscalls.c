// A program that misuses every system call: random arguments from typed pools, several threads,
// signals at any time, memory that comes and goes, corrupted signal frames, random instructions,
// exec of itself and of garbage. Whatever happens to it, the kernel must survive.
//
//   syscalls SEED ROUNDS CALLS [THREADS]
//
// A round is one life of the program: at its end it executes itself, so all that the round had is
// given back and free memory at the start of two rounds can be compared (line "free KIB"). The
// program runs without thread-local storage: a worker finds its record by its stack's address.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define WORKER_BYTES (1ul << 20)
#define ALTSTACK     65536ul
#define ARENA_BYTES  (4ul << 20)
#define MAX_WORKERS  8
#define ROUND_MS     600
#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))

#define SYNCHRONOUS (1u << 3 | 1u << 4 | 1u << 6 | 1u << 7 | 1u << 10) // ILL TRAP BUS FPE SEGV

enum {
	NR_COUNT = 470,
};

static const struct call {
	const char *name, *kinds;
	int nargs;
} calls[NR_COUNT] = {
#define SYSCALL(nr, sysname, status, n, ...) [nr] = { #sysname, #__VA_ARGS__, n },
#include "syscall/syscalls.def"
};

// Left out, and why.
static const short skipped[] = {
	SYS_exit_group, // ends the program
	SYS_exit,       // ends the worker; done once, at its end
	SYS_pause,      // only a signal ends it: the kicks do, but it eats the round
	SYS_rt_sigsuspend,
	SYS_vfork,  // shares the stack, and would be a process of its own
	SYS_fork,   // copies of this program would outlive the watchdog
	SYS_reboot, // ends the machine
};

struct worker {
	void *jump[5];
	uint64_t rng;
	int id;
	volatile int running, tid, left;
	volatile int wild; // executing what is not ours: any signal jumps out
	volatile int last; // the call that was made
};

static char *arena;
static char *workers_base;
static unsigned long seed;
static int rounds, ncalls, nworkers;
static char *next_argv[8];
static char number[8][24];

static long raw(long nr, const long *a)
{
	long r;
	register long r10 __asm__("r10") = a[3];
	register long r8 __asm__("r8") = a[4];
	register long r9 __asm__("r9") = a[5];

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}

#define SYS(nr, ...) raw(nr, (const long[6]){ __VA_ARGS__ })

static struct worker *self(void)
{
	return (struct worker *)((uint64_t)__builtin_frame_address(0) & ~(WORKER_BYTES - 1));
}

static int is_worker(const struct worker *w)
{
	return (char *)w >= workers_base && (char *)w < workers_base + nworkers * WORKER_BYTES;
}

static uint64_t rnd(struct worker *w)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return w->rng * 0x2545f4914f6cdd1dull;
}

static uint64_t below(struct worker *w, uint64_t n)
{
	return (rnd(w) >> 11) % n;
}

#define ONE_IN(w, n)  (below(w, n) == 0)
#define PICK(w, list) ((list)[below(w, COUNT(list))])

// ---- pools ----

static const char *const paths[] = {
	"",
	".",
	"..",
	"/",
	"a",
	"b",
	"d",
	"d/a",
	"d/b",
	"link",
	"loop",
	"fifo",
	"/tmp/f/a",
	"/tmp/f/d",
	"/dev/null",
	"/dev",
	"/dev/zero",
	"/dev/full",
	"/dev/tty",
	"/dev/urandom",
	"/proc",
	"/proc/self",
	"/proc/self/fd",
	"/proc/self/maps",
	"/proc/self/mem",
	"/proc/",
	"/dev/shm/x",
	"/proc/self/fd/3",
	"/proc/meminfo",
	"/proc/self/status",
	"d/../a",
	"a/",
	"no/such",
	"/proc/self/task",
	"/proc/self/cmdline",
	"//",
	"/tmp/f/d/",
	"/dev/fd/4",
	"/proc/sys/kernel",
	"link/a",
};

static const int64_t edges[] = {
	0,
	1,
	2,
	7,
	8,
	15,
	63,
	64,
	127,
	128,
	255,
	256,
	511,
	512,
	1000,
	1023,
	1024,
	4095,
	4096,
	4097,
	8192,
	65535,
	65536,
	1 << 20,
	0x7ffff000,
	INT32_MAX,
	UINT32_MAX,
	1ll << 32,
	1ll << 40,
	1ll << 47,
	INT64_MAX,
	INT64_MIN,
	-1,
	-2,
	-4096,
	INT64_MAX - 4095,
	-100,
	(1ll << 47) - 4096,
	1ll << 62,
	1ll << 31,
	0x7fffffffffff,
};

static long any_pointer(struct worker *w)
{
	switch (below(w, 24)) {
	case 0:
		return 0;
	case 1:
		return (long)below(w, 65536);
	case 2:
		return (long)0xffff888000000000;
	case 3:
		return (long)0xffffffff80200000;
	case 4:
		return (long)0x800000000000; // not canonical
	case 5:
		return 0x7ffffffff000 - (long)below(w, 64);
	case 6:
		return (long)0xffffffffff600000; // where Linux has its vsyscall page
	case 7:
		return (long)rnd(w);
	case 8:
		return (long)arena + (long)ARENA_BYTES - (long)below(w, 256);
	default:
		return (long)arena + (long)(below(w, ARENA_BYTES) & ~(below(w, 2) ? 7ul : 4095ul));
	}
}

static long any_number(struct worker *w)
{
	switch (below(w, 4)) {
	case 0:
		return PICK(w, edges);
	case 1:
		return (long)(1ull << below(w, 64));
	case 2:
		return (long)below(w, 128);
	default:
		return (long)(rnd(w) >> below(w, 64));
	}
}

// Room in the arena that holds a structure with plausible contents.
static long any_struct(struct worker *w)
{
	long at = any_pointer(w);
	char *p = (char *)at;

	if (p < arena || p >= arena + ARENA_BYTES - 4096 || ONE_IN(w, 8))
		return at;
	for (int i = 0; i < 16; i++) {
		long v = ONE_IN(w, 3) ? any_pointer(w) : any_number(w);
		memcpy(p + i * 8, &v, 8); // may fault: the handler jumps out
	}
	return at;
}

static long any_iovec(struct worker *w)
{
	struct iovec *v = (struct iovec *)(arena + 64 * below(w, 1024));

	for (int i = 0; i < 8; i++)
		v[i] = (struct iovec){ (void *)any_pointer(w),
				       ONE_IN(w, 4) ? (size_t)any_number(w) : below(w, 9000) };
	return ONE_IN(w, 8) ? any_pointer(w) : (long)v;
}

static long any_path(struct worker *w)
{
	char *p = arena + ARENA_BYTES / 2 + 8192 * below(w, 8);
	size_t n = PICK(w, ((const size_t[]){ 4094, 4095, 4096, 255, 256 }));

	if (ONE_IN(w, 12))
		return any_pointer(w);
	if (!ONE_IN(w, 16))
		return (long)PICK(w, paths);
	memset(p, ONE_IN(w, 2) ? 'x' : '/', n);
	p[n] = 0;
	return (long)p;
}

static long any_argv(struct worker *w)
{
	char **v = (char **)(arena + 64 * below(w, 1024));

	for (int i = 0; i < 7; i++)
		v[i] = ONE_IN(w, 4) ? (char *)any_pointer(w) : (char *)PICK(w, paths);
	v[7] = NULL;
	return ONE_IN(w, 4) ? any_pointer(w) : (long)v;
}

static long any_fd(struct worker *w)
{
	long fd = ONE_IN(w, 16) ? any_number(w) : 3 + (long)below(w, 40);

	if (ONE_IN(w, 16))
		return AT_FDCWD;
	return (unsigned)fd <= 2 ? 3 : fd; // never 0 to 2: the runner listens there
}

static long any_pid(struct worker *w)
{
	return ONE_IN(w, 4) ? any_number(w) : ONE_IN(w, 2) ? 0 : 2 + (long)below(w, 8);
}

static long any_signal(struct worker *w)
{
	long s = ONE_IN(w, 8) ? any_number(w) : (long)below(w, 66);

	return (int)s == SIGKILL || (int)s == SIGSTOP ? SIGUSR1 : s;
}

static long small_time(struct worker *w)
{
	long *t = (long *)(arena + 64 * below(w, 1024));

	for (int i = 0; i < 4; i++)
		t[i] = i & 1 ? (long)below(w, 2000000) : 0;
	return ONE_IN(w, 6) ? any_struct(w) : (long)t;
}

// A set without the errors of the program: blocking them would end it.
static long any_sigset(struct worker *w)
{
	uint64_t *set = (uint64_t *)(arena + 64 * below(w, 1024));

	*set = rnd(w) & rnd(w) & ~(uint64_t)SYNCHRONOUS;
	return ONE_IN(w, 8) ? (long)(arena + ARENA_BYTES - below(w, 8)) : (long)set;
}

static int kind_is(const char *kind, const char *list)
{
	size_t n = strcspn(kind, ", ");

	for (const char *p = list; (p = strstr(p, " ")); p++)
		if (!strncmp(p + 1, kind, n) && p[1 + n] == ' ')
			return 1;
	return 0;
}

static long argument(struct worker *w, const char *kind)
{
	if (kind_is(kind, " FD ATFD "))
		return any_fd(w);
	if (kind_is(kind, " PATH STR "))
		return any_path(w);
	if (kind_is(kind, " IOVI IOVO "))
		return any_iovec(w);
	if (kind_is(kind, " STRV "))
		return any_argv(w);
	if (kind_is(kind, " TSI TS2I TVI ITVI ITSI "))
		return small_time(w);
	if (kind_is(kind, " SSETI "))
		return any_sigset(w);
	if (kind_is(kind, " PID "))
		return any_pid(w);
	if (kind_is(kind, " SIG "))
		return any_signal(w);
	if (kind_is(kind, " ADDR STRO BUFI BUFO "))
		return any_pointer(w);
	if (kind_is(kind, " SIZE "))
		return ONE_IN(w, 3) ? any_number(w) : (long)below(w, 70000);
	if (kind_is(kind, " INT UINT LONG HEX MODE UID CLOCK OFLAGS ATFLAGS PIPEFL UNLINKFL LINKFL "
			  "PROT MAPFL MEMFDFL MADV MSYNC MREMAP ACCESS WHENCE FCNTL IOCTL RLIMIT "
			  "ARCHPR PRCTL FUTEXOP CLONEFL SIGHOW EPOLLOP EPFL EFDFL GRNDFL FALLOC "
			  "RENAMEFL STATXMASK CLRANGE RWF ITIMER "))
		return any_number(w);
	return any_struct(w);
}

// ---- calls whose numbers need luck ----

static const uint16_t ioctls[] = { 0x5401, 0x5402, 0x5413, 0x5414, 0x540f, 0x5410, 0x541b,
				   0x5421, 0x5450, 0x5451, 0x5452, 0x540b, 0x5429 };
static const uint16_t prctls[] = { 1,  2,  3,  4,  8,  15, 16, 23, 24, 27, 28,
				   29, 30, 35, 38, 39, 40, 41, 47, 50, 53 };

// The calls that need care so that the program goes on: their arguments are chosen here.
static int tame(struct worker *w, int nr, long *a)
{
	switch (nr) {
	case SYS_mmap:
		a[2] = (long)below(w, 8);
		a[3] = ONE_IN(w, 4)
			       ? any_number(w) & ~(long)MAP_FIXED
			       : (long)PICK(w,
					    ((const int[]){ 0x22, 0x21, 2, 1, 0x4022, 0x8022, 0x32,
							    0x12, 0x11, 0x100022, 0x122 }));
		a[5] &= ~4095l;
		// fall through
	case SYS_munmap:
	case SYS_mprotect:
	case SYS_pkey_mprotect:
	case SYS_madvise:
	case SYS_mremap:
	case SYS_mlock:
	case SYS_mlock2:
	case SYS_msync:
		a[0] &= ~4095l;
		if (nr == SYS_mremap) {
			a[3] = (long)below(w, 8);
			a[4] = (long)arena + (long)(below(w, ARENA_BYTES) & ~4095ul);
			a[2] = (long)below(w, 300000);
		}
		// What lies behind the arena is the program itself.
		if (a[0] >= 0 && (unsigned long)a[1] > (1ul << 20))
			a[1] = (long)below(w, 1 << 20);
		if ((char *)a[0] < arena || (char *)a[0] >= arena + ARENA_BYTES)
			return nr == SYS_mmap && !(a[3] & MAP_FIXED);
		return 1;
	case SYS_brk:
		return ONE_IN(w, 2);
	case SYS_rt_sigaction:
		return 0; // handlers stay
	case SYS_sigaltstack:
		a[0] = 0;
		return 1;
	case SYS_arch_prctl:
		a[0] = 0x1001 + (long)below(w, 8);
		return a[0] != 0x1011;
	case SYS_ioctl:
		if (!ONE_IN(w, 4))
			a[1] = PICK(w, ioctls);
		return 1;
	case SYS_prctl:
		a[0] = PICK(w, prctls);
		return a[0] != PR_SET_DUMPABLE;
	case SYS_fcntl:
		a[1] = ONE_IN(w, 2) ? (long)below(w, 40) : 1024 + (long)below(w, 18);
		return 1;
	case SYS_clone:
	case SYS_clone3:
		return 0; // threads() does it
	case SYS_execve:
	case SYS_execveat:
		return ONE_IN(w, 4);
	case SYS_close_range:
		a[0] = 3 + (long)below(w, 60);
		return ONE_IN(w, 8);
	case SYS_dup2:
	case SYS_dup3:
		return (unsigned)a[1] > 2;
	case SYS_rseq:
		return ONE_IN(w, 20);
	case SYS_poll:
		a[2] = (long)below(w, 5);
		return 1;
	case SYS_kill:
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_rt_sigqueueinfo:
	case SYS_rt_tgsigqueueinfo:
		return ONE_IN(w, 4);
	case SYS_memfd_create:
		a[1] = ONE_IN(w, 4) ? any_number(w) : (long)below(w, 32);
		return 1;
	case SYS_ftruncate:
	case SYS_truncate:
	case SYS_fallocate:
		if (nr == SYS_fallocate)
			a[1] = (long)below(w, 4);
		return 1;
	}
	return 1;
}

static int is_skipped(int nr)
{
	for (unsigned i = 0; i < COUNT(skipped); i++)
		if (skipped[i] == nr)
			return 1;
	return !calls[nr].name;
}

static void random_call(struct worker *w)
{
	int nr = (int)below(w, NR_COUNT);
	long a[6];
	const char *kind;

	if (is_skipped(nr))
		return;
	kind = calls[nr].kinds;
	for (int i = 0; i < 6; i++) {
		if (i >= calls[nr].nargs) {
			a[i] = (long)rnd(w);
			continue;
		}
		a[i] = argument(w, kind);
		kind = strchr(strchr(kind, ',') + 1, ',') + 2;
	}
	if (!tame(w, nr, a))
		return;
	w->last = nr;
	w->wild = nr == SYS_rt_sigreturn;
	raw(nr, a);
	w->wild = 0;
}

// ---- traps ----

static void random_code(struct worker *w)
{
	static const unsigned char starts[][4] = {
		{ 0xcd, 0x80 },
		{ 0x0f, 0x05 },
		{ 0x0f, 0x34 },
		{ 0xf4 },
		{ 0xcc },
		{ 0xf1 },
		{ 0x0f, 0x0b },
		{ 0xcf },
		{ 0x48, 0xcf },
		{ 0xcb },
		{ 0x9d },
		{ 0x0f, 0x01, 0xf8 },
		{ 0x0f, 0x01, 0xca },
		{ 0x0f, 0x30 },
		{ 0x0f, 0x22, 0xd8 },
		{ 0xcd, 0x08 },
		{ 0xcd, 0x02 },
		{ 0xcd, 0x0e },
		{ 0x0f, 0xae },
		{ 0x8e, 0xe8 },
		{ 0x8e, 0xd0 },
		{ 0xf3, 0x0f, 0xae },
		{ 0x0f, 0xc7 },
		{ 0xec },
		{ 0xfa },
		{ 0xfb },
		{ 0x0f, 0x07 },
		{ 0xe4, 0x60 },
	};
	unsigned char *p = (unsigned char *)arena + 4096 * below(w, ARENA_BYTES / 4096);
	const unsigned char *s = PICK(w, starts);

	if (SYS(SYS_mmap, (long)p, 4096, 7, 0x32, -1, 0) != (long)p)
		return;
	for (int i = 0; i < 64; i++)
		p[i] = (unsigned char)rnd(w);
	if (ONE_IN(w, 2))
		memcpy(p, s, 4);
	w->wild = 1;
	// rsp is in the red zone's way: give the code a stack of its own
	long at = (long)p, stack = (long)p + 2048;

	__asm__ volatile("mov %%rsp, %%rbx; mov %%rcx, %%rsp; call *%%rax; mov %%rbx, %%rsp"
			 : "+a"(at), "+c"(stack)
			 :
			 : "rbx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
			   "r14", "r15", "memory", "cc");
	w->wild = 0;
}

// SYSCALL as the last instruction of the user half.
static void last_syscall(struct worker *w)
{
	char *p = (char *)0x7fffffffe000;

	if (SYS(SYS_mmap, (long)p, 4096, 7, 0x100022, -1, 0) != (long)p)
		return;
	memcpy(p + 4094, "\x0f\x05", 2);
	w->wild = 1;
	__asm__ volatile("mov $39, %%eax; jmp *%0" : : "r"(p + 4094) : "rax", "memory");
	__builtin_unreachable();
}

static int recurse(struct worker *w, int depth)
{
	volatile char frame[4000];

	frame[0] = (char)depth;
	return depth ? recurse(w, depth - 1) + frame[0] : 0;
}

static void corrupt_frame(struct worker *w, ucontext_t *u)
{
	greg_t *g = u->uc_mcontext.gregs;
	unsigned char *fp = (unsigned char *)u->uc_mcontext.fpregs;

	switch (below(w, 12)) {
	case 0:
		g[REG_RIP] = any_pointer(w);
		break;
	case 1:
		g[REG_RSP] = any_pointer(w);
		break;
	case 2:
		g[REG_EFL] = (greg_t)rnd(w);
		break;
	case 3:
		g[REG_CSGSFS] = (greg_t)rnd(w);
		break;
	case 4:
		for (int i = 0; i < 8; i++)
			fp[512 + below(w, 64)] = (unsigned char)rnd(w);
		break;
	case 5:
		fp[464 + below(w, 48)] ^= 1 << below(w, 8);
		break;
	case 6:
		u->uc_mcontext.fpregs = (void *)any_pointer(w);
		break;
	case 7:
		fp[24 + below(w, 8)] = (unsigned char)rnd(w);
		break;
	case 8:
		g[REG_EFL] |= 0x100; // TF: a SIGTRAP comes
		break;
	case 9:
		g[REG_EFL] |= 0x40000 | 0x4000 | 0x3000; // AC NT IOPL
		break;
	case 10:
		u->uc_flags = rnd(w);
		break;
	default:
		for (int i = 0; i < 40; i++)
			fp[below(w, 832)] = (unsigned char)rnd(w);
	}
	w->wild = 1;
}

static void handler(int sig, siginfo_t *info, void *context)
{
	struct worker *w = self();
	ucontext_t *u = context;

	if (!is_worker(w))
		return;
	if (sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGTRAP ||
	    w->wild) {
		// The flags and vector state of the wild code are left behind by sigreturn's
		// absence.
		w->wild = 0;
		__builtin_longjmp(w->jump, 1);
	}
	if (ONE_IN(w, 8))
		corrupt_frame(w, u);
	memset(&u->uc_sigmask, 0, 8);
}

__asm__(".text\nrestorer: mov $15, %eax\n syscall\n");
void restorer(void);

// ---- workers ----

static void more_threads(struct worker *w)
{
	char *stack = arena + ARENA_BYTES / 4 + 4096 * below(w, 256) + 4000;
	long flags = 0x50f00 | (ONE_IN(w, 2) ? 0x1300000 : 0) | (ONE_IN(w, 8) ? (long)rnd(w) : 0);
	long r;

	// The child makes one call and ends, without touching its stack.
	register long r10 __asm__("r10") = any_pointer(w);
	register long r8 __asm__("r8") = any_pointer(w);

	__asm__ volatile("syscall\n"
			 "test %%rax, %%rax\n"
			 "jnz 1f\n"
			 "mov $39, %%eax\n"
			 "syscall\n"
			 "xor %%edi, %%edi\n"
			 "mov $60, %%eax\n"
			 "syscall\n"
			 "1:"
			 : "=a"(r)
			 : "a"(SYS_clone), "D"(flags & ~0x4000l), "S"(stack), "d"(any_pointer(w)),
			   "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
}

static void step(struct worker *w)
{
	switch (below(w, 64)) {
	case 0:
	case 1:
		random_code(w);
		break;
	case 2:
		if (ONE_IN(w, 8))
			last_syscall(w);
		break;
	case 3:
		if (ONE_IN(w, 8))
			recurse(w, 1000); // over the end of the stack
		break;
	case 4:
		more_threads(w);
		break;
	case 5:
		SYS(SYS_tkill, w->tid, any_signal(w));
		break;
	case 6:
		SYS(SYS_mmap, (long)arena + (long)(below(w, ARENA_BYTES) & ~65535ul), 65536, 3,
		    0x32, -1, 0);
		break;
	default:
		random_call(w);
	}
}

static __attribute__((noinline, noreturn)) void worker_main(struct worker *w)
{
	stack_t alt = { .ss_sp = (char *)w + 4096, .ss_size = ALTSTACK };
	unsigned long all = 0;

	w->tid = (int)SYS(SYS_gettid);
	while (1) {
		(void)!__builtin_setjmp(w->jump);
		w = self();
		// What the wild code may have left: flags, signal mask, alternate stack.
		__asm__ volatile("pushq $0x202; popfq; cld; fninit" ::: "cc", "memory");
		SYS(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, 0, 8);
		SYS(SYS_sigaltstack, (long)&alt, 0);
		while (w->left > 0) {
			w->left--;
			step(w);
		}
		break;
	}
	all = ~0ul;
	SYS(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, 0, 8);
	w->running = 0;
	SYS(SYS_exit, 0);
	__builtin_unreachable();
}

static void start_worker(int i)
{
	struct worker *w = (struct worker *)(workers_base + (unsigned long)i * WORKER_BYTES);
	char *top = (char *)w + WORKER_BYTES - 64;
	long r;

	w->rng = (seed * 1000003 + (unsigned long)rounds * 7919 + (unsigned long)i + 1) *
		 0x9e3779b97f4a7c15;
	w->left = ncalls;
	w->id = i;
	w->running = 1;
	// the page below the stack is a guard
	SYS(SYS_mprotect, (long)w + 4096 + (long)ALTSTACK, 4096, 0);
	register long r10 __asm__("r10") = 0;

	__asm__ volatile("syscall\n"
			 "test %%rax, %%rax\n"
			 "jnz 1f\n"
			 "mov %6, %%rdi\n"
			 "xor %%ebp, %%ebp\n"
			 "call *%5\n"
			 "1:"
			 : "=a"(r)
			 : "a"(SYS_clone), "D"(0x50f00), "S"(top), "d"(0), "r"(worker_main), "r"(w),
			   "r"(r10)
			 : "rcx", "r11", "memory");
	if (r < 0)
		w->running = 0;
}

static void install_handlers(void)
{
	const struct {
		void (*handler)(int, siginfo_t *, void *);
		unsigned long flags;
		void (*restorer)(void);
		unsigned long mask;
	} sa = { handler, SA_SIGINFO | SA_NODEFER | SA_ONSTACK | 0x4000000, restorer, 0 };

	// not sigaction(): that keeps 32 to 34 for itself
	for (long s = 1; s < 65; s++)
		SYS(SYS_rt_sigaction, s, (long)&sa, 0, 8);
}

static void remove_tree(const char *path)
{
	static const char *const names[] = { "d/a", "d/b", "a", "b", "link", "loop", "fifo", "d" };
	char name[64];

	for (int pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < COUNT(names); i++) {
			snprintf(name, sizeof(name), "%s/%s", path, names[i]);
			if (unlink(name))
				rmdir(name);
		}
	}
}

static void make_files(void)
{
	int fds[2];

	mkdir("/tmp/f", 0777);
	(void)!chdir("/tmp/f");
	remove_tree("/tmp/f");
	(void)!unlink("/dev/shm/x");
	mkdir("d", 0777);
	(void)!symlink("a", "link");
	(void)!symlink("loop", "loop");
	mkfifo("fifo", 0666);
	for (int i = 0; i < 2; i++)
		(void)!open(i ? "d/a" : "a", O_CREAT | O_RDWR, 0666);
	(void)!pipe(fds);
	(void)!pipe2(fds, O_NONBLOCK);
	(void)!eventfd(3, EFD_NONBLOCK);
	(void)!syscall(SYS_memfd_create, "fuzz", 2);
	(void)!syscall(SYS_memfd_create, "fuzz", 0);
	(void)!open("/", O_RDONLY | O_DIRECTORY);
	(void)!open("d", O_PATH);
	(void)!open("/dev/zero", O_RDWR);
	(void)!open("/dev/null", O_RDWR);
	(void)!open("/dev/tty", O_RDWR);
	(void)!open("/dev/urandom", O_RDWR);
	(void)!open("/proc/self/maps", O_RDONLY);
	(void)!open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
	(void)!open("/proc/meminfo", O_RDONLY);
}

static unsigned long free_kib(void)
{
	struct sysinfo s;

	sysinfo(&s);
	return (s.freeram * s.mem_unit) >> 10;
}

// Waits for the workers and wakes those that sleep.
static void watch(void)
{
	struct timespec tick = { 0, 5000000 };
	int ms = 0, any = 1;

	for (; any && ms < ROUND_MS; ms += 5) {
		any = 0;
		nanosleep(&tick, NULL);
		for (int i = 0; i < nworkers; i++) {
			struct worker *w =
				(struct worker *)(workers_base + (unsigned long)i * WORKER_BYTES);

			any |= w->running;
			if (w->running && w->tid)
				syscall(SYS_tkill, w->tid, ms % 3 ? SIGUSR1 : SIGALRM);
		}
	}
	if (any)
		for (int i = 0; i < nworkers; i++)
			dprintf(2, "worker %d: %d left, last call %s\n", i,
				((struct worker *)(workers_base + (unsigned long)i * WORKER_BYTES))
					->left,
				calls[((struct worker *)(workers_base +
							 (unsigned long)i * WORKER_BYTES))
					      ->last]
					.name);
}

static void next_round(struct rlimit *limits)
{
	char *env[] = { NULL };

	for (int i = 0; i < RLIM_NLIMITS; i++)
		setrlimit(i, &limits[i]);
	syscall(SYS_close_range, 3, ~0u, 0);
	if (rounds <= 1)
		_exit(0);
	snprintf(number[1], 24, "%d", rounds - 1);
	execve("/proc/self/exe", next_argv, env);
	perror("exec");
	_exit(3);
}

int main(int argc, char **argv)
{
	struct rlimit limits[RLIM_NLIMITS];
	struct itimerval it = { { 0, 3000 }, { 0, 3000 } };
	sigset_t all;

	if (argc < 4)
		return 0; // somebody's random exec
	seed = strtoul(argv[1], NULL, 0);
	rounds = atoi(argv[2]);
	ncalls = atoi(argv[3]);
	nworkers = argc > 4 ? atoi(argv[4]) : 4;
	if (nworkers < 1 || nworkers > MAX_WORKERS)
		nworkers = 4;
	dprintf(2, "round %d free %lu\n", rounds, free_kib());
	next_argv[0] = argv[0];
	for (int i = 1; i < 5; i++)
		next_argv[i] = number[i - 1];
	snprintf(number[0], 24, "%lu", seed);
	snprintf(number[2], 24, "%d", ncalls);
	snprintf(number[3], 24, "%d", nworkers);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		getrlimit(i, &limits[i]);
	arena = mmap((void *)0x100000000000, ARENA_BYTES, 7,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	workers_base = mmap((void *)0x200000000000, MAX_WORKERS * WORKER_BYTES, 3,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	umask(0);
	make_files();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	install_handlers();
	setitimer(ITIMER_REAL, &it, NULL);
	for (int i = 0; i < nworkers; i++)
		start_worker(i);
	watch();
	next_round(limits);
}
