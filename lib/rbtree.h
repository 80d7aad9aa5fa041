// Intrusive red-black tree with optional augmentation (a value per node that summarises its
// subtree, e.g. the largest end or the largest gap). Callers provide the locking and the search.
#pragma once

#include "lib/compiler.h"

struct rb_node {
	uintptr_t parent_color;
	struct rb_node *left, *right;
};

struct rb_root {
	struct rb_node *node;
};

#define rb_entry(ptr, type, member) container_of(ptr, type, member)

// Recomputes the node's augmented value from itself and its children; returns true if it changed.
typedef bool rb_update_fn(struct rb_node *node);

// Links |node| as a leaf at |*link| under |parent| and rebalances. |update| may be NULL.
void rb_insert(struct rb_root *root, struct rb_node *node, struct rb_node *parent,
	       struct rb_node **link, rb_update_fn *update);
void rb_erase(struct rb_root *root, struct rb_node *node, rb_update_fn *update);
// Recomputes augmented values from |node| up to the root, after the node's own data changed.
void rb_propagate(struct rb_node *node, rb_update_fn *update);
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);
