// memfd_create: names, flags, modes, what the descriptor looks like.
//
// since: 6.18
#include "t.h"
#include <linux/magic.h>
#include <sys/vfs.h>

static void show_name(int fd)
{
	char link[64], target[512];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0) {
		printf("readlink: %s\n", t_errno(errno));
		return;
	}
	target[n] = 0;
	printf("link \"%s\"\n", target);
}

static void flags_matrix(void)
{
	static const unsigned flags[] = {
		0,  1,  2,  3,           8,     16,       24,        9,   10,
		18, 32, 64, 0x80000000u, 0x100, 1u << 26, 21u << 26, ~0u, 4 | (63u << 26) | 32
	};

	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		int fd = t_memfd("f", flags[i]);

		printf("flags %#x: %s", flags[i], fd < 0 ? t_errno(errno) : "ok");
		if (fd >= 0) {
			struct stat st;

			fstat(fd, &st);
			printf(" cloexec %d seals %#x mode %#o flags %#o", fcntl(fd, F_GETFD),
			       fcntl(fd, F_GET_SEALS), st.st_mode, fcntl(fd, F_GETFL));
			close(fd);
		}
		printf("\n");
	}
}

int main(void)
{
	char name[300];
	struct stat st;
	struct statfs fs;
	int fd;

	flags_matrix();
	memset(name, 'n', sizeof(name));
	name[249] = 0;
	OK(t_memfd(name, 0));
	name[249] = 'n';
	name[250] = 0;
	OK(t_memfd(name, 0));
	name[250] = 'n';
	name[299] = 0;
	OK(t_memfd(name, 0));
	OK(t_memfd(NULL, 0));
	OK(t_memfd((char *)1, 0));
	OK(t_memfd((char *)1, 64));
	fd = t_memfd("", 0);
	show_name(fd);
	fd = t_memfd("with/slash and blank\n", 0);
	show_name(fd);
	fd = t_memfd("same", 0);
	show_name(fd);
	show_name(t_memfd("same", 0));
	R(fstat(fd, &st));
	printf("mode %o nlink %ld size %ld blocks %ld blksize %ld uid %d\n", st.st_mode,
	       (long)st.st_nlink, (long)st.st_size, (long)st.st_blocks, (long)st.st_blksize,
	       (int)(st.st_uid == getuid()));
	R(fstatfs(fd, &fs));
	IS(fs.f_type == TMPFS_MAGIC);
	printf("bsize %ld namelen %ld\n", (long)fs.f_bsize, (long)fs.f_namelen);
	R(lseek(fd, 0, SEEK_END));
	R(fchmod(fd, 0600));
	fstat(fd, &st);
	printf("mode %o\n", st.st_mode);
	R(fsync(fd));
	R(fcntl(fd, F_GETFL));
	R(fcntl(fd, F_SETFL, O_APPEND));
	R(fcntl(fd, F_GETFL));
	R(close(fd));
	R(close(fd));
	return 0;
}
