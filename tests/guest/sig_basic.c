// Handlers, masks, pending signals, nesting, flags, kill and tgkill to oneself, queueing.
#include "t.h"

static volatile int depth, log_n, budget;
static char log_text[4096];

static void note(const char *s)
{
	log_n += snprintf(log_text + log_n, sizeof(log_text) - log_n, "%s ", s);
}

static void show_log(const char *when)
{
	printf("%s: %s\n", when, log_n ? log_text : "nothing");
	log_n = 0;
	log_text[0] = 0;
}

static void handler(int sig)
{
	char s[32];

	snprintf(s, sizeof(s), "%s@%d", t_signame(sig), depth);
	note(s);
	depth++;
	if (sig == SIGUSR1 && depth == 1)
		raise(SIGUSR2);
	if (sig == SIGUSR1 && depth < 3 && budget-- > 0)
		raise(SIGUSR1);
	depth--;
	note("ret");
}

static void info_handler(int sig, siginfo_t *si, void *ctx)
{
	char s[64];

	snprintf(s, sizeof(s), "%d:code%d:pid%d:uid%d:val%d", sig - SIGRTMIN, si->si_code,
		 si->si_pid == getpid(), si->si_uid == getuid(), si->si_value.sival_int);
	note(s);
}

static void set(int sig, void *fn, int flags, int mask)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = (void (*)(int, siginfo_t *, void *))fn;
	sa.sa_flags = flags;
	if (mask)
		sigaddset(&sa.sa_mask, mask);
	MUST(sigaction(sig, &sa, NULL));
}

int main(void)
{
	sigset_t set_, old, pending;
	struct sigaction sa;

	set(SIGUSR1, handler, 0, 0);
	set(SIGUSR2, handler, 0, 0);
	budget = 2;
	raise(SIGUSR1);
	show_log("plain");
	set(SIGUSR1, handler, SA_NODEFER, 0);
	budget = 2;
	raise(SIGUSR1);
	show_log("nodefer");
	set(SIGUSR1, handler, 0, SIGUSR2);
	budget = 2;
	raise(SIGUSR1);
	show_log("mask USR2");
	set(SIGUSR1, handler, SA_RESETHAND, 0);
	MUST(sigaction(SIGUSR1, NULL, &sa));
	IS(sa.sa_handler == handler);
	set(SIGUSR1, SIG_IGN, 0, 0);
	R(raise(SIGUSR1));
	show_log("ignored");

	set(SIGUSR2, handler, 0, 0);
	sigemptyset(&set_);
	sigaddset(&set_, SIGUSR2);
	sigaddset(&set_, SIGKILL);
	R(sigprocmask(SIG_BLOCK, &set_, &old));
	R(sigprocmask(99, &set_, NULL));
	R(sigprocmask(99, NULL, &old));
	IS(sigismember(&old, SIGUSR2) == 1 && sigismember(&old, SIGKILL) == 0);
	raise(SIGUSR2);
	raise(SIGUSR2);
	sigpending(&pending);
	IS(sigismember(&pending, SIGUSR2) == 1 && sigismember(&pending, SIGUSR1) == 0);
	show_log("blocked");
	sigemptyset(&set_);
	R(sigprocmask(SIG_SETMASK, &set_, NULL));
	show_log("unblocked");

	sigaddset(&set_, SIGRTMIN);
	sigaddset(&set_, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set_, NULL);
	set(SIGRTMIN, info_handler, SA_SIGINFO, SIGRTMIN + 1);
	set(SIGRTMIN + 1, info_handler, SA_SIGINFO, 0);
	R(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 5 }));
	R(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 1 }));
	R(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 2 }));
	R(kill(getpid(), SIGRTMIN));
	R(syscall(SYS_tgkill, getpid(), getpid(), SIGRTMIN));
	sigprocmask(SIG_UNBLOCK, &set_, NULL);
	show_log("queued");

	R(kill(getpid(), 0));
	R(kill(getpid(), 65));
	R(kill(getpid(), -1));
	R(kill(999999, 0));
	R(kill(-999999, 0));
	R(syscall(SYS_tgkill, getpid(), 0, 0));
	R(syscall(SYS_tgkill, getpid(), 999999, 0));
	R(syscall(SYS_tgkill, 999999, getpid(), 0));
	R(syscall(SYS_tkill, getpid(), 0));
	R(sigqueue(getpid(), 65, (union sigval){ 0 }));
	memset(&sa, 0, sizeof(sa));
	R(syscall(SYS_rt_sigaction, SIGKILL, &sa, NULL, 8));
	R(syscall(SYS_rt_sigaction, SIGSTOP, NULL, &sa, 8));
	R(syscall(SYS_rt_sigaction, 65, NULL, &sa, 8));
	R(syscall(SYS_rt_sigaction, 0, NULL, &sa, 8));
	R(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
	R(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 4));
	set(SIGPIPE, handler, 0, 0);
	int p[2];
	MUST(pipe(p));
	close(p[0]);
	R(write(p[1], "x", 1));
	show_log("pipe");
	return 0;
}
