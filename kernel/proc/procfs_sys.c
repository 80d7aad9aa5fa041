// /proc/sys and the CPUs of /sys: settings that are fixed here, or kept by a lower layer.

#include <asm/errno.h>
#include <linux/capability.h>

#include "fs/epoll.h"
#include "fs/memfd.h"
#include "kernel/base/random.h"
#include "kernel/proc/aslr.h"
#include "kernel/proc/procfs_internal.h"
#include "kernel/proc/uts.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/pid.h"
#include "lib/string.h"
#include "mm/virt/mmap.h"

#define NUMBER_FILE(name_, value_)                                                                 \
	static int show_##name_(const struct pseudo_ref *r, struct seq *out)                       \
	{                                                                                          \
		seq_printf(out, "%llu\n", (unsigned long long)(value_));                           \
		return 0;                                                                          \
	}
#define TEXT_FILE(name_, text_)                                                                    \
	static int show_##name_(const struct pseudo_ref *r, struct seq *out)                       \
	{                                                                                          \
		seq_printf(out, text_ "\n");                                                       \
		return 0;                                                                          \
	}

TEXT_FILE(ostype, UTS_SYSNAME)
TEXT_FILE(osrelease, UTS_RELEASE)
TEXT_FILE(version, UTS_VERSION)
TEXT_FILE(hostname, UTS_NODENAME)
TEXT_FILE(domainname, UTS_DOMAINNAME)
TEXT_FILE(core_pattern, "core")
NUMBER_FILE(pid_max, PID_MAX)
NUMBER_FILE(randomize_va_space, 2)
NUMBER_FILE(cap_last_cap, 40)
NUMBER_FILE(ngroups_max, 65536)
NUMBER_FILE(mmap_min_addr, VM_MMAP_MIN_ADDR)
NUMBER_FILE(mmap_rnd_bits, ASLR_MMAP_BITS)
NUMBER_FILE(memfd_noexec, memfd_noexec)
NUMBER_FILE(file_max, 9223372036854775807ull)
NUMBER_FILE(nr_open, 1048576)
NUMBER_FILE(pipe_max_size, 1048576)
NUMBER_FILE(max_user_watches, epoll_max_watches())

static int64_t store_memfd_noexec(const struct pseudo_ref *r, char *text, size_t n)
{
	uint64_t value;

	if (!cred_has_cap(cred_current(), CAP_SYS_ADMIN))
		return -EPERM;
	if (n && text[n - 1] == '\n')
		text[n - 1] = '\0';
	if (str_to_u64(text, &value) || value > 2)
		return -EINVAL;
	WRITE_ONCE(memfd_noexec, (unsigned)value);
	return (int64_t)n;
}

static void print_uuid(struct seq *out, uint8_t id[16])
{
	id[6] = (id[6] & 0x0f) | 0x40; // version 4, RFC 9562
	id[8] = (id[8] & 0x3f) | 0x80;
	for (int i = 0; i < 16; i++)
		seq_printf(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", id[i]);
	seq_printf(out, "\n");
}

static int show_uuid(const struct pseudo_ref *r, struct seq *out)
{
	uint8_t id[16];

	random_bytes(id, sizeof(id));
	print_uuid(out, id);
	return 0;
}

static int show_boot_id(const struct pseudo_ref *r, struct seq *out)
{
	static uint8_t boot_id[16];
	static bool made;
	uint8_t id[16];

	if (!made) {
		random_bytes(boot_id, sizeof(boot_id));
		made = true;
	}
	memcpy(id, boot_id, sizeof(id));
	print_uuid(out, id);
	return 0;
}

static int show_cpu_list(const struct pseudo_ref *r, struct seq *out)
{
	seq_printf(out, cpu_count_online() > 1 ? "0-%u\n" : "0\n", cpu_count_online() - 1);
	return 0;
}

#define FILE_NODE(text_, show_)                                                                    \
	{                                                                                          \
		.name = text_, .mode = NODE_FILE, .show = show_                                    \
	}

static const struct pseudo_node kernel_nodes[] = {
	FILE_NODE("cap_last_cap", show_cap_last_cap),
	FILE_NODE("core_pattern", show_core_pattern),
	FILE_NODE("domainname", show_domainname),
	FILE_NODE("hostname", show_hostname),
	FILE_NODE("ngroups_max", show_ngroups_max),
	FILE_NODE("osrelease", show_osrelease),
	FILE_NODE("ostype", show_ostype),
	FILE_NODE("pid_max", show_pid_max),
	FILE_NODE("randomize_va_space", show_randomize_va_space),
	FILE_NODE("version", show_version),
	{ .name = NULL },
};
static const struct pseudo_node random_nodes[] = {
	FILE_NODE("boot_id", show_boot_id),
	FILE_NODE("uuid", show_uuid),
	{ .name = NULL },
};
static const struct pseudo_node vm_nodes[] = {
	{ .name = "memfd_noexec",
	  .mode = NODE_FILE | 0200,
	  .show = show_memfd_noexec,
	  .store = store_memfd_noexec },
	FILE_NODE("mmap_min_addr", show_mmap_min_addr),
	FILE_NODE("mmap_rnd_bits", show_mmap_rnd_bits),
	{ .name = NULL },
};
static const struct pseudo_node epoll_nodes[] = {
	FILE_NODE("max_user_watches", show_max_user_watches),
	{ .name = NULL },
};
static const struct pseudo_node fs_nodes[] = {
	{ .name = "epoll", .mode = NODE_DIR, .children = epoll_nodes },
	FILE_NODE("file-max", show_file_max),
	FILE_NODE("nr_open", show_nr_open),
	FILE_NODE("pipe-max-size", show_pipe_max_size),
	{ .name = NULL },
};
static const struct pseudo_node cpu_nodes[] = {
	FILE_NODE("online", show_cpu_list),
	FILE_NODE("possible", show_cpu_list),
	FILE_NODE("present", show_cpu_list),
	{ .name = NULL },
};

static struct pseudo_table sys_tables[] = {
	{ .dir = "sys/kernel", .nodes = kernel_nodes },
	{ .dir = "sys/kernel/random", .nodes = random_nodes },
	{ .dir = "sys/vm", .nodes = vm_nodes },
	{ .dir = "sys/fs", .nodes = fs_nodes },
};
static struct pseudo_table cpu_table = { .dir = "devices/system/cpu", .nodes = cpu_nodes };

void procfs_register_sys(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(sys_tables); i++)
		pseudo_register(PSEUDO_PROC, &sys_tables[i]);
	pseudo_register(PSEUDO_SYS, &cpu_table);
	procfs_register_huge();
	procfs_register_settings();
}
