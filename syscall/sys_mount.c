// mount(2) of new tmpfs instances and umount2(2). Owns no state.
#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/mount.h>

#include "fs/mount.h"
#include "fs/namei.h"
#include "fs/path.h"
#include "fs/tmpfs.h"
#include "kernel/proc/mqueue.h"
#include "kernel/sched/cred.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"

#define MS_OTHER                                                                                   \
	(MS_REMOUNT | MS_BIND | MS_MOVE | MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED)
// Linux include/linux/fs.h: umount2's flags, in no UAPI header.
#define MNT_FORCE       1u
#define MNT_DETACH      2u
#define MNT_EXPIRE      4u
#define UMOUNT_NOFOLLOW 8u

static const struct {
	unsigned ms, flag;
} flag_map[] = {
	{ MS_RDONLY, MOUNT_RDONLY },   { MS_NOSUID, MOUNT_NOSUID },
	{ MS_NODEV, MOUNT_NODEV },     { MS_NOEXEC, MOUNT_NOEXEC },
	{ MS_NOATIME, MOUNT_NOATIME }, { MS_NOSYMFOLLOW, MOUNT_NOSYMFOLLOW },
};

static unsigned mount_flags_of(uint64_t ms)
{
	unsigned flags = ms & MS_NOATIME ? 0 : MOUNT_RELATIME;

	for (unsigned n = 0; n < ARRAY_SIZE(flag_map); n++)
		if (ms & flag_map[n].ms)
			flags |= flag_map[n].flag;
	return flags;
}

static int new_tmpfs(const struct path *where, const char *source, const char *data, unsigned flags)
{
	struct tmpfs_options opt;
	struct superblock *sb;
	char *name;
	int err = tmpfs_parse_options(data, &opt);

	if (err)
		return err;
	name = kstrndup(*source ? source : "none", 255);
	if (!name)
		return -ENOMEM;
	err = tmpfs_create(name, &opt, &sb);
	if (err) {
		kfree(name);
		return err;
	}
	sb->priv = name; // freed with it
	err = mount_attach(sb, where, flags);
	if (err)
		superblock_put(sb);
	return err;
}

static int get_text(struct user_path *p, struct uptr src)
{
	*p = (struct user_path){ .name = p->fast };
	return src.va ? user_path_get(p, src, true) : 0;
}

static int64_t mount_checked(const char *source, const struct path *where, const char *type,
			     uint64_t flags, const char *data)
{
	if (!cred_has_cap(cred_current(), CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & MS_OTHER)
		return -ENOSYS; // only new mounts
	if (!*type)
		return -EINVAL;
	if (!strcmp(type, "mqueue"))
		return mqueue_mount(where, mount_flags_of(flags));
	if (strcmp(type, "tmpfs"))
		return -ENODEV;
	return new_tmpfs(where, source, data, mount_flags_of(flags));
}

__stack_guarded int64_t sys_mount(struct uptr source, struct uptr target, struct uptr type,
				  uint64_t flags, struct uptr data)
{
	struct user_path kind, from, options;
	struct path where;
	int64_t err = get_text(&kind, type);

	if (err)
		return err;
	err = get_text(&from, source);
	if (err)
		goto out_kind;
	err = get_text(&options, data);
	if (err)
		goto out_from;
	err = user_lookup(AT_FDCWD, target, LOOKUP_FOLLOW, &where);
	if (!err) {
		err = mount_checked(from.name, &where, kind.name, flags, options.name);
		path_put(&where);
	}
	user_path_put(&options);
out_from:
	user_path_put(&from);
out_kind:
	user_path_put(&kind);
	return err;
}

int64_t sys_umount2(struct uptr target, uint64_t flags)
{
	struct path where;
	int64_t err;

	if ((unsigned)flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	err = user_lookup(AT_FDCWD, target, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &where);
	if (err)
		return err;
	if (!cred_has_cap(cred_current(), CAP_SYS_ADMIN))
		err = -EPERM;
	else if (flags & MNT_EXPIRE)
		err = flags & (MNT_FORCE | MNT_DETACH) ? -EINVAL : -EAGAIN;
	else
		err = mount_detach(&where, flags & MNT_DETACH);
	path_put(&where);
	return err;
}
