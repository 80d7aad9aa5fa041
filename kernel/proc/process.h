// Processes: an address space, descriptors, signal actions, limits and the threads that share them.
// pid 1 is the kernel's own reaper; the program is pid 2, session and group leader.
#pragma once

#include "kernel/base/lock.h"
#include "kernel/sched/thread.h"

struct aspace;
struct fs_context;
