// The guest's file tree while it is put together: directories, files (with where their bytes come
// from), symbolic links, devices. Everything that goes into an image goes through here.
//
// Owners: files of the host belong to user 0 in the guest unless an archive says otherwise. Modes
// are kept. Times are the files' own, at most SOURCE_DATE_EPOCH if that is set; directories that
// ouro makes itself carry time 0 (or SOURCE_DATE_EPOCH).
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tools/ouro/map.h"

// The bytes of a file, shared by its hard links.
struct file_data {
	char *host_path; // read from here, or
	int fd;          // from this descriptor at |fd_offset|, or
	uint64_t fd_offset;
	const void *bytes; // from memory (owned)
	uint64_t size_bytes;
	uint32_t links;         // names in the tree
	struct file_data *next; // of all of the tree, which owns them

	// filled while the image is laid out
	uint32_t inode, links_left;
	uint64_t data_offset;
};

struct node {
	char *name; // "" for the root
	struct node *parent;
	uint32_t mode, uid, gid, mtime_s, rdev;
	char *target;           // symbolic links
	struct file_data *data; // regular files
	struct node **children; // directories; sorted by tree_sort
	size_t n_children, cap_children;
};

struct tree {
	struct node *root;
	size_t n_nodes;
	struct file_data *data;
	struct map names;      // (parent, name) -> node
	struct map hard_links; // (st_dev, st_ino) -> file_data
	uint32_t epoch_s;      // SOURCE_DATE_EPOCH, UINT32_MAX if unset
	uint32_t made_mtime_s; // of what ouro makes itself
};

struct tree *tree_new(void);
void tree_free(struct tree *t);
void tree_swap(struct tree *a, struct tree *b); // exchanges all that they hold

struct node *tree_child(const struct tree *t, const struct node *dir, const char *name);
// Finds a guest path, following symbolic links (the last one too if |follow|). NULL: none.
struct node *tree_lookup(const struct tree *t, const char *path, bool follow);
// The directory |path|, made with mode 0755 where missing. NULL if something else is in the way.
struct node *tree_mkdirs(struct tree *t, const char *path);
// A child of |dir|: the present one if it is of the same type (its content is replaced by what the
// caller sets), else a new one in its place.
struct node *tree_make(struct tree *t, struct node *dir, const char *name, uint32_t mode);
// A file from memory; takes over |bytes|.
int tree_add_bytes(struct tree *t, const char *path, uint32_t mode, void *bytes, size_t n);
// New file data that the tree owns: no bytes yet, fd -1.
struct file_data *tree_new_data(struct tree *t, uint64_t size_bytes);
void tree_set_data(struct node *n, struct file_data *d);

// Takes a child, or all children, out of a directory.
void tree_remove(struct tree *t, struct node *dir, const char *name);
void tree_clear(struct tree *t, struct node *dir);

// Adds the host's |path| (absolute) under the same path: directories on the way as they are,
// symbolic links kept and followed. A directory comes without what is in it.
int tree_add_host(struct tree *t, const char *path);
// ouro's --add: |host| as |guest| (NULL: the same path), directories with everything in them.
int tree_add(struct tree *t, const char *host, const char *guest);

// Sorts all directories by name (memcmp order, shorter first).
void tree_sort(struct tree *t);
// The guest path of a node, to be freed.
char *tree_path(const struct node *n);
uint32_t tree_clamp_time(const struct tree *t, int64_t mtime_s);
