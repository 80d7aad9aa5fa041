// What /proc and /sys show and set of huge pages: the pool (mm/phys/hugepool.h) and the policy for
// memory that asks for 2 MiB frames by madvise. Owns no state.

#include <asm/errno.h>

#include "kernel/proc/procfs_internal.h"
#include "mm/phys/hugepool.h"

#define STAT_FILE(name_, field_)                                                                   \
	static int show_##name_(const struct pseudo_ref *r, struct seq *out)                       \
	{                                                                                          \
		struct hugepool_stats s;                                                           \
                                                                                                   \
		hugepool_get_stats(&s);                                                            \
		seq_printf(out, "%llu\n", (unsigned long long)s.field_);                           \
		return 0;                                                                          \
	}

STAT_FILE(size, total)
STAT_FILE(free, free)
STAT_FILE(reserved, reserved)
STAT_FILE(surplus, surplus)
STAT_FILE(overcommit, overcommit)

// A decimal number and at most white space behind it, as kstrtoul. 0 or -EINVAL.
static int parse(const char *text, size_t n, uint64_t *out)
{
	size_t i = 0;

	for (*out = 0; i < n && text[i] >= '0' && text[i] <= '9' && *out < UINT64_MAX / 20; i++)
		*out = *out * 10 + (uint64_t)(text[i] - '0');
	if (!i)
		return -EINVAL;
	while (i < n && (text[i] == '\n' || text[i] == ' ' || !text[i]))
		i++;
	return i == n ? 0 : -EINVAL;
}

static int64_t store_size(const struct pseudo_ref *r, char *text, size_t n)
{
	uint64_t frames;
	int err = parse(text, n, &frames);

	if (err)
		return err;
	hugepool_resize(frames);
	return (int64_t)n;
}

static int64_t store_overcommit(const struct pseudo_ref *r, char *text, size_t n)
{
	uint64_t frames;
	int err = parse(text, n, &frames);

	if (err)
		return err;
	hugepool_set_overcommit(frames);
	return (int64_t)n;
}

#define TEXT_FILE(name_, text_)                                                                    \
	static int show_##name_(const struct pseudo_ref *r, struct seq *out)                       \
	{                                                                                          \
		seq_printf(out, text_ "\n");                                                       \
		return 0;                                                                          \
	}

TEXT_FILE(enabled, "always [madvise] never")
TEXT_FILE(defrag, "always defer defer+madvise [madvise] never")
TEXT_FILE(shmem_enabled, "always within_size [advise] never deny force")
TEXT_FILE(pmd_size, "2097152")
TEXT_FILE(zero_page, "0")

#define SETTABLE (NODE_FILE | 0200u)

static const struct pseudo_node vm_nodes[] = {
	{ .name = "nr_hugepages", .mode = SETTABLE, .show = show_size, .store = store_size },
	{ .name = "nr_overcommit_hugepages",
	  .mode = SETTABLE,
	  .show = show_overcommit,
	  .store = store_overcommit },
	{ .name = NULL },
};
static const struct pseudo_node pool_nodes[] = {
	{ .name = "free_hugepages", .mode = NODE_FILE, .show = show_free },
	{ .name = "nr_hugepages", .mode = SETTABLE, .show = show_size, .store = store_size },
	{ .name = "nr_overcommit_hugepages",
	  .mode = SETTABLE,
	  .show = show_overcommit,
	  .store = store_overcommit },
	{ .name = "resv_hugepages", .mode = NODE_FILE, .show = show_reserved },
	{ .name = "surplus_hugepages", .mode = NODE_FILE, .show = show_surplus },
	{ .name = NULL },
};
static const struct pseudo_node thp_nodes[] = {
	{ .name = "defrag", .mode = NODE_FILE, .show = show_defrag },
	{ .name = "enabled", .mode = NODE_FILE, .show = show_enabled },
	{ .name = "hpage_pmd_size", .mode = NODE_FILE, .show = show_pmd_size },
	{ .name = "shmem_enabled", .mode = NODE_FILE, .show = show_shmem_enabled },
	{ .name = "use_zero_page", .mode = NODE_FILE, .show = show_zero_page },
	{ .name = NULL },
};

static struct pseudo_table vm_table = { .dir = "sys/vm", .nodes = vm_nodes };
static struct pseudo_table mm_tables[] = {
	{ .dir = "kernel/mm/hugepages/hugepages-2048kB", .nodes = pool_nodes },
	{ .dir = "kernel/mm/transparent_hugepage", .nodes = thp_nodes },
};

void procfs_register_huge(void)
{
	pseudo_register(PSEUDO_PROC, &vm_table);
	for (size_t i = 0; i < ARRAY_SIZE(mm_tables); i++)
		pseudo_register(PSEUDO_SYS, &mm_tables[i]);
}
