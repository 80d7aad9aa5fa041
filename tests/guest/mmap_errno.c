// mmap, munmap and mprotect: flags and the errors of wrong arguments.
#include "t.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static void map(const char *what, size_t bytes, int prot, int flags, int fd, off_t off)
{
	void *p = (void *)syscall(SYS_mmap, NULL, bytes, prot, flags, fd, off);

	printf("%s: %s\n", what, p == MAP_FAILED ? t_errno(errno) : "ok");
	if (p != MAP_FAILED)
		munmap(p, bytes);
}

int main(void)
{
	int rw, ro, wo, pipes[2], dir;
	char *p, *q;

	t_workdir();
	rw = MUST(open("f", O_RDWR | O_CREAT, 0600));
	MUST(ftruncate(rw, 4 * PG));
	ro = MUST(open("f", O_RDONLY));
	wo = MUST(open("f", O_WRONLY));
	dir = MUST(open(".", O_RDONLY));
	MUST(pipe(pipes));

	map("anonymous", PG, RW, ANON, -1, 0);
	map("shared anonymous", PG, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	map("anonymous, descriptor ignored", PG, RW, ANON, 12345, 0);
	map("anonymous, offset ignored", PG, RW, ANON, -1, PG);
	map("length 0", 0, RW, ANON, -1, 0);
	map("length 1", 1, RW, ANON, -1, 0);
	map("length -1", -1, RW, ANON, -1, 0);
	map("length 2^47", 1ul << 47, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	map("length 2^46 none", 1ul << 46, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	map("offset not aligned", PG, RW, MAP_SHARED, rw, 1);
	map("offset overflow", PG, RW, MAP_SHARED, rw, -PG);
	map("no type", PG, RW, MAP_ANONYMOUS, -1, 0);
	map("no type, file", PG, PROT_READ, 0, rw, 0);
	map("both types", PG, RW, MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map("validate anonymous", PG, RW, 3 | MAP_ANONYMOUS, -1, 0);
	map("validate file", PG, RW, 3, rw, 0);
	map("validate file unknown flag", PG, RW, 3 | 0x8000000, rw, 0);
	map("shared file unknown flag", PG, RW, MAP_SHARED | 0x8000000, rw, 0);
	map("unknown prot bits", PG, RW | 0x40, ANON, -1, 0);
	map("prot sem", PG, RW | 0x8, ANON, -1, 0);
	map("prot growsdown", PG, RW | 0x01000000, ANON, -1, 0);
	map("bad descriptor", PG, RW, MAP_SHARED, -1, 0);
	map("bad descriptor, length 0", 0, RW, MAP_SHARED, -1, 0);
	map("read-only file shared rw", PG, RW, MAP_SHARED, ro, 0);
	map("read-only file shared r", PG, PROT_READ, MAP_SHARED, ro, 0);
	map("read-only file private rw", PG, RW, MAP_PRIVATE, ro, 0);
	map("write-only file", PG, PROT_WRITE, MAP_SHARED, wo, 0);
	map("write-only file private none", PG, PROT_NONE, MAP_PRIVATE, wo, 0);
	map("directory", PG, PROT_READ, MAP_PRIVATE, dir, 0);
	map("pipe", PG, PROT_READ, MAP_PRIVATE, pipes[0], 0);
	map("far past the end", PG, RW, MAP_SHARED, rw, 1l << 40);
	map("exec file", PG, PROT_READ | PROT_EXEC, MAP_PRIVATE, rw, 0);
	map("old flags", PG, RW, ANON | MAP_DENYWRITE | 0x1000 /* EXECUTABLE */ | MAP_STACK, -1, 0);
	map("32bit", PG, RW, ANON | MAP_32BIT, -1, 0);
	map("populate", 4 * PG, RW, ANON | MAP_POPULATE, -1, 0);
	map("growsdown", PG, RW, ANON | MAP_GROWSDOWN, -1, 0);
	map("growsdown shared", PG, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);

	p = MUST(mmap(NULL, 8 * PG, RW, ANON, -1, 0));
	q = mmap(p + 2 * PG, PG, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	printf("noreplace over a mapping: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	q = mmap(p + 2 * PG, PG, PROT_READ, ANON | MAP_FIXED, -1, 0);
	IS(q == p + 2 * PG);
	q = mmap(p + 1, PG, RW, ANON | MAP_FIXED, -1, 0);
	printf("fixed not aligned: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	q = mmap((void *)0xfffffffff000, PG, RW, ANON | MAP_FIXED, -1, 0);
	printf("fixed above user space: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	q = mmap((void *)0x7ffffffff000, PG, RW, ANON | MAP_FIXED, -1, 0);
	printf("fixed at the top: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	q = mmap((void *)0x7fffffffe000, 2 * PG, RW, ANON | MAP_FIXED, -1, 0);
	printf("fixed across the top: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	R(munmap(p + 2 * PG, PG));
	q = mmap(p + 2 * PG, PG, RW, ANON, -1, 0);
	IS(q == p + 2 * PG);
	munmap(p + 2 * PG, PG);
	q = mmap(p + 2 * PG, PG, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	IS(q == p + 2 * PG);
	q = mmap(p + 2 * PG + 5, PG, RW, ANON, -1, 0);
	IS(q != p + 2 * PG && q != MAP_FAILED);
	q = mmap((void *)0x40000000000, PG, RW, ANON, -1, 0);
	IS(q == (void *)0x40000000000);

	R(munmap(p, 0));
	R(munmap(p + 1, PG));
	R(munmap(p, -PG));
	R(munmap((void *)0x7ffffffff000, PG));
	R(munmap(p, 1));
	R(munmap(p, 8 * PG));
	R(munmap(p, 8 * PG));
	p = MUST(mmap(NULL, 4 * PG, RW, ANON, -1, 0));
	R(syscall(SYS_mprotect, p, 0, PROT_NONE));
	R(syscall(SYS_mprotect, p + 1, PG, PROT_READ));
	R(syscall(SYS_mprotect, p, PG, 0x40));
	R(syscall(SYS_mprotect, p, PG, RW | 0x40));
	R(syscall(SYS_mprotect, p, -PG, PROT_READ));
	R(syscall(SYS_mprotect, p, PG, PROT_READ | 0x8));
	R(munmap(p + 2 * PG, PG));
	R(syscall(SYS_mprotect, p, 4 * PG, PROT_READ));
	R(syscall(SYS_mprotect, (void *)0x1000, PG, PROT_READ));
	R(syscall(SYS_mprotect, p, PG, PROT_READ | 0x01000000));
	R(syscall(SYS_mprotect, p, PG, PROT_READ | 0x03000000));
	q = MUST(mmap(NULL, PG, PROT_READ, MAP_SHARED, ro, 0));
	R(syscall(SYS_mprotect, q, PG, RW));
	R(syscall(SYS_mprotect, q, PG, PROT_NONE));
	R(syscall(SYS_pkey_mprotect, p, PG, PROT_READ, -1));
	R(msync(p, PG, MS_SYNC));
	R(msync(p, PG, MS_SYNC | MS_ASYNC));
	R(msync(p + 1, PG, MS_SYNC));
	R(msync(p, PG, 0x100));
	R(msync(p, 4 * PG, MS_ASYNC));
	R(msync(q, PG, MS_SYNC | MS_INVALIDATE));
	R(msync(q, 0, MS_SYNC));
	unlink("f");
	t_rm_workdir();
	return 0;
}
