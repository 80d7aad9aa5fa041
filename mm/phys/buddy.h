// Free blocks of 1 << order frames, merged with their buddies. Pure bookkeeping over struct page:
// the pmm's lock guards it. Only for frames whose records exist.
#pragma once

#include "mm/phys/pmm.h"

struct buddy {
	struct list_node free[PMM_MAX_ORDER + 1];
	uint32_t nonempty; // bit per order
	uint64_t free_pages;
};

void buddy_init(struct buddy *b);
// A block with all-zero head words, or NULL.
struct page *__must_check buddy_take(struct buddy *b, unsigned order);
// |p| is the first of 1 << |order| frames, aligned, with all-zero head words.
void buddy_give(struct buddy *b, struct page *p, unsigned order);
// Gives the frames [start, end), cut into the largest aligned blocks.
void buddy_give_range(struct buddy *b, pa_t start, pa_t end);
