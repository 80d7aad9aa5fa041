// Red-black trees with optional augmentation: insertion, removal, neighbours.
// Owns nothing; the caller holds whatever lock guards the tree. The colour lives in bit 0 of
// parent_color (0 red, 1 black). Must not allocate, and must not look at what the nodes are part
// of.

#include "lib/rbtree.h"

#define RB_BLACK 1ul

static inline struct rb_node *parent_of(const struct rb_node *n)
{
	return (struct rb_node *)(n->parent_color & ~RB_BLACK);
}

// A missing child counts as black.
static inline bool is_black(const struct rb_node *n)
{
	return !n || (n->parent_color & RB_BLACK);
}

static inline void set_parent(struct rb_node *n, struct rb_node *parent)
{
	n->parent_color = (uintptr_t)parent | (n->parent_color & RB_BLACK);
}

static inline void set_black(struct rb_node *n)
{
	n->parent_color |= RB_BLACK;
}

static inline void set_red(struct rb_node *n)
{
	n->parent_color &= ~RB_BLACK;
}

static inline void copy_color(struct rb_node *n, const struct rb_node *from)
{
	n->parent_color = (uintptr_t)parent_of(n) | (from->parent_color & RB_BLACK);
}

static inline struct rb_node **child_of(struct rb_node *n, bool right)
{
	return right ? &n->right : &n->left;
}

// Makes the link that leads to |old| (from |parent|, or the root) lead to |new|.
static void replace_child(struct rb_root *root, struct rb_node *parent, struct rb_node *old,
			  struct rb_node *new)
{
	if (!parent)
		root->node = new;
	else if (parent->left == old)
		parent->left = new;
	else
		parent->right = new;
}

// Moves |top| down to the |right| side; its child of the other side takes its place. The set of
// nodes below the place does not change, so nothing above needs a new augmented value.
static void rotate(struct rb_root *root, struct rb_node *top, bool right, rb_update_fn *update)
{
	struct rb_node *parent = parent_of(top);
	struct rb_node *up = *child_of(top, !right);
	struct rb_node *across = *child_of(up, right);

	*child_of(top, !right) = across;
	if (across)
		set_parent(across, top);
	*child_of(up, right) = top;
	replace_child(root, parent, top, up);
	set_parent(up, parent);
	set_parent(top, up);
	if (update) {
		update(top);
		update(up);
	}
}

void rb_propagate(struct rb_node *node, rb_update_fn *update)
{
	while (node && update(node))
		node = parent_of(node);
}

void rb_insert(struct rb_root *root, struct rb_node *node, struct rb_node *parent,
	       struct rb_node **link, rb_update_fn *update)
{
	node->parent_color = (uintptr_t)parent;
	node->left = node->right = NULL;
	*link = node;
	if (update) {
		update(node);
		rb_propagate(parent, update);
	}

	while ((parent = parent_of(node)) && !is_black(parent)) {
		struct rb_node *grand = parent_of(parent);
		bool right = parent == grand->right;
		struct rb_node *uncle = *child_of(grand, !right);

		if (!is_black(uncle)) {
			set_black(parent);
			set_black(uncle);
			set_red(grand);
			node = grand;
			continue;
		}
		if (node == *child_of(parent, !right)) {
			rotate(root, parent, right, update);
			parent = node;
		}
		set_black(parent);
		set_red(grand);
		rotate(root, grand, !right, update);
		break;
	}
	set_black(root->node);
}

// |node| (may be NULL) under |parent| heads a subtree that is one black node short.
static void erase_fixup(struct rb_root *root, struct rb_node *node, struct rb_node *parent,
			rb_update_fn *update)
{
	while (parent && is_black(node)) {
		bool right = node != parent->left;
		struct rb_node *sibling = *child_of(parent, !right);

		if (!is_black(sibling)) {
			set_black(sibling);
			set_red(parent);
			rotate(root, parent, right, update);
			sibling = *child_of(parent, !right);
		}
		if (is_black(sibling->left) && is_black(sibling->right)) {
			set_red(sibling);
			node = parent;
			parent = parent_of(node);
			continue;
		}
		if (is_black(*child_of(sibling, !right))) {
			set_black(*child_of(sibling, right));
			set_red(sibling);
			rotate(root, sibling, !right, update);
			sibling = *child_of(parent, !right);
		}
		copy_color(sibling, parent);
		set_black(parent);
		set_black(*child_of(sibling, !right));
		rotate(root, parent, right, update);
		return;
	}
	if (node)
		set_black(node);
}

// Puts the in-order successor of |node|, which has two children, in its place. Returns the node
// under which a child went missing; |*moved| is what took the successor's own place.
static struct rb_node *replace_by_successor(struct rb_root *root, struct rb_node *node,
					    struct rb_node **moved, bool *lost_black)
{
	struct rb_node *next = node->right;
	struct rb_node *hole;

	while (next->left)
		next = next->left;
	*moved = next->right;
	*lost_black = is_black(next);
	hole = parent_of(next);
	if (hole == node) {
		hole = next;
	} else {
		hole->left = next->right;
		if (next->right)
			set_parent(next->right, hole);
		next->right = node->right;
		set_parent(next->right, next);
	}
	next->left = node->left;
	set_parent(next->left, next);
	replace_child(root, parent_of(node), node, next);
	next->parent_color = node->parent_color;
	return hole;
}

void rb_erase(struct rb_root *root, struct rb_node *node, rb_update_fn *update)
{
	struct rb_node *hole, *moved, *raised = NULL;
	bool lost_black;

	if (node->left && node->right) {
		raised = rb_next(node);
		hole = replace_by_successor(root, node, &moved, &lost_black);
	} else {
		hole = parent_of(node);
		moved = node->left ? node->left : node->right;
		lost_black = is_black(node);
		replace_child(root, hole, node, moved);
		if (moved)
			set_parent(moved, hole);
	}
	if (update) {
		struct rb_node *n = hole;

		// Up to the node that took another one's place: its old value meant something else,
		// so that "unchanged" says nothing. From there on the usual early stop is right.
		for (; raised && n != raised; n = parent_of(n))
			update(n);
		if (raised) {
			update(raised);
			n = parent_of(raised);
		}
		rb_propagate(n, update);
	}
	if (lost_black)
		erase_fixup(root, moved, hole, update);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *n = root->node;

	while (n && n->left)
		n = n->left;
	return n;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *n = root->node;

	while (n && n->right)
		n = n->right;
	return n;
}

// The nearest node in order on one side of |node|.
static struct rb_node *neighbour(const struct rb_node *node, bool right)
{
	struct rb_node *n = *child_of((struct rb_node *)node, right);
	struct rb_node *parent;

	if (n) {
		while (*child_of(n, !right))
			n = *child_of(n, !right);
		return n;
	}
	while ((parent = parent_of(node)) && node == *child_of(parent, right))
		node = parent;
	return parent;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	return neighbour(node, true);
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	return neighbour(node, false);
}
