// What one memfd was given does not show in the next, nor do references that outlive a close.
#include "t.h"
#include <sys/file.h>
#include <sys/xattr.h>

static void show(const char *when, int fd)
{
	char buf[64] = { 0 };
	struct stat st;
	char path[64];
	ssize_t n;

	fstat(fd, &st);
	printf("%s: mode %o nlink %lu uid %u gid %u size %ld blocks %ld\n", when, st.st_mode,
	       (unsigned long)st.st_nlink, st.st_uid, st.st_gid, (long)st.st_size,
	       (long)st.st_blocks);
	printf("  flags %x fd %x seals %x mine %d sig %d pos %ld\n", fcntl(fd, F_GETFL),
	       fcntl(fd, F_GETFD), fcntl(fd, F_GET_SEALS), fcntl(fd, F_GETOWN) == getpid(),
	       fcntl(fd, F_GETSIG), (long)lseek(fd, 0, SEEK_CUR));
	R(flistxattr(fd, NULL, 0));
	printf("  recent times: %d\n", st.st_mtim.tv_sec > 1000 && st.st_atim.tv_sec > 1000);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, buf, sizeof(buf) - 1);
	printf("  %zd %s\n", n, buf);
}

static void use_up(int fd)
{
	struct timespec old[2] = { { 1, 1 }, { 2, 2 } };
	char page[PG];
	char *p;

	memset(page, 'x', sizeof(page));
	R(fchmod(fd, 0400));
	R(fchown(fd, 12, 34));
	for (int i = 0; i < 100; i++)
		MUST(pwrite(fd, page, sizeof(page), i * 997L * (long)PG));
	R(lseek(fd, 77, SEEK_SET));
	R(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_NOATIME));
	R(fcntl(fd, F_SETOWN, getpid()));
	R(fcntl(fd, F_SETSIG, SIGUSR1));
	R(fsetxattr(fd, "user.kept", "x", 1, 0));
	R(flock(fd, LOCK_EX));
	R(futimens(fd, old));
	p = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p[5] = 'y';
	munmap(p, PG);
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_SEAL));
	show("used", fd);
}

int main(void)
{
	char path[64], name[300], c = 'q';
	int fd, again;
	char *p;

	umask(022);
	for (int i = 0; i < 3; i++) {
		fd = MUST(t_memfd("first", MFD_ALLOW_SEALING | MFD_CLOEXEC));
		show("new", fd);
		use_up(fd);
		close(fd);
		fd = MUST(t_memfd("", 0));
		show("next", fd);
		R(ftruncate(fd, 2 * PG));
		R(pread(fd, &c, 1, 0));
		IS(c == 0);
		c = 'q';
		R(pwrite(fd, &c, 1, PG));
		R(lseek(fd, 0, SEEK_DATA));
		close(fd);
	}
	// The description goes first, then a mapping; or one opened through /proc.
	fd = MUST(t_memfd("kept", 0));
	MUST(ftruncate(fd, PG));
	p = mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	strcpy(p, "mapped");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = MUST(open(path, O_RDONLY));
	close(fd);
	fd = MUST(t_memfd("other", 0));
	show("other", fd);
	show("kept", again);
	close(again);
	again = MUST(t_memfd("third", 0));
	show("third", again);
	IS(!strcmp(p, "mapped"));
	munmap(p, PG);
	close(fd);
	close(again);
	// Names at and around what has room in place.
	for (int n = 55; n < 80; n++) {
		memset(name, 'a' + n % 26, (size_t)n);
		name[n] = 0;
		fd = MUST(t_memfd(name, 0));
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		IS(readlink(path, name + 100, 200) == n + 17);
		IS(!memcmp(name + 100, "/memfd:", 7) && !memcmp(name + 107, name, (size_t)n));
		close(fd);
	}
	memset(name, 'n', sizeof(name));
	name[250] = 0;
	R(t_memfd(name, 0));
	name[249] = 0;
	close(MUST(t_memfd(name, 0)));
	R(t_memfd((const char *)8, 0));
	p = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(p + PG, PG);
	for (int n = 1; n < 20; n++) { // a terminator just before a bad page, and none
		memset(p + PG - n, 'e', (size_t)n);
		R(t_memfd(p + PG - n, 0));
		p[PG - 1] = 0;
		close(MUST(t_memfd(p + PG - n, 0)));
	}
	return 0;
}
