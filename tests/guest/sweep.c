// Every implemented call gets every bad pointer in each of its pointer arguments: NULL, 1, a kernel
// address, a non-canonical one, a read-only page, the end of a page, an unmapped page. It must
// answer as Linux does, and never crash. The list is made from syscall/syscalls.def: after a change
// there run `make golden`.
//
// since: 6.18
// link: static
// libc: musl
// timeout: 120
#include "t.h"

#define FILE_FD 100
#define DIR_FD  101
static char *area;
#define AREA ((long)area)

struct arg {
	char way;
	long value;
};
struct call {
	int nr;
	const char *name;
	int nargs;
	struct arg args[6];
};

static char *read_only, *page_end, *unmapped, *good;

static long pointers[7];
static const char *const names[] = { "NULL",      "1",        "kernel",  "noncanonical",
				     "read-only", "page end", "unmapped" };

static void reset(int fd)
{
	MUST(dup2(fd, FILE_FD));
	MUST(ftruncate(fd, 100));
	MUST(lseek(fd, 0, SEEK_SET));
	memset(good, 0, PG);
	page_end[-1] = 'e';
	MUST(chdir("/dev/shm"));
	unlink("gt-sweep1");
	rmdir("gt-sweep1");
	unlink("gt-sweep0");
	rmdir("gt-sweep0");
	close(MUST(open("gt-sweep0", O_CREAT | O_WRONLY, 0600)));
}

static void one(const struct call *c, int which, int fd)
{
	printf("%s/%d:", c->name, which);
	for (int p = 0; p < 7; p++) {
		long a[6] = { 0 };
		long r;

		reset(fd);
		for (int i = 0; i < c->nargs; i++)
			a[i] = i == which                            ? pointers[p]
			       : c->args[i].way && !c->args[i].value ? (long)good
								     : c->args[i].value;
		r = syscall(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		if (r == -1)
			printf(" %s %s", names[p], t_errno(errno));
		else
			printf(" %s %s", names[p], r ? "positive" : "0");
		if (p < 6)
			printf(",");
		if (r > 2 && r < 1024 && r != FILE_FD && r != fd && fcntl((int)r, F_GETFD) >= 0)
			close((int)r);
	}
	printf("\n");
}

int main(void)
{
	char *block = MUST(
		mmap(NULL, 16 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	int fd = t_memfd_sized(0, 100);

	MUST(dup2(MUST(open("/", O_RDONLY | O_DIRECTORY)), DIR_FD));
	setvbuf(stdout, NULL, _IOFBF, 65536);
	good = block;
	area = block + 2 * PG;
	read_only = block + 5 * PG;
	MUST(mprotect(read_only, PG, PROT_READ));
	page_end = block + 9 * PG;
	MUST(munmap(page_end, PG));
	unmapped = page_end;
	pointers[0] = 0;
	pointers[1] = 1;
	pointers[2] = (long)0xffff888000000000;
	pointers[3] = (long)0x8000000000000000;
	pointers[4] = (long)read_only;
	pointers[5] = (long)page_end - 1;
	pointers[6] = (long)unmapped;
	const struct call calls[] = {
#include "sweep_calls.h"
	};
	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (int j = 0; j < calls[i].nargs; j++)
			if (calls[i].args[j].way)
				one(&calls[i], j, fd);
	reset(fd);
	unlink("gt-sweep0");
	return 0;
}
