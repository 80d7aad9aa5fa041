// Seals: each against each operation, and the rules for adding them.
//
// since: 6.18
#include "t.h"
#include <linux/falloc.h>

static void operations(int fd)
{
	char c = 'x';
	void *p;

	R(write(fd, &c, 1));
	R(pwrite(fd, &c, 1, 8 * PG));
	R(ftruncate(fd, 16 * PG));
	R(ftruncate(fd, PG));
	R(ftruncate(fd, 4 * PG));
	R(fallocate(fd, 0, 0, 20 * PG));
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PG));
	p = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	printf("shared write view: %s\n", p == MAP_FAILED ? t_errno(errno) : "ok");
	if (p != MAP_FAILED)
		munmap(p, PG);
	p = mmap(NULL, PG, PROT_READ, MAP_SHARED, fd, 0);
	printf("shared read view: %s\n", p == MAP_FAILED ? t_errno(errno) : "ok");
	if (p != MAP_FAILED) {
		R(mprotect(p, PG, PROT_READ | PROT_WRITE));
		munmap(p, PG);
	}
	p = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	printf("private write view: %s\n", p == MAP_FAILED ? t_errno(errno) : "ok");
	if (p != MAP_FAILED)
		munmap(p, PG);
	R(fchmod(fd, 0700));
	R(fchmod(fd, 0600));
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	printf("seals %#x\n", fcntl(fd, F_GET_SEALS));
}

int main(void)
{
	static const int seals[] = { 0,
				     F_SEAL_SEAL,
				     F_SEAL_SHRINK,
				     F_SEAL_GROW,
				     F_SEAL_WRITE,
				     F_SEAL_FUTURE_WRITE,
				     F_SEAL_EXEC,
				     F_SEAL_SHRINK | F_SEAL_GROW,
				     0x1f };
	char *p;
	int fd;

	for (unsigned i = 0; i < sizeof(seals) / sizeof(seals[0]); i++) {
		fd = t_memfd_sized(MFD_ALLOW_SEALING, 8 * PG);
		printf("== seal %#x\n", seals[i]);
		R(fcntl(fd, F_ADD_SEALS, seals[i]));
		operations(fd);
		close(fd);
	}
	printf("== rules\n");
	fd = t_memfd_sized(0, PG);
	R(fcntl(fd, F_GET_SEALS));
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	fd = t_memfd_sized(MFD_NOEXEC_SEAL, PG);
	R(fcntl(fd, F_GET_SEALS));
	R(fchmod(fd, 0777));
	fd = t_memfd_sized(MFD_ALLOW_SEALING, PG);
	R(fcntl(fd, F_ADD_SEALS, 0x40));
	R(fcntl(fd, F_ADD_SEALS, -1));
	p = MUST(mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	*p = 1;
	R(fcntl(fd, F_GET_SEALS));
	munmap(p, PG);
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	fd = t_memfd_sized(MFD_ALLOW_SEALING, PG);
	p = MUST(mmap(NULL, PG, PROT_READ, MAP_SHARED, fd, 0));
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(p, PG);
	p = MUST(mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	*p = 3;
	IS(*p == 3);
	R(fcntl(0, F_GET_SEALS));
	R(fcntl(0, F_ADD_SEALS, 1));
	R(fcntl(-1, F_GET_SEALS));
	return 0;
}
