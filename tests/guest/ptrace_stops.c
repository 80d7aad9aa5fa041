// What stops tracees, and what their tracers are told: system calls, steps, events of children,
// exec and exit, stops of groups, PTRACE_SEIZE, the ends of threads, the end of the tracer.
//
// needs: root
// cpus: 1 4
// timeout: 60
// cflags: -pthread
#include "t.h"
#include <linux/ptrace.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>

// glibc's <sys/ptrace.h> and <linux/ptrace.h> do not go together.
static long trace(long req, long pid, unsigned long addr, unsigned long data)
{
	return syscall(SYS_ptrace, req, pid, addr, data);
}

// Without what a C library does around it.
static void raise_(int sig)
{
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
}

struct regs {
	unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi,
		orig_rax;
	unsigned long rip, cs, eflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
};

static struct regs regs_of(pid_t pid)
{
	struct regs r;

	MUST(trace(PTRACE_GETREGS, pid, 0, (unsigned long)&r));
	return r;
}

static void set_regs(pid_t pid, struct regs *r)
{
	MUST(trace(PTRACE_SETREGS, pid, 0, (unsigned long)r));
}

static unsigned wait_for(pid_t pid)
{
	int st = -1;

	MUST(waitpid(pid, &st, __WALL));
	return (unsigned)st;
}

static void go(long how, pid_t pid, int sig)
{
	MUST(trace(how, pid, 0, (unsigned long)sig));
}

static unsigned go_wait(long how, pid_t pid, int sig)
{
	go(how, pid, sig);
	return wait_for(pid);
}

static unsigned long message(pid_t pid)
{
	unsigned long m = 0;

	MUST(trace(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&m));
	return m;
}

static pid_t fork_(void)
{
	fflush(stdout);
	return MUST(fork());
}

// A child that traces itself and stops; then it runs |fn|.
static pid_t tracee(void (*fn)(void))
{
	pid_t pid = fork_();

	if (!pid) {
		MUST(trace(PTRACE_TRACEME, 0, 0, 0));
		raise_(SIGSTOP);
		fn();
		_exit(7);
	}
	printf("first stop %x\n", wait_for(pid));
	return pid;
}

// A child that is not traced and runs |fn| once it is told.
static int gate[2];
static pid_t child(void (*fn)(void))
{
	pid_t pid;
	char c;

	MUST(pipe(gate));
	pid = fork_();
	if (!pid) {
		close(gate[1]);
		if (read(gate[0], &c, 1) == 1)
			fn();
		_exit(7);
	}
	close(gate[0]);
	return pid;
}

static void open_gate(void)
{
	MUST(write(gate[1], "x", 1));
	close(gate[1]);
}

// ---- system calls

static void some_calls(void)
{
	syscall(SYS_getppid);
	syscall(SYS_close, 1000);
	syscall(9999);
}

static void show_call(pid_t pid)
{
	struct ptrace_syscall_info i;
	long n;

	memset(&i, 0xee, sizeof(i));
	n = trace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(i), (unsigned long)&i);
	printf("size %ld op %d", n, i.op);
	if (i.op == 1)
		printf(" nr %llu arg %llu\n", i.entry.nr, i.entry.nr == 3 ? i.entry.args[0] : 0);
	else if (i.op == 2)
		printf(" error %d %lld\n", i.exit.is_error, i.exit.is_error ? i.exit.rval : 0);
	else
		printf("\n");
	IS(i.arch == 0xc000003e && i.instruction_pointer == regs_of(pid).rip &&
	   i.stack_pointer == regs_of(pid).rsp);
}

static void calls(void)
{
	pid_t pid = tracee(some_calls);
	unsigned st;

	show_call(pid);
	R(trace(PTRACE_GET_SYSCALL_INFO, pid, 4, 8));
	R(trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD));
	for (;;) {
		st = go_wait(PTRACE_SYSCALL, pid, 0);
		printf("stop %x", st);
		if ((st & 0xff) != 0x7f)
			break;
		printf(" message %lu orig_rax %ld\n", message(pid), (long)regs_of(pid).orig_rax);
		show_call(pid);
	}
	printf("\n");
}

static void answers(void)
{
	long a = syscall(SYS_getppid), b, c, d;

	b = syscall(SYS_close, 1000) == -1 ? -errno : 0;
	c = syscall(SYS_getppid) == -1 ? -errno : 0;
	d = syscall(SYS_getpgid, 0) == -1 ? -errno : 0;
	printf("child sees %ld %ld %ld %ld\n", a, b, c, d);
	fflush(stdout);
}

static void changed_calls(void)
{
	pid_t pid = tracee(answers);
	struct regs r;

	MUST(trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD));
	printf("%x\n", go_wait(PTRACE_SYSCALL, pid, 0)); // getppid
	printf("%x\n", go_wait(PTRACE_SYSCALL, pid, 0));
	r = regs_of(pid);
	r.rax = 1234;
	set_regs(pid, &r);                               // another result
	printf("%x\n", go_wait(PTRACE_SYSCALL, pid, 0)); // close
	r = regs_of(pid);
	r.orig_rax = SYS_getuid; // another call
	set_regs(pid, &r);
	printf("%x\n", go_wait(PTRACE_SYSCALL, pid, 0));
	printf("%x\n", go_wait(PTRACE_SYSCALL, pid, 0)); // getppid
	r = regs_of(pid);
	printf("rax at entry %ld\n", (long)r.rax);
	r.orig_rax = -1; // none
	set_regs(pid, &r);
	printf("%x\n", go_wait(PTRACE_SYSCALL, pid, 0));
	r = regs_of(pid);
	printf("rax at exit %ld\n", (long)r.rax);
	printf("%x\n", go_wait(PTRACE_SYSEMU, pid, 0)); // getpgid: not done
	r = regs_of(pid);
	printf("nr %ld\n", (long)r.orig_rax);
	r.rax = -EBUSY;
	set_regs(pid, &r);
	printf("%x\n", go_wait(PTRACE_CONT, pid, 0));
}

static void sleeps(void)
{
	struct timespec t = { 0, 50000000 };

	printf("slept %d\n", nanosleep(&t, NULL));
	fflush(stdout);
}

// A call that a signal interrupts is shown with its restart, which the tracer's signal decides.
static void interrupted_call(void)
{
	pid_t pid = tracee(sleeps);
	unsigned st;

	MUST(trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD));
	do
		st = go_wait(PTRACE_SYSCALL, pid, 0);
	while (regs_of(pid).orig_rax != SYS_nanosleep &&
	       regs_of(pid).orig_rax != SYS_clock_nanosleep);
	go(PTRACE_SYSCALL, pid, 0);
	usleep(10000);
	kill(pid, SIGUSR1);
	st = wait_for(pid);
	printf("exit %x rax %ld\n", st, (long)regs_of(pid).rax);
	printf("%x\n", go_wait(PTRACE_SYSCALL, pid, 0));
	printf("signal seen, rax %ld\n", (long)regs_of(pid).rax);
	printf("%x\n", go_wait(PTRACE_SYSCALL, pid, 0));
	printf("restart %d\n", regs_of(pid).orig_rax == SYS_restart_syscall);
	printf("%x\n", go_wait(PTRACE_CONT, pid, 0));
}

// ---- steps

static volatile int handled;
static void on_usr1(int sig)
{
	handled++;
}

static void stepped(void)
{
	signal(SIGUSR1, on_usr1);
	__asm__ volatile("nop; nop; nop");
	__asm__ volatile("mov $110, %%eax; syscall; nop; nop; nop" ::
				 : "rax", "rcx", "r11", "memory");
	raise_(SIGUSR1);
	if (handled != 1)
		_exit(9);
}

static void single_steps(void)
{
	pid_t pid = tracee(stepped);
	unsigned long before, after;
	int moved = 0, sysc = 0;
	siginfo_t si;
	unsigned st;

	for (int i = 0; i < 20; i++) {
		before = regs_of(pid).rip;
		st = go_wait(PTRACE_SINGLESTEP, pid, 0);
		after = regs_of(pid).rip;
		moved += st == 0x57f && after != before;
		MUST(trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si));
		IS(si.si_code == 2 || si.si_code == 1); // TRAP_TRACE, or BRKPT behind a call
		IS(!(regs_of(pid).eflags & 0x100));
	}
	printf("moved %d\n", moved);
	// On to the call in the assembly, and one step over it.
	do {
		st = go_wait(PTRACE_SINGLESTEP, pid, 0);
		MUST(trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si));
		sysc = si.si_code == 1 && regs_of(pid).orig_rax == 110;
	} while (st == 0x57f && !sysc);
	printf("%x behind the call %d\n", st, sysc);
	before = regs_of(pid).rip;
	st = go_wait(PTRACE_SINGLESTEP, pid, 0);
	printf("%x a nop is %ld byte\n", st, (long)(regs_of(pid).rip - before));
	st = go_wait(PTRACE_CONT, pid, 0);
	printf("%x\n", st);
	st = go_wait(PTRACE_SINGLESTEP, pid, SIGUSR1); // stops at the handler's first instruction
	printf("%x in the handler %d\n", st, regs_of(pid).rip == (unsigned long)on_usr1);
	printf("%x\n", go_wait(PTRACE_CONT, pid, 0));
}

static void breaks(void)
{
	__asm__ volatile("int3");
}

static void breakpoint(void)
{
	pid_t pid = tracee(breaks);
	siginfo_t si;

	printf("%x\n", go_wait(PTRACE_CONT, pid, 0));
	MUST(trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si));
	printf("code %x\n", (unsigned)si.si_code);
	printf("%x\n", go_wait(PTRACE_CONT, pid, 0));

	pid = tracee(breaks);
	printf("%x\n", go_wait(PTRACE_CONT, pid, 0));
	printf("%x\n", go_wait(PTRACE_CONT, pid, SIGTRAP)); // kills
}

// ---- children

static void forks(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(3);
	waitpid(pid, NULL, 0);
}

static void vforks(void)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(4);
	waitpid(pid, NULL, 0);
}

static void *thread_fn(void *arg)
{
	return NULL;
}

static void makes_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, thread_fn, NULL);
	pthread_join(t, NULL);
}

#define FAMILY                                                                                     \
	(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORKDONE)

// All that a tracee and its child stop for, each one's in its own order.
static void follow(void (*fn)(void), unsigned options)
{
	pid_t pid = tracee(fn), kid = 0, who;
	char log[2][512] = { "", "" };
	int st, living = 1;

	MUST(trace(PTRACE_SETOPTIONS, pid, 0, options));
	go(PTRACE_CONT, pid, 0);
	while (living && (who = waitpid(-1, &st, __WALL)) > 0) {
		int n = who != pid;
		char *l = log[n] + strlen(log[n]);
		int sig = 0;

		// (of a thread it depends on whether its process has ended meanwhile)
		l += sprintf(l, WIFSTOPPED(st) || !n ? "%x " : "ended ", (unsigned)st);
		if (n && !kid) { // perhaps before the event that tells of it
			kid = who;
			living++;
		}
		if (WIFSTOPPED(st)) {
			if (st >> 16 && st >> 16 != PTRACE_EVENT_STOP &&
			    st >> 16 != PTRACE_EVENT_EXIT) {
				if (!kid) {
					kid = (pid_t)message(who);
					living++;
				}
				sprintf(l, "(%s) ",
					message(who) == (unsigned long)kid ? "kid" : "?");
			} else if (st >> 16 == PTRACE_EVENT_EXIT) {
				sprintf(l, "(%lx) ", message(who));
			} else if (WSTOPSIG(st) == SIGCHLD) {
				sig = SIGCHLD;
			}
			go(PTRACE_CONT, who, sig);
		} else {
			living--;
		}
	}
	printf("it: %s\nkid: %s\n", log[0], log[1]);
	R(waitpid(-1, &st, __WALL));
}

static void children(void)
{
	follow(forks, FAMILY);
	follow(forks, FAMILY | PTRACE_O_TRACEEXIT);
	follow(forks, 0);
	follow(vforks, FAMILY);
	follow(makes_thread, FAMILY);
	follow(makes_thread, FAMILY | PTRACE_O_TRACEEXIT);
}

static void execs(void)
{
	execl("/proc/self/exe", "x", "exec", NULL);
	_exit(1);
}

static void *exec_thread(void *arg)
{
	execs();
	return NULL;
}

static void execs_in_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, exec_thread, NULL);
	pause();
}

static void exec_stops(void)
{
	pid_t pid = tracee(execs), kid;
	unsigned st;

	printf("%x\n", go_wait(PTRACE_CONT, pid, 0)); // SIGTRAP after exec
	printf("orig_rax %ld rax %ld\n", (long)regs_of(pid).orig_rax, (long)regs_of(pid).rax);
	printf("%x\n", go_wait(PTRACE_CONT, pid, 0));

	pid = tracee(execs);
	MUST(trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD));
	st = go_wait(PTRACE_CONT, pid, 0);
	printf("%x message is it %d\n", st, message(pid) == (unsigned long)pid);
	st = go_wait(PTRACE_SYSCALL, pid, 0);
	printf("%x nr %ld rax %ld\n", st, (long)regs_of(pid).orig_rax, (long)regs_of(pid).rax);
	printf("%x\n", go_wait(PTRACE_CONT, pid, 0));

	pid = tracee(execs_in_thread);
	MUST(trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE));
	printf("%x\n", go_wait(PTRACE_CONT, pid, 0));
	kid = (pid_t)message(pid);
	printf("%x\n", wait_for(kid));
	go(PTRACE_CONT, pid, 0);
	go(PTRACE_CONT, kid, 0);
	st = wait_for(pid); // it has the first thread's number now
	printf("%x message is the thread %d\n", st, message(pid) == (unsigned long)kid);
	R(waitpid(kid, NULL, __WALL));
	printf("%x\n", go_wait(PTRACE_CONT, pid, 0));
}

// ---- attaching

static void spins(void)
{
	for (;;)
		getppid();
}

static void attaching(void)
{
	pid_t pid = child(spins);
	siginfo_t si;
	int st;

	open_gate();
	R(trace(PTRACE_ATTACH, pid, 0, 0));
	R(trace(PTRACE_ATTACH, pid, 0, 0));
	printf("%x\n", wait_for(pid));
	R(waitpid(pid, &st, WNOHANG | __WALL));
	R(trace(PTRACE_CONT, pid, 0, 0));
	R(trace(PTRACE_CONT, pid, 0, 0)); // it runs
	MUST(kill(pid, SIGUSR1));
	printf("%x\n", wait_for(pid));
	R(trace(PTRACE_DETACH, pid, 0, 0));
	R(trace(PTRACE_DETACH, pid, 0, 0));
	R(waitpid(pid, &st, WNOHANG | __WALL));
	R(trace(PTRACE_ATTACH, pid, 0, 0));
	memset(&si, 0, sizeof(si));
	R(waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOWAIT));
	printf("code %d status %d\n", si.si_code, si.si_status);
	R(waitid(P_PID, (id_t)pid, &si, WEXITED)); // stops of tracees always count
	printf("code %d status %d\n", si.si_code, si.si_status);
	R(trace(PTRACE_DETACH, pid, 0, SIGTERM));
	printf("%x\n", wait_for(pid));
	R(trace(PTRACE_ATTACH, pid, 0, 0));
}

static void attach_stopped(void)
{
	pid_t pid = child(spins);
	int st;

	open_gate();
	MUST(kill(pid, SIGSTOP));
	MUST(waitpid(pid, &st, WUNTRACED));
	printf("%x\n", (unsigned)st);
	R(trace(PTRACE_SEIZE, pid, 0, 0));
	R(waitpid(pid, &st, WNOHANG | __WALL) == pid);
	printf("%x\n", (unsigned)st);
	R(trace(PTRACE_LISTEN, pid, 0, 0));
	R(trace(PTRACE_CONT, pid, 0, 0)); // listens: not for requests
	R(waitpid(pid, &st, WNOHANG | __WALL));
	MUST(kill(pid, SIGCONT));
	printf("%x\n", wait_for(pid));
	printf("%x\n", go_wait(PTRACE_CONT, pid, 0)); // the signal itself
	R(trace(PTRACE_CONT, pid, 0, SIGCONT));
	R(trace(PTRACE_INTERRUPT, pid, 0, 0));
	printf("%x\n", wait_for(pid));
	R(trace(PTRACE_INTERRUPT, pid, 0, 0)); // while it is stopped: one more
	printf("%x\n", go_wait(PTRACE_CONT, pid, 0));
	MUST(kill(pid, SIGSTOP));
	R(trace(PTRACE_CONT, pid, 0, 0));
	printf("%x\n", wait_for(pid));                      // the signal
	printf("%x\n", go_wait(PTRACE_CONT, pid, SIGSTOP)); // the group's stop
	R(trace(PTRACE_DETACH, pid, 0, 0));                 // stays stopped
	usleep(10000);
	R(waitpid(pid, &st, WNOHANG | WUNTRACED) == pid);
	printf("%x\n", (unsigned)st);
	MUST(kill(pid, SIGKILL));
	printf("%x\n", wait_for(pid));
}

static void group_stop(void)
{
	pid_t pid = tracee(spins);
	siginfo_t si;

	go(PTRACE_CONT, pid, 0);
	MUST(kill(pid, SIGTSTP));
	printf("%x\n", wait_for(pid));
	R(trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si));
	// (of an orphaned group only SIGSTOP stops)
	printf("%x\n", go_wait(PTRACE_CONT, pid, SIGSTOP));
	R(trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&si)); // no signal: a group's stop
	go(PTRACE_CONT, pid, 0); // runs on, though the group is stopped
	MUST(kill(pid, SIGCONT));
	printf("%x\n", wait_for(pid));
	go(PTRACE_CONT, pid, 0);
	MUST(kill(pid, SIGKILL));
	printf("%x\n", wait_for(pid));
}

static void ignored_signals(void)
{
	pid_t pid = tracee(spins);

	go(PTRACE_CONT, pid, 0);
	MUST(kill(pid, SIGCHLD)); // ignored by default: the tracer sees it
	printf("%x\n", wait_for(pid));
	go(PTRACE_CONT, pid, SIGCHLD);
	MUST(kill(pid, SIGKILL)); // not this one
	printf("%x\n", wait_for(pid));
}

// ---- threads of one process

static volatile pid_t tids[2];
static void *spin_thread(void *arg)
{
	tids[1] = (pid_t)syscall(SYS_gettid);
	spins();
	return NULL;
}

static int tid_pipe[2];
static void two_threads(void)
{
	pthread_t t;
	pid_t tid;

	pthread_create(&t, NULL, spin_thread, NULL);
	while (!tids[1])
		sched_yield();
	tid = tids[1];
	MUST(write(tid_pipe[1], &tid, sizeof(tid)));
	spins();
}

static void threads(void)
{
	pid_t pid, tid = 0;
	char path[64], line[200];
	FILE *f;

	MUST(pipe(tid_pipe));
	pid = child(two_threads);
	open_gate();
	MUST(read(tid_pipe[0], &tid, sizeof(tid)));
	R(trace(PTRACE_SEIZE, tid, 0, 0));
	R(trace(PTRACE_INTERRUPT, tid, 0, 0));
	printf("%x\n", wait_for(tid));
	R(trace(PTRACE_PEEKDATA, pid, 0, 0)); // the other one is nobody's
	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "State:", 6))
			printf("%s", line);
	if (f)
		fclose(f);
	MUST(kill(pid, SIGUSR1)); // the thread that runs takes it, and dies of it
	usleep(20000);
	printf("thread %x\n", wait_for(tid));
	printf("process %x\n", wait_for(pid));
	close(tid_pipe[0]);
	close(tid_pipe[1]);
}

// ---- the tracer ends

static void tracer_ends(unsigned options)
{
	pid_t pid = child(spins), tracer;
	int st;

	open_gate();
	tracer = fork_();
	if (!tracer) {
		MUST(trace(PTRACE_SEIZE, pid, 0, options));
		MUST(trace(PTRACE_INTERRUPT, pid, 0, 0));
		usleep(10000);
		_exit(5);
	}
	printf("tracer %x\n", wait_for(tracer));
	usleep(20000);
	R(waitpid(pid, &st, WNOHANG) == pid);
	if (options) {
		printf("%x\n", (unsigned)st);
		return;
	}
	MUST(kill(pid, SIGKILL));
	printf("%x\n", wait_for(pid));
}

// The end of a process that another one than its parent traces is the tracer's to know first.
static void two_parents(void)
{
	pid_t pid = child(spins), tracer;
	int ready[2], st;
	char c;

	MUST(pipe(ready));
	open_gate();
	tracer = fork_();
	if (!tracer) {
		MUST(trace(PTRACE_SEIZE, pid, 0, 0));
		MUST(write(ready[1], "x", 1));
		usleep(50000);
		st = (int)wait_for(pid);
		_exit(st);
	}
	MUST(read(ready[0], &c, 1));
	MUST(kill(pid, SIGTERM));
	usleep(10000);
	R(waitpid(pid, &st, WNOHANG)); // it stops for the signal first
	MUST(kill(pid, SIGKILL));
	printf("parent sees %x\n", wait_for(pid));
	printf("tracer saw %x\n", wait_for(tracer) >> 8);
}

static void killed_in_a_stop(void)
{
	pid_t pid = tracee(spins);

	MUST(kill(pid, SIGKILL));
	printf("%x\n", wait_for(pid));
	pid = tracee(spins);
	MUST(trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT));
	go(PTRACE_CONT, pid, 0);
	MUST(kill(pid, SIGTERM));
	printf("%x\n", wait_for(pid));
	printf("%x", go_wait(PTRACE_CONT, pid, SIGTERM));
	printf(" message %lx\n", message(pid));
	printf("%x\n", go_wait(PTRACE_CONT, pid, 0));
}

static volatile int chld_code, chld_status;
static void on_chld(int sig, siginfo_t *si, void *c)
{
	chld_code = si->si_code;
	chld_status = si->si_status;
}

static void show_chld(pid_t pid)
{
	unsigned st = wait_for(pid);

	printf("%x code %d status %d\n", st, chld_code, chld_status);
}

static void sigchld(void)
{
	struct sigaction sa = { .sa_sigaction = on_chld, .sa_flags = SA_SIGINFO | SA_RESTART };
	pid_t pid;

	sigaction(SIGCHLD, &sa, NULL);
	pid = tracee(spins);
	printf("code %d status %d\n", chld_code, chld_status);
	go(PTRACE_CONT, pid, 0);
	MUST(kill(pid, SIGUSR1));
	show_chld(pid);
	go(PTRACE_CONT, pid, SIGSTOP);
	show_chld(pid);
	MUST(kill(pid, SIGKILL));
	show_chld(pid);
	signal(SIGCHLD, SIG_DFL);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 6;
	setbuf(stdout, NULL);
	calls();
	changed_calls();
	interrupted_call();
	single_steps();
	breakpoint();
	children();
	exec_stops();
	attaching();
	attach_stopped();
	group_stop();
	ignored_signals();
	threads();
	tracer_ends(0);
	tracer_ends(PTRACE_O_EXITKILL);
	two_parents();
	killed_in_a_stop();
	sigchld();
	return 0;
}
