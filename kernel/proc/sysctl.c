// Settings of /proc/sys that a program may change: one number each, as Linux's
// proc_dointvec_minmax. Those of other layers are kept there; the rest is kept here and has no more
// effect than it would on a Linux without swap and without disks.

#include <asm/errno.h>
#include <linux/stat.h>

#include "fs/inotify.h"
#include "kernel/proc/mqueue.h"
#include "kernel/proc/procfs_internal.h"
#include "lib/string.h"
#include "mm/virt/mmap.h"

struct setting {
	const char *name;
	uint64_t *at; // NULL: |value|
	uint32_t min, max;
	uint32_t value;
	void (*apply)(uint64_t value); // instead of a store
};

static void set_overcommit(uint64_t mode)
{
	vm_set_overcommit((unsigned)mode);
}

// As on Linux, setting one of these two makes the other 0.
static void set_ratio(uint64_t percent)
{
	vm_policy.overcommit_kbytes = 0;
	vm_policy.overcommit_ratio = percent;
}

static void set_kbytes(uint64_t kib)
{
	vm_policy.overcommit_ratio = 0;
	vm_policy.overcommit_kbytes = kib;
}

static void drop_caches(uint64_t what)
{
	// Nothing is cached that could be read again.
}

struct mqueue_limits mqueue_limits = { 256, 10, 8192, 10, 8192 };

#define MAX_INT 2147483647u
static struct setting settings[] = {
	{ "admin_reserve_kbytes", &vm_policy.admin_reserve_kbytes, 0, ~0u, 0, NULL },
	{ "dirty_background_ratio", NULL, 0, 100, 10, NULL },
	{ "dirty_expire_centisecs", NULL, 0, MAX_INT, 3000, NULL },
	{ "dirty_ratio", NULL, 0, 100, 20, NULL },
	{ "dirty_writeback_centisecs", NULL, 0, MAX_INT, 500, NULL },
	{ "drop_caches", NULL, 1, MAX_INT, 0, drop_caches },
	{ "max_map_count", &vm_policy.max_map_count, 0, MAX_INT, 0, NULL },
	{ "max_queued_events", &inotify_limits.queued_events, 0, MAX_INT, 0, NULL },
	{ "max_user_instances", &inotify_limits.user_instances, 0, MAX_INT, 0, NULL },
	{ "max_user_watches", &inotify_limits.user_watches, 0, MAX_INT, 0, NULL },
	{ "msg_default", &mqueue_limits.msg_default, 1, 65536, 0, NULL },
	{ "msg_max", &mqueue_limits.msg_max, 1, 65536, 0, NULL },
	{ "msgsize_default", &mqueue_limits.msgsize_default, 128, 16 << 20, 0, NULL },
	{ "msgsize_max", &mqueue_limits.msgsize_max, 128, 16 << 20, 0, NULL },
	{ "overcommit_kbytes", &vm_policy.overcommit_kbytes, 0, ~0u, 0, set_kbytes },
	{ "overcommit_memory", &vm_policy.overcommit_memory, 0, 2, 0, set_overcommit },
	{ "overcommit_ratio", &vm_policy.overcommit_ratio, 0, MAX_INT, 0, set_ratio },
	{ "page-cluster", NULL, 0, 31, 3, NULL },
	{ "queues_max", &mqueue_limits.queues_max, 0, MAX_INT, 0, NULL },
	{ "swappiness", NULL, 0, 200, 60, NULL },
	{ "user_reserve_kbytes", &vm_policy.user_reserve_kbytes, 0, ~0u, 0, NULL },
	{ "vfs_cache_pressure", NULL, 0, MAX_INT, 100, NULL },
};

static struct setting *setting_of(const struct pseudo_ref *r)
{
	struct setting *s = settings;

	while (strcmp(s->name, r->node->name))
		s++;
	return s;
}

static int show_setting(const struct pseudo_ref *r, struct seq *out)
{
	const struct setting *s = setting_of(r);

	seq_printf(out, "%llu\n",
		   (unsigned long long)(s->at ? READ_ONCE(*s->at) : READ_ONCE(s->value)));
	return 0;
}

static int64_t store_setting(const struct pseudo_ref *r, char *text, size_t n)
{
	struct setting *s = setting_of(r);
	uint64_t value = 0;
	size_t i = 0, first;

	while (i < n && (text[i] == ' ' || text[i] == '\t'))
		i++;
	for (first = i; i < n && text[i] >= '0' && text[i] <= '9' && value <= ~0u; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	if (!n)
		return 0;
	if (i == first || value < s->min || value > s->max || (i < n && !strchr(" \t\n", text[i])))
		return -EINVAL;
	if (s->apply)
		s->apply(value);
	else if (s->at)
		WRITE_ONCE(*s->at, value);
	else
		WRITE_ONCE(s->value, (uint32_t)value);
	return (int64_t)n;
}

#define SETTING(name_)                                                                             \
	{                                                                                          \
		.name = name_, .mode = NODE_FILE | 0200u, .show = show_setting,                    \
		.store = store_setting                                                             \
	}

static const struct pseudo_node vm_nodes[] = {
	SETTING("admin_reserve_kbytes"),
	SETTING("dirty_background_ratio"),
	SETTING("dirty_expire_centisecs"),
	SETTING("dirty_ratio"),
	SETTING("dirty_writeback_centisecs"),
	{ .name = "drop_caches", .mode = S_IFREG | 0200u, .store = store_setting },
	SETTING("max_map_count"),
	SETTING("overcommit_kbytes"),
	SETTING("overcommit_memory"),
	SETTING("overcommit_ratio"),
	SETTING("page-cluster"),
	SETTING("swappiness"),
	SETTING("user_reserve_kbytes"),
	SETTING("vfs_cache_pressure"),
	{ .name = NULL },
};
static const struct pseudo_node mqueue_nodes[] = {
	SETTING("msg_default"), SETTING("msg_max"),    SETTING("msgsize_default"),
	SETTING("msgsize_max"), SETTING("queues_max"), { .name = NULL },
};
static const struct pseudo_node inotify_nodes[] = {
	SETTING("max_queued_events"),
	SETTING("max_user_instances"),
	SETTING("max_user_watches"),
	{ .name = NULL },
};
static struct pseudo_table tables[] = {
	{ .dir = "sys/fs/inotify", .nodes = inotify_nodes },
	{ .dir = "sys/vm", .nodes = vm_nodes },
	{ .dir = "sys/fs/mqueue", .nodes = mqueue_nodes },
};

void procfs_register_settings(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		pseudo_register(PSEUDO_PROC, &tables[i]);
}
