// open: flags, modes, kinds of files, errors.
#include "t.h"

static void try_open(const char *name, int flags, mode_t mode)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, name, flags, mode);
	struct stat st;

	printf("open %s %#o %#o: ", name, flags, mode);
	if (fd < 0) {
		printf("%s\n", t_errno(errno));
		return;
	}
	fstat(fd, &st);
	printf("ok mode %o size %ld fl %#o fd %d\n", st.st_mode, (long)st.st_size,
	       fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
	close(fd);
}

int main(void)
{
	static const char *const names[] = { "file",    "dir",     "link",   "dangling",  "loop",
					     "missing", "fifo",    "file/x", "dir/",      "file/",
					     "",        ".",       "dir/..", "missing/x", "link/x",
					     "dirlink", "dirlink/" };
	static const int flags[] = { O_RDONLY,
				     O_WRONLY,
				     O_RDWR,
				     O_RDONLY | O_DIRECTORY,
				     O_RDONLY | O_NOFOLLOW,
				     O_PATH,
				     O_PATH | O_NOFOLLOW,
				     O_PATH | O_DIRECTORY | O_NOFOLLOW,
				     O_WRONLY | O_TRUNC,
				     O_RDONLY | O_CREAT | O_EXCL,
				     O_RDWR | O_CLOEXEC | O_APPEND,
				     O_RDONLY | O_CREAT };
	char name[5000];

	t_workdir();
	umask(022);
	close(MUST(open("file", O_CREAT | O_WRONLY, 0666)));
	MUST(mkdir("dir", 0777));
	MUST(symlink("file", "link"));
	MUST(symlink("nowhere", "dangling"));
	MUST(symlink("loop", "loop"));
	MUST(symlink("dir", "dirlink"));
	MUST(mkfifo("fifo", 0600));
	for (unsigned f = 0; f < sizeof(flags) / sizeof(flags[0]); f++)
		for (unsigned n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
			if (!strcmp(names[n], "fifo") &&
			    !(flags[f] & (O_PATH | O_RDWR | O_DIRECTORY)))
				continue;
			try_open(names[n], flags[f], 0644);
			if (flags[f] & O_CREAT) {
				unlink("missing");
				unlink("nowhere");
			}
		}
	try_open("new", O_CREAT | O_RDWR, 0777);
	try_open("new2", O_CREAT | O_RDWR, 07777);
	try_open("new3", O_CREAT | O_DIRECTORY, 0777);
	try_open("fifo", O_WRONLY | O_NONBLOCK, 0);
	try_open("fifo", O_RDONLY | O_NONBLOCK, 0);
	try_open(".", O_TMPFILE | O_RDWR, 0600);
	try_open(".", O_TMPFILE | O_RDONLY, 0600);
	try_open("file", O_TMPFILE | O_RDWR, 0600);
	try_open("file", O_RDWR | O_SYNC, 0);
	try_open("file", O_RDWR | O_NOATIME | O_NOCTTY, 0);
	try_open("file", 3, 0);
	try_open("file", 0x40000000, 0);
	R(open(NULL, O_RDONLY));
	R(open((char *)-1, O_RDONLY));
	memset(name, 'a', sizeof(name));
	name[255] = 0;
	OK(open(name, O_RDONLY | O_CREAT, 0600));
	unlink(name);
	name[255] = 'a';
	name[256] = 0;
	R(open(name, O_RDONLY));
	name[256] = 'a';
	name[4999] = 0;
	R(open(name, O_RDONLY));
	for (int i = 0; i < 4094; i += 2)
		memcpy(name + i, "./", 2);
	name[4094] = '.';
	name[4095] = 0;
	OK(open(name, O_RDONLY));
	R(openat(99, "file", O_RDONLY));
	OK(openat(99, "/", O_RDONLY));
	int fd = MUST(open("file", O_RDONLY)), dir = MUST(open("dir", O_RDONLY));
	R(openat(fd, "x", O_RDONLY));
	R(openat(dir, "x", O_RDONLY));
	OK(openat(dir, "x", O_RDONLY | O_CREAT, 0600));
	OK(openat(dir, "../file", O_RDONLY));
	R(unlinkat(dir, "x", 0));
	int path = MUST(open("file", O_PATH));
	char c;
	struct stat st;
	R(read(path, &c, 1));
	R(fstat(path, &st));
	R(syscall(SYS_fchmod, path, 0600));
	R(lseek(path, 0, SEEK_SET));
	R(ioctl(path, 0x5401));
	R(fsync(path));
	R(ftruncate(path, 0));
	OK(dup(path));
	R(fchdir(path));
	R(write(fd, "x", 1));
	R(read(dir, &c, 1));
	R(write(dir, &c, 1));
	R(ftruncate(fd, 1));
	R(lseek(fd, 0, SEEK_DATA));
	int w = MUST(open("file", O_WRONLY));
	R(read(w, &c, 1));
	R(pwrite(w, "hello", 5, 0));
	R(truncate("file", 2));
	R(truncate("dir", 2));
	R(truncate("missing", 2));
	R(truncate("file", -1));
	R(lseek(fd, 0, SEEK_END));
	const char *all[] = { "file", "link", "dangling", "loop", "dirlink",
			      "fifo", "new",  "new2",     "new3" };
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		unlink(all[i]);
	rmdir("dir");
	t_rm_workdir();
	return 0;
}
