// A machine with one program for tests of mm/virt: simulated RAM, an address space that the model
// CPU has loaded, faults routed to aspace_fault as the trap handler does, and checks that hold
// after every operation.
#pragma once

#include "mm/virt/aspace.h"
#include "mm/virt/memobj.h"
#include "mm/virt/mmap.h"
#include "tests/unit/host_mem.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

// Once per program; cmocka group setup and teardown.
int vm_group_setup(void **state);
int vm_group_teardown(void **state);
// Per test: a fresh address space in vm_as; teardown checks that nothing leaked.
extern struct aspace *vm_as;
int vm_setup(void **state);
int vm_teardown(void **state);

void vm_load(struct aspace *as); // the calling thread runs a program in |as|
extern _Thread_local enum fault_result vm_last_fault;
extern _Thread_local unsigned vm_fault_count;
void vm_set_caps(bool root);

// Program accesses of one byte: a fault that is not resolved is -1 (see vm_last_fault).
int vm_peek(va_t va);
int vm_poke(va_t va, int value);
// Checks trees, counters and resident pages of an address space against each other.
void vm_check(struct aspace *as);
// "start-end rwxp pgoff|..." of what lies in [start, end), in pages relative to |start|.
const char *vm_maps(struct aspace *as, va_t start, va_t end);
unsigned vm_resident(struct aspace *as, va_t start, va_t end); // pages with an entry

// A file as the fs layer would map it: counts references, and an object without fill op.
struct vm_file {
	int refs; // atomic
	struct memobj *obj;
	int synced, punched;
	int sync_result;
};
struct vm_file *vm_file_new(uint64_t bytes);
void vm_file_put(struct vm_file *f);
// Pages as a write makes them (memobj_allocate's count as holes until then).
void vm_file_fill(struct vm_file *f, uint64_t first, uint64_t last);
struct mmap_source vm_file_source(struct vm_file *f);
// mmap for short.
int64_t vm_map_file(struct vm_file *f, va_t addr, uint64_t bytes, unsigned prot, unsigned flags,
		    uint64_t offset);
int64_t vm_map(va_t addr, uint64_t bytes, unsigned prot, unsigned flags);
