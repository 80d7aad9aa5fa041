// Guards in mappings (MADV_GUARD_INSTALL and REMOVE): what faults, what stays, what takes them
// away.
//
// since: 6.18
#include <sys/uio.h>

#include "t.h"

#define RW      (PROT_READ | PROT_WRITE)
#define INSTALL 102
#define REMOVE  103

static long install(volatile char *p, unsigned long pages)
{
	return madvise((void *)p, pages * PG, INSTALL);
}
static long take(volatile char *p, unsigned long pages)
{
	return madvise((void *)p, pages * PG, REMOVE);
}

// One letter a page: what reading and writing it does.
static void show(const char *when, volatile char *p, int pages, int write)
{
	printf("%s: ", when);
	for (int i = 0; i < pages; i++) {
		t_sig = 0;
		if (!sigsetjmp(t_jmp, 1)) {
			if (write)
				p[i * (long)PG] = (char)(i + 1);
			else
				(void)p[i * (long)PG];
		}
		printf("%s", t_sig == SIGSEGV  ? t_code == SEGV_MAPERR ? "m" : "a"
			     : t_sig           ? "b"
			     : p[i * (long)PG] ? "."
					       : "0");
	}
	putchar('\n');
}

static int mappings(volatile char *p, unsigned long bytes)
{
	unsigned long a, b;
	char line[512];
	int n = 0;
	FILE *f = fopen("/proc/self/maps", "r");

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx", &a, &b) == 2 && a < (unsigned long)p + bytes &&
		    b > (unsigned long)p)
			n++;
	fclose(f);
	return n;
}

static void on_memory(const char *what, volatile char *p)
{
	unsigned char vec[8];
	volatile char *q;
	struct iovec v = { (void *)p, 8 * PG };
	int fds[2];

	printf("-- %s\n", what);
	show("write", p, 8, 1);
	R(install(p + PG, 2));
	R(install(p + 5 * PG, 1));
	printf("%d mappings\n", mappings(p, 8 * PG));
	show("read", p, 8, 0);
	show("write", p, 8, 1);
	mincore((void *)p, 8 * PG, vec);
	for (int i = 0; i < 8; i++)
		putchar('0' + (vec[i] & 1));
	putchar('\n');
	MUST(pipe(fds));
	R(writev(fds[1], &v, 1));
	R(madvise((void *)p, 8 * PG, 22));
	R(madvise((void *)p, PG, 22));
	R(mprotect((void *)p, 8 * PG, PROT_READ));
	show("read-only", p, 8, 0);
	show("read-only, written", p, 8, 1);
	R(mprotect((void *)p, 4 * PG, PROT_NONE));
	show("half none", p, 8, 0);
	R(mprotect((void *)p, 8 * PG, RW));
	show("all again", p, 8, 0);
	R(madvise((void *)p, 8 * PG, MADV_DONTNEED));
	show("not needed", p, 8, 0);
	R(install(p, 8));
	R(take(p + 1 * PG, 1));
	R(take(p + 4 * PG, 3));
	show("some removed", p, 8, 0);
	show("some removed", p, 8, 1);
	R(madvise((void *)p, 8 * PG, MADV_REMOVE));
	show("hole", p, 8, 0);
	q = mremap((void *)p, 8 * PG, 8 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, p + 64 * PG);
	IS(q == p + 64 * PG);
	show("moved", q, 8, 0);
	R(mlock((void *)q, 8 * PG));
	R(install(q + PG, 1));
	R(take(q, 1));
	show("locked", q, 8, 0);
	R(munlock((void *)q, 8 * PG));
	R(install(q, 1));
	R(munmap((void *)q, 4 * PG));
	MUST(mmap((void *)q, 4 * PG, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	show("mapped anew", q, 8, 0);
	R(install(q + 8 * PG, 1));
	R(install(q + 7 * PG, 2));
	show("end", q, 8, 0);
	munmap((void *)q, 8 * PG);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	int fd = t_memfd_sized(2, 16 * PG);
	volatile char *at, *p;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	t_catch_faults();
	at = MUST(mmap(NULL, 256 * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	p = MUST(mmap((void *)at, 8 * PG, RW, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	R(munmap((void *)(at + 8 * PG), 248 * PG));
	on_memory("private anonymous", p);
	p = MUST(mmap((void *)at, 8 * PG, RW, MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	on_memory("shared anonymous", p);
	p = MUST(mmap((void *)at, 8 * PG, RW, MAP_FIXED | MAP_SHARED, fd, 0));
	on_memory("memfd", p);
	p = MUST(mmap((void *)at, 8 * PG, RW, MAP_FIXED | MAP_PRIVATE, fd, 0));
	on_memory("memfd, private", p);

	// The other view, and the file, know nothing of it; truncation leaves it.
	p = MUST(mmap((void *)at, 8 * PG, RW, MAP_FIXED | MAP_SHARED, fd, 0));
	at = MUST(mmap(NULL, 8 * PG, RW, MAP_SHARED, fd, 0));
	R(install(p + PG, 1));
	show("one view", p, 8, 1);
	show("the other", at, 8, 1);
	R(ftruncate(fd, 0));
	show("truncated", p, 8, 0);
	R(ftruncate(fd, 8 * PG));
	show("grown", p, 8, 0);
	R(take(p, 8));
	show("free", p, 8, 0);

	R(madvise((void *)p, 0, INSTALL));
	R(madvise((void *)(p + 1), PG, INSTALL));
	R(madvise((void *)p, -PG, INSTALL));
	p = MUST(mmap(NULL, 8 * PG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	R(install(p, 1));
	R(take(p, 1));
	return 0;
}
