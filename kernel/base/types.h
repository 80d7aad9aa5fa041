// Address types and page constants.
#pragma once

#include "lib/compiler.h"

typedef uint64_t pa_t; // physical byte address
typedef uint64_t va_t; // virtual byte address, kernel or user

// A user pointer as a program gave it. Deliberately not dereferenceable: go through uaccess.h.
struct uptr {
	uint64_t va;
};

#define UPTR(addr) ((struct uptr){ (uint64_t)(addr) })
static inline struct uptr uptr_add(struct uptr p, uint64_t bytes)
{
	return (struct uptr){ p.va + bytes };
}

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ull
#define PAGE_MASK  (~(PAGE_SIZE - 1))
#define HUGE_SHIFT 21
#define HUGE_SIZE  (1ull << HUGE_SHIFT)
#define HUGE_ORDER 9 // log2 of the 4 KiB pages in a 2 MiB page
#define GIGA_SHIFT 30
#define GIGA_SIZE  (1ull << GIGA_SHIFT)

#define USER_TOP 0x00007ffffffff000ull // Linux's TASK_SIZE: first address a program cannot have

#define NSEC_PER_SEC 1000000000ull
