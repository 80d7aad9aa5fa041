// process_vm_readv and process_vm_writev: what moves between two processes, where a transfer stops,
// and which arguments are refused in what order.
#include <sys/uio.h>
#include <sys/wait.h>

#include "t.h"

#define RW (PROT_READ | PROT_WRITE)

static pid_t child;

static long from(struct iovec *l, unsigned long nl, struct iovec *r, unsigned long nr)
{
	return syscall(SYS_process_vm_readv, child, l, nl, r, nr, 0ul);
}

static long to(struct iovec *l, unsigned long nl, struct iovec *r, unsigned long nr)
{
	return syscall(SYS_process_vm_writev, child, l, nl, r, nr, 0ul);
}

static void transfers(char *p)
{
	char a[8] = "", b[8] = "", c[PG + 8] = "";
	struct iovec two[2] = { { a, 3 }, { b, 3 } }, whole = { c, sizeof(c) };
	struct iovec there[2] = { { p + PG - 2, 4 }, { p, 2 } };

	R(from(two, 2, there, 2));
	printf("%s %s\n", a, b);
	there[0].iov_base = p + PG; // the last page that is there, then nothing
	there[0].iov_len = PG + 8;
	R(from(&whole, 1, there, 1));
	there[0].iov_base = p + 2 * PG;
	R(from(&whole, 1, there, 1));
	there[1].iov_base = p + 3 * PG; // PROT_NONE
	R(from(&whole, 1, there + 1, 1));
	memcpy(a, "new", 3);
	there[0] = (struct iovec){ p + PG - 1, 3 };
	R(to(two, 1, there, 1));
	R(from(two + 1, 1, there, 1));
	printf("%s, here %c\n", b, p[PG]);
}

static void refusals(char *p)
{
	char a[8];
	struct iovec l = { a, sizeof(a) }, r = { p, 8 }, none = { a, 0 };
	struct iovec *many = calloc(1100, sizeof(*many));

	R(from(many, 1025, &r, 1));
	R(from(many, 1024, &r, 1));
	R(from(&l, 1, many, 1025));
	R(from(&l, 1, many, 1024));
	R(from(&none, 1, &r, 1));
	R(from(&l, 0, &r, 1));
	R(from(&l, 1, &r, 0));
	R(from((void *)8, 1, &r, 1));
	R(from((void *)8, 9, &r, 1));
	R(from((void *)8, 1025, &r, 1));
	R(from(&l, 1, (void *)8, 1));
	R(from(&l, ~0ul, &r, 1));
	R(from(&l, 1, &r, ~0ul));
	l.iov_len = ~0ul;
	R(from(&l, 1, &r, 1));
	l.iov_len = 8;
	r.iov_len = ~0ul;
	R(from(&l, 1, &r, 1));
	r.iov_len = 8;
	R(syscall(SYS_process_vm_readv, child, &l, 1ul, &r, 1ul, 1ul));
	R(syscall(SYS_process_vm_readv, 0x3ffffff, &l, 1ul, &r, 1ul, 0ul));
	R(syscall(SYS_process_vm_readv, 0x3ffffff, &none, 1ul, &r, 1ul, 0ul));
	R(syscall(SYS_process_vm_readv, 0, &l, 1ul, &r, 1ul, 0ul));
	free(many);
}

int main(void)
{
	char *p = MUST(mmap(NULL, 4 * PG, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	int ready[2], status;
	char c = 0;

	setbuf(stdout, NULL);
	memset(p, '.', 2 * PG);
	R(mprotect(p + 3 * PG, PG, PROT_NONE));
	R(munmap(p + 2 * PG, PG));
	MUST(pipe(ready));
	child = MUST(fork());
	if (!child) {
		memcpy(p + PG - 2, "1234", 4);
		memcpy(p, "56", 2);
		MUST((int)write(ready[1], &c, 1));
		for (;;)
			pause();
	}
	MUST((int)read(ready[0], &c, 1));
	transfers(p);
	refusals(p);
	R(kill(child, SIGKILL));
	printf("%d\n", waitpid(child, &status, 0) == child);
	R(from(&(struct iovec){ p, 1 }, 1, &(struct iovec){ p, 1 }, 1));
	return 0;
}
