// poll, ppoll, select, pselect over pipes and files.
#include "t.h"
#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

int main(void)
{
	struct timespec ts = { 0, 10000000 }, bad = { 0, 2000000000 }, zero = { 0, 0 };
	struct timeval tv = { 0, 10000 };
	struct pollfd f[40];
	fd_set r, w, e;
	int p[2], q[2], fd = t_memfd_sized(0, PG);
	char buf[70000] = { 0 };

	MUST(pipe(p));
	MUST(pipe2(q, O_NONBLOCK));
	f[0] = (struct pollfd){ p[0], POLLIN, 9 };
	f[1] = (struct pollfd){ p[1], POLLOUT, 9 };
	f[2] = (struct pollfd){ fd, POLLIN | POLLOUT, 9 };
	f[3] = (struct pollfd){ 99, POLLIN, 9 };
	f[4] = (struct pollfd){ -5, POLLIN, 9 };
	R(poll(f, 5, 0));
	for (int i = 0; i < 5; i++)
		printf("%d: %#x\n", i, f[i].revents);
	R(poll(f, 1, 10));
	R(poll(f, 0, 10));
	R(syscall(SYS_ppoll, f, 1, &ts, NULL, 8));
	R(syscall(SYS_ppoll, f, 1, &bad, NULL, 8));
	R(syscall(SYS_ppoll, f, 1, &zero, f, 4));
	R(poll((void *)1, 1, 0));
	R(poll(f, 1u << 30, 0));
	write(p[1], "x", 1);
	R(poll(f, 1, -1));
	printf("%#x\n", f[0].revents);
	for (int i = 0; i < 40; i++)
		f[i] = (struct pollfd){ i % 2 ? p[0] : q[0], POLLIN, 0 };
	R(poll(f, 40, -1));
	while (write(q[1], buf, sizeof(buf)) > 0)
		;
	f[0] = (struct pollfd){ q[1], POLLOUT, 0 };
	R(poll(f, 1, 0));
	read(q[0], buf, 4096);
	R(poll(f, 1, 0));
	close(q[0]);
	R(poll(f, 1, 0));
	printf("writer without readers %#x\n", f[0].revents);
	f[0] = (struct pollfd){ p[0], POLLIN, 0 };
	close(p[1]);
	R(poll(f, 1, 0));
	printf("data and hangup %#x\n", f[0].revents);
	read(p[0], buf, 10);
	R(poll(f, 1, -1));
	printf("hangup %#x\n", f[0].revents);
	f[0].events = 0;
	R(poll(f, 1, 0));

	MUST(pipe(p));
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&e);
	FD_SET(p[0], &r);
	FD_SET(p[1], &w);
	FD_SET(fd, &r);
	R(select(20, &r, &w, &e, NULL));
	IS(!FD_ISSET(p[0], &r) && FD_ISSET(p[1], &w) && FD_ISSET(fd, &r));
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	R(syscall(SYS_select, 20, &r, NULL, NULL, &tv));
	IS(tv.tv_sec == 0 && tv.tv_usec == 0 && !FD_ISSET(p[0], &r));
	// Below 64: Linux leaves out what is past the table's present size, which starts with 64.
	FD_SET(39, &r);
	tv.tv_usec = 1000;
	R(syscall(SYS_select, 40, &r, NULL, NULL, &tv));
	R(syscall(SYS_select, -1, NULL, NULL, NULL, &tv));
	R(syscall(SYS_select, 10, 1, NULL, NULL, &tv));
	R(syscall(SYS_select, 0, NULL, NULL, NULL, &tv));
	tv.tv_usec = -1;
	R(syscall(SYS_select, 0, NULL, NULL, NULL, &tv));
	tv.tv_usec = 1000001;
	R(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &bad, NULL));
	R(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &ts, NULL));
	R(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &ts, 1));
	return 0;
}
