// Generated text files: the text is made when a reader starts at its beginning and kept for the
// following reads, so that one pass sees one state (as Linux's seq_file with a single show). The
// inode lock guards the kept text; no lock is held while it is made.
#include <linux/errno.h>
#include <linux/fs.h>

#include "fs/file.h"
#include "fs/pseudo_inode.h"
#include "kernel/base/types.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uio.h"

struct text { // of an open description
	struct seq seq;
	bool made;
};

static int make_text(struct file *f)
{
	const struct pseudo_ref *r = &pseudo_of(f->inode)->ref;
	struct text *t = f->priv;
	struct seq made = { 0 }, old;
	int err = r->node->show ? r->node->show(r, &made) : -EINVAL;

	if (!err && made.oom)
		err = -ENOMEM;
	if (err) {
		seq_free(&made);
		return err;
	}
	mutex_lock(&f->inode->lock);
	old = t->seq;
	t->seq = made;
	t->made = true;
	mutex_unlock(&f->inode->lock);
	seq_free(&old);
	return 0;
}

static int64_t text_read(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	struct text *t = f->priv;
	size_t n = 0, want = 0;
	int err = *pos && t->made ? 0 : make_text(f);

	if (err)
		return err;
	mutex_lock(&f->inode->lock);
	if (*pos < t->seq.len) {
		want = MIN(t->seq.len - *pos, u->resid);
		n = uio_copy_out(u, t->seq.buf + *pos, want);
	}
	mutex_unlock(&f->inode->lock);
	*pos += n;
	return n || !want ? (int64_t)n : -EFAULT;
}

static int64_t text_write(struct file *f, struct uio *u, uint64_t *pos, unsigned rwf)
{
	const struct pseudo_ref *r = &pseudo_of(f->inode)->ref;
	size_t n = MIN(u->resid, PAGE_SIZE - 1);
	int64_t done;
	char *buf;

	if (!r->node->store)
		return -EINVAL;
	buf = kmalloc(PAGE_SIZE);
	if (!buf)
		return -ENOMEM;
	done = -EFAULT;
	if (uio_copy_in(u, buf, n) == n) {
		buf[n] = '\0';
		done = r->node->store(r, buf, n);
	}
	kfree(buf);
	if (done > 0)
		*pos += (uint64_t)done;
	return done;
}

static int64_t text_seek(struct file *f, int64_t offset, int whence)
{
	if (whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
	return file_seek_within(f, offset, whence, 0);
}

static void text_release(struct file *f)
{
	struct text *t = f->priv;

	seq_free(&t->seq);
	kfree(t);
}

static const struct file_ops text_ops = {
	.read = text_read,
	.write = text_write,
	.seek = text_seek,
	.release = text_release,
};

static int text_open(struct inode *i, struct file *f)
{
	const struct pseudo_ref *r = &pseudo_of(i)->ref;

	if (r->node->open)
		return r->node->open(r, f);
	f->priv = kzalloc(sizeof(struct text));
	if (!f->priv)
		return -ENOMEM;
	f->ops = &text_ops;
	return 0;
}

static int ignore_truncate(struct inode *i, uint64_t size_bytes)
{
	return 0; // O_TRUNC on a sysctl, as "echo 1 > file" does
}

static void file_inode_release(struct inode *i)
{
	kfree(pseudo_of(i)->dir);
	kfree(pseudo_of(i));
}

const struct inode_ops pseudo_file_inode_ops = {
	.open = text_open,
	.truncate = ignore_truncate,
	.release = file_inode_release,
};
