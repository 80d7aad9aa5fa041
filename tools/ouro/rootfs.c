// See rootfs.h. Files of archives are spooled, page aligned, into one memory file.
#include "tools/ouro/rootfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/ouro/diag.h"
#include "tools/ouro/elfinfo.h"
#include "tools/ouro/oci.h"

#define WHITEOUT        ".wh."
#define MAX_JSON_BYTES  (16ull << 20)
#define OPAQUE_WHITEOUT ".wh..wh..opq"

// Where the bytes of archived files are kept until the image is written.
static struct {
	int fd;
	uint64_t end;
} spool = { .fd = -1 };

static int spool_open(void)
{
	if (spool.fd < 0)
		spool.fd = memfd_create("ouro-rootfs", MFD_CLOEXEC);
	if (spool.fd < 0)
		return fail(STATUS_OURO, "cannot make a memory file: %s", strerror(errno));
	return 0;
}

static int fail_archive(struct archive *a, const char *path)
{
	const char *text = archive_error_string(a);

	return fail(STATUS_OURO, "cannot read the archive %s: %s", path,
		    text ? text : "unknown format");
}

static int spool_data(struct archive *a, const char *path, struct file_data *d)
{
	const void *block;
	size_t bytes;
	la_int64_t offset;
	int r;

	d->fd = spool.fd;
	d->fd_offset = ALIGN_UP(spool.end, 4096ull);
	while ((r = archive_read_data_block(a, &block, &bytes, &offset)) == ARCHIVE_OK)
		if (pwrite(spool.fd, block, bytes, (off_t)(d->fd_offset + (uint64_t)offset)) !=
		    (ssize_t)bytes)
			return fail(STATUS_OURO, "cannot keep the files of %s: %s", path,
				    strerror(errno));
	spool.end = d->fd_offset + d->size_bytes;
	if (ftruncate(spool.fd, (off_t)spool.end) < 0)
		return fail(STATUS_OURO, "cannot keep the files of %s: %s", path, strerror(errno));
	return r == ARCHIVE_EOF ? 0 : fail_archive(a, path);
}

// Splits "a/b/name"; the folder is made where it is missing. Later layers and members win.
static struct node *parent_of(struct tree *t, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup("");
	struct node *n = tree_mkdirs(t, dir);

	*name = slash ? slash + 1 : path;
	free(dir);
	return n;
}

static int put_hard_link(struct tree *t, struct node *dir, const char *name, const char *target,
			 const char *archive)
{
	struct node *to = tree_lookup(t, target, false), *n;
	struct file_data *d = to ? to->data : NULL;

	if (!d)
		return fail(STATUS_OURO, "%s: the hard link %s names %s, which is not there",
			    archive, name, target);
	n = tree_make(t, dir, name, to->mode);
	if (!n)
		return fail(STATUS_OURO, "%s: the name %s is too long", archive, name);
	n->uid = to->uid;
	n->gid = to->gid;
	n->mtime_s = to->mtime_s;
	tree_set_data(n, d);
	return 0;
}

static bool apply_whiteout(struct tree *t, struct node *dir, const char *name)
{
	if (strncmp(name, WHITEOUT, strlen(WHITEOUT)))
		return false;
	if (strcmp(name, OPAQUE_WHITEOUT) == 0)
		tree_clear(t, dir);
	else
		tree_remove(t, dir, name + strlen(WHITEOUT));
	return true;
}

static int put_entry(struct tree *t, struct archive *a, struct archive_entry *e,
		     const char *archive)
{
	const char *path = archive_entry_pathname(e), *link = archive_entry_hardlink(e), *name;
	uint32_t mode = archive_entry_mode(e);
	char *clean = xstrdup(path ? path : ""), *end = clean + strlen(clean);
	struct node *dir, *n = t->root;
	int status = 0;

	while (end > clean && end[-1] == '/')
		*--end = 0;
	dir = parent_of(t, clean, &name);
	if (!dir)
		status = fail(STATUS_OURO, "%s: a folder of %s is not one", archive, clean);
	else if (apply_whiteout(t, dir, name))
		goto out;
	else if (link)
		status = put_hard_link(t, dir, name, link, archive);
	if (status || link)
		goto out;
	if (*name && strcmp(name, ".")) {
		n = S_ISDIR(mode) ? tree_child(t, dir, name) : NULL;
		if (!n || !S_ISDIR(n->mode))
			n = tree_make(t, dir, name, mode);
	}
	if (!n) {
		status = fail(STATUS_OURO, "%s: the name %s is too long", archive, name);
		goto out;
	}
	n->mode = mode;
	n->uid = (uint32_t)archive_entry_uid(e);
	n->gid = (uint32_t)archive_entry_gid(e);
	n->mtime_s = tree_clamp_time(t, archive_entry_mtime(e));
	n->rdev = (uint32_t)archive_entry_rdevmajor(e) << 20 | (uint32_t)archive_entry_rdevminor(e);
	if (S_ISLNK(mode))
		n->target = xstrdup(archive_entry_symlink(e) ? archive_entry_symlink(e) : "");
	if (S_ISREG(mode)) {
		struct file_data *d = tree_new_data(t, (uint64_t)archive_entry_size(e));

		tree_set_data(n, d);
		status = spool_data(a, archive, d);
	}
out:
	free(clean);
	return status;
}

static int load_entries(struct tree *t, struct archive *a, const char *path)
{
	struct archive_entry *e;
	int r, status = 0;

	while (status == 0 && (r = archive_read_next_header(a, &e)) != ARCHIVE_EOF) {
		if (r < ARCHIVE_WARN)
			status = fail_archive(a, path);
		else
			status = put_entry(t, a, e, path);
	}
	return status;
}

static struct archive *new_reader(void)
{
	struct archive *a = archive_read_new();

	archive_read_support_filter_all(a);
	archive_read_support_format_all(a);
	return a;
}

// An archive that is a spooled file: a layer.
static int load_spooled(struct tree *t, const struct file_data *d, const char *name)
{
	struct archive *a = new_reader();
	void *p = mmap(NULL, MAX(d->size_bytes, 1ull), PROT_READ, MAP_SHARED, d->fd,
		       (off_t)d->fd_offset);
	int status;

	if (p == MAP_FAILED)
		status = fail(STATUS_OURO, "cannot read a layer of %s: %s", name, strerror(errno));
	else if (archive_read_open_memory(a, p, d->size_bytes) != ARCHIVE_OK)
		status = fail_archive(a, name);
	else
		status = load_entries(t, a, name);
	archive_read_free(a);
	if (p != MAP_FAILED)
		munmap(p, MAX(d->size_bytes, 1ull));
	return status;
}

// The text of a spooled file; to be freed. NULL: there is no such file.
static char *read_spooled(const struct tree *t, const char *path, size_t *bytes)
{
	const struct node *n = tree_lookup(t, path, true);
	char *text;

	if (!n || !n->data || n->data->size_bytes > MAX_JSON_BYTES)
		return NULL;
	*bytes = n->data->size_bytes;
	text = xcalloc(1, *bytes + 1);
	if (pread(n->data->fd, text, *bytes, (off_t)n->data->fd_offset) != (ssize_t)*bytes)
		*bytes = 0;
	return text;
}

static char *blob_path(const char *hex)
{
	return xprintf("/blobs/sha256/%s", hex);
}

// The manifest of the first image of the layout (an index may name another index).
static char *read_manifest(const struct tree *layout, size_t *bytes)
{
	char *text = read_spooled(layout, "/index.json", bytes), hex[OCI_DIGEST_HEX + 1];

	for (unsigned depth = 0; text && depth < 3; depth++) {
		char *path;

		if (oci_digest(text, *bytes, "layers", 0, hex))
			return text;
		if (!oci_digest(text, *bytes, "manifests", 0, hex))
			break;
		free(text);
		path = blob_path(hex);
		text = read_spooled(layout, path, bytes);
		free(path);
	}
	free(text);
	return NULL;
}

static int load_layers(struct tree *t, const struct tree *layout, const char *name)
{
	char hex[OCI_DIGEST_HEX + 1], *manifest;
	size_t bytes;
	int status = 0;

	manifest = read_manifest(layout, &bytes);
	if (!manifest)
		return fail(STATUS_OURO,
			    "%s is an OCI archive without an image that ouro understands", name);
	for (unsigned i = 0; status == 0 && oci_digest(manifest, bytes, "layers", i, hex); i++) {
		char *path = blob_path(hex);
		const struct node *n = tree_lookup(layout, path, true);

		if (n && n->data)
			status = load_spooled(t, n->data, name);
		else
			status = fail(STATUS_OURO, "%s: the layer %s is not in it", name, path);
		free(path);
	}
	free(manifest);
	return status;
}

static int load_archive(struct tree *t, const char *path)
{
	struct archive *a = new_reader();
	struct tree *layout = NULL;
	int status = spool_open();

	if (status == 0 && archive_read_open_filename(a, path, 1 << 16) != ARCHIVE_OK)
		status = fail_archive(a, path);
	if (status == 0)
		status = load_entries(t, a, path);
	archive_read_free(a);
	if (status || !tree_lookup(t, "/oci-layout", true) || !tree_lookup(t, "/index.json", true))
		return status;
	// It was a layout of layers: start anew with an empty tree.
	layout = tree_new();
	tree_swap(t, layout);
	status = load_layers(t, layout, path);
	tree_free(layout);
	return status;
}

int rootfs_load(struct tree *t, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fail(STATUS_OURO, "cannot read the root file system %s: %s", path,
			    strerror(errno));
	if (S_ISDIR(st.st_mode))
		return tree_add(t, path, "/");
	return load_archive(t, path);
}

static bool runnable(const struct node *n)
{
	return n && S_ISREG(n->mode) && (n->mode & 0111);
}

char *rootfs_find_program(const struct tree *t, const char *word, const char *path)
{
	char *copy, *rest, *dir, *found = NULL;

	if (strchr(word, '/')) {
		found = *word == '/' ? xstrdup(word) : xprintf("/%s", word);
		if (runnable(tree_lookup(t, found, true)))
			return found;
		free(found);
		return NULL;
	}
	copy = rest = xstrdup(path ? path : "");
	while (!found && (dir = strsep(&rest, ":"))) {
		found = xprintf("%s/%s", dir, word);
		if (*dir == '/' && runnable(tree_lookup(t, found, true)))
			break;
		free(found);
		found = NULL;
	}
	free(copy);
	return found;
}

static void read_elf(const struct node *n, struct elf_info *e)
{
	if (n->data->host_path)
		elf_info_read_path(e, n->data->host_path);
	else
		elf_info_read(e, n->data->fd, n->data->fd_offset, n->data->size_bytes);
}

int rootfs_check_program(const struct tree *t, const char *path)
{
	struct elf_info e;
	const char *interp;
	int status = 0;

	read_elf(tree_lookup(t, path, true), &e);
	interp = e.verdict == ELF_NO_ELF ? e.script_interp : e.interp;
	if (e.verdict != ELF_OK && !e.script_interp)
		status = fail(STATUS_NOT_EXECUTABLE, "cannot run %s of the root file system: %s",
			      path, elf_verdict_text(&e));
	else if (interp && !tree_lookup(t, interp, true))
		status =
			fail(STATUS_OURO, "%s of the root file system needs %s, which is not in it",
			     path, interp);
	elf_info_free(&e);
	return status;
}
