// RENAME_WHITEOUT: what is left under the old name, for every kind, onto every kind, and that a
// whiteout is an ordinary file; mknod of one.
//
// since: 6.18
#include "t.h"
#include <dirent.h>
#include <sys/sysmacros.h>

#define NOREPLACE 1u
#define EXCHANGE  2u
#define WHITEOUT  4u

static long ren(const char *from, const char *to, unsigned flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void show(const char *name)
{
	struct stat st;

	if (lstat(name, &st)) {
		printf("%s: %s\n", name, t_errno(errno));
		return;
	}
	printf("%s: mode %o", name, (unsigned)st.st_mode);
	if (S_ISCHR(st.st_mode))
		printf(" device %u:%u links %u size %ld", major(st.st_rdev), minor(st.st_rdev),
		       (unsigned)st.st_nlink, (long)st.st_size);
	if (S_ISDIR(st.st_mode))
		printf(" links %u", (unsigned)st.st_nlink);
	printf("\n");
}

static int entries(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void make(const char *name, char kind)
{
	if (kind == 'd')
		MUST(mkdir(name, 0700));
	else if (kind == 'l')
		MUST(symlink("nowhere", name));
	else if (kind == 'f')
		close(MUST(open(name, O_CREAT | O_WRONLY, 0600)));
}

static void onto(char from, char to, unsigned more)
{
	printf("-- %c onto %c, flags %u\n", from, to, more);
	MUST(mkdir("a", 0700));
	MUST(mkdir("b", 0700));
	make("a/x", from);
	make("b/y", to);
	R(ren("a/x", "b/y", WHITEOUT | more));
	show("a/x");
	show("b/y");
	show("a");
	show("b");
	R(entries("a"));
	R(entries("b"));
	R(rmdir("a"));
	unlink("a/x");
	rmdir("a/x");
	unlink("b/y");
	rmdir("b/y");
	R(rmdir("a"));
	R(rmdir("b"));
}

// What fails leaves no whiteout.
static void onto_full(void)
{
	printf("-- d onto a directory that is not empty\n");
	MUST(mkdir("a", 0700));
	MUST(mkdir("a/x", 0700));
	MUST(mkdir("b", 0700));
	MUST(mkdir("b/c", 0700));
	R(ren("a/x", "b", WHITEOUT));
	show("a/x");
	show("a");
	R(entries("a"));
	R(rmdir("a/x"));
	R(rmdir("a"));
	R(rmdir("b/c"));
	R(rmdir("b"));
}

static void is_a_file(void)
{
	struct stat st;

	printf("-- a whiteout is a file\n");
	make("x", 'f');
	R(ren("x", "y", WHITEOUT));
	R(open("x", O_CREAT | O_EXCL | O_WRONLY, 0600));
	R(mkdir("x", 0700));
	R(ren("y", "x", NOREPLACE));
	R(ren("x", "z", 0));
	show("x");
	show("z");
	R(ren("z", "y", EXCHANGE));
	show("z");
	show("y");
	R(link("y", "l"));
	show("l");
	R(ren("y", "l", WHITEOUT)); // two names of one file
	show("y");
	R(ren("y", "y", WHITEOUT));
	R(ren("y", "w", WHITEOUT)); // a whiteout leaves one behind
	show("y");
	show("w");
	R(chmod("y", 0644));
	R(unlink("y"));
	show("y");
	R(ren("none", "y", WHITEOUT));
	R(ren("z", "y", WHITEOUT | EXCHANGE));
	R(ren("z", "y", 8));
	R(unlink("z"));
	R(unlink("l"));
	R(unlink("w"));
	R(mknod("m", S_IFCHR | 0600, 0));
	show("m");
	R(unlink("m"));
	if (geteuid() == 0) {
		MUST(chmod(".", 0777));
		MUST(syscall(SYS_setresuid, 1000, 1000, 0));
	}
	R(mknod("m", S_IFCHR | 0600, 0));
	R(mknod("n", S_IFBLK | 0600, 0));
	R(mknod("n", S_IFCHR | 0600, makedev(1, 3)));
	make("x", 'f');
	R(ren("x", "y", WHITEOUT));
	IS(!lstat("x", &st) && st.st_uid == geteuid());
	R(unlink("x"));
	R(unlink("y"));
	R(unlink("m"));
}

int main(void)
{
	umask(0);
	t_workdir();
	for (const char *from = "fdl"; *from; from++)
		for (const char *to = "-fdl"; *to; to++) {
			onto(*from, *to, 0);
			onto(*from, *to, NOREPLACE);
		}
	onto_full();
	is_a_file();
	if (getuid() == 1000)
		syscall(SYS_setresuid, 0, 0, 0);
	t_rm_workdir();
	return 0;
}
