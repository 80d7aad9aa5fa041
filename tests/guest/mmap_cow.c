// Private mappings copy on write; shared ones and the file keep their own bytes. Coherence of
// read, write and mappings, across partial pages and several descriptors.
#include "t.h"

int main(void)
{
	int fd, fd2;
	volatile char *s, *p, *q, *a;
	char buf[64];

	t_workdir();
	fd = MUST(open("f", O_RDWR | O_CREAT, 0600));
	fd2 = MUST(open("f", O_RDWR));
	R(write(fd, "0123456789", 10));
	R(ftruncate(fd, 3 * PG));
	s = MUST(mmap(NULL, 3 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	p = MUST(mmap(NULL, 3 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	q = MUST(mmap(NULL, 3 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd2, 0));
	IS(s[3] == '3' && p[3] == '3' && q[3] == '3');
	s[3] = 'S';
	IS(p[3] == 'S' && q[3] == 'S');
	p[4] = 'P';
	IS(s[4] == '4' && q[4] == '4' && p[3] == 'S');
	s[5] = 'T';
	IS(p[5] == '5' && q[5] == 'T');
	R(pread(fd2, buf, 10, 0));
	printf("file: %.10s\n", buf);
	R(pwrite(fd2, "abc", 3, 7));
	IS(s[7] == 'a' && q[8] == 'b' && p[7] == '7');
	q[PG] = 1;
	R(pwrite(fd, "\2", 1, PG));
	IS(q[PG] == 1 && p[PG] == 2 && s[PG] == 2);
	R(pread(fd, (void *)(p + 2 * PG), 10, 0));
	printf("read into a private page: %.10s\n", (char *)p + 2 * PG);
	IS(s[2 * PG] == 0);
	R(pwrite(fd, (void *)(p + 2 * PG), 10, 100));
	IS(s[100] == '0' && s[104] == '4');
	R(pwrite(fd, (void *)s, 2 * PG, PG / 2));
	IS(s[PG / 2] == '0');

	a = MUST(mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	IS(a[0] == 0 && a[3 * PG] == 0);
	a[PG] = 1;
	IS(a[0] == 0 && a[PG] == 1 && a[2 * PG] == 0);
	R(unlink("f"));
	R(close(fd));
	R(close(fd2));
	IS(s[3] == 'S');
	t_rm_workdir();
	return 0;
}
