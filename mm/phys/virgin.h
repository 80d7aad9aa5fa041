// RAM that was never used: plain ranges, put to use 2 MiB at a time. Also backs the page records
// (vmemmap) of what is put to use. The pmm's lock guards it. Private to mm/phys.
#pragma once

#include "lib/bootinfo.h"
#include "mm/phys/buddy.h"

// Sorts out the usable ranges; puts nothing to use. Returns their pages.
uint64_t virgin_init(const struct bootinfo *info, const struct boot_range *reserved,
		     unsigned n_reserved);
uint64_t virgin_pages(void);
// Gives the frames of the next 2 MiB chunk to |b|. False when no RAM is left.
bool virgin_activate(struct buddy *b);
// Makes sure that records of the chunk around |pa| exist and that the direct map shows it. -ENOMEM.
int __must_check virgin_back_records(struct buddy *b, pa_t pa);
bool virgin_has_records(pa_t pa);
// Makes the direct map's table for the 512 GiB around |pa|, shared by all address spaces.
void virgin_make_slot(pa_t pa);
