// Seals where a file is reached another way: mremap of its views, mprotect of views made through a
// file reopened with other access modes, and every call that writes, resizes or empties a file.
//
// since: 6.18
#include "t.h"
#include <linux/falloc.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef RWF_APPEND
#define RWF_APPEND 16
#endif

static const struct {
	const char *name;
	unsigned bits;
} seals[] = {
	{ "none", 0 },
	{ "shrink", F_SEAL_SHRINK },
	{ "grow", F_SEAL_GROW },
	{ "write", F_SEAL_WRITE },
	{ "future", F_SEAL_FUTURE_WRITE },
	{ "exec", F_SEAL_EXEC },
};
#define NSEALS (sizeof(seals) / sizeof(seals[0]))

static int reopen(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags);
}

static char *view(int fd, int prot, int flags, off_t at)
{
	char *p = mmap(NULL, PG, prot, flags, fd, at);

	printf("view prot %d %s: %s\n", prot, flags & MAP_SHARED ? "shared" : "private",
	       p == MAP_FAILED ? t_errno(errno) : "ok");
	return p == MAP_FAILED ? NULL : p;
}

static void protections(char *p)
{
	R(mprotect(p, PG, PROT_READ | PROT_WRITE));
	R(mprotect(p, PG, PROT_READ | PROT_EXEC));
	R(mprotect(p, PG, PROT_NONE));
	R(mprotect(p, PG, PROT_WRITE));
	R(mprotect(p, PG, PROT_READ));
}

// The view's copy made by mremap with an old size of 0 has the view's rights.
static void remapped(int fd, int prot, unsigned seal)
{
	char *p = MUST(mmap(NULL, 2 * PG, prot, MAP_SHARED, fd, 0)), *q, *at;

	R(fcntl(fd, F_ADD_SEALS, seal));
	q = mremap(p, 0, 4 * PG, MREMAP_MAYMOVE);
	printf("copy: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	if (q != MAP_FAILED) {
		protections(q);
		IS(q[0] == 'a');
		FAULT(*(volatile char *)(q + 3 * PG));
		munmap(p, 2 * PG);
		R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
		p = q;
	}
	q = mremap(p, 4 * PG, 64 * PG, MREMAP_MAYMOVE);
	printf("grown: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	if (q != MAP_FAILED) {
		p = q;
		protections(p + 32 * PG);
		R(mprotect(p, PG, PROT_READ | PROT_WRITE));
		FAULT(*(volatile char *)(p + PG));
		FAULT(*(volatile char *)(p + 2 * PG));
	}
	at = MUST(mmap(NULL, 64 * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	q = mremap(p, PG, PG, MREMAP_MAYMOVE | MREMAP_FIXED, at);
	printf("moved: %s\n", q == MAP_FAILED ? t_errno(errno) : "ok");
	if (q != MAP_FAILED)
		protections(q);
	munmap(at, 64 * PG);
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(p, 64 * PG);
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	printf("seals %#x\n", fcntl(fd, F_GET_SEALS));
}

static void remaps(void)
{
	for (unsigned i = 0; i < NSEALS; i++)
		for (int prot = PROT_READ; prot <= (PROT_READ | PROT_WRITE); prot += PROT_WRITE) {
			int fd = t_memfd_sized(MFD_ALLOW_SEALING, 2 * PG);

			printf("== mremap: seal %s, prot %d\n", seals[i].name, prot);
			MUST(pwrite(fd, "a", 1, 0));
			remapped(fd, prot, seals[i].bits);
			close(fd);
		}
}

// A copy of a private view is no view of the file.
static void private_copies(void)
{
	int fd = t_memfd_sized(MFD_ALLOW_SEALING, 2 * PG);
	char *p = MUST(mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0)), *q;

	printf("== mremap of a private view\n");
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	IS(mremap(p, 0, PG, MREMAP_MAYMOVE) == MAP_FAILED && errno == EINVAL);
	q = MUST(mremap(p, PG, 2 * PG, MREMAP_MAYMOVE));
	q[0] = q[PG] = 5;
	protections(q);
	IS(pread(fd, &(char){ 0 }, 1, PG) == 1);
	munmap(q, 2 * PG);
	close(fd);
}

static void reopened_views(int fd)
{
	static const struct {
		const char *name;
		int flags;
	} modes[] = { { "O_RDONLY", O_RDONLY }, { "O_WRONLY", O_WRONLY },
		      { "O_RDWR", O_RDWR },     { "O_RDWR|O_TRUNC", O_RDWR | O_TRUNC },
		      { "O_PATH", O_PATH },     { "O_RDWR|O_APPEND", O_RDWR | O_APPEND } };

	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		int other;
		char *p;

		printf("-- %s\n", modes[i].name);
		other = reopen(fd, modes[i].flags);
		printf("open: %s\n", other < 0 ? t_errno(errno) : "ok");
		if (other < 0)
			continue;
		R(fcntl(other, F_ADD_SEALS, 0));
		R(fcntl(other, F_GET_SEALS));
		R(write(other, "z", 1));
		R(ftruncate(other, 2 * PG));
		for (int prot = PROT_NONE; prot <= (PROT_READ | PROT_WRITE); prot++) {
			p = view(other, prot, MAP_SHARED, 0);
			if (p) {
				protections(p);
				munmap(p, PG);
			}
		}
		p = view(other, PROT_READ, MAP_PRIVATE, 0);
		if (p) {
			protections(p);
			munmap(p, PG);
		}
		close(other);
	}
}

static void reopening(void)
{
	for (unsigned i = 0; i < NSEALS; i++) {
		int fd = t_memfd_sized(MFD_ALLOW_SEALING, 2 * PG);

		printf("== reopened: seal %s\n", seals[i].name);
		R(fcntl(fd, F_ADD_SEALS, seals[i].bits));
		reopened_views(fd);
		close(fd);
	}
	printf("== a read-only view of a reopened file does not stop the seal\n");
	int fd = t_memfd_sized(MFD_ALLOW_SEALING, PG), ro = reopen(fd, O_RDONLY);
	char *p = MUST(mmap(NULL, PG, PROT_READ, MAP_SHARED, ro, 0));

	R(fcntl(ro, F_ADD_SEALS, F_SEAL_WRITE));
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	protections(p);
	munmap(p, PG);
	close(fd);
	close(ro);
}

static void writes(int fd, int in)
{
	struct iovec v[2] = { { "ab", 2 }, { "cd", 2 } };
	loff_t from = 0, to = 0;
	int pipes[2];

	R(pwrite(fd, "x", 1, 0));
	R(pwrite(fd, "xy", 2, 2 * PG - 1));
	R(pwrite(fd, "x", 1, 2 * PG));
	R(pwrite(fd, "", 0, 0));
	R(pwrite(fd, "x", 1, -1));
	R(pwrite(fd, (void *)8, 1, 0));
	R(pwritev(fd, v, 2, 2 * PG - 3));
	R(syscall(SYS_pwritev2, fd, v, 2, 0, 0, RWF_APPEND));
	R(lseek(fd, 0, SEEK_SET));
	R(writev(fd, v, 2));
	R(sendfile(fd, in, &(off_t){ 0 }, 8));
	R(copy_file_range(in, &from, fd, &to, 8, 0));
	MUST(pipe(pipes));
	MUST(write(pipes[1], "0123456789", 10));
	to = 2 * PG - 4;
	R(splice(pipes[0], NULL, fd, &to, 8, 0));
	to = 0;
	R(splice(pipes[0], NULL, fd, &to, 1, 0));
	R(read(pipes[0], &(char[16]){ 0 }, 1));
	close(pipes[0]);
	close(pipes[1]);
}

static void resizes(int fd)
{
	char path[64], *p;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	R(fallocate(fd, 0, 0, PG));
	R(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 8 * PG));
	R(fallocate(fd, 0, 0, 8 * PG));
	R(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, PG));
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PG));
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PG));
	R(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PG));
	R(truncate(path, 9 * PG));
	R(truncate(path, PG));
	R(ftruncate(fd, 2 * PG));
	R(ftruncate(fd, 2 * PG));
	R(posix_fallocate(fd, 0, 16 * PG));
	p = mmap(NULL, PG, PROT_READ, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED) {
		R(madvise(p, PG, MADV_REMOVE));
		R(madvise(p, PG, MADV_POPULATE_WRITE));
		R(madvise(p, PG, MADV_DONTNEED));
		munmap(p, PG);
	}
	struct stat st;
	MUST(fstat(fd, &st));
	printf("size %ld\n", (long)st.st_size);
}

static void write_paths(void)
{
	int in = t_memfd_sized(0, PG);

	MUST(pwrite(in, "input in", 8, 0));
	for (unsigned i = 0; i < NSEALS; i++) {
		int fd = t_memfd_sized(MFD_ALLOW_SEALING, 2 * PG);

		printf("== writing: seal %s\n", seals[i].name);
		R(fcntl(fd, F_ADD_SEALS, seals[i].bits));
		writes(fd, in);
		resizes(fd);
		R(fchmod(fd, 0700));
		R(fchmod(fd, 0600));
		R(fchmod(fd, 0777));
		close(fd);
	}
	// The seal comes while a writable view is there: it goes on, new ones do not.
	int fd = t_memfd_sized(MFD_ALLOW_SEALING, 2 * PG);
	char *p = MUST(mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)), *q;

	printf("== a view from before F_SEAL_FUTURE_WRITE\n");
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	R(madvise(p, PG, MADV_POPULATE_WRITE));
	R(madvise(p, PG, MADV_REMOVE));
	FAULT(*p = 1);
	q = MUST(mremap(p, 0, PG, MREMAP_MAYMOVE));
	FAULT(*q = 2);
	IS(*p == 2);
	protections(q);
	munmap(q, PG);
	munmap(p, PG);
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	close(fd);
}

int main(void)
{
	t_catch_faults();
	remaps();
	private_copies();
	reopening();
	write_paths();
	return 0;
}
