// Restartable sequences: registering, the restart after a signal and after another thread had the
// CPU, the signature before the abort handler, fork and threads. (glibc registers its own area.)
//
// since: 6.18
// libc: musl
// cpus: 1 2 4
// cflags: -pthread
#include "t.h"
#include <linux/rseq.h>
#include <pthread.h>
#include <sched.h>
#include <sys/time.h>
#include <sys/wait.h>

#define SIG 0x53053053

static struct rseq area __attribute__((aligned(32)));
static struct rseq other __attribute__((aligned(32)));
static volatile int never;
static volatile int signals, stop;

static long rseq(struct rseq *r, unsigned len, int flags, unsigned sig)
{
	return syscall(SYS_rseq, r, len, flags, sig);
}

// Spins in a sequence that only an abort ends. |signature| stands before the handler.
#define SPIN(signature)                                                                            \
	__asm__ volatile(".pushsection .data\n.balign 32\n3: .long 0, 0\n"                         \
			 ".quad 1f, 2f - 1f, 4f\n.popsection\n"                                    \
			 "leaq 3b(%%rip), %%rax\n\tmovq %%rax, %0\n"                               \
			 "1:\tpause\n\tcmpl $0, %1\n\tje 1b\n"                                     \
			 "2:\tjmp 5f\n"                                                            \
			 "\t.byte 0x0f, 0xb9, 0x3d\n\t.long " #signature "\n"                      \
			 "4:\tnop\n5:\n"                                                           \
			 : "=m"(area.rseq_cs)                                                      \
			 : "m"(never)                                                              \
			 : "rax", "memory", "cc")

static void on_alarm(int sig)
{
	signals++;
}

static void alarm_in(long us)
{
	struct itimerval v = { .it_value = { 0, us } };

	setitimer(ITIMER_REAL, &v, NULL);
}

static void registering(void)
{
	R(rseq((struct rseq *)((char *)&area + 8), 32, 0, SIG));
	R(rseq(&area, 31, 0, SIG));
	R(rseq(&area, 32, 2, SIG));
	R(rseq(&area, 32, RSEQ_FLAG_UNREGISTER, SIG));
	R(rseq(&area, 32, 0, SIG));
	R(rseq(&area, 32, 0, SIG));
	R(rseq(&other, 32, 0, SIG));
	R(rseq(&area, 32, 0, SIG + 1));
	R(rseq(&area, 32, RSEQ_FLAG_UNREGISTER, SIG + 1));
	R(rseq(&other, 32, RSEQ_FLAG_UNREGISTER, SIG));
	IS(area.cpu_id < 1024 && area.cpu_id == area.cpu_id_start);
	R(rseq(&area, 32, RSEQ_FLAG_UNREGISTER, SIG));
	IS((int)area.cpu_id == RSEQ_CPU_ID_UNINITIALIZED);
	R(rseq(&area, 32, RSEQ_FLAG_UNREGISTER, SIG));
	R(rseq(&area, 32, 0, SIG));
}

static void *busy(void *arg)
{
	struct rseq mine __attribute__((aligned(32))) = { 0 };

	IS(rseq(&mine, 32, RSEQ_FLAG_UNREGISTER, SIG) == -1); // threads start without
	while (!stop)
		;
	return NULL;
}

static void restarting(void)
{
	cpu_set_t set, all;
	pthread_t t;

	for (int i = 0; i < 3; i++) {
		alarm_in(20000);
		do // on a busy machine others take the CPU as well
			SPIN(0x53053053);
		while (signals == i);
	}
	IS(signals == 3);
	IS(!area.rseq_cs);
	// Another thread on this CPU: no signal, but the CPU is taken away.
	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
	pthread_create(&t, NULL, busy, NULL);
	SPIN(0x53053053);
	stop = 1;
	pthread_join(t, NULL);
	IS(signals == 3 && !area.rseq_cs);
	IS(area.cpu_id == (unsigned)sched_getcpu());
	sched_setaffinity(0, sizeof(all), &all);
}

static void ended(pid_t p)
{
	int s;

	MUST(waitpid(p, &s, 0));
	printf("status %d signal %d\n", WEXITSTATUS(s), WTERMSIG(s));
}

static void children(void)
{
	pid_t p = fork();

	if (!p) { // registered as the parent is
		alarm_in(20000);
		SPIN(0x53053053);
		_exit(rseq(&area, 32, 0, SIG) == -1 && errno == EBUSY ? 3 : 4);
	}
	ended(p);
	p = fork();
	if (!p) { // not the registered signature
		alarm_in(20000);
		SPIN(0x53053054);
		_exit(1);
	}
	ended(p);
	p = fork();
	if (!p) { // a bad pointer
		area.rseq_cs = 1ull << 62;
		alarm_in(1000);
		while (!signals || 1)
			;
	}
	ended(p);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, on_alarm);
	registering();
	restarting();
	children();
	return 0;
}
