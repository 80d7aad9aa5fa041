// Minimised by the differential fuzzer: memory policies over holes and unreadable pages, mremap of
// several mappings with System V shared memory among them, guards and vmsplice, RWF_NOWAIT on a
// pipe that was spliced, what memfd_create looks at first.
#include "t.h"
#include <linux/mempolicy.h>
#include <sys/shm.h>
#include <sys/uio.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static void show(const char *name, long n)
{
	printf("%s: %ld %s\n", name, n < 0 ? n : n > 0, n < 0 ? t_errno(errno) : "");
}

static void policies(char *p)
{
	unsigned long nodes = 0;
	int mode;

	munmap(p + 4 * PG, 60 * PG);
	show("default over a hole", syscall(SYS_mbind, p, 16 * PG, MPOL_DEFAULT, &nodes, 64, 0));
	show("default, nothing but a hole",
	     syscall(SYS_mbind, p + 8 * PG, 4 * PG, MPOL_DEFAULT, &nodes, 64, 0));
	show("local over a hole", syscall(SYS_mbind, p, 16 * PG, MPOL_LOCAL, &nodes, 64, 0));
	mprotect(p, PG, PROT_WRITE);
	show("node of what may not be read",
	     syscall(SYS_get_mempolicy, &mode, 0, 0, p, MPOL_F_NODE | MPOL_F_ADDR));
	p[0] = 1;
	show("node of what is there",
	     syscall(SYS_get_mempolicy, &mode, 0, 0, p, MPOL_F_NODE | MPOL_F_ADDR));
	mprotect(p, PG, PROT_NONE);
	show("node of what has no rights",
	     syscall(SYS_get_mempolicy, &mode, 0, 0, p, MPOL_F_NODE | MPOL_F_ADDR));
}

static void move_segments(char *p)
{
	int id = shmget(IPC_PRIVATE, 2 * PG, IPC_CREAT | 0600);
	char *to = mmap(0, 32 * PG, PROT_NONE, ANON, -1, 0);

	mmap(p, PG, RW, ANON | MAP_FIXED, -1, 0);
	show("attach", shmat(id, p + PG, SHM_REMAP) == p + PG);
	show("both", (long)mremap(p, 3 * PG, 3 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	show("the first has moved", msync(p, PG, MS_ASYNC));
	mmap(p + 3 * PG, PG, RW, ANON | MAP_FIXED, -1, 0);
	show("the segment and one more",
	     (long)mremap(p + PG, 3 * PG, 3 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	show("the segment",
	     (long)mremap(p + PG, 2 * PG, 2 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	shmctl(id, IPC_RMID, 0);
	munmap(to, 32 * PG);
}

static void guards(char *p)
{
	struct iovec v = { p, 2 * PG };
	char in[64];
	int fd[2];

	pipe2(fd, O_NONBLOCK);
	mmap(p, 4 * PG, RW, ANON | MAP_FIXED, -1, 0);
	if (madvise(p + PG, PG, 102))
		printf("no guards\n");
	show("up to a guard", vmsplice(fd[1], &v, 1, 0));
	v.iov_base = p + PG;
	show("a guard", vmsplice(fd[1], &v, 1, 0));
	close(fd[0]);
	close(fd[1]);
	pipe2(fd, O_NONBLOCK);
	v = (struct iovec){ in, sizeof in };
	show("RWF_NOWAIT", syscall(SYS_preadv2, fd[0], &v, 1, -1, -1, RWF_NOWAIT));
	show("splice to a bad descriptor's position",
	     splice(fd[0], 0, fd[0], 0, 8, SPLICE_F_NONBLOCK));
	show("RWF_NOWAIT after it", syscall(SYS_preadv2, fd[0], &v, 1, -1, -1, RWF_NOWAIT));
	show("the other end", syscall(SYS_pwritev2, fd[1], &v, 1, -1, -1, RWF_NOWAIT));
	show("vmsplice into it", vmsplice(fd[1], &v, 1, 0));
	show("the other end after it", syscall(SYS_pwritev2, fd[1], &v, 1, -1, -1, RWF_NOWAIT));
	close(fd[0]);
	close(fd[1]);
}

static void order(char *p)
{
	unsigned long nodes = 1;
	int fd[2];

	pipe(fd);
	show("no nodes of none, of nothing", syscall(SYS_mbind, p, 0, MPOL_BIND, &nodes, 0, 0));
	show("a pipe, behind all offsets",
	     syscall(SYS_mmap, 0, 8 * PG, PROT_READ, MAP_PRIVATE, fd[0], -PG));
	show("the end that writes",
	     syscall(SYS_mmap, 0, 8 * PG, PROT_READ, MAP_SHARED, fd[1], 1ul << 63));
	show("a pipe", syscall(SYS_mmap, 0, 8 * PG, PROT_READ, MAP_PRIVATE, fd[0], 0));
}

// Mappings of a segment that were cut stay apart: each is attached by itself.
static void cut_segment(char *p)
{
	int id = shmget(IPC_PRIVATE, 4 * PG, IPC_CREAT | 0600);
	struct shmid_ds ds;

	shmat(id, p, SHM_REMAP);
	mprotect(p + PG, PG, PROT_READ);
	shmctl(id, IPC_STAT, &ds);
	printf("attached %ld\n", (long)ds.shm_nattch);
	mprotect(p + PG, PG, PROT_READ | PROT_WRITE);
	shmctl(id, IPC_STAT, &ds);
	printf("attached %ld\n", (long)ds.shm_nattch);
	mprotect(p, 2 * PG, PROT_READ);
	mprotect(p, PG, PROT_READ | PROT_WRITE);
	shmctl(id, IPC_STAT, &ds);
	printf("attached %ld\n", (long)ds.shm_nattch);
	show("detach", shmdt(p));
	shmat(id, p, SHM_REMAP);
	show("made longer",
	     mremap(p, PG, 8 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, p + 20 * PG) == p + 20 * PG);
	show("detach the longer one", shmdt(p + 20 * PG));
	shmctl(id, IPC_RMID, 0);
}

int main(void)
{
	char *p = mmap(0, 64 * PG, RW, ANON, -1, 0);

	policies(p);
	move_segments(p);
	guards(p);
	order(p);
	cut_segment(p);
	show("unknown flag, bad name", syscall(SYS_memfd_create, (char *)8, 0x40));
	show("bad name", syscall(SYS_memfd_create, (char *)8, 0));
	return 0;
}
