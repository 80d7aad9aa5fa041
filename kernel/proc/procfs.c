// The root of /proc: what is true of the whole machine.

#include "kernel/proc/procfs.h"

#include <asm/errno.h>

#include "kernel/base/clock.h"
#include "kernel/base/cmdline.h"
#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/proc/procfs_internal.h"
#include "kernel/proc/uts.h"
#include "kernel/sched/sched.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/phys/hugepool.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/pmm.h"
#include "mm/virt/commit.h"
#include "mm/virt/resv.h"

#define PAGE_KIB      (PAGE_SIZE / 1024)
#define CLOCK_TICK_NS 10000000ull
#define CENTI_NS      10000000ull
#define VENDOR_BYTES  12
#define BRAND_LEAF    0x80000002u
#define BRAND_LEAVES  3u
#define BRAND_BYTES   (BRAND_LEAVES * 16)

static __stack_guarded int64_t self_readlink(const struct pseudo_ref *r, char *buf, size_t bytes)
{
	char name[16];
	int n = fmt_snprintf(name, sizeof(name), "%d", process_current()->pid);

	memcpy(buf, name, MIN((size_t)n, bytes));
	return MIN((size_t)n, bytes);
}

static __stack_guarded int64_t thread_self_readlink(const struct pseudo_ref *r, char *buf,
						    size_t bytes)
{
	char name[48];
	int n = fmt_snprintf(name, sizeof(name), "%d/task/%d", process_current()->pid,
			     thread_current()->tid);

	memcpy(buf, name, MIN((size_t)n, bytes));
	return MIN((size_t)n, bytes);
}

static int64_t mounts_readlink(const struct pseudo_ref *r, char *buf, size_t bytes)
{
	static const char target[] = "self/mounts";

	memcpy(buf, target, MIN(sizeof(target) - 1, bytes));
	return MIN(sizeof(target) - 1, bytes);
}

static void mem_row(struct seq *out, const char *name, uint64_t kib)
{
	seq_printf(out, "%-15s %8llu kB\n", name, (unsigned long long)kib);
}

static void show_huge_pages(struct seq *out)
{
	struct hugepool_stats pool;

	hugepool_get_stats(&pool);
	seq_printf(out, "HugePages_Total:   %5llu\nHugePages_Free:    %5llu\n",
		   (unsigned long long)pool.total, (unsigned long long)pool.free);
	seq_printf(out, "HugePages_Rsvd:    %5llu\nHugePages_Surp:    %5llu\n",
		   (unsigned long long)pool.reserved, (unsigned long long)pool.surplus);
	mem_row(out, "Hugepagesize:", HUGE_SIZE / 1024);
	mem_row(out, "Hugetlb:", pool.total * (HUGE_SIZE / 1024));
}

static __stack_guarded int show_meminfo(const struct pseudo_ref *r, struct seq *out)
{
	struct pmm_stats ram;
	struct kmem_stats heap;
	struct commit_stats use;
	uint64_t slab, cached;
	static const char *const names[] = {
		"Buffers:",    "Cached:",      "SwapCached:",   "Active(anon):", "Inactive(file):",
		"SwapTotal:",  "SwapFree:",    "Dirty:",        "Writeback:",    "AnonPages:",
		"Mapped:",     "Shmem:",       "Slab:",         "SReclaimable:", "SUnreclaim:",
		"PageTables:", "CommitLimit:", "Committed_AS:",
	};

	pmm_get_stats(&ram);
	kmalloc_get_stats(&heap);
	mem_row(out, "MemTotal:", (ram.total_pages + ram.image_pages) * PAGE_KIB);
	mem_row(out, "MemFree:", ram.free_pages * PAGE_KIB);
	// Pages reserved for objects go when others need them.
	mem_row(out, "MemAvailable:", (ram.free_pages + resv_unused_pages()) * PAGE_KIB);
	commit_get_stats(&use, NULL);
	slab = heap.backing_pages;
	cached = ram.image_pages + use.object_pages;
	const uint64_t pages[] = {
		0,
		cached,
		0,
		use.anon,
		cached - use.object_pages,
		0,
		0,
		0,
		0,
		use.anon,
		use.mapped,
		use.object_pages,
		slab,
		0,
		slab,
		use.tables,
		commit_limit(),
		use.committed,
	};

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		mem_row(out, names[i], pages[i] * PAGE_KIB);
	show_huge_pages(out);
	return 0;
}

// Names of CPUID bits as Linux shows them: leaf, register (0 a .. 3 d), bit.
static const struct cpu_flag {
	uint32_t leaf;
	uint8_t reg, bit;
	const char *name;
} cpu_flags[] = {
	{ 1, 3, 0, "fpu" },
	{ 1, 3, 3, "pse" },
	{ 1, 3, 4, "tsc" },
	{ 1, 3, 5, "msr" },
	{ 1, 3, 6, "pae" },
	{ 1, 3, 8, "cx8" },
	{ 1, 3, 9, "apic" },
	{ 1, 3, 13, "pge" },
	{ 1, 3, 15, "cmov" },
	{ 1, 3, 16, "pat" },
	{ 1, 3, 19, "clflush" },
	{ 1, 3, 23, "mmx" },
	{ 1, 3, 24, "fxsr" },
	{ 1, 3, 25, "sse" },
	{ 1, 3, 26, "sse2" },
	{ 1, 2, 0, "pni" },
	{ 1, 2, 1, "pclmulqdq" },
	{ 1, 2, 9, "ssse3" },
	{ 1, 2, 12, "fma" },
	{ 1, 2, 13, "cx16" },
	{ 1, 2, 19, "sse4_1" },
	{ 1, 2, 20, "sse4_2" },
	{ 1, 2, 22, "movbe" },
	{ 1, 2, 23, "popcnt" },
	{ 1, 2, 25, "aes" },
	{ 1, 2, 26, "xsave" },
	{ 1, 2, 28, "avx" },
	{ 1, 2, 29, "f16c" },
	{ 1, 2, 30, "rdrand" },
	{ 1, 2, 31, "hypervisor" },
	{ 7, 1, 0, "fsgsbase" },
	{ 7, 1, 3, "bmi1" },
	{ 7, 1, 5, "avx2" },
	{ 7, 1, 7, "smep" },
	{ 7, 1, 8, "bmi2" },
	{ 7, 1, 9, "erms" },
	{ 7, 1, 16, "avx512f" },
	{ 7, 1, 18, "rdseed" },
	{ 7, 1, 19, "adx" },
	{ 7, 1, 20, "smap" },
	{ 7, 1, 29, "sha_ni" },
	{ 7, 2, 2, "umip" },
	{ 0x80000001, 3, 11, "syscall" },
	{ 0x80000001, 3, 20, "nx" },
	{ 0x80000001, 3, 26, "pdpe1gb" },
	{ 0x80000001, 3, 27, "rdtscp" },
	{ 0x80000001, 3, 29, "lm" },
	{ 0x80000001, 2, 0, "lahf_lm" },
	{ 0x80000001, 2, 5, "abm" },
};

static bool cpu_has(const struct cpu_flag *f)
{
	bool extended = f->leaf >= 0x80000000u;
	struct cpuid_regs r;

	if (f->leaf > (extended ? cpu_features.max_ext_leaf : cpu_features.max_leaf))
		return false;
	r = cpu_cpuid(f->leaf, 0);
	return (f->reg == 1 ? r.ebx : f->reg == 2 ? r.ecx : r.edx) >> f->bit & 1;
}

static void cpu_brand(char brand[BRAND_BYTES + 1])
{
	memset(brand, 0, BRAND_BYTES + 1);
	if (cpu_features.max_ext_leaf < BRAND_LEAF + BRAND_LEAVES - 1)
		return;
	for (unsigned i = 0; i < BRAND_LEAVES; i++) {
		struct cpuid_regs r = cpu_cpuid(BRAND_LEAF + i, 0);

		memcpy(brand + i * 16, &r, sizeof(r));
	}
}

static void show_cpu(struct seq *out, unsigned cpu)
{
	struct cpuid_regs r = cpu_cpuid(0, 0);
	uint32_t sig = cpu_features.family_model_stepping;
	uint32_t family = sig >> 8 & 15, model = sig >> 4 & 15;
	uint64_t khz = clock_tsc_hz() / 1000;
	char vendor[VENDOR_BYTES + 1] = "", brand[BRAND_BYTES + 1];

	memcpy(vendor, &r.ebx, 4);
	memcpy(vendor + 4, &r.edx, 4);
	memcpy(vendor + 8, &r.ecx, 4);
	cpu_brand(brand);
	if (family == 6 || family == 15)
		model |= (sig >> 16 & 15) << 4;
	if (family == 15)
		family += sig >> 20 & 255;
	seq_printf(out, "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n", cpu,
		   vendor, family, model);
	seq_printf(out, "model name\t: %s\nstepping\t: %u\n", brand[0] ? brand : "unknown",
		   sig & 15);
	seq_printf(out, "cpu MHz\t\t: %llu.%03llu\nphysical id\t: 0\nsiblings\t: %u\n",
		   (unsigned long long)(khz / 1000), (unsigned long long)(khz % 1000),
		   cpu_count_online());
	seq_printf(out, "core id\t\t: %u\ncpu cores\t: %u\nfpu\t\t: yes\nflags\t\t:", cpu,
		   cpu_count_online());
	for (size_t i = 0; i < ARRAY_SIZE(cpu_flags); i++)
		if (cpu_has(&cpu_flags[i]))
			seq_printf(out, " %s", cpu_flags[i].name);
	seq_printf(out, "\naddress sizes\t: %u bits physical, 48 bits virtual\n\n",
		   cpu_features.phys_bits);
}

static __stack_guarded int show_cpuinfo(const struct pseudo_ref *r, struct seq *out)
{
	for (unsigned cpu = 0; cpu < cpu_count_online(); cpu++)
		show_cpu(out, cpu);
	return 0;
}

static int show_stat(const struct pseudo_ref *r, struct seq *out)
{
	struct sched_stats s;
	uint64_t busy, idle;

	sched_get_stats(&s);
	idle = sched_tsc_to_ns(s.idle_tsc) / CLOCK_TICK_NS;
	busy = clock_mono_ns() * cpu_count_online() / CLOCK_TICK_NS;
	busy = busy > idle ? busy - idle : 0;
	seq_printf(out, "cpu  %llu 0 0 %llu 0 0 0 0 0 0\n", (unsigned long long)busy,
		   (unsigned long long)idle);
	for (unsigned cpu = 0; cpu < cpu_count_online(); cpu++)
		seq_printf(out, "cpu%u %llu 0 0 %llu 0 0 0 0 0 0\n", cpu,
			   (unsigned long long)(busy / cpu_count_online()),
			   (unsigned long long)(idle / cpu_count_online()));
	seq_printf(out,
		   "ctxt %llu\nbtime %llu\nprocesses %llu\nprocs_running %u\n"
		   "procs_blocked 0\n",
		   (unsigned long long)s.switches,
		   (unsigned long long)((clock_real_ns() - clock_mono_ns()) / NSEC_PER_SEC),
		   (unsigned long long)s.threads_made, s.runnable);
	return 0;
}

static int show_uptime(const struct pseudo_ref *r, struct seq *out)
{
	struct sched_stats s;
	uint64_t up = clock_mono_ns(), idle;

	sched_get_stats(&s);
	idle = sched_tsc_to_ns(s.idle_tsc);
	seq_printf(out, "%llu.%02llu %llu.%02llu\n", (unsigned long long)(up / NSEC_PER_SEC),
		   (unsigned long long)(up % NSEC_PER_SEC / CENTI_NS),
		   (unsigned long long)(idle / NSEC_PER_SEC),
		   (unsigned long long)(idle % NSEC_PER_SEC / CENTI_NS));
	return 0;
}

// The averages are not kept (that would need a tick): the load now stands for all three.
static int show_loadavg(const struct pseudo_ref *r, struct seq *out)
{
	struct sched_stats s;

	sched_get_stats(&s);
	seq_printf(out, "%u.00 %u.00 %u.00 %u/%u %d\n", s.runnable, s.runnable, s.runnable,
		   s.runnable, s.threads, s.last_tid);
	return 0;
}

static int show_version(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, UTS_SYSNAME " version " UTS_RELEASE " " UTS_VERSION "\n");
	return 0;
}

static int show_cmdline(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, "%s\n", boot_cmdline());
	return 0;
}

static int show_filesystems(const struct pseudo_ref *r, struct seq *out)
{
	static const char *const types[] = { "sysfs", "tmpfs", "proc", "devtmpfs", "pipefs" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		seq_printf(out, "nodev\t%s\n", types[i]);
	return 0;
}

static const struct pseudo_node root_nodes[] = {
	{ .name = "",
	  .mode = NODE_DIR,
	  .lookup = procfs_pid_lookup,
	  .iterate = procfs_pid_iterate },
	{ .name = "cmdline", .mode = NODE_FILE, .show = show_cmdline },
	{ .name = "cpuinfo", .mode = NODE_FILE, .show = show_cpuinfo },
	{ .name = "filesystems", .mode = NODE_FILE, .show = show_filesystems },
	{ .name = "loadavg", .mode = NODE_FILE, .show = show_loadavg },
	{ .name = "meminfo", .mode = NODE_FILE, .show = show_meminfo },
	{ .name = "mounts", .mode = NODE_LINK, .readlink = mounts_readlink },
	{ .name = "self", .mode = NODE_LINK, .readlink = self_readlink },
	{ .name = "stat", .mode = NODE_FILE, .show = show_stat },
	{ .name = "thread-self", .mode = NODE_LINK, .readlink = thread_self_readlink },
	{ .name = "uptime", .mode = NODE_FILE, .show = show_uptime },
	{ .name = "version", .mode = NODE_FILE, .show = show_version },
	{ .name = NULL },
};

static struct pseudo_table root_table = { .dir = "", .nodes = root_nodes };

void procfs_register(void)
{
	pseudo_register(PSEUDO_PROC, &root_table);
	procfs_register_sys();
}
