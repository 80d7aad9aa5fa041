// SysV message queues: which message a receiver gets, limits, waiting between processes, removal
// under waiters, and what msgctl tells.
//
// since: 6.18
// cflags: -D_GNU_SOURCE
#include "t.h"
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/wait.h>

#ifndef IPC_INFO
#define IPC_INFO 3
#endif
#ifndef MSG_COPY
#define MSG_COPY 040000
#endif
#ifndef MSG_STAT
#define MSG_STAT 11
#define MSG_INFO 12
#endif
#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY 13
#endif
// Several of these may run on one machine.
#define KEY (0x4e000000 + 2 * getpid()) // and the next one

struct msg {
	long type;
	char text[9000];
};

static struct msg m;

static int put(int id, long type, const char *text, int flags)
{
	struct msg s = { .type = type };

	strcpy(s.text, text);
	return msgsnd(id, &s, strlen(text) + 1, flags);
}

static long take(int id, long type, size_t size, int flags)
{
	long n;

	memset(&m, 0, sizeof(m));
	n = msgrcv(id, &m, size, type, flags);
	if (n >= 0)
		printf("type %ld text %s: ", m.type, m.text);
	return n;
}

static void show(int id)
{
	struct msqid_ds d;

	memset(&d, 0xff, sizeof(d));
	R(msgctl(id, IPC_STAT, &d));
	printf("mode %o qnum %lu bytes %lu max %lu sent %s received %s by %s %s\n",
	       (unsigned)d.msg_perm.mode, (unsigned long)d.msg_qnum, (unsigned long)d.__msg_cbytes,
	       (unsigned long)d.msg_qbytes, d.msg_stime ? "set" : "0", d.msg_rtime ? "set" : "0",
	       d.msg_lspid == getpid() ? "me"
	       : d.msg_lspid           ? "other"
				       : "0",
	       d.msg_lrpid == getpid() ? "me"
	       : d.msg_lrpid           ? "other"
				       : "0");
}

static void basics(void)
{
	int id = MUST(msgget(KEY, IPC_CREAT | IPC_EXCL | 0640));

	show(id);
	IS(msgget(KEY, 0) == id);
	R(msgget(KEY, IPC_CREAT | IPC_EXCL));
	R(msgget(KEY + 1, 0));
	R(put(id, 1, "one", 0));
	show(id);
	R(put(id, 0, "zero", 0));
	R(put(id, -1, "less", 0));
	R(msgsnd(id, &m, 8193, 0));
	R(msgsnd(id, &m, (size_t)-1, 0));
	R(msgsnd(id, (void *)1, 1, 0));
	R(put(-1, 1, "x", 0));
	R(put(123456789, 1, "x", 0));
	R(take(id, 2, 100, IPC_NOWAIT));
	R(take(id, 0, 2, IPC_NOWAIT));
	R(take(id, 0, 2, MSG_NOERROR));
	R(take(id, 0, 100, IPC_NOWAIT));
	R(take(id, 0, (size_t)-1, 0));
	show(id);
	R(put(id, 3, "", 0));
	R(msgrcv(id, (void *)1, 10, 0, 0)); // lost
	R(take(id, 0, 100, IPC_NOWAIT));
	R(syscall(SYS_msgctl, id, IPC_STAT, 1));
	R(syscall(SYS_msgctl, id, IPC_SET, 1));
	R(msgctl(id, 99, NULL));
	R(syscall(SYS_msgctl, id, IPC_STAT | 0x100, &m));
	R(msgctl(id, IPC_RMID, NULL));
	R(msgctl(id, IPC_RMID, NULL));
	R(take(id, 0, 1, 0));
}

static void choice(void)
{
	int id = MUST(msgget(IPC_PRIVATE, 0600));
	static const long types[] = { 5, 3, 7, 3, 1, 9 };
	char text[2] = "a";

	for (unsigned i = 0; i < 6; i++, text[0]++)
		MUST(put(id, types[i], text, 0));
	R(take(id, 0, 10, MSG_COPY | IPC_NOWAIT));
	R(take(id, 3, 10, MSG_COPY | IPC_NOWAIT));
	R(take(id, 6, 10, MSG_COPY | IPC_NOWAIT));
	R(take(id, 0, 10, MSG_COPY));
	R(take(id, 0, 10, MSG_COPY | MSG_EXCEPT | IPC_NOWAIT));
	R(take(id, 0, 1, MSG_COPY | IPC_NOWAIT));
	show(id);
	R(take(id, 3, 10, 0));
	R(take(id, 5, 10, MSG_EXCEPT));
	R(take(id, -4, 10, 0));
	R(take(id, -4, 10, 0));
	R(take(id, -4, 10, IPC_NOWAIT));
	R(take(id, (long)(1ul << 63), 10, 0));
	R(take(id, 0, 10, 0));
	R(take(id, 0, 10, IPC_NOWAIT));
	R(msgctl(id, IPC_RMID, NULL));
}

static void ended(pid_t pid)
{
	int s;

	MUST(waitpid(pid, &s, 0));
	printf("status %d %d\n", WEXITSTATUS(s), WTERMSIG(s));
}

static pid_t receiver(int id, long type, size_t size, int flags)
{
	pid_t p = fork();

	if (!p) {
		// What it gets is told by its status: it does not print among the parent's lines.
		long n = msgrcv(id, &m, size, type, flags);

		_exit(n < 0 ? 100 + errno : (int)(10 * m.type + n));
	}
	usleep(50000);
	return p;
}

static void on_signal(int sig)
{
}

static void waiting(void)
{
	int id = MUST(msgget(IPC_PRIVATE, 0600));
	struct sigaction sa;
	struct msqid_ds d;
	pid_t a, b;

	a = receiver(id, 4, 10, 0);
	b = receiver(id, -9, 10, 0);
	R(put(id, 10, "ten", 0));
	R(put(id, 4, "four", 0));
	ended(a);
	R(put(id, 8, "eight", 0));
	ended(b);
	show(id);
	a = receiver(id, 1, 2, 0); // too small: told so, and the message stays
	R(put(id, 1, "long", 0));
	ended(a);
	R(take(id, 0, 10, 0));
	R(take(id, 0, 10, 0));
	// Full: a sender waits.
	MUST(msgctl(id, IPC_STAT, &d));
	d.msg_qbytes = 8;
	R(msgctl(id, IPC_SET, &d));
	R(put(id, 1, "1234567", IPC_NOWAIT));
	R(put(id, 2, "", IPC_NOWAIT));
	a = fork();
	if (!a)
		_exit(put(id, 2, "waited", 0) ? 1 : 0);
	usleep(50000);
	show(id);
	R(take(id, 0, 10, 0));
	ended(a);
	R(take(id, 0, 10, 0));
	MUST(put(id, 1, "1234567", IPC_NOWAIT));
	a = fork();
	if (!a)
		_exit(put(id, 2, "more", 0) ? 1 : 0);
	usleep(50000);
	d.msg_qbytes = 16384;
	R(msgctl(id, IPC_SET, &d)); // room: goes on
	ended(a);
	show(id);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &sa, NULL);
	a = receiver(id, 99, 10, 0);
	kill(a, SIGUSR1);
	ended(a);
	a = receiver(id, 99, 10, 0);
	R(msgctl(id, IPC_RMID, NULL));
	ended(a);
}

static void info(void)
{
	struct msginfo i;
	struct msqid_ds d;
	int id = MUST(msgget(KEY, IPC_CREAT | 0600)), top, found = 0;
	char line[256], want[40];
	FILE *f;

	MUST(put(id, 1, "four", 0));
	memset(&i, 0, sizeof(i));
	IS(msgctl(0, IPC_INFO, (void *)&i) >= 0);
	printf("%d %d %d %d %d %d %d %d\n", i.msgpool, i.msgmap, i.msgmax, i.msgmnb, i.msgmni,
	       i.msgssz, i.msgtql, i.msgseg);
	top = MUST(msgctl(0, MSG_INFO, (void *)&i));
	IS(i.msgpool >= 1 && i.msgmap >= 1 && i.msgtql >= 5);
	for (int n = 0; n <= top; n++)
		found += msgctl(n, MSG_STAT, &d) == id;
	for (int n = 0; n <= top; n++)
		found += msgctl(n, MSG_STAT_ANY, &d) == id && d.msg_qnum == 1;
	IS(found == 2);
	f = MUST(fopen("/proc/sysvipc/msg", "r"));
	IS(fgets(line, sizeof(line), f) != NULL);
	printf("%s", line);
	snprintf(want, sizeof(want), "%10d %10d   600           5", KEY, id);
	found = 0;
	while (fgets(line, sizeof(line), f))
		found += !strncmp(line, want, strlen(want));
	IS(found == 1);
	fclose(f);
	R(msgctl(id, IPC_RMID, NULL));
}

static void permissions(void)
{
	int id = MUST(msgget(IPC_PRIVATE, 0604));
	struct msqid_ds d;
	pid_t p = fork();

	if (!p) {
		MUST(setgid(1234));
		MUST(setuid(1234));
		R(put(id, 1, "x", 0));
		R(take(id, 0, 1, IPC_NOWAIT));
		MUST(msgctl(id, IPC_STAT, &d));
		R(msgctl(id, IPC_SET, &d));
		R(msgctl(id, IPC_RMID, NULL));
		fflush(stdout);
		_exit(0);
	}
	ended(p);
	R(msgctl(id, IPC_RMID, NULL));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	basics();
	choice();
	waiting();
	info();
	permissions();
	return 0;
}
