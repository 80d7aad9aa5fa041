// The file system of POSIX message queues: one instance, made when it is first used, whose root is
// a tmpfs directory with operations of its own; it can be mounted any number of times. Limits are
// those of /proc/sys/fs/mqueue, which apply at the making of a queue. The directory's lock guards
// names.
#include <asm/errno.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/inotify.h>
#include <linux/resource.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/mount.h"
#include "fs/notify.h"
#include "fs/tmpfs.h"
#include "fs/tmpfs_inode.h"
#include "fs/walk.h"
#include "kernel/proc/mqueue.h"
#include "kernel/proc/mqueue_internal.h"
#include "kernel/proc/process.h"
#include "kernel/proc/procfs_internal.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/usercount.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"

#define MQUEUE_MAGIC    0x19800202 // Linux ipc/mqueue.c
#define HARD_MSGMAX     65536
#define HARD_MSGSIZEMAX (16 * 1024 * 1024)
#define MESSAGE_BYTES   48 // what a message and a priority are charged for: Linux's structures
#define DIR_BYTES       40
#define FILE_BYTES      80

static struct {
	struct mutex making;
	struct path root;     // no dentry: not made yet
	struct mount mount;   // in no tree
	struct inode_ops dir; // of the root
	uint64_t queues;      // atomic
} mqfs = { .making = MUTEX_INIT(mqfs.making, RANK_MOUNT) };

static uint64_t charge_of(const struct mq_attr *a)
{
	uint64_t priorities = (uint64_t)MIN(a->mq_maxmsg, (long)MQ_PRIO_MAX);

	return (uint64_t)(a->mq_maxmsg * a->mq_msgsize) +
	       ((uint64_t)a->mq_maxmsg + priorities) * MESSAGE_BYTES;
}

static void queue_release(struct inode *i)
{
	struct mqueue *q = mqueue_of(i);

	mqueue_destroy(q);
	user_uncharge(q->uid, USER_MQ_BYTES, charge_of(&q->attr));
	__atomic_sub_fetch(&mqfs.queues, 1, __ATOMIC_RELAXED);
	kfree(q);
}

static const struct inode_ops queue_inode_ops = {
	.release = queue_release,
};

static int check_attr(const struct mq_attr *a, bool resource)
{
	uint64_t most = resource ? HARD_MSGMAX : mqueue_limits.msg_max;
	uint64_t most_bytes = resource ? HARD_MSGSIZEMAX : mqueue_limits.msgsize_max;

	if (a->mq_maxmsg <= 0 || a->mq_msgsize <= 0)
		return -EINVAL;
	return (uint64_t)a->mq_maxmsg > most || (uint64_t)a->mq_msgsize > most_bytes ? -EINVAL : 0;
}

static int init_queue(struct mqueue *q, const struct mq_attr *attr, bool resource)
{
	struct rlimit_value limit;
	int err;

	q->attr.mq_maxmsg = (long)MIN(mqueue_limits.msg_max, mqueue_limits.msg_default);
	q->attr.mq_msgsize = (long)MIN(mqueue_limits.msgsize_max, mqueue_limits.msgsize_default);
	if (attr) {
		q->attr.mq_maxmsg = attr->mq_maxmsg;
		q->attr.mq_msgsize = attr->mq_msgsize;
	}
	err = check_attr(&q->attr, resource);
	if (!err)
		err = rlimit_get(process_current(), RLIMIT_MSGQUEUE, &limit);
	q->uid = cred_current()->uid;
	return err ? err : user_charge(q->uid, USER_MQ_BYTES, charge_of(&q->attr), limit.cur);
}

static int make_queue(struct superblock *sb, uint32_t mode, const struct mq_attr *attr,
		      struct inode **out)
{
	bool resource = cred_has_cap(cred_current(), CAP_SYS_RESOURCE);
	struct mqueue *q = kzalloc(sizeof(*q));
	int err = -ENOSPC;

	if (!q)
		return -ENOMEM;
	if (__atomic_add_fetch(&mqfs.queues, 1, __ATOMIC_RELAXED) <= mqueue_limits.queues_max ||
	    resource)
		err = init_queue(q, attr, resource);
	if (err) {
		__atomic_sub_fetch(&mqfs.queues, 1, __ATOMIC_RELAXED);
		kfree(q);
		return err;
	}
	inode_init(&q->inode, &queue_inode_ops, sb, mode);
	q->inode.fops = &mqueue_file_ops;
	q->inode.size_bytes = FILE_BYTES;
	waitq_init(&q->wait);
	spin_init(&q->lock, RANK_PID, "mqueue");
	list_init(&q->waiters[MQ_SENDERS]);
	list_init(&q->waiters[MQ_RECEIVERS]);
	*out = &q->inode;
	return 0;
}

static int create_with(struct inode *dir, struct dentry *child, uint32_t mode,
		       const struct mq_attr *attr)
{
	int err = make_queue(dir->sb, mode, attr, &child->inode);

	if (!err)
		tmpfs_entry_added(dir, child);
	return err;
}

static int mqfs_create(struct inode *dir, struct dentry *child, uint32_t mode, uint64_t rdev)
{
	return S_ISREG(mode) ? create_with(dir, child, mode, NULL) : -EPERM;
}

static int make_instance(void)
{
	static const struct tmpfs_options opt = { .mode = 01777 };
	struct superblock *sb;
	struct inode *root;
	int err = tmpfs_create("mqueue", &opt, &sb);

	if (err)
		return err;
	sb->fstype = "mqueue";
	sb->magic = MQUEUE_MAGIC;
	sb->flags = SB_INTERNAL | SB_NOEXEC | SB_NODEV;
	root = sb->root->inode;
	mqfs.dir = (struct inode_ops){ .lookup = root->ops->lookup,
				       .create = mqfs_create,
				       .unlink = root->ops->unlink,
				       .getattr = root->ops->getattr,
				       .release = root->ops->release };
	root->ops = &mqfs.dir;
	root->size_bytes = DIR_BYTES;
	mount_init_internal(&mqfs.mount, sb);
	mqfs.mount.root = sb->root;
	mqfs.root.mount = &mqfs.mount;
	__atomic_store_n(&mqfs.root.dentry, sb->root, __ATOMIC_RELEASE);
	return 0;
}

static int prepare(void)
{
	int err = 0;

	if (likely(__atomic_load_n(&mqfs.root.dentry, __ATOMIC_ACQUIRE)))
		return 0;
	mutex_lock(&mqfs.making);
	if (!mqfs.root.dentry)
		err = make_instance();
	mutex_unlock(&mqfs.making);
	return err;
}

int mqueue_mount(const struct path *where, unsigned flags)
{
	struct superblock *sb;
	int err = prepare();

	if (err)
		return err;
	sb = mqfs.mount.sb;
	__atomic_add_fetch(&sb->refs, 1, __ATOMIC_RELAXED);
	err = mount_attach(sb, where, flags);
	if (err)
		superblock_put(sb);
	return err;
}

// Linux lookup_noperm_common: a name and not a path.
static int check_name(const char *name)
{
	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EACCES;
	return prepare();
}

static int create_locked(const char *name, uint32_t mode, const struct mq_attr *attr,
			 struct dentry **out)
{
	struct dentry *dir = mqfs.root.dentry, *child;
	int err = may_create(&mqfs.root);

	if (err)
		return err;
	child = dentry_alloc(dir->sb, dir, name, strlen(name));
	if (!child)
		return -ENOMEM;
	err = create_with(dir->inode, child, S_IFREG | mode, attr);
	if (err) {
		dentry_put(child);
		return err;
	}
	dentry_hash(child);
	if (notify_on())
		notify_name_event(dir->inode, IN_CREATE, child->inode, name, strlen(name), 0);
	*out = child;
	return 0;
}

static int check_existing(const struct dentry *d, unsigned flags)
{
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if ((flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	return inode_permission(d->inode, (flags & O_ACCMODE) == O_RDONLY   ? 4
					  : (flags & O_ACCMODE) == O_WRONLY ? 2
									    : 6);
}

static int open_dentry(struct dentry *d, unsigned flags, struct file **out)
{
	struct path p = { &mqfs.mount, d };
	int err = (flags + 1) & 2 ? inode_get_write_access(d->inode) : 0;

	if (err)
		return err;
	*out = file_alloc(&p, flags & ~(unsigned)(O_PATH | FASYNC), &mqueue_file_ops, NULL);
	if (!*out && (flags + 1) & 2)
		inode_put_write_access(d->inode);
	return *out ? 0 : -ENOMEM;
}

int mqueue_open(const char *name, unsigned flags, uint32_t mode, const struct mq_attr *attr,
		struct file **out, bool *created)
{
	uint32_t mask = READ_ONCE(fs_context_current()->view->umask);
	struct dentry *d = NULL;
	struct inode *dir;
	int err = check_name(name);

	*created = false;
	if (err)
		return err;
	dir = mqfs.root.dentry->inode;
	mutex_lock(&dir->lock);
	err = lookup_child_locked(mqfs.root.dentry, name, strlen(name), &d);
	if (!err) {
		err = check_existing(d, flags);
	} else if (err == -ENOENT && flags & O_CREAT) {
		err = create_locked(name, mode & 07777 & ~mask, attr, &d);
		*created = !err;
	}
	mutex_unlock(&dir->lock);
	if (!err)
		err = open_dentry(d, flags, out);
	if (d)
		dentry_put(d);
	return err;
}

int mqueue_unlink(const char *name)
{
	int err = check_name(name);

	return err ? err : namei_unlink(&mqfs.root, name);
}
