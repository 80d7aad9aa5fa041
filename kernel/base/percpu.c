// Per-CPU variables of this layer, and where each CPU's copy lies.
#include "kernel/base/percpu.h"

// Read-only after a CPU has started. The boot CPU uses the linked copy: distance 0.
uintptr_t percpu_offsets[MAX_CPUS]; // trap.S reads it too
static struct {
	unsigned online;
} percpu = { .online = 1 };

DEFINE_PERCPU(uintptr_t, percpu_self_offset);
DEFINE_PERCPU(unsigned, percpu_cpu_id);
DEFINE_PERCPU(uint64_t, percpu_kernel_stack_top);
DEFINE_PERCPU(uint64_t, percpu_user_rsp);

uintptr_t percpu_offset(unsigned cpu)
{
	return percpu_offsets[cpu];
}

unsigned cpu_count_online(void)
{
	return READ_ONCE(percpu.online);
}
