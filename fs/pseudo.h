// The node registry under /proc, /sys and /dev: tables of generated files, directories, links and
// devices, made into inodes when they are looked up. Higher layers register theirs at init.
//
// A node's callbacks get a struct pseudo_ref: the node and two keys (a pid, a descriptor number)
// that a dynamic directory chose for its child and that everything below inherits. Keys, not
// pointers: a callback finds its object again each time and answers -ENOENT or -ESRCH if it is
// gone.
#pragma once

#include "lib/compiler.h"

struct file;
struct file_ops;
struct inode;
struct path;
struct pseudo_node;

// Growing text buffer that generated files are printed into.
struct seq {
	char *buf;
	size_t len, cap;
	bool oom;
};
void seq_printf(struct seq *s, const char *fmt, ...) __printf_like(2, 3);
void seq_free(struct seq *s);
void seq_write(struct seq *s, const void *bytes, size_t n);
// Prints a path with blanks, tabs, newlines and backslashes as octal escapes (mounts, maps).
void seq_escaped(struct seq *s, const char *text, const char *escape);

struct pseudo_ref {
	const struct pseudo_node *node;
	uint64_t key[2];
};

// Receives the children of a dynamic directory; false: stop. |pos| orders them (ascending, > 0,
// below 1 << 48): listing continues behind it.
struct pseudo_emit {
	bool (*emit)(struct pseudo_emit *e, const char *name, const struct pseudo_ref *child,
		     uint64_t pos);
	uint64_t from; // only children with a larger pos are wanted
};

// What a node is follows from its mode. All callbacks may sleep; 0 or -errno.
struct pseudo_node {
	const char *name;
	uint32_t mode; // S_IFMT | permissions; its type says which of these is there
	union {
		struct { // regular files
			// Prints the whole text (at each read from position 0).
			int (*show)(const struct pseudo_ref *r, struct seq *out);
			// One write(2), at most a page; bytes taken or -errno. NULL: -EACCES at
			// open for non-root by mode, -EINVAL here.
			int64_t (*store)(const struct pseudo_ref *r, char *text, size_t n);
			// With operations of its own (/proc/PID/mem): sets f->ops and f->priv.
			int (*open)(const struct pseudo_ref *r, struct file *f);
		};
		struct { // links
			// The text; its length (not terminated). May be NULL for magic links.
			int64_t (*readlink)(const struct pseudo_ref *r, char *buf, size_t bytes);
			// Magic links: the place itself (owned references).
			int (*get_link)(const struct pseudo_ref *r, struct path *out);
		};
		struct { // directories
			// Children fixed at build time (ended by a NULL name), and dynamic ones.
			const struct pseudo_node *children;
			// Fills |out| (keys are preset to the parent's). -ENOENT: no such child.
			int (*lookup)(const struct pseudo_ref *dir, const char *name,
				      size_t name_bytes, struct pseudo_ref *out);
			int (*iterate)(const struct pseudo_ref *dir, struct pseudo_emit *e);
		};
		struct {
			uint64_t rdev;    // devices: kdev_make()
			bool rdev_of_key; // the first key is added to it
		};
	};
	// Owner and mode of the inode where they depend on the keys. Optional.
	int (*attr)(const struct pseudo_ref *r, uint32_t *mode, uint32_t *uid, uint32_t *gid);
	// Is this still there? Called before a cached name is used. NULL: it is.
	bool (*alive)(const struct pseudo_ref *r);
};

// The file systems of nodes; each is mounted at /proc, /sys, /dev on first use.
enum pseudo_fs { PSEUDO_PROC, PSEUDO_SYS, PSEUDO_DEV, PSEUDO_FS_COUNT };

// A table of nodes (ended by a NULL name) to show in directory |dir| ("" for the root of the file
// system, "sys/vm"; directories on the way appear by themselves). A node named "" adds its lookup
// and iterate to |dir| itself. Tables stay for ever.
struct pseudo_table {
	const char *dir;
	const struct pseudo_node *nodes;
	struct pseudo_table *next;
};
void pseudo_init(void); // vfs_init: registers the three mounts
void pseudo_register(enum pseudo_fs fs, struct pseudo_table *t);
// The node behind an inode of one of these file systems, or NULL.
const struct pseudo_ref *pseudo_inode_ref(const struct inode *i);
// A parsed decimal name ("123"), for lookup callbacks: true if |name| is one without leading zeros.
bool pseudo_parse_number(const char *name, size_t name_bytes, uint64_t *out);
