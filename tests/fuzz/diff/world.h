// What the operations of the differential fuzzer act on, and how its parts reach it: descriptors,
// mappings, the places where addresses may lie, random choices, system calls and touches that may
// fault. Nothing here depends on the kernel's choice of addresses: see place().
#pragma once

#include <stdint.h>

#define PG          4096ul
#define ARENA       world.arena // where operations with a fixed address work
#define ARENA_BASE  0x10000000000ul
#define ARENA_STEP  0x1000000000ul // from one thread's to the next one's
#define ARENA_PAGES 128ul
#define FILES       8 // slots for descriptors of memfds and tmpfs files
#define PIPES       2
#define MAPS        12 // slots for mappings
#define BUF_BYTES   (1u << 17)

struct map_slot {
	uint64_t addr, bytes;
};

struct world {
	int file[FILES];
	int pipe[PIPES][2];
	struct map_slot map[MAPS];
	uint64_t arena;
	unsigned thread; // 0 where there is only one
	int threads;     // several: what depends on the others is left out
	uint64_t top;    // end of the highest free place at the start of an episode
	uint64_t brk;    // the program's break at its start
};

// What follows is each thread's own.
extern __thread struct world world;
extern __thread unsigned char *buf; // BUF_BYTES

// Shared with children made by fork; all of it is zero at first.
#define SHARED_AT    0x70000000ul
#define SHARED_BYTES 0x10000ul
#define THREADS_MAX  8u
void *world_shared(unsigned offset);
#define SHARED_HELD    0u
#define SHARED_SEGMENT 4096u

// Random numbers of one operation: a function of seed, episode and the operation's number only.
void rng_start(uint64_t seed, uint64_t episode, uint64_t op);
uint64_t rnd(void);
uint64_t below(uint64_t n);
#define chance(percent) (below(100) < (percent))
#define PICK(array)     ((array)[below(sizeof(array) / sizeof *(array))])

// A raw system call: -errno for an error. Missing arguments are 0.
#define SYS(nr, ...) sys_n(nr, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define sys_n(nr, a, b, c, d, e, f, ...)                                                           \
	sys6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
static inline long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

// Touches: 0, or the signal; the line gets its code and address.
int touch_read(uint64_t addr, uint8_t *value);
int touch_write(uint64_t addr, uint8_t value);
void put_fault(int sig);
void faults_init(void);

// Puts an address as arena offset, distance from |top|, or distance from the break.
void put_addr(const char *name, uint64_t addr);
void put_ret_addr(long ret);

// Choices with a taste for edges.
uint64_t pick_offset(void); // of a file: mostly within 24 pages, sometimes absurd
uint64_t pick_bytes(void);  // of a transfer: at most 48 KiB
uint64_t pick_pages(void);  // of a mapping in bytes: 1 to 16 pages, sometimes not whole
uint64_t pick_arena(void);  // a page of the arena
uint64_t pick_mapped(void); // an address within a mapping's slot, else of the arena
int pick_fd(void);          // usually a file's
int pick_any_fd(void);      // files and pipe ends

// Name of one of two tmpfs files.
const char *world_path(unsigned i);
// Forgets what pipes hold (ops_io.c).
void pipes_reset(void);
// Makes the state of an episode's start.
void world_reset(void);
// Remembers a mapping made by an operation in a slot.
void world_add_map(uint64_t addr, uint64_t bytes);
// Puts |fd| in a slot and closes what was there.
void world_add_file(unsigned slot, long fd);
