// Start-up of the file layer and the callbacks through which it signals upwards.
#pragma once

#include "lib/compiler.h"

struct path;
struct inode;
struct file_ops;
struct file;

// Mounts the root from the initramfs at |image| (in the direct map, page aligned; may be NULL).
// Reads no file; cost does not grow with the image. 0, -ENOMEM or -EINVAL (damaged index).
int __must_check vfs_init(const void *image, uint64_t bytes);
// The root of the tree; takes no reference (it lives for ever).
const struct path *vfs_root(void);
// The configuration member of the image (lib/image.h): NUL-separated words, or NULL.
const char *vfs_image_config(size_t *bytes);

// The kernel's random number generator, for /dev/urandom. |nonblock|: -EAGAIN if not seeded.
void vfs_set_random_source(int64_t (*fill)(void *buf, size_t bytes, unsigned flags));
int64_t __must_check vfs_random_bytes(void *buf, size_t bytes, unsigned flags);

// Character devices by number (kdev_make). |open| prepares the description (sets f->ops, f->priv);
// NULL: |fops| alone. Registrations stay for ever.
struct chrdev {
	uint32_t major, first_minor, minors;
	const struct file_ops *fops;
	int (*open)(struct inode *inode, struct file *f);
	struct chrdev *next;
};
void chrdev_register(struct chrdev *dev);
const struct chrdev *chrdev_find(uint64_t rdev);
