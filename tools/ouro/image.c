// The image writer; see image.h and lib/image.h. Two passes over the same breadth-first list of
// nodes: one that lays out every member, one that writes them in a stream through one buffer.
//
// Where the data of a file would not start on a page, the name field of its header is padded with
// NULs; a name too long for that (the field may have 4,096 bytes) is preceded by a second member
// for the root directory whose own name is padded. Of the hard links of a file the last one carries
// the data, as GNU cpio wants it.
#include "tools/ouro/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/image.h"
#include "tools/ouro/diag.h"
#include "tools/ouro/out.h"

#define PAGE_BYTES     4096u
#define HEADER_BYTES   110u
#define NAME_FIELD_MAX 4096u
#define NEWC_FILE_MAX  0xffffffffull
#define TRAILER_NAME   "TRAILER!!!"
#define FIRST_INODE    1u // of the root; the index and configuration come after all others

// One member of the archive.
struct member {
	const struct node *node;
	char *path;            // as in the archive; of directories it is the prefix of its children
	uint32_t filler_bytes; // length of the padding member before it, 0: none
	uint32_t name_field_bytes;
	uint64_t data_offset, data_bytes;
	uint32_t inode, nlink;
	uint32_t parent, first_child;
};

struct writer {
	struct tree *tree;
	struct member *members; // breadth first; members[0] is the root
	size_t n_members;
	struct member index, config;
	char *config_bytes, *index_bytes;
	uint64_t names_bytes, end;
	struct out out;
};

static uint64_t align4(uint64_t x)
{
	return ALIGN_UP(x, 4ull);
}

// Places |m| at |offset|; returns where the next member starts.
static uint64_t place(struct member *m, uint64_t offset, bool page_aligned)
{
	uint32_t name_bytes = (uint32_t)strlen(m->path) + 1;
	uint64_t data = align4(offset + HEADER_BYTES + name_bytes);

	m->filler_bytes = 0;
	if (page_aligned && m->data_bytes > 0) {
		uint64_t pad = ALIGN_UP(data, (uint64_t)PAGE_BYTES) - data;

		// Only the padding is rounded to 4: the data stays where it is planned.
		if (align4(HEADER_BYTES + name_bytes) - HEADER_BYTES + pad > NAME_FIELD_MAX) {
			if (pad < align4(HEADER_BYTES + 2))
				pad += PAGE_BYTES;
			m->filler_bytes = (uint32_t)pad;
			offset += pad;
			pad = 0;
		}
		data = align4(offset + HEADER_BYTES + name_bytes) + pad;
		if (pad)
			name_bytes = (uint32_t)(data - offset - HEADER_BYTES);
	}
	m->name_field_bytes = name_bytes;
	m->data_offset = data;
	return align4(data + m->data_bytes);
}

static char *child_path(const struct member *dir, const struct node *n)
{
	return strcmp(dir->path, ".") ? xprintf("%s/%s", dir->path, n->name) : xstrdup(n->name);
}

// The breadth-first list: children are appended behind all that is known so far.
static void list_members(struct writer *w)
{
	size_t n = 1;

	w->members = xcalloc(w->tree->n_nodes, sizeof(*w->members));
	w->members[0] = (struct member){ .node = w->tree->root, .path = xstrdup(".") };
	for (size_t i = 0; i < n; i++) {
		struct member *m = &w->members[i];

		m->first_child = (uint32_t)n;
		for (size_t c = 0; c < m->node->n_children; c++, n++) {
			const struct node *child = m->node->children[c];

			w->members[n] = (struct member){ .node = child,
							 .path = child_path(m, child),
							 .parent = (uint32_t)i };
			w->names_bytes += strlen(child->name);
		}
	}
	w->n_members = n;
}

static uint32_t count_subdirs(const struct node *dir)
{
	uint32_t n = 0;

	for (size_t i = 0; i < dir->n_children; i++)
		n += S_ISDIR(dir->children[i]->mode);
	return n;
}

static void number_members(struct writer *w)
{
	uint32_t inode = FIRST_INODE;

	for (struct file_data *d = w->tree->data; d; d = d->next) {
		d->inode = 0;
		d->links_left = d->links;
	}
	for (size_t i = 0; i < w->n_members; i++) {
		struct member *m = &w->members[i];
		struct file_data *d = m->node->data;

		m->nlink = S_ISDIR(m->node->mode) ? 2 + count_subdirs(m->node) : 1;
		m->inode = d && d->inode ? d->inode : inode++;
		if (!d)
			continue;
		d->inode = m->inode;
		m->nlink = d->links;
	}
	w->index.inode = inode++;
	w->config.inode = inode;
}

static int check_sizes(const struct writer *w)
{
	if (w->n_members > UINT32_MAX / 2 || w->names_bytes > UINT32_MAX)
		return fail(STATUS_OURO, "the image would have too many files (%zu)", w->n_members);
	for (size_t i = 0; i < w->n_members; i++) {
		const struct file_data *d = w->members[i].node->data;

		if (d && d->size_bytes > NEWC_FILE_MAX) {
			fail(STATUS_OURO, "%s has %llu bytes; an image holds files up to 4 GiB - 1",
			     w->members[i].path, (unsigned long long)d->size_bytes);
			hint("leave it out, or give it to the program as a disk");
			return STATUS_OURO;
		}
	}
	return 0;
}

static void lay_out(struct writer *w, size_t config_bytes)
{
	uint64_t offset = 0;

	w->index = (struct member){ .path = IMAGE_INDEX_NAME, .nlink = 1 };
	w->index.data_bytes = sizeof(struct image_index_header) +
			      w->n_members * sizeof(struct image_entry) + w->names_bytes;
	w->config = (struct member){ .path = IMAGE_CONFIG_NAME, .nlink = 1 };
	w->config.data_bytes = config_bytes;
	number_members(w);
	offset = place(&w->index, offset, true);
	offset = place(&w->config, offset, false);
	for (size_t i = 0; i < w->n_members; i++) {
		struct member *m = &w->members[i];
		struct file_data *d = m->node->data;

		if (d && --d->links_left == 0)
			m->data_bytes = d->size_bytes;
		if (m->node->target)
			m->data_bytes = strlen(m->node->target);
		offset = place(m, offset, d != NULL);
		if (d && d->links_left == 0)
			d->data_offset = m->data_offset;
	}
	offset += align4(HEADER_BYTES + sizeof(TRAILER_NAME));
	w->end = ALIGN_UP(offset, (uint64_t)PAGE_BYTES);
}

static char *append_name(char *at, const char *name, size_t bytes)
{
	memcpy(at, name, bytes);
	return at + bytes;
}

static void fill_entry(struct image_entry *e, const struct member *m)
{
	const struct node *n = m->node;
	const struct file_data *d = n->data;

	e->mode = n->mode;
	e->uid = n->uid;
	e->gid = n->gid;
	e->mtime_s = n->mtime_s;
	e->rdev = n->rdev;
	e->inode = m->inode;
	e->parent = m->parent;
	e->size_bytes = d ? d->size_bytes : m->data_bytes;
	e->data_offset = d ? d->data_offset : m->data_offset;
	if (d)
		e->nlink_extra = (uint16_t)(d->links - 1);
	if (!S_ISDIR(n->mode))
		return;
	e->data_offset = 0;
	e->first_child = m->first_child;
	e->children = (uint32_t)n->n_children;
}

static void build_index(struct writer *w)
{
	struct image_index_header *h;
	struct image_entry *entries;
	char *names, *at;

	w->index_bytes = xcalloc(1, w->index.data_bytes);
	h = (struct image_index_header *)w->index_bytes;
	entries = (struct image_entry *)(h + 1);
	names = at = (char *)(entries + w->n_members);
	*h = (struct image_index_header){ .magic = IMAGE_INDEX_MAGIC,
					  .version = IMAGE_INDEX_VERSION,
					  .entries = (uint32_t)w->n_members,
					  .names_bytes = w->names_bytes };
	for (size_t i = 0; i < w->n_members; i++) {
		const char *name = w->members[i].node->name;

		entries[i].name_offset = (uint32_t)(at - names);
		entries[i].name_bytes = (uint16_t)strlen(name);
		at = append_name(at, name, strlen(name));
		fill_entry(&entries[i], &w->members[i]);
	}
}

static void put_header(struct writer *w, uint32_t inode, uint32_t mode, uint32_t nlink,
		       const struct node *n, uint64_t data_bytes, uint32_t name_bytes)
{
	char h[HEADER_BYTES + 1];

	snprintf(h, sizeof(h), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", inode,
		 mode, n ? n->uid : 0, n ? n->gid : 0, nlink,
		 n ? n->mtime_s : w->tree->made_mtime_s, (unsigned)data_bytes, 0u, 0u,
		 n ? n->rdev >> 20 : 0, n ? n->rdev & 0xfffff : 0, name_bytes, 0u);
	out_bytes(&w->out, h, HEADER_BYTES);
}

static void put_padded_name(struct writer *w, const char *name, uint64_t end)
{
	out_bytes(&w->out, name, strlen(name));
	out_zeros_to(&w->out, end);
}

static void put_member_head(struct writer *w, const struct member *m, uint32_t mode)
{
	if (m->filler_bytes) {
		uint64_t end = w->out.offset + m->filler_bytes;
		const struct member *root = &w->members[0];

		put_header(w, root->inode, root->node->mode, root->nlink, root->node, 0,
			   m->filler_bytes - HEADER_BYTES);
		put_padded_name(w, ".", end);
	}
	put_header(w, m->inode, mode, m->nlink, m->node, m->data_bytes, m->name_field_bytes);
	put_padded_name(w, m->path, m->data_offset);
}

static int put_file(struct writer *w, const struct file_data *d)
{
	int fd = d->fd, status;

	if (d->bytes) {
		out_bytes(&w->out, d->bytes, d->size_bytes);
		return 0;
	}
	if (d->host_path)
		fd = open(d->host_path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(STATUS_OURO, "cannot read %s: %s", d->host_path, strerror(errno));
	status = out_copy(&w->out, fd, d->host_path ? 0 : d->fd_offset, d->size_bytes);
	if (d->host_path)
		close(fd);
	if (status < 0)
		return fail(STATUS_OURO, "cannot read %s: %s",
			    d->host_path ? d->host_path : "the archive",
			    status == -ENODATA ? "it became shorter meanwhile" : strerror(-status));
	return 0;
}

static int put_member(struct writer *w, const struct member *m)
{
	int status = 0;

	put_member_head(w, m, m->node->mode);
	if (m->node->target)
		out_bytes(&w->out, m->node->target, m->data_bytes);
	else if (m->data_bytes)
		status = put_file(w, m->node->data);
	out_zeros_to(&w->out, align4(w->out.offset));
	return status;
}

static void put_own_member(struct writer *w, const struct member *m, const char *bytes)
{
	put_member_head(w, m, S_IFREG | 0444);
	out_bytes(&w->out, bytes, m->data_bytes);
	out_zeros_to(&w->out, align4(w->out.offset));
}

static int write_all(struct writer *w)
{
	int status = 0;

	put_own_member(w, &w->index, w->index_bytes);
	put_own_member(w, &w->config, w->config_bytes);
	for (size_t i = 0; i < w->n_members && status == 0; i++)
		status = put_member(w, &w->members[i]);
	if (status)
		return status;
	put_header(w, 0, 0, 1, NULL, 0, sizeof(TRAILER_NAME));
	out_bytes(&w->out, TRAILER_NAME, sizeof(TRAILER_NAME));
	out_zeros_to(&w->out, w->end);
	return 0;
}

// The configuration member's bytes: NUL-terminated "key=value".
struct text {
	char *bytes;
	size_t n;
};

static void text_add(struct text *t, const char *key, const char *value)
{
	size_t bytes = strlen(key) + 1 + strlen(value) + 1;

	t->bytes = xrealloc(t->bytes, t->n + bytes);
	snprintf(t->bytes + t->n, bytes, "%s=%s", key, value);
	t->n += bytes;
}

static void text_add_all(struct text *t, const char *key, const struct strvec *values)
{
	for (size_t i = 0; i < values->n; i++)
		text_add(t, key, values->v[i]);
}

static struct text config_text(const struct image_config *c)
{
	struct text t = { 0 };

	text_add(&t, "ouro-config", "1");
	text_add(&t, "exe", c->exe);
	text_add_all(&t, "arg", &c->argv);
	text_add_all(&t, "env", &c->env);
	text_add(&t, "cwd", c->cwd ? c->cwd : "/");
	text_add(&t, "user", "0:0");
	text_add(&t, "tty", c->tty ? "1" : "0");
	text_add_all(&t, "opt", &c->opts);
	return t;
}

static void writer_free(struct writer *w)
{
	for (size_t i = 0; i < w->n_members; i++)
		free(w->members[i].path);
	free(w->members);
	free(w->config_bytes);
	free(w->index_bytes);
	out_free(&w->out);
}

int image_write(struct tree *t, const struct image_config *c, int fd, const char *out_name,
		uint64_t *size_bytes)
{
	struct writer w = { .tree = t };
	struct text config = config_text(c);
	int status;

	w.config_bytes = config.bytes;
	tree_sort(t);
	list_members(&w);
	status = check_sizes(&w);
	if (status == 0) {
		lay_out(&w, config.n);
		build_index(&w);
		out_init(&w.out, fd);
		status = write_all(&w);
	}
	if (status == 0 && out_flush(&w.out) < 0)
		status = fail(STATUS_OURO, "cannot write %s: %s", out_name, strerror(-w.out.error));
	*size_bytes = w.end;
	writer_free(&w);
	return status;
}
