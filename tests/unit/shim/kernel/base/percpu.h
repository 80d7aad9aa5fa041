// Host shadow of the per-CPU variables: each thread is a CPU with a number of its own (given back
// when it ends), each variable an array by that number. A non-array type only; no initialiser.
#pragma once

#include "lib/compiler.h"

#define MAX_CPUS 64

#define DEFINE_PERCPU(type, name)  __typeof__(type) name[MAX_CPUS]
#define DECLARE_PERCPU(type, name) extern __typeof__(type) name[MAX_CPUS]

// The calling thread's CPU number: the first thread that asks is 0.
unsigned host_cpu(void);
// Until the next call with ~0u this thread acts as |cpu| (to run an "interrupt" of another CPU).
void host_cpu_impersonate(unsigned cpu);

#define this_cpu_ptr(name)          (&(name)[host_cpu()])
#define per_cpu_ptr(name, cpu)      (&(name)[(cpu)])
#define this_cpu_read(name)         ((name)[host_cpu()])
#define this_cpu_write(name, value) ((void)((name)[host_cpu()] = (value)))
#define this_cpu_set(name, value)   this_cpu_write(name, value)
#define this_cpu_add(name, value)   ((void)((name)[host_cpu()] += (value)))
#define this_cpu_id()               host_cpu()

// 1 unless a test sets host_online_cpus.
extern unsigned host_online_cpus;
static inline unsigned cpu_count_online(void)
{
	return host_online_cpus;
}

static inline unsigned cpu_count_ready(void)
{
	return host_online_cpus;
}
static inline uint64_t cpu_running_mask(void)
{
	return host_online_cpus >= 64 ? ~0ull : (1ull << host_online_cpus) - 1;
}
