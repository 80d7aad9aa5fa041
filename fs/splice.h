// Moving bytes between pipes, files and memory by page reference. Results as of the calls.
#pragma once

#include "kernel/base/types.h"

struct file;
struct uio;

// SPLICE_F_* of Linux include/linux/splice.h, which no UAPI header has.
#define SPLICE_F_MOVE     1u
#define SPLICE_F_NONBLOCK 2u
#define SPLICE_F_MORE     4u
#define SPLICE_F_GIFT     8u
#define SPLICE_F_ALL      15u

bool file_is_pipe(const struct file *f);
// What splice and vmsplice do to a pipe before anything else: it takes no RWF_NOWAIT any more.
void splice_clear_nowait(struct file *f);
// splice(2): |in_pos| and |out_pos| are NULL for the files' own positions.
int64_t __must_check splice_files(struct file *in, uint64_t *in_pos, struct file *out,
				  uint64_t *out_pos, uint64_t bytes, unsigned flags);
// What fits at once; waits for room unless SPLICE_F_NONBLOCK or the pipe is O_NONBLOCK.
int64_t __must_check splice_file_to_pipe(struct file *in, uint64_t *in_pos, struct file *out,
					 uint64_t bytes, unsigned flags);
// From |in| at |*in_pos| to |out|, which is no pipe, at |*out_pos| (its own if it has no position):
// sendfile(2), copy_file_range(2). The positions move by the bytes that come back.
int64_t __must_check splice_direct(struct file *in, uint64_t *in_pos, struct file *out,
				   uint64_t *out_pos, uint64_t bytes);
int64_t __must_check splice_tee(struct file *in, struct file *out, uint64_t bytes, unsigned flags);
// vmsplice(2) into or out of the pipe |f|.
int64_t __must_check splice_memory(struct file *f, struct uio *u, unsigned flags);
