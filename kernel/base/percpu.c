// Per-CPU variables of this layer, and where each CPU's copy lies.
#include "kernel/base/percpu.h"

#include "kernel/base/sections.h"

// Read-only after a CPU has started. The boot CPU uses the linked copy: distance 0.
uintptr_t percpu_offsets[MAX_CPUS]; // trap.S reads it too
static struct {
	unsigned online;  // set once at boot
	unsigned ready;   // atomic, only grows
	uint64_t running; // atomic, bits are only added
} percpu = { .online = 1, .ready = 1, .running = 1 };

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

unsigned cpu_count_ready(void)
{
	return __atomic_load_n(&percpu.ready, __ATOMIC_ACQUIRE);
}

uint64_t cpu_running_mask(void)
{
	return __atomic_load_n(&percpu.running, __ATOMIC_SEQ_CST);
}

void percpu_set_online(unsigned cpus)
{
	percpu.online = cpus;
}

void percpu_add_cpu(char *area)
{
	unsigned cpu = percpu.ready;
	uintptr_t offset = (uintptr_t)area - (uintptr_t)__percpu_start;

	percpu_offsets[cpu] = offset;
	*per_cpu_ptr(percpu_self_offset, cpu) = offset;
	*per_cpu_ptr(percpu_cpu_id, cpu) = cpu;
	__atomic_store_n(&percpu.ready, cpu + 1, __ATOMIC_RELEASE);
}

void percpu_set_running(void)
{
	__atomic_fetch_or(&percpu.running, 1ull << this_cpu_id(), __ATOMIC_SEQ_CST);
}
