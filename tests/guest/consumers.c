// The memfd call sequences of real consumers, each named where it starts.
//
// since: 6.18
// cflags: -D_GNU_SOURCE
// timeout: 30
// memory: 64
#include "t.h"
#include <linux/falloc.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/vfs.h>

#define MIB (1ul << 20)
#define GIB (1ul << 30)

// .NET: one sparse 2 TiB memfd; RX views of executable memory with RW views made and dropped
// (runtime src/coreclr/minipal/Unix/doublemapping.cpp).
static void dotnet(void)
{
	enum { PAIRS = 3000 };
	static char *rx[PAIRS];
	int fd = MUST(t_memfd("doublemapper", MFD_CLOEXEC)), good = 0;

	MUST(ftruncate(fd, 2048ul * GIB));
	for (int n = 0; n < PAIRS; n++) {
		long at = (long)n * 64 * 1024 * 1024 / 4;
		char *rw;

		rx[n] = MUST((char *)mmap(NULL, PG, PROT_READ | PROT_EXEC, MAP_SHARED, fd, at));
		rw = MUST((char *)mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at));
		rw[0] = (char)0xb8; // mov $n, %eax; ret
		memcpy(rw + 1, &n, 4);
		rw[5] = (char)0xc3;
		MUST(munmap(rw, PG));
	}
	for (int n = 0; n < PAIRS; n++)
		good += ((int (*)(void))rx[n])() == n;
	printf("dotnet: %d of %d\n", good, PAIRS);
	FAULT(*(volatile char *)rx[7] = 1);
	for (int n = 0; n < PAIRS; n++)
		munmap(rx[n], PG);
	close(fd);
}

// Java ZGC: heap views at three fixed places, granules committed and given back by hole punching
// (jdk src/hotspot/os/linux/gc/z/zPhysicalMemoryBacking_linux.cpp, zPhysicalMemoryManager.cpp).
static void zgc(void)
{
	static const unsigned long base[3] = { 0x40000000000, 0x80000000000, 0x100000000000 };
	int fd = MUST(t_memfd("java_heap", MFD_CLOEXEC));
	struct statfs fs;
	struct stat st;
	char *v[3];

	MUST(ftruncate(fd, 16 * MIB));
	MUST(fstatfs(fd, &fs));
	IS(fs.f_type == TMPFS_MAGIC);
	R(fallocate(fd, 0, 0, 2 * MIB));
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2 * MIB));
	R(fallocate(fd, 0, 0, 8 * MIB));
	for (int k = 0; k < 3; k++) {
		v[k] = mmap((void *)base[k], 4 * GIB, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		IS(v[k] == (char *)base[k]); // a hint, honoured
		IS(mmap(v[k], 2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			4 * MIB) == v[k]);
	}
	strcpy(v[0] + 12345, "one granule");
	IS(!strcmp(v[1] + 12345, "one granule") && !strcmp(v[2] + 12345, "one granule"));
	for (int k = 0; k < 3; k++)
		MUST(mmap(v[k], 2 * MIB, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == v[k]
			     ? 0
			     : -1);
	R(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4 * MIB, 2 * MIB));
	MUST(fstat(fd, &st));
	R(st.st_blocks);
	MUST(mmap(v[1] + 2 * MIB, 2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		  4 * MIB) == v[1] + 2 * MIB
		     ? 0
		     : -1);
	IS(v[1][2 * MIB + 12345] == 0);
	for (int k = 0; k < 3; k++)
		munmap(v[k], 4 * GIB);
	close(fd);
}

// Erlang's JIT and QEMU's split-wx code buffer: one sparse memfd, RX and RW views, the descriptor
// closed while they live (asmjit src/core/virtmem.cpp; qemu tcg/region.c). libffi does it with one
// page (libffi src/closures.c).
static void jit(const char *name, unsigned flags, unsigned long bytes, unsigned long at)
{
	int fd = MUST(t_memfd(name, flags));
	char *rx, *rw;

	printf("jit %s\n", name);
	MUST(ftruncate(fd, (long)bytes));
	rw = MUST((char *)mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	rx = MUST((char *)mmap(NULL, bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));
	close(fd);
	R(madvise(rw, bytes, MADV_HUGEPAGE));
	memcpy(rw + at, "\xb8\x2a\0\0\0\xc3", 6);
	R(((int (*)(void))(rx + at))());
	rw[at + 1] = 43;
	__asm__ volatile("cpuid" : : "a"(0) : "ebx", "ecx", "edx", "memory");
	R(((int (*)(void))(rx + at))());
	FAULT(rx[at] = 0);
	FAULT(((int (*)(void))(rw + at))());
	R(mprotect(rx, PG, PROT_READ | PROT_WRITE | PROT_EXEC));
	munmap(rw, bytes);
	R(((int (*)(void))(rx + at))());
	munmap(rx, bytes);
}

// Wayland's and PipeWire's buffers: sealed against shrinking, grown by fallocate, mapped anew
// (wayland cursor/os-compatibility.c, weston shared/os-compatibility.c; pipewire spa mem).
static void buffers(void)
{
	int fd = MUST(t_memfd("wayland-cursor", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	char *m;

	R(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL));
	R(fallocate(fd, 0, 0, 2304));
	m = MUST((char *)mmap(NULL, 2304, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	strcpy(m + 2290, "kept");
	R(fallocate(fd, 0, 0, 9 * PG + 100));
	munmap(m, 2304);
	m = MUST((char *)mmap(NULL, 10 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	IS(!strcmp(m + 2290, "kept"));
	m[9 * PG + 99] = 1;
	R(ftruncate(fd, PG));
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	munmap(m, 10 * PG);
	close(fd);
	fd = MUST(t_memfd("pipewire-memfd:flags=0x0000000d,type=2,size=2312",
			  MFD_CLOEXEC | MFD_ALLOW_SEALING));
	R(ftruncate(fd, 2312));
	R(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL));
	m = MUST((char *)mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	m[2311] = 7;
	m[PG - 1] = 7; // behind the end, within the page
	R(pwrite(fd, "abcdef", 6, 2310));
	IS(m[2310] == 'a' && m[2312] != 'c');
	munmap(m, PG);
	close(fd);
}

// GNU Radio: twice the size mapped, the second half given back and asked for by hint alone
// (gnuradio-runtime/lib/vmcircbuf_mmap_shm_open.cc); an unlinked file cut under its mapping
// (vmcircbuf_mmap_tmpfile.cc). The SysV way is in sysv_shm.c.
static void gnuradio(const char *dir, bool cut)
{
	unsigned long size = 64 * 1024;
	char name[64];
	int fd;
	char *a, *b;

	printf("gnuradio %s\n", dir);
	snprintf(name, sizeof(name), "%s/gnuradio-%d-0", dir, (int)getpid());
	fd = MUST(open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	MUST(unlink(name));
	R(ftruncate(fd, (long)(2 * size)));
	a = MUST((char *)mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	if (cut) {
		R(munmap(a + size, size));
		b = mmap(a + size, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		IS(b == a + size);
		R(ftruncate(fd, (long)size));
	} else {
		R(munmap(a + size, size));
		b = mmap(a + size, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		IS(b == a + size);
	}
	close(fd);
	memcpy(a + size - 4, "across the seam", 16);
	IS(!strcmp(a, "ss the seam"));
	munmap(a, 2 * size);
}

// Rings of odd sizes: the views meet at a page, the data need not.
static void ring(unsigned long size, bool aligned)
{
	unsigned long map = (size + PG - 1) / PG * PG, wrong = 0;
	int fd = MUST(t_memfd("ring", 0));
	char *p;

	MUST(ftruncate(fd, (long)size));
	p = MUST((char *)mmap(NULL, 2 * map + 2 * MIB, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
	if (aligned)
		p = (char *)(((unsigned long)p + 2 * MIB - 1) & ~(2 * MIB - 1));
	for (int k = 0; k < 2; k++)
		MUST(mmap(p + (unsigned long)k * map, map, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED, fd, 0) == p + (unsigned long)k * map
			     ? 0
			     : -1);
	for (unsigned long at = 0; at < map; at += 61)
		((volatile char *)p)[at] = (char)at;
	for (unsigned long at = 0; at < map; at += 61)
		wrong += ((volatile char *)p)[map + at] != (char)at;
	printf("ring of %lu: %lu wrong\n", size, wrong);
	munmap(p, 2 * map);
	close(fd);
}

int main(void)
{
	t_catch_faults();
	dotnet();
	zgc();
	jit("vmem", 0, 8 * MIB, 12345);
	jit("tcg-jit", MFD_CLOEXEC, GIB, 700 * MIB);
	jit("libffi", MFD_CLOEXEC, PG, 0);
	buffers();
	gnuradio("/dev/shm", false);
	gnuradio("/tmp", true);
	ring(PG, false);
	ring(3 * PG, false);
	ring(5 * PG + 1, false);
	ring(100, false);
	ring(7 * 13 * PG, false);
	ring(4 * MIB, true);
	return 0;
}
