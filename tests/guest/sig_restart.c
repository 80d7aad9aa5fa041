// Calls that a signal interrupts: restarted, or EINTR, by the rules of each.
#include "t.h"
#include <poll.h>
#include <sys/time.h>
#include <time.h>

static int pipes[2];
static volatile int ticks;

static void tick(int sig)
{
	if (++ticks == 2)
		write(pipes[1], "x", 1);
}

static void arm(int flags)
{
	struct sigaction sa = { .sa_handler = tick, .sa_flags = flags };
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } };

	ticks = 0;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

int main(void)
{
	struct timespec ts = { 0, 70000000 }, rem = { 9, 9 };
	struct pollfd p;
	sigset_t none;
	char c;

	MUST(pipe(pipes));
	p.fd = pipes[0];
	p.events = POLLIN;
	arm(SA_RESTART);
	R(read(pipes[0], &c, 1));
	IS(ticks >= 2);
	arm(0);
	R(read(pipes[0], &c, 1));
	IS(ticks == 1);
	arm(SA_RESTART);
	R(poll(&p, 1, -1));
	arm(SA_RESTART);
	R(nanosleep(&ts, &rem));
	IS(rem.tv_sec == 0 && rem.tv_nsec > 0 && rem.tv_nsec < 70000000);
	arm(SA_RESTART);
	R(pause());
	sigemptyset(&none);
	arm(SA_RESTART);
	R(sigsuspend(&none));
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	signal(SIGALRM, SIG_IGN);
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 10000 } }, NULL);
	R(nanosleep(&ts, &rem));
	R(alarm(0));
	R(alarm(100));
	R(alarm(0));
	return 0;
}
