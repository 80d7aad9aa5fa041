// Operations of the differential fuzzer. Each chooses its arguments at random, makes its call and
// puts name, arguments and answer into the line.
#pragma once

#include <stdint.h>

struct op {
	const char *name; // also the word for --off
	unsigned weight;
	void (*run)(void);
};

extern const struct op ops_file[];  // descriptors, sizes, seals
extern const struct op ops_io[];    // reads, writes, transfers
extern const struct op ops_map[];   // mappings
extern const struct op ops_touch[]; // touches and looks at the state

extern const struct op ops_more[]; // System V shared memory, policies, settings
extern const struct op ops_huge[]; // huge pages, where there is a pool

extern const struct op ops_attr[]; // extended attributes, locks, process_madvise
extern const struct op ops_proc[]; // a second process, descriptors in flight

// Ends children, makes the sockets; a child's operation number |op| (difffuzz.c); the program that
// a child executes.
void procs_reset(void);
void run_child_op(uint64_t op);
int inherited_main(int answer_fd);

// Makes a pool of so many huge pages; puts settings and segments back.
void more_init(const char *frames);
void more_reset(void);

// Hash and sizes of a file.
void look_at_file(int fd);
// Looks at everything there is: the last line of an episode.
void op_look_at_all(void);
