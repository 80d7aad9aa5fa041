// The differential fuzzer's program: random operations over memfds, tmpfs files and mappings, the
// same for the same seed on every kernel; run.py runs it on Linux and in a machine and compares.
//
//   difffuzz SEED FIRST COUNT OPS [--off=NAME,NAME] [--huge=FRAMES] [--show]
//	episodes FIRST to FIRST+COUNT-1 of OPS operations each, one line "E number hash" each;
//	--show writes every operation.
//   difffuzz SEED EPISODE - OPS [...]
//	each line of standard input names operations ("0-99,120"): the episode with only those.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "ops.h"
#include "text.h"
#include "world.h"

#define MAX_OPS   10000
#define MAX_KINDS 96

static struct {
	struct op op[MAX_KINDS];
	unsigned kinds, weights;
	unsigned char keep[MAX_OPS];
	const char *off;
	int show;
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

static void run_episode(uint64_t seed, uint64_t episode, unsigned ops)
{
	uint64_t hash = 0xcbf29ce484222325;

	world_reset();
	more_reset();
	for (unsigned i = 0; i < ops; i++)
		if (fz.keep[i])
			run_op(seed, episode, i, &hash);
	put_s("end");
	op_look_at_all();
	put_end(&hash, fz.show);
	put_s("E ");
	put_d((int64_t)episode);
	put_kx("", hash);
	put_end(&hash, 1);
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

int main(int argc, char **argv)
{
	static char line[1 << 16];
	uint64_t seed, first;
	const char *huge = 0;
	unsigned ops;

	if (argc < 5)
		return 2;
	seed = strtoull(argv[1], 0, 0);
	first = strtoull(argv[2], 0, 0);
	ops = (unsigned)atoi(argv[4]);
	if (ops > MAX_OPS)
		return 2;
	for (int i = 5; i < argc; i++) {
		if (!strcmp(argv[i], "--show"))
			fz.show = 1;
		else if (!strncmp(argv[i], "--off=", 6))
			fz.off = argv[i] + 6;
		else if (!strncmp(argv[i], "--huge=", 7))
			huge = argv[i] + 7;
	}
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	faults_init();
	add_ops(ops_file);
	add_ops(ops_io);
	add_ops(ops_map);
	add_ops(ops_touch);
	add_ops(ops_more);
	if (huge) {
		more_init(huge);
		add_ops(ops_huge);
	}
	if (strcmp(argv[3], "-")) {
		memset(fz.keep, 1, sizeof fz.keep);
		for (uint64_t i = 0; i < strtoull(argv[3], 0, 0); i++)
			run_episode(seed, first + i, ops);
	} else {
		while (read_line(line, sizeof line)) {
			parse_keep(line);
			run_episode(seed, first, ops);
		}
	}
	put_flush();
	return 0;
}
