// What all programs together were promised and use (commit.c).
#pragma once

#include "mm/virt/vma.h"

struct commit_stats {       // pages
	uint64_t committed; // private memory that counts for overcommit, and what objects hold
	uint64_t anon, mapped, tables;
	uint64_t object_pages; // memfds, tmpfs, shared anonymous memory
};
// |locked|: its lock is held by the caller; or NULL.
void commit_get_stats(struct commit_stats *out, const struct aspace *locked);
uint64_t commit_limit(void); // pages
void commit_enlist(struct aspace *as);
void commit_forget(struct aspace *as);
