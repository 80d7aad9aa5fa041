// A heap for unit tests of kernel/proc: malloc behind the kernel's names, with a failing N-th
// allocation and a count of what is live.
#pragma once

// The |n|-th allocation from now on fails (1: the next one); 0: none.
void proc_heap_fail_at(unsigned n);
// Allocations that were not freed.
long proc_heap_live(void);
