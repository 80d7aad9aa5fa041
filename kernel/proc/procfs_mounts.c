// /proc/PID/mounts and mountinfo, in the formats of Linux 6.18 (fs/proc_namespace.c).

#include <asm/errno.h>

#include "fs/inode.h"
#include "fs/mount.h"
#include "fs/stat.h"
#include "fs/vfs.h"
#include "kernel/proc/procfs_internal.h"
#include "mm/phys/kmalloc.h"

#define PATH_BYTES 4096u

static const struct option_row {
	unsigned flag;
	const char *name;
} options[] = {
	{ MOUNT_NOSUID, ",nosuid" },     { MOUNT_NODEV, ",nodev" },
	{ MOUNT_NOEXEC, ",noexec" },     { MOUNT_NOATIME, ",noatime" },
	{ MOUNT_RELATIME, ",relatime" }, { MOUNT_NOSYMFOLLOW, ",nosymfollow" },
};

struct mount_list {
	struct seq *out;
	char *buf;
};

static void show_options(struct seq *out, const struct mount *m)
{
	seq_printf(out, m->flags & MOUNT_RDONLY ? "ro" : "rw");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (m->flags & options[i].flag)
			seq_printf(out, "%s", options[i].name);
}

static void show_place(struct mount_list *l, struct mount *m)
{
	struct path p = { m, m->root };
	const char *name = path_to_string(&p, vfs_root(), l->buf, PATH_BYTES);

	seq_escaped(l->out, name ? name : "/", " \t\n\\#");
}

static int show_mount(struct mount *m, void *arg)
{
	struct mount_list *l = arg;

	seq_escaped(l->out, m->sb->source, " \t\n\\#");
	seq_write(l->out, " ", 1);
	show_place(l, m);
	seq_printf(l->out, " %s ", m->sb->fstype);
	show_options(l->out, m);
	seq_printf(l->out, " 0 0\n");
	return 0;
}

static int show_mount_info(struct mount *m, void *arg)
{
	struct mount_list *l = arg;

	// The root's parent is the one that Linux hides, with the number below it.
	seq_printf(l->out, "%u %u %u:%u / ", m->id, m->parent == m ? 1 : m->parent->id,
		   kdev_major(m->sb->dev), kdev_minor(m->sb->dev));
	show_place(l, m);
	seq_write(l->out, " ", 1);
	show_options(l->out, m);
	seq_printf(l->out, " - %s %s rw\n", m->sb->fstype, m->sb->source);
	return 0;
}

static int show_all(struct seq *out, int (*show)(struct mount *m, void *arg))
{
	struct mount_list l = { out, kmalloc(PATH_BYTES) };
	int err;

	if (!l.buf)
		return -ENOMEM;
	mount_all_automounts();
	err = mount_for_each(show, &l);
	kfree(l.buf);
	return err;
}

int procfs_show_mounts(const struct pseudo_ref *r, struct seq *out)
{
	return show_all(out, show_mount);
}

int procfs_show_mountinfo(const struct pseudo_ref *r, struct seq *out)
{
	return show_all(out, show_mount_info);
}
