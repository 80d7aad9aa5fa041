// SysV semaphores: values, several operations at once, waiting in order between processes, undo at
// the end of a process, removal under waiters, and what semctl tells.
//
// since: 6.18
// cflags: -D_GNU_SOURCE
#include "t.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>

#ifndef IPC_INFO
#define IPC_INFO 3
#endif
#ifndef SEM_STAT
#define SEM_STAT 18
#define SEM_INFO 19
#endif
#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif
// Several of these may run on one machine.
#define KEY (0x4f000000 + 2 * getpid()) // and the next one

union arg {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
	struct seminfo *info;
};

static int op1(int id, int num, int op, int flags)
{
	struct sembuf b = { (unsigned short)num, (short)op, (short)flags };

	return semop(id, &b, 1);
}

static int get(int id, int num)
{
	return semctl(id, num, GETVAL);
}

static int set(int id, int num, int value)
{
	union arg a = { .val = value };

	return semctl(id, num, SETVAL, a);
}

// Until |n| wait on semaphore |num| (cmd GETNCNT or GETZCNT).
static void await(int id, int num, int cmd, int n)
{
	while (semctl(id, num, cmd) != n)
		usleep(1000);
}

static void values(int id, int n)
{
	unsigned short v[8];
	union arg a = { .array = v };

	R(semctl(id, 0, GETALL, a));
	for (int i = 0; i < n; i++)
		printf("%d ", v[i]);
	printf("\n");
}

static void show(int id)
{
	struct semid_ds d;
	union arg a = { .buf = &d };

	memset(&d, 0xff, sizeof(d));
	R(semctl(id, 0, IPC_STAT, a));
	printf("mode %o nsems %lu otime %s ctime %s key %s\n", (unsigned)d.sem_perm.mode,
	       (unsigned long)d.sem_nsems, d.sem_otime ? "set" : "0", d.sem_ctime ? "set" : "0",
	       *(int *)&d.sem_perm ? "set" : "0");
}

static void keys(void)
{
	int id = MUST(semget(KEY, 3, IPC_CREAT | IPC_EXCL | 0640)), id2;
	union arg a = { .buf = (void *)1 };
	struct semid_ds d;

	show(id);
	IS(semget(KEY, 0, 0) == id);
	IS(semget(KEY, 3, IPC_CREAT | 0600) == id);
	R(semget(KEY, 4, 0));
	R(semget(KEY, 1, IPC_CREAT | IPC_EXCL));
	R(semget(KEY + 1, 1, 0));
	R(semget(KEY + 1, 0, IPC_CREAT | 0600));
	R(semget(KEY + 1, -1, IPC_CREAT | 0600));
	R(semget(KEY + 1, 32001, IPC_CREAT | 0600));
	id2 = MUST(semget(IPC_PRIVATE, 32000, 0600));
	IS(id2 != id);
	R(set(id2, 31999, 7));
	R(get(id2, 31999));
	R(get(id2, 32000));
	R(semctl(id2, 0, IPC_RMID));
	R(get(id2, 0));
	R(op1(id2, 0, 1, 0));
	R(semctl(-1, 0, IPC_RMID));
	R(semctl(id, 0, 99));
	R(semctl(id, 0, IPC_STAT | 0x100, a));
	R(semctl(id, 0, IPC_STAT, a));
	R(semctl(id, 0, IPC_SET, a));
	R(semctl(id, 0, GETALL, a));
	R(semctl(id, 0, SETALL, a));
	a.buf = &d;
	MUST(semctl(id, 0, IPC_STAT, a));
	d.sem_perm.mode = 0404;
	R(semctl(id, 0, IPC_SET, a));
	show(id);
	R(semctl(id, 0, IPC_RMID));
}

static void single(void)
{
	int id = MUST(semget(IPC_PRIVATE, 3, 0600));
	unsigned short v[3] = { 1, 2, 3 };
	union arg a = { .array = v };
	struct sembuf many[501];
	struct timespec t = { 0, 1000000 }, bad = { 0, 1000000000 };
	struct sembuf b;

	values(id, 3);
	R(semctl(id, 0, GETPID));
	show(id);
	R(op1(id, 0, 5, 0));
	show(id);
	IS(semctl(id, 0, GETPID) == getpid());
	R(semctl(id, 1, GETPID));
	R(op1(id, 0, -3, 0));
	R(op1(id, 0, -3, IPC_NOWAIT));
	R(op1(id, 0, 0, IPC_NOWAIT));
	R(op1(id, 0, -2, 0));
	R(op1(id, 0, 0, IPC_NOWAIT));
	R(op1(id, 3, 1, 0));
	R(op1(id, 0, 32767, 0));
	R(op1(id, 0, 1, 0));
	values(id, 3);
	R(semctl(id, 0, SETALL, a));
	values(id, 3);
	v[1] = 32768;
	R(semctl(id, 0, SETALL, a));
	values(id, 3);
	R(set(id, 1, -1));
	R(set(id, 1, 32768));
	R(set(id, 3, 0));
	R(set(id, -1, 0));
	R(semop(id, NULL, 1));
	R(semop(id, many, 0));
	memset(many, 0, sizeof(many));
	R(semop(id, many, 501));
	for (int i = 0; i < 500; i++)
		many[i] = (struct sembuf){ 2, i & 1 ? -1 : 1, 0 };
	R(semop(id, many, 500));
	R(semop(-1, many, 1));
	b = (struct sembuf){ 0, -10, 0 };
	R(semtimedop(id, &b, 1, &t));
	R(semtimedop(id, &b, 1, &bad));
	t.tv_nsec = 0;
	R(semtimedop(id, &b, 1, &t));
	R(semtimedop(id, &b, 1, (void *)1));
	R(semctl(id, 0, IPC_RMID));
}

// All or nothing.
static void atomic(void)
{
	int id = MUST(semget(IPC_PRIVATE, 3, 0600));
	struct sembuf move[] = { { 0, 1, 0 }, { 1, -1, IPC_NOWAIT } };
	struct sembuf swap[] = { { 0, 2, 0 }, { 0, -2, 0 }, { 1, 0, 0 }, { 1, 1, 0 } };
	struct sembuf over[] = { { 0, 1, SEM_UNDO }, { 1, 32767, 0 } };

	R(semop(id, move, 2));
	values(id, 3);
	R(semop(id, swap, 4));
	values(id, 3);
	R(semop(id, move, 2));
	values(id, 3);
	R(set(id, 1, 1));
	R(semop(id, over, 2));
	values(id, 3);
	R(semctl(id, 0, IPC_RMID));
}

static pid_t waiter(int id, struct sembuf *ops, int n, int status)
{
	pid_t pid = fork();

	if (!pid) {
		int r = semop(id, ops, (size_t)n);

		_exit(r ? 100 + (errno == EIDRM ? 1 : errno == EINTR ? 2 : 3) : status);
	}
	return pid;
}

static void ended(pid_t pid)
{
	int s;

	MUST(waitpid(pid, &s, 0));
	printf("status %d %d\n", WEXITSTATUS(s), WTERMSIG(s));
}

static void waiting(void)
{
	int id = MUST(semget(IPC_PRIVATE, 3, 0600));
	struct sembuf take2 = { 0, -2, 0 }, take1 = { 0, -1, 0 }, zero = { 1, 0, 0 };
	struct sembuf both[] = { { 0, -1, 0 }, { 2, -1, 0 } };
	pid_t a, b, c, d;

	MUST(set(id, 1, 1));
	a = waiter(id, &take2, 1, 11);
	await(id, 0, GETNCNT, 1);
	b = waiter(id, &take1, 1, 12);
	await(id, 0, GETNCNT, 2);
	c = waiter(id, &zero, 1, 13);
	await(id, 1, GETZCNT, 1);
	d = waiter(id, both, 2, 14);
	await(id, 0, GETNCNT, 3);
	R(semctl(id, 2, GETNCNT)); // waits for the first it cannot have
	R(op1(id, 0, 1, 0));       // enough for the second in the queue
	ended(b);
	R(semctl(id, 0, GETNCNT));
	values(id, 3);
	IS(semctl(id, 0, GETPID) == b);
	R(op1(id, 1, -1, 0));
	ended(c);
	R(op1(id, 0, 3, 0));
	ended(a);
	values(id, 3);
	await(id, 2, GETNCNT, 1);
	R(semctl(id, 0, GETNCNT));
	R(set(id, 2, 1));
	ended(d);
	values(id, 3);
	a = waiter(id, &take2, 1, 15);
	b = waiter(id, both, 2, 16);
	await(id, 0, GETNCNT, 2);
	R(semctl(id, 0, IPC_RMID));
	ended(a);
	ended(b);
}

// Chains: each completion lets the next go on.
static void chain(void)
{
	int id = MUST(semget(IPC_PRIVATE, 4, 0600));
	struct sembuf ops[3][2] = { { { 0, -1, 0 }, { 1, 1, 0 } },
				    { { 1, -1, 0 }, { 2, 1, 0 } },
				    { { 2, -1, 0 }, { 3, 1, 0 } } };
	pid_t p[3];

	for (int i = 2; i >= 0; i--) {
		p[i] = waiter(id, ops[i], 2, 20 + i);
		await(id, i, GETNCNT, 1);
	}
	R(op1(id, 0, 1, 0));
	values(id, 4);
	for (int i = 0; i < 3; i++)
		ended(p[i]);
	R(semctl(id, 0, IPC_RMID));
}

static void on_signal(int sig)
{
}

static void interrupted(void)
{
	int id = MUST(semget(IPC_PRIVATE, 1, 0600));
	struct sembuf take = { 0, -1, 0 };
	struct sigaction sa;
	pid_t p;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &sa, NULL);
	p = waiter(id, &take, 1, 30);
	await(id, 0, GETNCNT, 1);
	kill(p, SIGUSR1);
	ended(p);
	R(semctl(id, 0, GETNCNT));
	p = waiter(id, &take, 1, 31);
	await(id, 0, GETNCNT, 1);
	kill(p, SIGKILL);
	ended(p);
	R(semctl(id, 0, GETNCNT));
	R(semctl(id, 0, IPC_RMID));
}

static void undo(void)
{
	int id = MUST(semget(IPC_PRIVATE, 3, 0600));
	struct sembuf take = { 1, -5, 0 };
	pid_t p, w;

	MUST(set(id, 0, 3));
	MUST(set(id, 2, 9));
	w = waiter(id, &take, 1, 40);
	await(id, 1, GETNCNT, 1);
	p = fork();
	if (!p) {
		R(op1(id, 0, -2, SEM_UNDO));
		R(op1(id, 1, 4, SEM_UNDO));
		R(op1(id, 1, -4, SEM_UNDO));
		R(op1(id, 2, -4, SEM_UNDO));
		R(op1(id, 1, 1, 0));
		R(op1(id, 0, 32767, SEM_UNDO));
		R(set(id, 2, 1)); // takes back the undo
		MUST(op1(id, 0, -1, SEM_UNDO));
		values(id, 3);
		fflush(stdout);
		_exit(41);
	}
	ended(p);
	values(id, 3);
	IS(semctl(id, 0, GETPID) == p);
	p = fork();
	if (!p) { // more than there is: cut at zero
		MUST(op1(id, 2, 10, SEM_UNDO));
		MUST(op1(id, 2, -8, 0));
		kill(getpid(), SIGKILL);
	}
	ended(p);
	values(id, 3);
	p = fork();
	if (!p) { // the undo of one lets another go on
		MUST(op1(id, 1, -1, SEM_UNDO));
		MUST(op1(id, 1, 3, 0));
		MUST(op1(id, 1, -2, SEM_UNDO));
		MUST(op1(id, 1, 2, 0));
		_exit(42);
	}
	ended(p);
	ended(w);
	values(id, 3);
	R(semctl(id, 0, IPC_RMID));
}

static int shared_id;

static void *undo_thread(void *arg)
{
	MUST(op1(shared_id, 0, 1, SEM_UNDO));
	if (arg) {
		unshare(CLONE_SYSVSEM);
		MUST(op1(shared_id, 0, 1, SEM_UNDO));
	}
	return NULL;
}

// Threads share a list; it ends with the last of them.
static void undo_threads(void)
{
	pthread_t t;
	pid_t p;

	shared_id = MUST(semget(IPC_PRIVATE, 1, 0600));
	p = fork();
	if (!p) {
		pthread_create(&t, NULL, undo_thread, NULL);
		pthread_join(t, NULL);
		usleep(20000);
		R(get(shared_id, 0));
		pthread_create(&t, NULL, undo_thread, (void *)1);
		pthread_join(t, NULL);
		while (get(shared_id, 0) == 3)
			usleep(1000);
		R(get(shared_id, 0));
		R(unshare(CLONE_SYSVSEM));
		R(get(shared_id, 0));
		fflush(stdout);
		_exit(0);
	}
	ended(p);
	R(get(shared_id, 0));
	p = fork();
	if (!p) {
		MUST(op1(shared_id, 0, 1, SEM_UNDO));
		R(semctl(shared_id, 0, IPC_RMID));
		fflush(stdout);
		_exit(0);
	}
	ended(p);
}

static void info(void)
{
	struct seminfo i;
	struct semid_ds d;
	int id = MUST(semget(KEY, 5, IPC_CREAT | 0600)), top, found = 0;
	union arg a = { .info = &i };
	char line[256], want[40];
	FILE *f;

	memset(&i, 0, sizeof(i));
	IS(semctl(0, 0, IPC_INFO, a) >= 0);
	printf("%d %d %d %d %d %d %d %d %d %d\n", i.semmap, i.semmni, i.semmns, i.semmnu, i.semmsl,
	       i.semopm, i.semume, i.semusz, i.semvmx, i.semaem);
	top = MUST(semctl(0, 0, SEM_INFO, a));
	IS(i.semusz >= 1 && i.semaem >= 5);
	a.buf = &d;
	for (int n = 0; n <= top; n++)
		if (semctl(n, 0, SEM_STAT, a) == id)
			found++;
	for (int n = 0; n <= top; n++)
		if (semctl(n, 0, SEM_STAT_ANY, a) == id && d.sem_nsems == 5)
			found++;
	IS(found == 2);
	R(semctl(top + 1, 0, SEM_STAT, a));
	f = MUST(fopen("/proc/sysvipc/sem", "r"));
	IS(fgets(line, sizeof(line), f) != NULL);
	printf("%s", line);
	snprintf(want, sizeof(want), "%10d %10d   600          5 ", KEY, id);
	found = 0;
	while (fgets(line, sizeof(line), f))
		found += !strncmp(line, want, strlen(want));
	IS(found == 1);
	fclose(f);
	f = MUST(fopen("/proc/sys/kernel/sem", "r"));
	IS(fgets(line, sizeof(line), f) != NULL);
	printf("%s", line);
	fclose(f);
	R(semctl(id, 0, IPC_RMID));
}

// Others' sets: what the mode gives them.
static void permissions(void)
{
	int id = MUST(semget(IPC_PRIVATE, 1, 0604));
	union arg a;
	struct semid_ds d;
	pid_t p = fork();

	if (!p) {
		MUST(setgid(1234));
		MUST(setuid(1234));
		a.buf = &d;
		R(get(id, 0));
		R(set(id, 0, 1));
		R(op1(id, 0, 1, 0));
		R(op1(id, 0, 0, 0));
		MUST(semctl(id, 0, IPC_STAT, a));
		R(semctl(id, 0, IPC_SET, a));
		R(semctl(id, 0, IPC_RMID));
		fflush(stdout);
		_exit(0);
	}
	ended(p);
	R(semctl(id, 0, IPC_RMID));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	keys();
	single();
	atomic();
	waiting();
	chain();
	interrupted();
	undo();
	undo_threads();
	info();
	permissions();
	return 0;
}
