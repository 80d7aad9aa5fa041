// The differential fuzzer's program: random operations over memfds, tmpfs files and mappings, the
// same for the same seed on every kernel; run.py runs it on Linux and in a machine and compares.
//
//   difffuzz SEED FIRST COUNT OPS [--off=NAME,NAME] [--huge=FRAMES] [--show]
//	episodes FIRST to FIRST+COUNT-1 of OPS operations each, one line "E number hash" each;
//	--show writes every operation.
//   difffuzz SEED EPISODE - OPS [...]
//	each line of standard input names operations ("0-99,120"): the episode with only those.
//   --threads=N: N threads at once, each with episodes of its own, the numbers of thread T from
//	T * 1000000 on; a single episode is run by its thread alone.
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ops.h"
#include "text.h"
#include "world.h"

#define MAX_OPS   10000
#define MAX_KINDS 128

#define THREAD_EPISODES 1000000u   // from one thread's numbers to the next one's
#define COUNTER_EPISODE 999999999u // what the shared counters are at the end
#define COUNTERS_AT     0x78000000ul

static struct {
	struct op op[MAX_KINDS];
	unsigned kinds, weights;
	unsigned first_proc;    // operations from here on are not a child's
	uint64_t seed, episode; // the latter for children
	unsigned char keep[MAX_OPS];
	const char *off;
	int show;
	// Several threads at once (--threads).
	unsigned threads;
	uint64_t first, count; // episodes of each
	unsigned ops;
	unsigned long *counter[2]; // two views of one shared page
	uint64_t *hash[THREADS_MAX];
} fz;

static int is_off(const char *name)
{
	size_t n = strlen(name);

	for (const char *p = fz.off; p && *p; p += *p == ',') {
		size_t len = strcspn(p, ",");

		if (len == n && !memcmp(p, name, n))
			return 1;
		p += len;
	}
	return 0;
}

static void add_ops(const struct op *list)
{
	for (; list->name && fz.kinds < MAX_KINDS; list++) {
		fz.op[fz.kinds++] = *list;
		fz.weights += list->weight;
	}
}

// An episode begins with something to act on.
static const struct op *pick_first_op(unsigned i)
{
	static const char *const names[] = { "memfd", "memfd",  "ftruncate", "mmap",
					     "open",  "pwrite", "mmap",      "ring" };
	const struct op *op = fz.op;

	while (strcmp(op->name, names[i % 8]))
		op++;
	return op;
}

// Operations left out keep their share of the numbers: others stay what they are.
static const struct op *pick_op(void)
{
	uint64_t k = below(fz.weights);
	const struct op *op = fz.op;

	while (k >= op->weight)
		k -= op++->weight;
	return op;
}

void run_child_op(uint64_t number)
{
	const struct op *op;

	rng_start(fz.seed + 1, fz.episode, number);
	op = pick_op();
	put_s(op->name);
	if (op - fz.op < fz.first_proc && !is_off(op->name))
		op->run();
}

static void run_op(uint64_t seed, uint64_t episode, unsigned i, uint64_t *hash)
{
	const struct op *op;

	rng_start(seed, episode, i);
	op = i < 48 ? pick_first_op(i) : pick_op();
	if (is_off(op->name))
		return;
	put_d(i);
	put_s(" ");
	put_s(op->name);
	op->run();
	put_end(hash, fz.show);
}

// The hash of all its lines.
static uint64_t run_episode(uint64_t seed, uint64_t episode, unsigned ops)
{
	uint64_t hash = 0xcbf29ce484222325;

	if (!world.threads) {
		fz.episode = episode;
		procs_reset();
	}
	world_reset();
	more_reset();
	for (unsigned i = 0; i < ops; i++)
		if (fz.keep[i])
			run_op(seed, episode, i, &hash);
	put_s("end");
	op_look_at_all();
	put_end(&hash, fz.show);
	return hash;
}

static void put_episode(uint64_t episode, uint64_t hash)
{
	put_s("E ");
	put_d((int64_t)episode);
	put_kx("", hash);
	put_end(&hash, 1);
}

// -- several threads: each with its own descriptors, files, addresses and episodes, all in one
// address space; only the counters are common --

static void *thread_main(void *arg)
{
	unsigned t = (unsigned)(uintptr_t)arg;

	SYS(SYS_unshare, CLONE_FILES);
	world.thread = t;
	world.threads = 1;
	for (uint64_t i = 0; i < fz.count; i++) {
		fz.hash[t][i] = run_episode(fz.seed, t * THREAD_EPISODES + fz.first + i, fz.ops);
		__atomic_fetch_add(fz.counter[(t + i) % 2], 1, __ATOMIC_RELAXED);
	}
	put_flush();
	return 0;
}

static void make_counters(void)
{
	long fd = SYS(SYS_memfd_create, "counters", 0);

	SYS(SYS_ftruncate, fd, PG);
	for (unsigned i = 0; i < 2; i++)
		fz.counter[i] =
			(unsigned long *)SYS(SYS_mmap, COUNTERS_AT + i * PG, PG,
					     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	SYS(SYS_close, fd);
}

static void run_threads(unsigned from, unsigned to)
{
	pthread_t id[THREADS_MAX];

	make_counters();
	for (unsigned t = from; t < to; t++) {
		fz.hash[t] = calloc(fz.count, sizeof *fz.hash[t]);
		pthread_create(&id[t], 0, thread_main, (void *)(uintptr_t)t);
	}
	for (unsigned t = from; t < to; t++)
		pthread_join(id[t], 0);
	for (unsigned t = from; t < to; t++)
		for (uint64_t i = 0; i < fz.count; i++)
			put_episode(t * THREAD_EPISODES + fz.first + i, fz.hash[t][i]);
	if (to > from + 1)
		put_episode(COUNTER_EPISODE, *fz.counter[0]);
}

static void parse_keep(const char *p)
{
	memset(fz.keep, 0, sizeof fz.keep);
	while (*p >= '0' && *p <= '9') {
		char *end;
		unsigned long a = strtoul(p, &end, 10), b = a;

		if (*end == '-')
			b = strtoul(end + 1, &end, 10);
		for (; a <= b && a < MAX_OPS; a++)
			fz.keep[a] = 1;
		p = end + (*end == ',');
	}
}

// One line of standard input without its end; 0 at the end of input.
static int read_line(char *line, unsigned max)
{
	unsigned n = 0;
	char c;

	while (read(0, &c, 1) == 1) {
		if (c == '\n') {
			line[n] = 0;
			return 1;
		}
		if (n < max - 1)
			line[n++] = c;
	}
	return 0;
}

static void add_all(const char *huge)
{
	add_ops(ops_file);
	add_ops(ops_io);
	add_ops(ops_map);
	add_ops(ops_touch);
	add_ops(ops_more);
	add_ops(ops_attr);
	if (huge) {
		more_init(huge);
		add_ops(ops_huge);
	}
	fz.first_proc = fz.kinds;
	if (!fz.threads)
		add_ops(ops_proc);
}

// Lines that name what to keep of one episode.
static void run_kept(void)
{
	static char line[1 << 16];
	unsigned t = (unsigned)(fz.first / THREAD_EPISODES);

	while (read_line(line, sizeof line)) {
		parse_keep(line);
		if (!fz.threads) {
			put_episode(fz.first, run_episode(fz.seed, fz.first, fz.ops));
		} else {
			uint64_t first = fz.first;

			fz.count = 1;
			fz.first %= THREAD_EPISODES;
			run_threads(t, t + 1);
			fz.first = first;
		}
	}
}

static int read_options(int argc, char **argv, const char **huge)
{
	if (argc < 5)
		return -1;
	fz.seed = strtoull(argv[1], 0, 0);
	fz.first = strtoull(argv[2], 0, 0);
	fz.count = strtoull(argv[3], 0, 0);
	fz.ops = (unsigned)atoi(argv[4]);
	for (int i = 5; i < argc; i++) {
		if (!strcmp(argv[i], "--show"))
			fz.show = 1;
		else if (!strncmp(argv[i], "--off=", 6))
			fz.off = argv[i] + 6;
		else if (!strncmp(argv[i], "--huge=", 7))
			*huge = argv[i] + 7;
		else if (!strncmp(argv[i], "--threads=", 10))
			fz.threads = (unsigned)atoi(argv[i] + 10);
	}
	return fz.ops > MAX_OPS || fz.threads > THREADS_MAX ? -1 : 0;
}

int main(int argc, char **argv)
{
	const char *huge = 0;

	if (argc == 3 && !strcmp(argv[1], "--inherited"))
		return inherited_main(atoi(argv[2]));
	if (read_options(argc, argv, &huge))
		return 2;
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	faults_init();
	add_all(huge);
	memset(fz.keep, 1, sizeof fz.keep);
	if (!strcmp(argv[3], "-"))
		run_kept();
	else if (fz.threads)
		run_threads(0, fz.threads);
	else
		for (uint64_t i = 0; i < fz.count; i++)
			put_episode(fz.first + i, run_episode(fz.seed, fz.first + i, fz.ops));
	put_flush();
	return 0;
}
