// Directories: mkdir, rmdir, chdir, getcwd, listing while changing, link counts, deleted ones.
#include "t.h"
#include <dirent.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *name)
{
	char *names[64];
	struct dirent *e;
	DIR *d = opendir(name);
	int n = 0;

	printf("%s:", name);
	if (!d) {
		printf(" %s\n", t_errno(errno));
		return;
	}
	while ((e = readdir(d)) && n < 64) {
		char text[300];

		snprintf(text, sizeof(text), " %s/%d", e->d_name, e->d_type);
		names[n++] = strdup(text);
	}
	qsort(names, n, sizeof(names[0]), by_name);
	for (int i = 0; i < n; i++)
		printf("%s", names[i]);
	printf("\n");
	closedir(d);
}

static long nlink_of(const char *name)
{
	struct stat st;

	return stat(name, &st) ? -errno : (long)st.st_nlink;
}

int main(void)
{
	char buf[4096], base[4096];
	struct stat a, b;
	int fd;

	t_workdir();
	umask(022);
	MUST(getcwd(base, sizeof(base)) ? 0 : -1);
	R(mkdir("d", 0777));
	R(mkdir("d", 0777));
	R(mkdir("d/e/f", 0777));
	R(mkdir("d/e", 0700));
	R(mkdir("d/e/", 0700));
	R(mkdir("", 0700));
	R(mkdir(".", 0700));
	R(mkdir("/", 0700));
	R(mkdir("d/e/.", 0700));
	R(mkdir("trail/", 0700));
	printf("nlink %ld %ld\n", nlink_of("d"), nlink_of("d/e"));
	stat("d", &a);
	printf("mode %o\n", a.st_mode);
	R(rmdir("d"));
	R(rmdir("trail/"));
	R(rmdir("missing"));
	R(rmdir("d/e/."));
	R(rmdir("d/e/.."));
	R(rmdir("/"));
	close(MUST(open("d/file", O_CREAT | O_WRONLY, 0600)));
	R(rmdir("d/file"));
	R(unlink("d"));
	R(unlink("d/file/"));
	R(unlinkat(AT_FDCWD, "d/file", AT_REMOVEDIR));
	R(unlinkat(AT_FDCWD, "d/file", 4));
	MUST(symlink("file", "d/link"));
	MUST(mkfifo("d/fifo", 0600));
	list("d");
	list("d/e");
	list("d/file");
	list("missing");
	R(chdir("d/e"));
	MUST(getcwd(buf, sizeof(buf)) ? 0 : -1);
	IS(!strncmp(buf, base, strlen(base)) && !strcmp(buf + strlen(base), "/d/e"));
	R(syscall(SYS_getcwd, buf, 3));
	R(syscall(SYS_getcwd, NULL, 0));
	R(syscall(SYS_getcwd, (char *)1, 4096));
	R(chdir(".."));
	R(chdir("file"));
	R(chdir("link"));
	R(chdir("missing"));
	stat(".", &a);
	stat("e/..", &b);
	IS(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	stat("/", &a);
	stat("/..", &b);
	IS(a.st_ino == b.st_ino);
	fd = MUST(open("e", O_RDONLY | O_DIRECTORY));
	R(fchdir(fd));
	R(rmdir("../e"));
	R(syscall(SYS_getcwd, buf, sizeof(buf)) > 0);
	R(open("x", O_CREAT | O_WRONLY, 0600));
	R(mkdir("x", 0700));
	R(open(".", O_RDONLY) >= 0);
	R(syscall(SYS_getdents64, fd, buf, sizeof(buf)));
	fstat(fd, &a);
	printf("nlink of a removed directory %ld\n", (long)a.st_nlink);
	R(fchdir(99));
	R(chdir(base));
	fd = MUST(open("d", O_RDONLY));
	R(syscall(SYS_getdents64, fd, buf, 10));
	R(syscall(SYS_getdents64, fd, (void *)1, 4096));
	R(syscall(SYS_getdents64, 0, buf, sizeof(buf)));
	int seen = 0;
	long n;
	while ((n = syscall(SYS_getdents64, fd, buf, 64)) > 0)
		for (long o = 0; o < n; o += *(unsigned short *)(buf + o + 16))
			seen++;
	printf("small buffers: %ld, %d entries\n", n, seen);
	R(lseek(fd, 0, SEEK_SET));
	n = syscall(SYS_getdents64, fd, buf, sizeof(buf));
	IS(n > 0);
	for (int i = 0; i < 200; i++) {
		snprintf(buf, sizeof(buf), "d/many%d", i);
		close(MUST(open(buf, O_CREAT | O_WRONLY, 0600)));
	}
	DIR *d = opendir("d");
	struct dirent *e;
	int removed = 0;
	while ((e = readdir(d)))
		if (!strncmp(e->d_name, "many", 4)) {
			snprintf(buf, sizeof(buf), "d/%.200s", e->d_name);
			removed += !unlink(buf);
		}
	closedir(d);
	printf("removed while listing: %d\n", removed);
	list("d");
	unlink("d/file");
	unlink("d/link");
	unlink("d/fifo");
	R(rmdir("d"));
	t_rm_workdir();
	return 0;
}
