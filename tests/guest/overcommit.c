// vm.overcommit_memory 0, 1 and 2, its ratio and kbytes, what /proc/meminfo says of it, settings of
// /proc/sys/vm that are written, and the limits of a process: AS, DATA, MEMLOCK, STACK.
//
// It changes settings of the machine under the other tests: compared with what Linux 6.18 said when
// it was recorded, alone, and not run on the host.
//
// since: 99
#include <sys/resource.h>

#include "t.h"

#define RW (PROT_READ | PROT_WRITE)
#define M  (1ul << 20)
#define G  (1ul << 30)

static int put(const char *name, const char *text)
{
	char path[64];
	int fd, r;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -1;
	r = (int)write(fd, text, strlen(text));
	close(fd);
	return r < 0 ? -1 : 0;
}

static void get(const char *name)
{
	char path[64], text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, 63) < 0)
		printf("%s: %s\n", name, t_errno(errno));
	else
		printf("%s: %s", name, text);
	close(fd);
}

static long meminfo(const char *row)
{
	char line[128];
	long kib = -1;
	FILE *f = MUST(fopen("/proc/meminfo", "r"));

	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, row, strlen(row)) && line[strlen(row)] == ':')
			sscanf(line + strlen(row) + 1, "%ld", &kib);
	fclose(f);
	return kib;
}

static void map(const char *what, unsigned long bytes, int prot, int flags)
{
	// musl changes the errno of mmap.
	void *p = (void *)syscall(SYS_mmap, NULL, bytes, prot, MAP_ANONYMOUS | flags, -1, 0);

	printf("%s: %s\n", what, p == MAP_FAILED ? t_errno(errno) : "ok");
	if (p != MAP_FAILED)
		munmap(p, bytes);
}

static void reservations(void)
{
	map("small", M, RW, MAP_PRIVATE);
	map("16 TiB", 16384 * G, RW, MAP_PRIVATE);
	map("16 TiB none", 16384 * G, PROT_NONE, MAP_PRIVATE);
	map("16 TiB noreserve", 16384 * G, RW, MAP_PRIVATE | MAP_NORESERVE);
	map("16 TiB shared", 16384 * G, RW, MAP_SHARED);
	map("16 TiB shared noreserve", 16384 * G, RW, MAP_SHARED | MAP_NORESERVE);
}

static void limit(int what, rlim_t soft)
{
	struct rlimit l;

	MUST(getrlimit(what, &l));
	l.rlim_cur = soft;
	R(setrlimit(what, &l));
}

static __attribute__((noinline)) int deep(unsigned long left)
{
	volatile char frame[4096];

	frame[0] = (char)left;
	return left > sizeof(frame) ? deep(left - sizeof(frame)) + frame[0] : 0;
}

int main(void)
{
	long before, total = meminfo("MemTotal");
	volatile char *p;
	char text[32];
	int fd;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	get("overcommit_memory");
	get("overcommit_ratio");
	get("overcommit_kbytes");
	get("max_map_count");
	get("admin_reserve_kbytes");
	get("swappiness");
	reservations();
	IS(meminfo("CommitLimit") * 2 <= total && meminfo("CommitLimit") * 2 > total - total / 4);
	before = meminfo("Committed_AS");
	p = MUST(mmap(NULL, 64 * M, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	IS(meminfo("Committed_AS") >= before + 65536 - 4096);
	R(mprotect((void *)p, 64 * M, PROT_READ));
	before = meminfo("AnonPages");
	R(mprotect((void *)p, 64 * M, RW));
	memset((void *)p, 1, 16 * M);
	IS(meminfo("AnonPages") >= before + 8000);
	R(munmap((void *)p, 64 * M));
	before = meminfo("Shmem");
	fd = t_memfd_sized(0, 8 * M);
	p = MUST(mmap(NULL, 8 * M, RW, MAP_SHARED, fd, 0));
	memset((void *)p, 1, 8 * M);
	IS(meminfo("Shmem") >= before + 4096);
	IS(meminfo("Mapped") >= 4096);
	R(ftruncate(fd, 0));
	IS(meminfo("Shmem") <= before + 4096);

	R(put("overcommit_memory", "1\n"));
	reservations();
	R(put("overcommit_memory", "3"));
	R(put("overcommit_memory", "x"));
	R(put("overcommit_memory", ""));
	get("overcommit_memory");
	R(put("overcommit_memory", "2"));
	get("overcommit_memory");
	reservations();
	map("half of it all", (unsigned long)total * 1024 / 2, RW, MAP_PRIVATE);
	map("an eighth", (unsigned long)total * 1024 / 8, RW, MAP_PRIVATE);
	R(put("overcommit_ratio", "90"));
	map("half of it all", (unsigned long)total * 1024 / 2, RW, MAP_PRIVATE);
	snprintf(text, sizeof(text), "%ld", total / 4);
	R(put("overcommit_kbytes", text));
	get("overcommit_ratio");
	IS(meminfo("CommitLimit") <= total / 4 && meminfo("CommitLimit") >= total / 4 - 4);
	map("half of it all", (unsigned long)total * 1024 / 2, RW, MAP_PRIVATE);
	R(put("overcommit_memory", "0"));
	R(put("overcommit_ratio", "50"));
	get("overcommit_kbytes");
	R(put("max_map_count", "-1"));
	R(put("max_map_count", "70000"));
	get("max_map_count");
	R(put("max_map_count", "65530"));
	R(put("swappiness", "201"));
	R(put("swappiness", "10"));
	get("swappiness");
	R(put("swappiness", "60"));
	R(put("drop_caches", "3"));
	R(put("drop_caches", "5"));

	limit(RLIMIT_AS, 256 * M);
	map("past RLIMIT_AS", 256 * M, PROT_NONE, MAP_PRIVATE);
	map("below it", 64 * M, PROT_NONE, MAP_PRIVATE);
	p = MUST(mmap(NULL, 64 * M, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	OK(mremap((void *)p, 64 * M, 256 * M, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
	OK(syscall(SYS_brk, (char *)sbrk(0) + 256 * M) == (long)sbrk(0) ? 0 : -1);
	limit(RLIMIT_AS, RLIM_INFINITY);
	limit(RLIMIT_DATA, 128 * M);
	map("past RLIMIT_DATA", 128 * M, RW, MAP_PRIVATE);
	map("read-only does not count", 128 * M, PROT_READ, MAP_PRIVATE);
	map("shared does not count", 128 * M, RW, MAP_SHARED);
	R(mprotect((void *)p, 64 * M, PROT_READ));
	limit(RLIMIT_DATA, 32 * M);
	R(mprotect((void *)p, 64 * M, RW));
	limit(RLIMIT_DATA, RLIM_INFINITY);
	R(mprotect((void *)p, 64 * M, RW));
	limit(RLIMIT_STACK, 1 * M);
	R(deep(512 * 1024) * 0);
	R(setuid(1000));
	limit(RLIMIT_MEMLOCK, 16 * PG);
	R(mlock((void *)p, 16 * PG));
	R(mlock((void *)(p + 16 * PG), PG));
	R(mlock((void *)p, 8 * PG));
	R(munlock((void *)p, 8 * PG));
	R(mlock2((void *)(p + 16 * PG), 8 * PG, 1));
	R(mlock((void *)(p + 30 * PG), PG));
	R(mlockall(MCL_CURRENT));
	map("locked", PG, RW, MAP_PRIVATE | MAP_LOCKED);
	R(munlockall());
	map("locked", PG, RW, MAP_PRIVATE | MAP_LOCKED);
	limit(RLIMIT_MEMLOCK, 0);
	R(mlock((void *)p, PG));
	map("locked", PG, RW, MAP_PRIVATE | MAP_LOCKED);
	R(put("swappiness", "10"));
	return 0;
}
