// Watches of inodes: which of them an event concerns. One spinlock (inside dentry_lock) guards the
// lists of all inodes and, for their owners, what is told. Follows Linux's fsnotify (6.18).
#include "fs/notify.h"

#include <linux/inotify.h>
#include <linux/stat.h>

#include "fs/dentry.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/mount.h"

uint32_t notify_watches;

static struct {
	struct spinlock lock;
	uint32_t cookie;   // atomic
	struct watch *all; // by |next_all|
} notify = { .lock = SPINLOCK_INIT(RANK_NOTIFY, "notify") };

void notify_lock(void)
{
	spin_lock(&notify.lock);
}

void notify_unlock(void)
{
	spin_unlock(&notify.lock);
}

void notify_add_locked(struct watch *w, struct inode *i)
{
	w->inode = inode_get(i);
	w->next = i->watches;
	i->watches = w;
	w->next_all = notify.all;
	w->pprev_all = &notify.all;
	if (notify.all)
		notify.all->pprev_all = &w->next_all;
	notify.all = w;
	__atomic_add_fetch(&notify_watches, 1, __ATOMIC_RELAXED);
}

void notify_end_locked(struct watch *w, bool tell, struct watch **dead)
{
	struct watch **at = &w->inode->watches;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	*w->pprev_all = w->next_all;
	if (w->next_all)
		w->next_all->pprev_all = w->pprev_all;
	__atomic_sub_fetch(&notify_watches, 1, __ATOMIC_RELAXED);
	w->ended(w, tell);
	w->next = *dead;
	*dead = w;
}

void notify_free(struct watch *dead)
{
	while (dead) {
		struct watch *next = dead->next;
		struct inode *i = dead->inode;

		dead->free(dead);
		inode_put(i);
		dead = next;
	}
}

static void dispatch_locked(struct inode *i, const struct notify_event *e, struct watch **dead)
{
	struct watch *next;

	for (struct watch *w = i->watches; w; w = next) {
		next = w->next;
		if (w->mask & e->mask & IN_ALL_EVENTS && !w->tell(w, e))
			notify_end_locked(w, true, dead);
	}
}

static uint32_t dir_bit(const struct inode *i)
{
	return S_ISDIR(i->mode) ? IN_ISDIR : 0;
}

static void tell_both(struct dentry *d, struct inode *i, uint32_t mask, bool through_path)
{
	struct notify_event e = { .mask = mask | dir_bit(i) };
	struct watch *dead = NULL;

	spin_lock(&dentry_lock);
	e.unlinked = through_path && d->flags & DENTRY_UNLINKED;
	spin_lock(&notify.lock);
	if (d->parent != d && d->parent->inode->watches) {
		e.name = d->name;
		e.name_bytes = d->name_bytes;
		dispatch_locked(d->parent->inode, &e, &dead);
		e.name = NULL;
		e.name_bytes = 0;
	}
	dispatch_locked(i, &e, &dead);
	spin_unlock(&notify.lock);
	spin_unlock(&dentry_lock);
	notify_free(dead);
}

void notify_file_event(struct file *f, uint32_t mask)
{
	if (!(f->mode & FMODE_PATH))
		tell_both(f->path.dentry, f->inode, mask, true);
}

void notify_dentry_event(struct dentry *d, uint32_t mask)
{
	tell_both(d, d->inode, mask, false);
}

static void tell_one(struct inode *i, const struct notify_event *e)
{
	struct watch *dead = NULL;

	if (!READ_ONCE(i->watches))
		return;
	spin_lock(&notify.lock);
	dispatch_locked(i, e, &dead);
	spin_unlock(&notify.lock);
	notify_free(dead);
}

void notify_inode_event(struct inode *i, uint32_t mask)
{
	tell_one(i, &(struct notify_event){ .mask = mask | dir_bit(i) });
}

void notify_name_event(struct inode *dir, uint32_t mask, const struct inode *child,
		       const char *name, size_t name_bytes, uint32_t cookie)
{
	tell_one(dir, &(struct notify_event){ .mask = mask | dir_bit(child),
					      .cookie = cookie,
					      .name = name,
					      .name_bytes = name_bytes });
}

void notify_rename(struct inode *old_dir, const char *old_name, size_t old_bytes,
		   const struct dentry *moved)
{
	uint32_t cookie = __atomic_add_fetch(&notify.cookie, 1, __ATOMIC_RELAXED);

	notify_name_event(old_dir, IN_MOVED_FROM, moved->inode, old_name, old_bytes, cookie);
	notify_name_event(moved->parent->inode, IN_MOVED_TO, moved->inode, moved->name,
			  moved->name_bytes, cookie);
}

static void end_all_locked(struct inode *i, struct watch **dead)
{
	while (i->watches)
		notify_end_locked(i->watches, true, dead);
}

void notify_gone(struct inode *i)
{
	struct notify_event e = { .mask = IN_DELETE_SELF };
	struct watch *dead = NULL;

	spin_lock(&notify.lock);
	dispatch_locked(i, &e, &dead);
	end_all_locked(i, &dead);
	spin_unlock(&notify.lock);
	notify_free(dead);
}

void notify_unmounted(struct superblock *sb)
{
	struct watch *dead = NULL, *w;

	spin_lock(&notify.lock);
	for (w = notify.all; w;) {
		struct notify_event e = { .mask = IN_UNMOUNT | dir_bit(w->inode) };

		if (w->inode->sb != sb) {
			w = w->next_all;
			continue;
		}
		(void)w->tell(w, &e);
		notify_end_locked(w, true, &dead);
		w = notify.all;
	}
	spin_unlock(&notify.lock);
	notify_free(dead);
}
