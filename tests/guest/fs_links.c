// Hard and symbolic links: counts, following, depth, readlink, at-forms, access, times, modes.
#include "t.h"
#include <sys/time.h>
#include <time.h>

static void st_show(const char *name)
{
	struct stat st;

	if (lstat(name, &st))
		printf("%s: %s\n", name, t_errno(errno));
	else
		printf("%s: mode %o nlink %ld size %ld uid %d gid %d\n", name, st.st_mode,
		       (long)st.st_nlink, (long)st.st_size, (int)st.st_uid, (int)st.st_gid);
}

int main(void)
{
	char buf[64], name[16], target[16];
	struct timespec ts[2] = { { 1000000000, 123456789 }, { 1500000000, 987654321 } };
	struct stat st;
	int fd;

	t_workdir();
	umask(0);
	fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
	R(link("f", "g"));
	R(link("f", "g"));
	R(link("missing", "h"));
	R(link(".", "h"));
	R(link("f", "missing/h"));
	st_show("f");
	R(symlink("f", "s"));
	R(symlink("f", "s"));
	R(symlink("", "e"));
	R(symlink("x", ""));
	st_show("s");
	R(link("s", "s2"));
	st_show("s2");
	R(linkat(AT_FDCWD, "s", AT_FDCWD, "s3", AT_SYMLINK_FOLLOW));
	st_show("s3");
	R(linkat(AT_FDCWD, "s", AT_FDCWD, "s4", 1));
	memset(buf, 'z', sizeof(buf));
	R(readlink("s", buf, sizeof(buf)));
	IS(buf[0] == 'f' && buf[1] == 'z');
	R(syscall(SYS_readlink, "s", buf, 0));
	R(readlink("f", buf, 10));
	R(readlink("missing", buf, 10));
	R(readlinkat(AT_FDCWD, "", buf, 10));
	symlink("a-longer-target", "long");
	R(readlink("long", buf, 5));
	for (int i = 0; i < 45; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(target, sizeof(target), i ? "l%d" : "f", i - 1);
		MUST(symlink(target, name));
	}
	OK(open("l38", O_RDONLY));
	OK(open("l39", O_RDONLY));
	OK(open("l40", O_RDONLY));
	OK(open("l44", O_RDONLY));
	OK(open("l44", O_PATH | O_NOFOLLOW));
	R(chmod("f", 0400));
	R(chmod("s", 04755));
	R(fchmodat(AT_FDCWD, "s", 0600, 0));
	R(syscall(SYS_fchmodat2, AT_FDCWD, "s", 0600, AT_SYMLINK_NOFOLLOW));
	R(chmod("missing", 0600));
	R(fchmod(fd, 0640));
	st_show("f");
	R(chown("f", 10, 20));
	R(lchown("s", 30, -1));
	R(fchown(fd, -1, 21));
	R(fchownat(AT_FDCWD, "f", 0, 0, 0x4000));
	st_show("f");
	st_show("s");
	R(chown("f", 0, 0));
	R(utimensat(AT_FDCWD, "f", ts, 0));
	stat("f", &st);
	printf("times %ld.%09ld %ld.%09ld\n", (long)st.st_atim.tv_sec, st.st_atim.tv_nsec,
	       (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	ts[0].tv_nsec = UTIME_OMIT;
	ts[1].tv_sec = 7;
	ts[1].tv_nsec = 0;
	R(futimens(fd, ts));
	stat("f", &st);
	printf("times %ld %ld\n", (long)st.st_atim.tv_sec, (long)st.st_mtim.tv_sec);
	ts[1].tv_nsec = 1000000000;
	R(futimens(fd, ts));
	ts[1].tv_nsec = UTIME_OMIT;
	R(utimensat(AT_FDCWD, "missing", ts, 0));
	R(utimensat(AT_FDCWD, "s", NULL, AT_SYMLINK_NOFOLLOW));
	R(utimensat(AT_FDCWD, "f", NULL, 0x1000 << 4));
	stat("f", &st);
	IS(st.st_mtim.tv_sec == 7);
	R(utimes("f", NULL));
	stat("f", &st);
	IS(st.st_mtim.tv_sec > 1000000000);
	R(access("f", F_OK));
	R(access("f", R_OK | W_OK));
	R(access("f", X_OK));
	R(access("f", 8));
	R(access("missing", F_OK));
	R(access("long", F_OK));
	R(syscall(SYS_faccessat2, AT_FDCWD, "long", F_OK, AT_SYMLINK_NOFOLLOW));
	R(syscall(SYS_faccessat2, AT_FDCWD, "f", F_OK, 0x8000));
	R(syscall(SYS_faccessat2, fd, "", R_OK, AT_EMPTY_PATH));
	R(unlink("f"));
	st_show("g");
	fstat(fd, &st);
	printf("nlink %ld\n", (long)st.st_nlink);
	unlink("g");
	unlink("s3");
	fstat(fd, &st);
	printf("nlink %ld\n", (long)st.st_nlink);
	R(pwrite(fd, "still here", 10, 0));
	R(pread(fd, buf, 10, 0));
	R(mknod("nod", S_IFREG | 0600, 0));
	R(mknod("dirnod", S_IFDIR | 0600, 0));
	R(mknod("badnod", 0xf000 | 0600, 0));
	unlink("nod");
	unlink("s");
	unlink("s2");
	unlink("long");
	for (int i = 0; i < 45; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		unlink(name);
	}
	t_rm_workdir();
	return 0;
}
