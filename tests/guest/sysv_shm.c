// SysV shared memory: the same pages as a memfd's behind keys and identifiers. Two attachments at
// adjacent addresses make a ring, with read-only guards, as GNU Radio's
// vmcircbuf_sysv_shm does (gnuradio-runtime/lib/vmcircbuf_sysv_shm.cc).
//
// since: 6.18
// cflags: -D_GNU_SOURCE
#include "t.h"
#include <sys/ipc.h>
#include <sys/shm.h>

#ifndef IPC_INFO
#define IPC_INFO 3
#endif
#ifndef SHM_HUGETLB
#define SHM_HUGETLB 04000
#endif
#ifndef SHM_NORESERVE
#define SHM_NORESERVE 010000
#endif
#ifndef SHM_HUGE_SHIFT
#define SHM_HUGE_SHIFT 26
#endif
#ifndef SHM_REMAP
#define SHM_REMAP 040000
#endif
#ifndef SHM_EXEC
#define SHM_EXEC 0100000
#endif
#ifndef SHM_STAT
#define SHM_STAT 13
#define SHM_INFO 14
#endif
#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif
#ifndef SHM_DEST
#define SHM_DEST   01000
#define SHM_LOCKED 02000
#endif
#define KEY (0x50000000 + 2 * getpid()) // and the next one

static void show(int id)
{
	struct shmid_ds d;

	memset(&d, 0xff, sizeof(d));
	R(shmctl(id, IPC_STAT, &d));
	printf("mode %o size %lu nattch %lu uid %d cuid %d key %s cpid %s lpid %s atime %s\n",
	       (unsigned)d.shm_perm.mode, (unsigned long)d.shm_segsz, (unsigned long)d.shm_nattch,
	       (int)d.shm_perm.uid, (int)d.shm_perm.cuid,
	       *(int *)&d.shm_perm == KEY ? "ours"
	       : *(int *)&d.shm_perm      ? "other"
					  : "0",
	       d.shm_cpid == getpid() ? "me" : "other",
	       d.shm_lpid == getpid() ? "me"
	       : d.shm_lpid           ? "other"
				      : "0",
	       d.shm_atime ? "set" : "0");
}

static void keys(void)
{
	int id = MUST(shmget(KEY, 3 * PG + 5, IPC_CREAT | IPC_EXCL | 0640)), id2;

	show(id);
	IS(shmget(KEY, 0, 0) == id);
	IS(shmget(KEY, PG, IPC_CREAT | 0600) == id);
	IS(shmget(KEY, 3 * PG + 5, 0) == id);
	R(shmget(KEY, 3 * PG + 6, 0));
	R(shmget(KEY, PG, IPC_CREAT | IPC_EXCL | 0600));
	R(shmget(KEY + 1, PG, 0));
	R(shmget(KEY + 1, 0, IPC_CREAT | 0600));
	R(shmget(KEY + 1, (size_t)-1, IPC_CREAT | 0600));
	R(shmget(IPC_PRIVATE, 0, 0600));
	id2 = MUST(shmget(IPC_PRIVATE, PG, 0600));
	IS(id2 != id);
	IS(shmget(IPC_PRIVATE, PG, IPC_CREAT | IPC_EXCL | 0600) != id2);
	R(shmctl(id, IPC_RMID, NULL));
	R(shmctl(id, IPC_RMID, NULL));
	R(shmget(KEY, 0, 0));
	R(shmctl(id2, IPC_RMID, NULL));
	R(shmctl(-1, IPC_RMID, NULL));
	R(shmctl(123456789, IPC_STAT, (void *)1));
	R(shmctl(0, 99, NULL));
	OK(shmat(-1, NULL, 0));
	OK(shmat(987654321, NULL, 0));
	R(shmdt((void *)0x10000));
	R(shmdt((void *)0x10001));
}

static void life(void)
{
	int id = MUST(shmget(IPC_PRIVATE, 2 * PG + 1, 0600));
	char *p = MUST((char *)shmat(id, NULL, 0)), *q;
	struct shmid_ds d;

	show(id);
	q = MUST((char *)shmat(id, NULL, SHM_RDONLY));
	strcpy(p + PG, "seen");
	IS(!strcmp(q + PG, "seen"));
	FAULT(*(volatile char *)q = 1);
	R(mprotect(q, PG, PROT_READ | PROT_WRITE));
	FAULT(*(volatile char *)(p + 3 * PG - 1) = 1);
	show(id);
	R(munmap(q, PG)); // a part: the rest counts
	show(id);
	R(shmdt(q));
	MUST(shmctl(id, IPC_STAT, &d));
	IS(d.shm_dtime != 0);
	R(munmap(p + PG, PG)); // a hole in the middle: two parts count
	show(id);
	d.shm_perm.uid = 0;
	d.shm_perm.gid = 7;
	d.shm_perm.mode = 0404;
	R(shmctl(id, IPC_SET, &d));
	show(id);
	R(shmctl(id, IPC_RMID, NULL));
	show(id);               // marked to be destroyed, key gone
	q = shmat(id, NULL, 0); // as long as it lives
	printf("attach after removal: %s\n", q == (void *)-1 ? t_errno(errno) : "ok");
	show(id);
	R(shmdt(q));
	R(shmdt(p));
	R(shmdt(p));
	R(shmctl(id, IPC_STAT, &d));
}

static void places(void)
{
	int id = MUST(shmget(IPC_PRIVATE, 4 * PG, 0600));
	char *area =
		MUST((char *)mmap(NULL, 16 * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char *p;

	munmap(area, 12 * PG);
	IS(shmat(id, area, 0) == area);
	OK(shmat(id, area, 0));
	OK(shmat(id, area + PG, 0));
	OK(shmat(id, area + 4 * PG + 1, 0));
	IS(shmat(id, area + 4 * PG + 1, SHM_RND) == area + 4 * PG);
	OK(shmat(id, area + 10 * PG, 0)); // runs into what is mapped
	IS(shmat(id, area + 10 * PG, SHM_REMAP) == area + 10 * PG);
	OK(shmat(id, NULL, SHM_REMAP));
	OK(shmat(id, (void *)1, SHM_RND | SHM_REMAP));
	*(volatile char *)area = 'a';
	IS(((volatile char *)area)[4 * PG] == 'a' && ((volatile char *)area)[10 * PG] == 'a');
	p = MUST((char *)shmat(id, NULL, SHM_EXEC));
	memcpy(p, "\xb8\x2a\0\0\0\xc3", 6);
	R(((int (*)(void))p)());
	FAULT(((int (*)(void))area)());
	IS(mremap(p, 4 * PG, 2 * PG, 0) == p);
	R(shmdt(p));
	R(shmdt(area + PG));
	R(shmdt(area));
	R(shmdt(area + 4 * PG));
	R(shmdt(area + 10 * PG));
	R(shmctl(id, SHM_LOCK, NULL));
	show(id);
	R(shmctl(id, SHM_UNLOCK, NULL));
	show(id);
	R(shmctl(id, IPC_RMID, NULL));
	R(shmctl(id, SHM_LOCK, NULL));
}

static void info(void)
{
	struct shminfo i;
	struct shm_info u;
	struct shmid_ds d;
	int id = MUST(shmget(IPC_PRIVATE, 5 * PG, 0600)), top, found = 0;
	FILE *f;
	char line[512], want[40];

	memset(&i, 0, sizeof(i));
	OK(shmctl(0, IPC_INFO, (void *)&i));
	printf("max %lx min %lu mni %lu seg %lu all %lx\n", i.shmmax, i.shmmin, i.shmmni, i.shmseg,
	       i.shmall);
	top = MUST(shmctl(0, SHM_INFO, (void *)&u));
	IS(u.used_ids >= 1 && u.shm_tot >= 5);
	IS(u.shm_swp == 0);
	for (int n = 0; n <= top; n++)
		if (shmctl(n, SHM_STAT, &d) == id)
			found++;
	IS(found == 1);
	for (int n = found = 0; n <= top; n++)
		if (shmctl(n, SHM_STAT_ANY, &d) == id && d.shm_segsz == 5 * PG)
			found++;
	IS(found == 1);
	R(shmctl(top + 1, SHM_STAT, &d));
	R(syscall(SYS_shmctl, id, IPC_STAT, 1));
	R(syscall(SYS_shmctl, id, IPC_SET, 1));
	f = fopen("/proc/sysvipc/shm", "r");
	if (fgets(line, sizeof(line), f))
		fputs(line, stdout);
	snprintf(want, sizeof(want), "         0 %10d   600 ", id);
	for (found = 0; fgets(line, sizeof(line), f);)
		if (!strncmp(line, want, strlen(want)))
			found++;
	IS(found == 1);
	fclose(f);
	R(shmctl(id, IPC_RMID, NULL));
	static const char *const files[] = { "shmmax", "shmall", "shmmni", "shm_rmid_forced",
					     "shm_next_id" };
	for (unsigned n = 0; n < 5; n++) {
		snprintf(line, sizeof(line), "/proc/sys/kernel/%s", files[n]);
		f = fopen(line, "r");
		printf("%s %s", files[n], f && fgets(line, sizeof(line), f) ? line : "?\n");
		if (f)
			fclose(f);
	}
}

// GNU Radio: find room with one large attachment, then the buffer twice, guards around.
static void ring(size_t size)
{
	int guard = MUST(shmget(IPC_PRIVATE, PG, IPC_CREAT | 0400));
	int buf = MUST(shmget(IPC_PRIVATE, size, IPC_CREAT | 0700));
	int room = MUST(shmget(IPC_PRIVATE, 2 * size + 2 * PG, IPC_CREAT | 0700));
	char *base = MUST((char *)shmat(room, NULL, 0));

	R(shmctl(room, IPC_RMID, NULL));
	R(shmdt(base));
	IS(shmat(guard, base, SHM_RDONLY) == base);
	IS(shmat(buf, base + PG, 0) == base + PG);
	IS(shmat(buf, base + PG + size, 0) == base + PG + size);
	IS(shmat(guard, base + PG + 2 * size, SHM_RDONLY) == base + PG + 2 * size);
	R(shmctl(guard, IPC_RMID, NULL));
	R(shmctl(buf, IPC_RMID, NULL));
	memcpy(base + PG + size - 3, "wrapped", 8);
	IS(!strcmp(base + PG, "pped"));
	FAULT(*(volatile char *)base = 1);
	FAULT(*(volatile char *)(base + PG + 2 * size) = 1);
	R(shmdt(base));
	R(shmdt(base + PG));
	IS(!strcmp(base + PG + size, "pped"));
	R(shmdt(base + PG + size));
	R(shmdt(base + PG + 2 * size));
}

// Who may ask for segments of huge pages; none of these can be had.
static void huge(void)
{
	const size_t huge_bytes = 1ul << 40;

	printf("== SHM_HUGETLB\n");
	R(shmget(IPC_PRIVATE, 0, SHM_HUGETLB | 0600));
	R(shmget(IPC_PRIVATE, PG, SHM_HUGETLB | 25 << SHM_HUGE_SHIFT | 0600));
	if (geteuid() == 0) { // of group 0, without any capability
		R(shmget(IPC_PRIVATE, huge_bytes, SHM_HUGETLB | 0600));
		MUST(syscall(SYS_setgroups, 0, NULL));
		MUST(syscall(SYS_setresuid, 1000, 1000, 0));
		R(shmget(IPC_PRIVATE, huge_bytes, SHM_HUGETLB | 0600));
		MUST(syscall(SYS_setresuid, 0, 0, 0));
		MUST(syscall(SYS_setresgid, 1000, 1000, 1000));
		R(shmget(IPC_PRIVATE, huge_bytes, SHM_HUGETLB | 0600)); // CAP_IPC_LOCK is enough
		MUST(syscall(SYS_setresuid, 1000, 1000, 1000));
	}
	R(shmget(IPC_PRIVATE, PG, SHM_HUGETLB | 0600));
	R(shmget(IPC_PRIVATE, huge_bytes, SHM_HUGETLB | 21 << SHM_HUGE_SHIFT | 0600));
	R(shmget(IPC_PRIVATE, huge_bytes, SHM_HUGETLB | SHM_NORESERVE | 0600));
	R(shmget(IPC_PRIVATE, PG, SHM_HUGETLB | 25 << SHM_HUGE_SHIFT | 0600));
}

int main(void)
{
	t_catch_faults();
	keys();
	life();
	places();
	info();
	ring(64 * 1024);
	ring(3 * PG);
	huge(); // last: it gives up root
	return 0;
}
