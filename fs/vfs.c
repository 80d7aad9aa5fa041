// Start-up of the file layer, and the registries that higher layers fill: character devices and the
// source of random numbers. Registration happens at init, before there is a second thread.
#include "fs/vfs.h"

#include <linux/errno.h>
#include <linux/stat.h>

#include "fs/anon.h"
#include "fs/console.h"
#include "fs/dentry.h"
#include "fs/dev.h"
#include "fs/flock.h"
#include "fs/initramfs.h"
#include "fs/memfd.h"
#include "fs/mount.h"
#include "fs/pipe.h"
#include "fs/pseudo.h"
#include "fs/stat.h"
#include "fs/tmpfs.h"
#include "fs/tty.h"
#include "fs/walk.h"
#include "kernel/base/log.h"

static struct {
	struct path root; // the first mount; set by vfs_init
	struct chrdev *chrdevs;
	int64_t (*random_fill)(void *buf, size_t bytes, unsigned flags);
} vfs;

static int make_tmp(struct superblock **out)
{
	static const struct tmpfs_options opt = { .mode = 01777, .shows_ram = true };

	return tmpfs_create("tmpfs", &opt, out);
}

static int make_shm(struct superblock **out)
{
	struct tmpfs_options opt;
	int err = tmpfs_parse_options(NULL, &opt);

	return err ? err : tmpfs_create("tmpfs", &opt, out);
}

static int make_run(struct superblock **out)
{
	static const struct tmpfs_options opt = { .mode = 0755, .shows_ram = true };

	return tmpfs_create("tmpfs", &opt, out);
}

#define TMP_FLAGS (MOUNT_NOSUID | MOUNT_NODEV | MOUNT_RELATIME)

#define TMP_MOUNT(dir_, name_, mode_, make_)                                                       \
	{                                                                                          \
		.dir = (dir_), .name = (name_), .mode = (mode_), .flags = TMP_FLAGS,               \
		.only_if_empty = true, .make = (make_)                                             \
	}

static struct automount automounts[] = {
	TMP_MOUNT("/", "tmp", 01777, make_tmp),
	TMP_MOUNT("/", "run", 0755, make_run),
	TMP_MOUNT("/dev", "shm", 01777, make_shm),
};

static int open_image(const void *image, uint64_t bytes, bool *scan)
{
	int err = image ? initramfs_open(image, bytes) : 0;

	*scan = err == -ENOENT;
	return *scan ? 0 : err;
}

static int mount_root_fs(void)
{
	struct superblock *sb;
	int err = tmpfs_create_root(&sb);

	if (err)
		return err;
	if (!S_ISDIR(sb->root->inode->mode))
		return -EINVAL; // a damaged index; the machine ends
	err = mount_attach(sb, NULL, MOUNT_RELATIME);
	if (err)
		return err;
	vfs.root = (struct path){ mount_root(), mount_root()->root };
	return 0;
}

int vfs_init(const void *image, uint64_t bytes)
{
	bool scan;
	int err;

	vfs.chrdevs = NULL;
	mount_init();
	namei_init();
	memfd_init();
	anon_init();
	flock_init();
	err = open_image(image, bytes, &scan);
	if (err)
		return err;
	err = mount_root_fs();
	if (err)
		return err;
	for (unsigned k = 0; k < ARRAY_SIZE(automounts); k++)
		mount_register_automount(&automounts[k]);
	pseudo_init();
	dev_init();
	pipe_init();
	tty_init();
	console_init();
	return scan ? initramfs_scan(&vfs.root) : 0;
}

const struct path *vfs_root(void)
{
	return &vfs.root;
}

const char *vfs_image_config(size_t *bytes)
{
	return initramfs_config(bytes);
}

void vfs_set_random_source(int64_t (*fill)(void *buf, size_t bytes, unsigned flags))
{
	vfs.random_fill = fill;
}

int64_t vfs_random_bytes(void *buf, size_t bytes, unsigned flags)
{
	return vfs.random_fill ? vfs.random_fill(buf, bytes, flags) : -EAGAIN;
}

void chrdev_register(struct chrdev *dev)
{
	dev->next = vfs.chrdevs;
	vfs.chrdevs = dev;
}

const struct chrdev *chrdev_find(uint64_t rdev)
{
	uint32_t major = kdev_major(rdev), minor = kdev_minor(rdev);

	for (const struct chrdev *d = vfs.chrdevs; d; d = d->next)
		if (d->major == major && minor >= d->first_minor &&
		    minor - d->first_minor < d->minors)
			return d;
	return NULL;
}
