// State, random choices and faults of the differential fuzzer; see world.h.
#include "world.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "text.h"

#define FREE_SPAN   (1ul << 30) // below |top|: where mappings without an address come to lie
#define ROOF        (1ul << 21)
#define WORLD_START (1ul << 33) // from here to |top| is nothing but what operations mapped

__thread struct world world;
__thread unsigned char *buf;
static unsigned char buffers[THREADS_MAX][BUF_BYTES] __attribute__((aligned(4096)));

static __thread struct {
	uint64_t state;
	struct {
		uint64_t resume, addr;
		int sig, code;
	} fault;
} self;

// -- random numbers --

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

void rng_start(uint64_t seed, uint64_t episode, uint64_t op)
{
	self.state = mix(mix(mix(seed + 1) ^ (episode + 0x9e37)) ^ (op + 0x79b9));
}

uint64_t rnd(void)
{
	self.state += 0x9e3779b97f4a7c15ull;
	return mix(self.state);
}

uint64_t below(uint64_t n)
{
	return (uint64_t)(((unsigned __int128)rnd() * n) >> 64);
}

// -- choices --

uint64_t pick_offset(void)
{
	static const int64_t odd[] = {
		-1,       -4096,          INT64_MIN,        INT64_MAX,  0x7fffffffff000000,
		1l << 41, (1l << 41) - 1, 1l << 44,         0x7fffffff, 0xffffffff,
		1l << 32, 0xfffffff000,   0x7fffffffffff000
	};
	uint64_t k = below(100);

	if (k < 50)
		return below(24) * PG;
	if (k < 80)
		return below(24 * PG);
	if (k < 94)
		return below(2) ? below(16) : (1 + below(20)) * PG - 1 - below(4);
	return (uint64_t)PICK(odd);
}

uint64_t pick_bytes(void)
{
	uint64_t k = below(100);

	if (k < 35)
		return (1 + below(8)) * PG;
	if (k < 70)
		return below(3 * PG);
	if (k < 95)
		return below(64);
	return below(12 * PG);
}

uint64_t pick_pages(void)
{
	uint64_t k = below(100);

	if (k < 70)
		return (1 + below(8)) * PG;
	if (k < 85)
		return (1 + below(16)) * PG;
	if (k < 95)
		return below(6 * PG);
	return k < 98 ? 0 : (uint64_t)-1 - below(2) * 4095;
}

uint64_t pick_arena(void)
{
	return ARENA + below(ARENA_PAGES) * PG;
}

uint64_t pick_mapped(void)
{
	struct map_slot *m = &world.map[below(MAPS)];

	if (!m->bytes || chance(10))
		return pick_arena();
	if (chance(40))
		return m->addr;
	return m->addr + below((m->bytes + PG - 1) / PG + 1) * PG;
}

int pick_fd(void)
{
	return chance(2) ? world.pipe[below(PIPES)][below(2)] : world.file[below(FILES)];
}

int pick_any_fd(void)
{
	return chance(50) ? world.pipe[below(PIPES)][below(2)] : world.file[below(FILES)];
}

// -- addresses --

void put_addr(const char *name, uint64_t addr)
{
	put_s(" ");
	put_s(name);
	if (addr - (ARENA - 0x1000000) < 0x4000000) {
		put_s(addr < ARENA ? "A-" : "A+");
		put_x(addr < ARENA ? ARENA - addr : addr - ARENA);
	} else if (addr - (world.top - FREE_SPAN) < FREE_SPAN + 0x100000) {
		put_s(addr < world.top ? "T-" : "T+");
		put_x(addr < world.top ? world.top - addr : addr - world.top);
	} else if (addr - world.brk < 0x1000000) {
		put_s("B+");
		put_x(addr - world.brk);
	} else if (addr - (uint64_t)buf < BUF_BYTES) {
		put_s("buf+");
		put_x(addr - (uint64_t)buf);
	} else if (addr < (1ul << 32)) {
		put_s("low"); // MAP_32BIT: where exactly is random
	} else {
		put_x(addr);
	}
}

void put_ret_addr(long ret)
{
	if (ret < 0 && ret > -4096)
		put_ret(ret);
	else
		put_addr("= ", (uint64_t)ret);
}

// -- touches --

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	if (!self.fault.resume) {
		static const char text_lost[] = "a fault outside of a touch\n";

		write(2, text_lost, sizeof text_lost - 1);
		_exit(99);
	}
	self.fault.sig = sig;
	self.fault.code = info->si_code;
	self.fault.addr = (uint64_t)info->si_addr;
	uc->uc_mcontext.gregs[REG_RIP] = (long)self.fault.resume;
}

void faults_init(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &sa, 0);
	sigaction(SIGBUS, &sa, 0);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

int touch_read(uint64_t addr, uint8_t *value)
{
	unsigned v = 0;

	self.fault.sig = 0;
	__asm__ volatile("lea 2f(%%rip), %%rcx\n\tmov %%rcx, %1\n\tmovzbl (%2), %0\n2:"
			 : "+r"(v), "=m"(self.fault.resume)
			 : "r"(addr)
			 : "rcx", "memory");
	self.fault.resume = 0;
	*value = (uint8_t)v;
	return self.fault.sig;
}

int touch_write(uint64_t addr, uint8_t value)
{
	self.fault.sig = 0;
	__asm__ volatile("lea 2f(%%rip), %%rcx\n\tmov %%rcx, %0\n\tmovb %1, (%2)\n2:"
			 : "=m"(self.fault.resume)
			 : "q"(value), "r"(addr)
			 : "rcx", "memory");
	self.fault.resume = 0;
	return self.fault.sig;
}

void put_fault(int sig)
{
	put_kd("signal ", sig);
	put_kd("code ", self.fault.code);
	put_addr("at ", self.fault.addr);
}

// -- the state of an episode --

void world_add_map(uint64_t addr, uint64_t bytes)
{
	struct map_slot *m = &world.map[below(MAPS)];

	*m = (struct map_slot){ addr, bytes };
}

void world_add_file(unsigned slot, long fd)
{
	if (fd < 0)
		return;
	if (world.file[slot] >= 0 && world.file[slot] != fd)
		SYS(SYS_close, world.file[slot]);
	world.file[slot] = (int)fd;
}

void *world_shared(unsigned offset)
{
	static char *at[THREADS_MAX];

	if (!at[world.thread])
		at[world.thread] = (char *)SYS(SYS_mmap, SHARED_AT + world.thread * SHARED_BYTES,
					       SHARED_BYTES, PROT_READ | PROT_WRITE,
					       MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	return at[world.thread] + offset;
}

// The break goes back only where the heap is still there.
static void reset_heap(void)
{
	uint64_t now = (uint64_t)SYS(SYS_brk, 0);

	if (now > world.brk)
		SYS(SYS_mmap, world.brk, now - world.brk, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	SYS(SYS_brk, world.brk);
}

static void unmap_all(void)
{
	if (!world.threads) {
		SYS(SYS_munlockall);
		reset_heap();
	}
	if (world.threads)
		SYS(SYS_munmap, ARENA - ARENA_STEP / 2, ARENA_STEP);
	else if (world.top)
		SYS(SYS_munmap, WORLD_START, world.top - WORLD_START);
}

const char *world_path(unsigned i)
{
	static __thread char path[] = "/dev/shm/fz00";

	path[11] = (char)('0' + world.thread);
	path[12] = (char)('0' + i);
	return path;
}

static void close_all(void)
{
	for (int fd = 3; fd < 100; fd++)
		SYS(SYS_close, fd);
	SYS(SYS_unlink, world_path(0));
	SYS(SYS_unlink, world_path(1));
	for (unsigned i = 0; i < FILES; i++)
		world.file[i] = -1;
}

// Pages that nothing may touch, above the place where free mappings go: what lies higher differs.
// It begins at a multiple of a huge page.
static void make_roof(void)
{
	static uint64_t end;

	if (world.threads) {
		world.top = ARENA + ARENA_STEP / 4;
		return;
	}
	if (!world.top) {
		end = (uint64_t)SYS(SYS_mmap, 0, PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		world.top = (end - ROOF) & -ROOF;
	}
	SYS(SYS_mmap, world.top, end + PG - world.top, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

void world_reset(void)
{
	struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };

	world.arena = ARENA_BASE + world.thread * ARENA_STEP;
	buf = buffers[world.thread];
	if (!world.brk)
		world.brk = (uint64_t)SYS(SYS_brk, 0);
	if (!world.threads)
		SYS(SYS_setrlimit, RLIMIT_FSIZE, &none);
	unmap_all();
	close_all();
	memset(world.map, 0, sizeof world.map);
	for (unsigned i = 0; i < BUF_BYTES / 8; i++)
		((uint64_t *)buf)[i] = mix(i + 1);
	make_roof();
	pipes_reset();
	for (unsigned i = 0; i < PIPES; i++)
		SYS(SYS_pipe2, world.pipe[i], O_NONBLOCK);
}
