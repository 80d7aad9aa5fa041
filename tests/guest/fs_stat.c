// stat, fstatat, statx, statfs: values and errors.
#include "t.h"
#include <linux/magic.h>
#include <sys/vfs.h>

struct statx_ {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	uint8_t rest[256 - 64];
};

int main(void)
{
	struct statx_ x;
	struct statfs fs;
	struct stat st, st2;
	int fd, ro;

	t_workdir();
	fd = MUST(open("f", O_CREAT | O_RDWR, 0640));
	MUST(write(fd, "12345", 5));
	R(fstat(fd, &st));
	printf("%o %ld %ld %ld %ld\n", st.st_mode, (long)st.st_nlink, (long)st.st_size,
	       (long)st.st_blocks, (long)st.st_blksize);
	R(fstatat(fd, "", &st2, AT_EMPTY_PATH));
	IS(st.st_ino == st2.st_ino);
	R(syscall(SYS_newfstatat, fd, NULL, &st2, AT_EMPTY_PATH));
	R(syscall(SYS_newfstatat, fd, "", &st2, 0));
	R(syscall(SYS_newfstatat, fd, NULL, &st2, 0));
	R(syscall(SYS_newfstatat, AT_FDCWD, "", &st2, AT_EMPTY_PATH));
	IS(S_ISDIR(st2.st_mode));
	R(syscall(SYS_newfstatat, AT_FDCWD, NULL, &st2, AT_EMPTY_PATH));
	R(syscall(SYS_newfstatat, fd, "x", &st2, 0));
	R(syscall(SYS_newfstatat, 99, "x", &st2, 0));
	R(syscall(SYS_newfstatat, 99, "", &st2, AT_EMPTY_PATH));
	R(syscall(SYS_newfstatat, AT_FDCWD, "f", &st2, 0x8000));
	R(syscall(SYS_newfstatat, AT_FDCWD, "f", NULL, 0));
	R(syscall(SYS_newfstatat, AT_FDCWD, "f", 1, 0));
	R(syscall(SYS_fstat, 99, &st));
	R(syscall(SYS_fstat, fd, 1));
	R(syscall(SYS_stat, "f/x", &st));
	R(syscall(SYS_lstat, "missing", &st));

	memset(&x, 0xaa, sizeof(x));
	R(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x7ff, &x));
	printf("mask %#x mode %o nlink %u size %lu blocks %lu blksize %u\n", x.mask & 0x7ff, x.mode,
	       x.nlink, (long)x.size, (long)x.blocks, x.blksize);
	IS(x.ino == st.st_ino);
	R(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0xfff, &x));
	printf("mask %#x\n", x.mask & 0xfff);
	R(syscall(SYS_statx, fd, NULL, AT_EMPTY_PATH, 0xfff, &x));
	R(syscall(SYS_statx, AT_FDCWD, "f", 0x6000, 0xfff, &x));
	R(syscall(SYS_statx, AT_FDCWD, "f", 0x8, 0xfff, &x));
	R(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x80000000, &x));
	R(syscall(SYS_statx, AT_FDCWD, "f", 0, 0xfff, NULL));
	R(syscall(SYS_statx, AT_FDCWD, "missing", 0, 0xfff, &x));
	R(statfs(".", &fs));
	IS(fs.f_type == TMPFS_MAGIC);
	printf("%ld %ld %ld\n", (long)fs.f_bsize, (long)fs.f_frsize, (long)fs.f_namelen);
	IS(fs.f_bfree <= fs.f_blocks);
	R(fstatfs(fd, &fs));
	R(fstatfs(99, &fs));
	R(statfs("missing", &fs));
	R(statfs("/proc", &fs));
	IS(fs.f_type == PROC_SUPER_MAGIC);
	ro = MUST(open("/dev/null", O_RDWR));
	fstat(ro, &st);
	printf("null %o %#lx\n", st.st_mode & S_IFMT, (long)st.st_rdev);
	unlink("f");
	t_rm_workdir();
	return 0;
}
