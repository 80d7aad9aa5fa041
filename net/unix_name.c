// Names of AF_UNIX sockets: places in the file tree (the inode's |priv| points to the name) and
// abstract ones (a hash table). names.lock (RANK_UNIX_NAMES) guards the table, those pointers and
// whom a name belongs to.
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/fdtable.h"
#include "fs/inode.h"
#include "fs/namei.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "net/unix.h"

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)
#define BUCKETS     32u
#define MAY_WRITE   2u

static struct {
	struct spinlock lock;
	struct list_node buckets[BUCKETS]; // of abstract names; made when first used
	uint32_t next_auto;
} names = { .lock = SPINLOCK_INIT(RANK_UNIX_NAMES, "unix_names") };

struct unix_name *unix_name_get(struct unix_name *n)
{
	if (n)
		__atomic_fetch_add(&n->refs, 1, __ATOMIC_RELAXED);
	return n;
}

void unix_name_put(struct unix_name *n)
{
	if (!n || __atomic_sub_fetch(&n->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (n->path.dentry)
		path_put(&n->path);
	kfree(n);
}

int unix_name_check(const struct socket_name *name)
{
	return name->bytes <= PATH_OFFSET || name->bytes > sizeof(struct sockaddr_un) ||
			       name->family != AF_UNIX
		       ? -EINVAL
		       : 0;
}

static struct list_node *bucket_of(const struct socket_name *name)
{
	uint32_t hash = name->bytes;
	struct list_node *b;

	for (unsigned i = PATH_OFFSET; i < name->bytes; i++)
		hash = hash * 31 + (uint8_t)name->raw[i];
	b = &names.buckets[hash % BUCKETS];
	if (!b->next)
		list_init(b);
	return b;
}

static struct unix_name *find_abstract_locked(const struct socket_name *name, int type)
{
	struct list_node *b = bucket_of(name);
	struct unix_name *n;

	list_for_each (n, b, node)
		if (n->type == type && n->address.bytes == name->bytes &&
		    !memcmp(n->address.raw, name->raw, name->bytes))
			return n;
	return NULL;
}

static int bind_abstract(struct unix_name *n)
{
	int err = -EADDRINUSE;

	spin_lock(&names.lock);
	if (!find_abstract_locked(&n->address, n->type)) {
		list_push_back(bucket_of(&n->address), &n->node);
		err = 0;
	}
	spin_unlock(&names.lock);
	return err;
}

// Linux unix_autobind: five hexadecimal digits.
static __stack_guarded int bind_automatic(struct unix_name *n)
{
	char text[8];

	for (unsigned tries = 0; tries < 1u << 20; tries++) {
		uint32_t number = __atomic_add_fetch(&names.next_auto, 1, __ATOMIC_RELAXED);

		fmt_snprintf(text, sizeof(text), "%05x", (unsigned)(number & 0xfffff));
		n->address.family = AF_UNIX;
		n->address.raw[PATH_OFFSET] = '\0';
		memcpy(&n->address.raw[PATH_OFFSET + 1], text, 5);
		n->address.bytes = PATH_OFFSET + 6;
		if (!bind_abstract(n))
			return 0;
	}
	return -ENOSPC;
}

static int bind_path(struct unix_name *n)
{
	struct fs_context *ctx = fs_context_current();
	char *text = &n->address.raw[PATH_OFFSET];
	struct path cwd;
	int err;

	n->address.bytes =
		(unsigned)(PATH_OFFSET + strnlen(text, n->address.bytes - PATH_OFFSET) + 1);
	text[n->address.bytes - PATH_OFFSET - 1] = '\0';
	fs_context_get_cwd(ctx, &cwd);
	err = namei_mknod(&cwd, text, S_IFSOCK | (0777 & ~ctx->view->umask), 0);
	if (!err)
		err = namei_lookup(&cwd, text, 0, &n->path);
	path_put(&cwd);
	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	spin_lock(&names.lock);
	n->path.dentry->inode->priv = n;
	spin_unlock(&names.lock);
	return 0;
}

// Linux makes the place first, so one that is there already is what is wrong.
static __cold __stack_guarded int bound_already(const struct socket_name *name)
{
	char text[SOCKET_NAME_BYTES + 1] = { 0 };
	struct path cwd, there;
	int err;

	memcpy(text, &name->raw[PATH_OFFSET], name->bytes - PATH_OFFSET);
	if (!text[0])
		return -EINVAL;
	fs_context_get_cwd(fs_context_current(), &cwd);
	err = namei_lookup(&cwd, text, 0, &there);
	path_put(&cwd);
	if (err)
		return -EINVAL;
	path_put(&there);
	return -EADDRINUSE;
}

__stack_guarded int unix_name_bind(struct usock *u, const struct socket_name *name)
{
	struct unix_name *n;
	int err;

	if (u->name)
		return bound_already(name);
	n = kzalloc(sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->refs = 1;
	n->type = u->base.type;
	n->owner = u;
	list_init(&n->node);
	n->address = *name;
	if (name->bytes == PATH_OFFSET)
		err = bind_automatic(n);
	else if (name->raw[PATH_OFFSET])
		err = bind_path(n);
	else
		err = bind_abstract(n);
	if (err) {
		unix_name_put(n);
		return err;
	}
	// Who sends reads it without a lock: it stays as long as the socket.
	__atomic_store_n(&u->name, n, __ATOMIC_RELEASE);
	return 0;
}

void unix_name_disown(struct usock *u)
{
	struct unix_name *n = u->name;

	spin_lock(&names.lock);
	if (n && n->owner == u) {
		n->owner = NULL;
		list_remove(&n->node);
		if (n->path.dentry)
			n->path.dentry->inode->priv = NULL;
	}
	spin_unlock(&names.lock);
}

static int find_path(const char *text, struct path *out)
{
	struct path cwd;
	int err;

	fs_context_get_cwd(fs_context_current(), &cwd);
	err = namei_lookup(&cwd, text, LOOKUP_FOLLOW, out);
	path_put(&cwd);
	if (err)
		return err;
	err = inode_permission(out->dentry->inode, MAY_WRITE);
	if (!err && !S_ISSOCK(out->dentry->inode->mode))
		err = -ECONNREFUSED;
	if (err)
		path_put(out);
	return err;
}

__stack_guarded int unix_name_find(const struct socket_name *name, int type, struct usock **out)
{
	struct path path = { NULL, NULL };
	struct unix_name *n;
	struct usock *u;
	int err = unix_name_check(name);

	if (err)
		return err;
	if (name->raw[PATH_OFFSET]) {
		char text[SOCKET_NAME_BYTES + 1] = { 0 };

		memcpy(text, &name->raw[PATH_OFFSET], name->bytes - PATH_OFFSET);
		err = find_path(text, &path);
		if (err)
			return err;
	}
	spin_lock(&names.lock);
	n = path.dentry ? path.dentry->inode->priv : find_abstract_locked(name, type);
	u = n && n->owner ? usock_get(n->owner) : NULL;
	spin_unlock(&names.lock);
	if (path.dentry)
		path_put(&path);
	if (!u)
		return -ECONNREFUSED;
	if (u->base.type != type) {
		usock_put(u);
		return -EPROTOTYPE;
	}
	*out = u;
	return 0;
}
