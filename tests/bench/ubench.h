// What the files of the benchmark share: a row, and helpers that several rows use.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096)
#define RW   (PROT_READ | PROT_WRITE)

struct row {
	const char *name;
	bool (*batch)(int n, size_t bytes); // true if the system did it
	int n;                              // operations a batch makes
	size_t bytes;                       // size the row works on
	double per;                         // operations to divide by; 0: n
	bool needs_filled;
	bool (*begin)(void);   // makes what batches and peer share
	void *(*peer)(void *); // a second thread that answers each operation
	bool in_process;       // or a second process
	void (*end)(void);     // gives back what begin and batches made
};

int memfd_sized(const char *name, size_t bytes);
void touch_write(char *p, size_t bytes);

// rows_process.c; ends with a row without a name.
extern const struct row process_rows[];
