// openat2's walls against a thread that renames folders, and what fcntl tells of an open.
//
// ldflags: -pthread
// cpus: 1 2
// since: 6.12
#include "t.h"
#include <linux/openat2.h>
#include <pthread.h>

#ifndef F_DUPFD_QUERY
#define F_DUPFD_QUERY 1027
#endif
#ifndef F_CREATED_QUERY
#define F_CREATED_QUERY 1028
#endif
#define RUNS 3000

static volatile int stop;
static ino_t inside;

// root/a/c moves out of root and back.
static void *mover(void *arg)
{
	while (!stop) {
		MUST(rename("root/a/c", "c"));
		MUST(rename("c", "root/a/c"));
	}
	return NULL;
}

static void race(const char *name, uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = resolve };
	int dir = MUST(open("root/a/c", O_PATH | O_DIRECTORY)), escapes = 0, bad = 0;
	int root = MUST(open("root", O_PATH | O_DIRECTORY));
	char path[1024] = "a/c";
	pthread_t t;
	struct stat st;

	while (strlen(path) < 900) // time to move the folder
		strcat(path, "/.");
	strcat(path, "/../..");
	stop = 0;
	pthread_create(&t, NULL, mover, NULL);
	for (int i = 0; i < RUNS; i++) {
		int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

		if (fd < 0) {
			bad |= errno != EAGAIN && errno != EXDEV && errno != ENOENT;
			continue;
		}
		fstat(fd, &st);
		escapes += st.st_ino != inside;
		close(fd);
	}
	stop = 1;
	pthread_join(t, NULL);
	printf("%s: escapes %d other errors %d\n", name, escapes, bad);
	close(dir);
	close(root);
}

static void queries(void)
{
	int a = MUST(open("made", O_CREAT | O_RDWR, 0600));
	int b = MUST(open("made", O_CREAT | O_RDWR, 0600));
	int p = MUST(open("made", O_PATH));

	R(fcntl(a, F_CREATED_QUERY, 0));
	R(fcntl(b, F_CREATED_QUERY, 0));
	R(fcntl(p, F_CREATED_QUERY, 0));
	R(fcntl(MUST(open(".", O_TMPFILE | O_RDWR, 0600)), F_CREATED_QUERY, 0));
	R(fcntl(a, F_DUPFD_QUERY, dup(a)));
	R(fcntl(a, F_DUPFD_QUERY, b));
	R(fcntl(a, F_DUPFD_QUERY, 999));
	R(fcntl(p, F_DUPFD_QUERY, p));
	unlink("made");
}

int main(void)
{
	struct stat st;

	t_workdir();
	MUST(mkdir("root", 0700));
	MUST(mkdir("root/a", 0700));
	MUST(mkdir("root/a/c", 0700));
	MUST(stat("root", &st));
	inside = st.st_ino;
	race("beneath", RESOLVE_BENEATH);
	race("in root", RESOLVE_IN_ROOT);
	queries();
	rmdir("root/a/c");
	rmdir("root/a");
	rmdir("root");
	t_rm_workdir();
	return 0;
}
