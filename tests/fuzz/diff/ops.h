// Operations of the differential fuzzer. Each chooses its arguments at random, makes its call and
// puts name, arguments and answer into the line.
#pragma once

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

// Makes a pool of so many huge pages; puts settings and segments back.
void more_init(const char *frames);
void more_reset(void);

// Looks at everything there is: the last line of an episode.
void op_look_at_all(void);
