// An initramfs without Ouro's index (a plain cpio): every member becomes an inode of the root tmpfs
// at boot. Pages of data that happen to lie on page boundaries are used in place, others are
// copied.
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/file.h"
#include "fs/initramfs.h"
#include "fs/namei.h"
#include "fs/shmem.h"
#include "fs/stat.h"
#include "kernel/base/log.h"
#include "lib/cpio.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/phys/physmap.h"
#include "mm/virt/uio.h"

#define PATH_BYTES CPIO_MAX_NAME_BYTES

// Hard links: newc gives all names of a file one inode number, the last has the data.
struct scan {
	const uint8_t *image;
	const struct path *root;
	struct cpio_member m;
	char *name; // without "./" and leading slashes
};

static void make_parents(struct scan *s)
{
	for (char *slash = strchr(s->name, '/'); slash; slash = strchr(slash + 1, '/')) {
		int err;

		*slash = '\0';
		err = namei_mkdir(s->root, s->name, 0755);
		*slash = '/';
		if (err && err != -EEXIST)
			return; // what follows fails by itself
	}
}

static int copy_data(struct scan *s, struct file *f)
{
	struct uio u;
	int64_t n;

	uio_init_kernel(&u, (void *)(s->image + s->m.data_offset), s->m.size_bytes);
	n = file_pwrite(f, &u, 0, 0);
	return n < 0 ? (int)n : 0;
}

static int make_file(struct scan *s)
{
	const uint8_t *data = s->image + s->m.data_offset;
	struct file *f;
	int err = namei_open(s->root, s->name, O_CREAT | O_WRONLY | O_TRUNC, s->m.mode, 0, &f);

	if (err)
		return err;
	if (s->m.size_bytes && IS_ALIGNED((uintptr_t)data, PAGE_SIZE))
		shmem_set_image(shmem_of(f->inode), virt_to_phys(data), s->m.size_bytes);
	else if (s->m.size_bytes)
		err = copy_data(s, f);
	file_put(f);
	return err;
}

static int make_symlink(struct scan *s)
{
	char target[PATH_BYTES / 4 + 1];

	if (s->m.size_bytes >= sizeof(target))
		return -ENAMETOOLONG;
	memcpy(target, s->image + s->m.data_offset, s->m.size_bytes);
	target[s->m.size_bytes] = '\0';
	return namei_symlink(target, s->root, s->name);
}

static int make_member(struct scan *s)
{
	switch (s->m.mode & S_IFMT) {
	case S_IFDIR:
		return namei_mkdir(s->root, s->name, s->m.mode & 07777);
	case S_IFREG:
		return make_file(s);
	case S_IFLNK:
		return make_symlink(s);
	}
	return namei_mknod(s->root, s->name, s->m.mode,
			   kdev_make(s->m.rdev_major, s->m.rdev_minor));
}

static void set_attributes(struct scan *s)
{
	struct iattr a = { .mode = s->m.mode & 07777, .uid = s->m.uid, .gid = s->m.gid };
	unsigned valid = IATTR_UID | IATTR_GID | IATTR_MTIME;
	struct path p;

	a.mtime = (struct timespec_k){ s->m.mtime_s, 0 };
	if (namei_lookup(s->root, s->name, 0, &p))
		return;
	// The mode last: a change of owner drops setuid.
	if (vfs_setattr(&p, valid, &a) || (!S_ISLNK(s->m.mode) && vfs_setattr(&p, IATTR_MODE, &a)))
		log_warn("fs", "initramfs: cannot set attributes of %s", s->name);
	path_put(&p);
}

__stack_guarded int initramfs_scan(const struct path *root)
{
	struct scan s = { .root = root, .name = kmalloc(PATH_BYTES) };
	struct cpio_reader r;
	uint64_t bytes;
	int err;

	if (!s.name)
		return -ENOMEM;
	s.image = initramfs_image(&bytes);
	cpio_init(&r, s.image, bytes);
	while ((err = cpio_next(&r, &s.m)) == 1) {
		const char *from = s.m.name;

		while (*from == '/' || (from[0] == '.' && from[1] == '/'))
			from += *from == '/' ? 1 : 2;
		str_copy(s.name, from, PATH_BYTES);
		if (!*s.name || !strcmp(s.name, "."))
			continue;
		make_parents(&s);
		err = make_member(&s);
		if (err == -ENOMEM)
			break;
		if (err && err != -EEXIST)
			log_warn("fs", "initramfs: %s: error %d", s.name, -err);
		set_attributes(&s);
	}
	kfree(s.name);
	if (err == -ENOMEM)
		return err;
	if (err)
		log_warn("fs", "initramfs: damaged at offset %llu", (unsigned long long)r.at);
	return 0;
}
