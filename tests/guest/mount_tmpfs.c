// tmpfs mounted with limits: mount, ENOSPC, statfs, umount2.
//
// since: 6.18
// needs: root
// cflags: -D_GNU_SOURCE
// timeout: 15
#include "t.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>

static void limits(void)
{
	static char b[100000];
	struct statfs s;
	struct stat st;
	int f = MUST(open("m/a", O_RDWR | O_CREAT, 0600));

	R(write(f, b, sizeof(b)));
	R(write(f, b, 10));
	R(pwrite(f, b, 10, 5)); // what is there may be written
	R(fallocate(f, 0, 0, 1 << 20));
	R(ftruncate(f, 1 << 20)); // sparse
	R(ftruncate(f, 3 * PG));
	R(fallocate(f, 0, 8 * PG, 8 * PG)); // three pages too many: undone
	MUST(fstat(f, &st));
	R(st.st_blocks);
	R(st.st_size);
	MUST(statfs("m", &s));
	printf("blocks %ld free %ld type %lx\n", (long)s.f_blocks, (long)s.f_bfree, (long)s.f_type);
	MUST(stat("m", &st));
	printf("root mode %o\n", (unsigned)st.st_mode);
	R(umount2("m", 0));
	close(f);
}

// Without a size: half of all memory, half as many inodes as there are pages.
static void half_of_memory(void)
{
	char text[256] = "";
	struct statfs s;
	long kib;
	int f;

	R(mount("src", "m", "tmpfs", 0, NULL));
	f = MUST(open("/proc/meminfo", O_RDONLY));
	MUST(read(f, text, sizeof(text) - 1));
	close(f);
	MUST(statfs("m", &s));
	kib = strtol(strstr(text, "MemTotal:") + 9, NULL, 10);
	printf("half %d inodes %d\n", (long)s.f_blocks == kib / 8, (long)s.f_files == kib / 8);
	R(umount2("m", 0));
	R(mount("src", "m", "tmpfs", 0, "size=0,nr_inodes=0"));
	MUST(statfs("m", &s));
	printf("none %ld %ld\n", (long)s.f_blocks, (long)s.f_files);
	R(umount2("m", 0));
}

int main(void)
{
	t_workdir();
	// Nothing of this shall show outside; where there are no namespaces nothing is outside.
	if (!unshare(CLONE_NEWNS))
		MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	MUST(mkdir("m", 0755));
	R(mount("src", "m", "tmpfs", MS_NODEV, "size=64k,mode=700"));
	limits();
	R(umount2("m", 0));
	R(open("m/a", O_RDONLY));
	R(umount2("m", 0));
	R(umount2("m", 0x100));
	R(umount2("none", 0));
	R(mount("src", "m", "tmpfs", 0, "bogus=1"));
	R(mount("src", "m", "tmpfs", 0, "size=12x"));
	R(mount("src", "m", "nofs", 0, NULL));
	R(mount("src", "m", NULL, 0, NULL));
	R(mount("src", "none", "tmpfs", 0, NULL));
	R(mount(NULL, "m", "tmpfs", 0, "size=50%"));
	R(umount2("m", MNT_DETACH));
	half_of_memory();
	rmdir("m");
	t_rm_workdir();
	return 0;
}
