// Inside fs only: what pipe.c and splice.c know of a pipe.
#pragma once

#include "fs/file.h"
#include "fs/inode.h"
#include "kernel/sched/waitq.h"
#include "mm/phys/physmap.h"
#include "mm/phys/pmm.h"

struct slot {
	struct page *page;
	uint32_t offset, bytes;
	bool packet; // O_DIRECT: one read takes it whole
	bool shared; // somebody else has the page too: not to be written
};

struct pipe {
	struct mutex lock;
	struct waitq readable, writable;
	// guarded by lock
	unsigned readers, writers;           // open ends
	unsigned reader_opens, writer_opens; // ever; a fifo's opener waits for a change
	unsigned opens;                      // descriptions; the last frees the pipe
	unsigned head, tail, slots;          // head - tail used; |slots| a power of two
	struct slot *ring;
	struct page *spare; // the page freed last
	bool busy;          // the first slot is being written to a file: nobody else may read
};

static inline struct pipe *pipe_of(const struct file *f)
{
	return f->inode->priv;
}

static inline struct slot *slot_at(const struct pipe *p, unsigned n)
{
	return &p->ring[n & (p->slots - 1)];
}

static inline bool is_empty(const struct pipe *p)
{
	return READ_ONCE(p->head) == READ_ONCE(p->tail) || READ_ONCE(p->busy);
}

static inline bool is_full(const struct pipe *p)
{
	return READ_ONCE(p->head) - READ_ONCE(p->tail) >= READ_ONCE(p->slots);
}

static inline char *slot_data(const struct slot *s)
{
	return (char *)phys_to_virt(page_to_pa(s->page)) + s->offset;
}

static inline void drop_first(struct pipe *p)
{
	struct slot *s = slot_at(p, p->tail);

	if (p->spare || s->shared)
		page_put(s->page, 0);
	else
		p->spare = s->page;
	s->page = NULL;
	WRITE_ONCE(p->tail, p->tail + 1);
}

extern const struct file_ops pipe_ops;
