// Extended attributes of tmpfs files, folders, links and memfds: set, replace, list, remove, sizes,
// name spaces, and who may.
//
// since: 6.18
// needs: root
#include <sys/xattr.h>

#include "t.h"

static char big[65537];

static void list(const char *when, int fd)
{
	char names[512];
	ssize_t n = flistxattr(fd, names, sizeof(names));

	printf("%s: %ld:", when, (long)n);
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(names + i) + 1)
		printf(" %s", names + i);
	putchar('\n');
}

int main(void)
{
	char b[64], name[300] = "user.";
	struct stat before, after;
	int fd, dir, mem = t_memfd("x", 2);

	t_workdir();
	fd = MUST(open("f", O_CREAT | O_RDWR, 0644));
	MUST(mkdir("d", 0755));
	MUST(symlink("f", "l"));
	MUST(mkfifo("p", 0666));
	dir = MUST(open("d", O_RDONLY));
	list("at first", fd);
	R(setxattr("f", "user.b", "two", 3, 0));
	R(fsetxattr(fd, "user.a", "one", 3, XATTR_CREATE));
	R(fsetxattr(fd, "user.a", "one", 3, XATTR_CREATE));
	R(fsetxattr(fd, "user.c", "one", 3, XATTR_REPLACE));
	R(fsetxattr(fd, "user.c", "one", 3, XATTR_REPLACE | XATTR_CREATE));
	R(fsetxattr(fd, "user.a", "three", 5, XATTR_REPLACE));
	R(fsetxattr(fd, "user.a", "three", 5, XATTR_REPLACE | XATTR_CREATE));
	R(fsetxattr(fd, "trusted.t", "", 0, 0));
	R(fsetxattr(fd, "security.s", "sec", 3, 0));
	R(fsetxattr(fd, "user.", "x", 1, 0));
	R(fsetxattr(fd, "user", "x", 1, 0));
	R(fsetxattr(fd, "other.x", "x", 1, 0));
	R(fsetxattr(fd, "trusted.", "x", 1, 0));
	list("some", fd);
	R(fgetxattr(fd, "user.a", b, sizeof(b)));
	IS(!memcmp(b, "three", 5));
	R(fgetxattr(fd, "user.a", b, 4));
	R(fgetxattr(fd, "user.a", NULL, 0));
	R(fgetxattr(fd, "user.a", (void *)8, 64));
	R(fgetxattr(fd, "user.none", b, 4));
	R(fgetxattr(fd, "trusted.t", b, 4));
	R(fgetxattr(fd, "security.s", b, 4));
	R(fgetxattr(fd, "user.", b, 4));
	R(fgetxattr(fd, "nothing.x", b, 4));
	R(flistxattr(fd, NULL, 0));
	R(flistxattr(fd, b, 5));
	R(flistxattr(fd, (void *)8, 64));
	R(getxattr("l", "user.a", b, sizeof(b)));
	R(lgetxattr("l", "user.a", b, sizeof(b)));
	R(lsetxattr("l", "user.a", "x", 1, 0));
	R(lsetxattr("l", "trusted.a", "x", 1, 0));
	R(llistxattr("l", b, sizeof(b)));
	R(setxattr("p", "user.a", "x", 1, 0));
	R(getxattr("p", "user.a", b, 1));
	R(setxattr("p", "trusted.a", "x", 1, 0));
	R(fsetxattr(dir, "user.a", "x", 1, 0));
	list("folder", dir);
	R(fsetxattr(mem, "user.a", "x", 1, 0));
	R(fgetxattr(mem, "user.a", b, 1));
	R(fcntl(mem, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL));
	R(fsetxattr(mem, "user.b", "x", 1, 0));
	list("memfd", mem);
	R(fsetxattr(fd, "user.big", big, 65536, 0));
	R(fsetxattr(fd, "user.big", big, 65537, 0));
	R(fgetxattr(fd, "user.big", big, 65537));
	R(fgetxattr(fd, "user.big", big, 65535));
	memset(name + 5, 'n', 250);
	R(fsetxattr(fd, name, "x", 1, 0));
	name[255] = 'n';
	R(fsetxattr(fd, name, "x", 1, 0));
	name[255] = 0;
	R(fgetxattr(fd, name, b, 1));
	R(fremovexattr(fd, name));
	R(fremovexattr(fd, name));
	MUST(fstat(fd, &before));
	usleep(20000);
	R(fremovexattr(fd, "user.big"));
	MUST(fstat(fd, &after));
	IS(memcmp(&before.st_ctim, &after.st_ctim, sizeof(before.st_ctim)) != 0);
	IS(memcmp(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim)) == 0);
	list("less", fd);
	R(link("f", "g"));
	R(rename("f", "h"));
	R(getxattr("g", "user.b", b, sizeof(b)));
	R(fchmod(fd, 0644));
	R(chmod(".", 0777));
	R(setuid(1000));
	R(fsetxattr(fd, "user.a", "x", 1, 0));
	R(fgetxattr(fd, "user.a", b, sizeof(b)));
	R(fsetxattr(fd, "trusted.a", "x", 1, 0));
	R(fgetxattr(fd, "trusted.t", b, sizeof(b)));
	R(fsetxattr(fd, "security.a", "x", 1, 0));
	R(fgetxattr(fd, "security.s", b, sizeof(b)));
	R(fremovexattr(fd, "user.b"));
	list("as somebody else", fd);
	unlink("g");
	unlink("h");
	unlink("l");
	unlink("p");
	rmdir("d");
	t_rm_workdir();
	return 0;
}
