// Extended attributes where there are none: the order in which arguments are judged, on procfs.
#include "t.h"
#include <sys/xattr.h>

int main(void)
{
	static char big[70000], name[400];
	const char *at = "/proc/self/stat", *none = "/nonexistent";
	char b[16];
	int fd = open(at, O_RDONLY), path_only = open(at, O_PATH);

	memset(name, 'a', sizeof(name) - 1);
	R(getxattr(at, "user.x", b, 9));
	R(lgetxattr(at, "security.selinux", b, 9));
	R(getxattr(at, "system.posix_acl_access", NULL, 0));
	R(getxattr(none, "user.x", b, 9));
	R(getxattr(at, "", b, 9));
	R(getxattr(at, name, b, 9));
	R(getxattr(none, name, b, 9));
	R(getxattr(at, (char *)8, b, 9));
	R(fgetxattr(fd, "user.x", b, 9));
	R(fgetxattr(-1, "user.x", b, 9));
	R(fgetxattr(-1, name, b, 9));
	R(fgetxattr(path_only, "user.x", b, 9));
	R(setxattr(at, "user.x", b, 9, 0));
	R(lsetxattr(at, "user.x", b, 9, XATTR_CREATE | XATTR_REPLACE));
	R(setxattr(at, "user.x", b, 9, 8));
	R(setxattr(none, "user.x", b, 9, 0));
	R(setxattr(at, "user.x", big, sizeof(big), 0));
	R(setxattr(at, "user.x", big, 65536, 0));
	R(setxattr(at, "user.x", (void *)8, 9, 0));
	R(fsetxattr(fd, "user.x", b, 1, 0));
	R(listxattr(at, b, 9));
	R(llistxattr(at, NULL, 0));
	R(listxattr(none, b, 9));
	R(flistxattr(fd, b, 9));
	R(removexattr(at, "user.x"));
	R(lremovexattr(none, "user.x"));
	R(fremovexattr(fd, "user.x"));
	return 0;
}
