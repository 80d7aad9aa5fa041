// rename: every kind onto every kind, flags, and into itself.
#include "t.h"
#include <linux/fs.h>

static const char *const kinds[] = { "file", "empty", "full", "link", "fifo", "missing" };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void make(const char *name, unsigned kind)
{
	char inner[64];

	switch (kind) {
	case 0:
		close(MUST(open(name, O_CREAT | O_WRONLY, 0600)));
		break;
	case 1:
		MUST(mkdir(name, 0700));
		break;
	case 2:
		MUST(mkdir(name, 0700));
		snprintf(inner, sizeof(inner), "%s/in", name);
		MUST(mkdir(inner, 0700));
		break;
	case 3:
		MUST(symlink("target", name));
		break;
	case 4:
		MUST(mkfifo(name, 0600));
		break;
	}
}

static const char *kind_of(const char *name)
{
	struct stat st;
	char inner[64];

	if (lstat(name, &st))
		return t_errno(errno);
	snprintf(inner, sizeof(inner), "%s/in", name);
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return access(inner, F_OK) ? "empty" : "full";
	case S_IFLNK:
		return "link";
	default:
		return "fifo";
	}
}

static void drop(const char *name)
{
	char inner[64];

	snprintf(inner, sizeof(inner), "%s/in", name);
	rmdir(inner);
	rmdir(name);
	unlink(name);
}

int main(void)
{
	static const unsigned flags[] = { 0, RENAME_NOREPLACE, RENAME_EXCHANGE };

	t_workdir();
	for (unsigned f = 0; f < 3; f++)
		for (unsigned from = 0; from < KINDS; from++)
			for (unsigned to = 0; to < KINDS; to++) {
				int r;

				make("a", from);
				make("b", to);
				r = (int)syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b",
						 flags[f]);
				printf("%s to %s flags %u: %s", kinds[from], kinds[to], flags[f],
				       r ? t_errno(errno) : "ok");
				printf(" a is %s", kind_of("a"));
				printf(" b is %s\n", kind_of("b"));
				drop("a");
				drop("b");
			}
	make("d", 2);
	R(rename("d", "d/in/x"));
	R(rename("d", "d"));
	R(rename("d/in", "d"));
	R(rename("d/in", "in2"));
	R(rename("in2", "d/in"));
	R(rename(".", "x"));
	R(rename("d/.", "x"));
	R(rename("d/..", "x"));
	R(rename("d", "."));
	R(rename("d", ".."));
	R(rename("d", "missing/x"));
	R(rename("d/", "e/"));
	R(rename("e", "d"));
	make("f", 0);
	R(rename("f/", "g"));
	R(rename("f", "g/"));
	R(rename("f", "f"));
	R(link("f", "f2"));
	R(rename("f", "f2"));
	R(access("f", F_OK));
	R(rename("", "x"));
	R(rename("f", ""));
	R(rename("f", NULL));
	R(rename("f", "/proc/x"));
	R(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "g", 3));
	R(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "g", 8));
	R(syscall(SYS_renameat2, AT_FDCWD, "f", AT_FDCWD, "f2", RENAME_NOREPLACE));
	drop("f");
	drop("f2");
	drop("d");
	t_rm_workdir();
	return 0;
}
