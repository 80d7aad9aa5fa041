// Operations that move bytes: reads, writes, vectors, and transfers between descriptors.
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ops.h"
#include "text.h"
#include "world.h"

#define VECTORS 4

// What a call moves: up to VECTORS pieces of |buf| or of mappings.
static __thread struct iovec iov[VECTORS + 1];

static void put_data(const char *name, const void *p, long n)
{
	if (n > 0)
		put_kx(name, hash_bytes(7, p, (unsigned long)n));
}

// Where in the file the next transfer may begin: the call's own offset, the file's position, its
// end.
static __thread struct {
	uint64_t at[3];
	uint64_t moved; // by the pieces before this one
} span;

static void span_start(int fd, uint64_t offset)
{
	struct stat st = { 0 };

	SYS(SYS_fstat, fd, &st);
	span.at[0] = offset;
	span.at[1] = (uint64_t)SYS(SYS_lseek, fd, 0, SEEK_CUR);
	span.at[2] = (uint64_t)st.st_size;
	span.moved = 0;
}

static int overlaps(uint64_t p, uint64_t bytes)
{
	for (unsigned i = 0; i < 3; i++) {
		uint64_t distance = (p - span.at[i] - span.moved) % PG;

		if (distance && (distance < bytes || PG - distance < bytes))
			return 1;
	}
	return 0;
}

// Memory for a transfer: usually |buf|, else somewhere in or beside a mapping. A mapping may show
// the very bytes that are moved, and in which order a kernel copies bytes that overlap is not
// defined: so these transfers are short, and elsewhere in the page.
static uint64_t pick_memory(uint64_t *bytes)
{
	uint64_t p;

	if (chance(65)) {
		span.moved += *bytes;
		return (uint64_t)buf + below(PG);
	}
	if (chance(3))
		return below(2) ? 8 : 0x800000000000 - 4096;
	if ((int64_t)*bytes >= 0)
		*bytes %= 80;
	p = pick_mapped() + (chance(40) ? PG - below(64) : 0);
	for (unsigned i = 0; i < 32 && overlaps(p, *bytes); i++)
		p += 128;
	span.moved += *bytes;
	return p;
}

// The same for a transfer at an offset; whole pages do not overlap in part.
static uint64_t pick_memory_at(int fd, uint64_t *bytes, uint64_t *offset)
{
	if (chance(85)) {
		span_start(fd, *offset);
		return pick_memory(bytes);
	}
	*bytes &= -PG;
	*offset &= -PG;
	return pick_mapped() & -PG;
}

static uint64_t pick_count(void)
{
	return chance(99) ? pick_bytes() : (uint64_t)-1 - below(2) * 0x7fffffff00000000;
}

static void put_memory(uint64_t p, uint64_t n)
{
	put_addr("p=", p);
	put_kx("n=", n);
}

// -- what pipes hold by reference --

// A page of a file in a pipe, moved over other bytes of that page, or read into memory that shows
// it: the order of the copy would decide, as above. So it is known which files a pipe may hold
// pages of, and whether pages of |buf| or of any mapping.
struct held {
	unsigned files;
	ino_t ino[32];
	int buf, any;
};

// Of both sides of a fork.
static struct held *held_list(void)
{
	return world_shared(SHARED_HELD);
}

void pipes_reset(void)
{
	memset(held_list(), 0, PIPES * sizeof(struct held));
}

static struct held *held_by(int fd)
{
	struct held *held = held_list();

	for (unsigned i = 0; i < PIPES; i++) {
		int left = 1;

		if (world.pipe[i][0] != fd && world.pipe[i][1] != fd)
			continue;
		SYS(SYS_ioctl, fd, FIONREAD, &left);
		if (!left)
			held[i] = (struct held){ 0 };
		return &held[i];
	}
	return 0;
}

static ino_t ino_of(int fd)
{
	struct stat st = { 0 };

	return SYS(SYS_fstat, fd, &st) ? 0 : st.st_ino + (st.st_dev << 32);
}

static void hold_file(struct held *h, ino_t ino)
{
	if (h->files < sizeof h->ino / sizeof *h->ino)
		h->ino[h->files++] = ino;
	else
		h->any = 1;
}

static void hold_same(struct held *to, const struct held *from)
{
	for (unsigned i = 0; i < from->files; i++)
		hold_file(to, from->ino[i]);
	to->buf |= from->buf;
	to->any |= from->any;
}

// May what |in| holds or shows go to |out|? Notes it if |out| is a pipe.
static int may_move(int in, int out)
{
	struct held *from = held_by(in), *to = held_by(out);
	ino_t target = ino_of(out), source = ino_of(in);

	if (to && from)
		hold_same(to, from);
	else if (to)
		hold_file(to, source);
	else if (from) {
		for (unsigned i = 0; i < from->files; i++)
			if (from->ino[i] == target)
				return 0;
		return !from->any;
	} else {
		return target != source;
	}
	return 1;
}

// May |fd| be read into any memory?
static int may_read(int fd)
{
	struct held *h = held_by(fd);

	return !h || !(h->buf || h->any || h->files);
}

// Reads of |buf| change what later writes take from it: the same on every kernel.
static void op_pread(void)
{
	int fd = pick_fd();
	uint64_t n = pick_count(), off = pick_offset(), p = pick_memory_at(fd, &n, &off);
	long ret = SYS(SYS_pread64, fd, p, n, off);

	put_kd("fd=", fd);
	put_memory(p, n);
	put_kx("off=", off);
	put_ret(ret);
	if (p - (uint64_t)buf < BUF_BYTES)
		put_data("data=", (void *)p, ret);
}

static void op_pwrite(void)
{
	int fd = pick_fd();
	uint64_t n = pick_count(), off = pick_offset(), p = pick_memory_at(fd, &n, &off);

	put_kd("fd=", fd);
	put_memory(p, n);
	put_kx("off=", off);
	put_ret(SYS(SYS_pwrite64, fd, p, n, off));
}

static void op_read(void)
{
	int fd = pick_fd();
	uint64_t n = pick_count(), p;
	long ret;

	span_start(fd, 0);
	p = pick_memory(&n);
	if (!may_read(fd))
		return;
	ret = SYS(SYS_read, fd, p, n);
	put_kd("fd=", fd);
	put_memory(p, n);
	put_ret(ret);
	if (p - (uint64_t)buf < BUF_BYTES)
		put_data("data=", (void *)p, ret);
}

static void op_write(void)
{
	int fd = pick_fd();
	uint64_t n = pick_count(), p;

	span_start(fd, 0);
	p = pick_memory(&n);
	put_kd("fd=", fd);
	put_memory(p, n);
	put_ret(SYS(SYS_write, fd, p, n));
}

static unsigned make_vectors(void)
{
	unsigned count = (unsigned)below(VECTORS + 1);

	for (unsigned i = 0; i < count; i++) {
		uint64_t n = pick_count(), p = pick_memory(&n);

		iov[i] = (struct iovec){ (void *)p, n };
		put_memory(p, n);
	}
	return chance(2) ? (unsigned)(0u - below(2) * 0x7ffff000) : count;
}

static void op_vector(void)
{
	static const unsigned flags[] = { 0, 0,    0,    0,    1,    2,    4,
					  8, 0x10, 0x18, 0x20, 0x40, 0x80, 0x100 };
	static const int calls[] = { SYS_readv,   SYS_writev,  SYS_preadv,
				     SYS_pwritev, SYS_preadv2, SYS_pwritev2 };
	int fd = pick_fd(), nr = PICK(calls);
	uint64_t off = chance(15) ? (uint64_t)-1 : pick_offset();
	unsigned n, f = PICK(flags);

	span_start(fd, off);
	n = make_vectors();
	put_kd("nr=", nr);
	put_kd("fd=", fd);
	put_kd("v=", (int)n);
	put_kx("off=", off);
	put_kx("f=", f);
	if (may_read(fd))
		put_ret(SYS(nr, fd, iov, n, off, 0, f));
}

// An offset for a transfer: NULL or a place that the call updates.
static uint64_t *pick_place(uint64_t *place)
{
	*place = pick_offset();
	return chance(40) ? 0 : chance(98) ? place : (uint64_t *)8;
}

static void put_place(const char *name, uint64_t *p, uint64_t *place)
{
	put_s(" ");
	put_s(name);
	if (!p)
		put_s("null");
	else if (p == place)
		put_x(*place);
	else
		put_s("bad");
}

// Absurd counts only where there is not much to move: holes would fill the machine.
static uint64_t pick_move(int in)
{
	struct stat st = { 0 };
	uint64_t n = pick_count();

	SYS(SYS_fstat, in, &st);
	return n > 1 << 20 && st.st_size > 1 << 20 ? PG : n;
}

static void op_sendfile(void)
{
	uint64_t place, *p = pick_place(&place);
	int out = pick_any_fd(), in = pick_any_fd();
	uint64_t n = pick_move(in);
	long ret;

	put_kd("out=", out);
	put_kd("in=", in);
	put_place("off=", p, &place);
	put_kx("n=", n);
	if (!may_move(in, out))
		return;
	ret = SYS(SYS_sendfile, out, in, p, n);
	put_ret(ret);
	put_place("off=", p, &place);
}

static void op_copy(void)
{
	uint64_t from, to, *pf = pick_place(&from), *pt = pick_place(&to);
	int in = pick_fd(), out = pick_fd();
	uint64_t n = pick_move(in);
	unsigned flags = chance(97) ? 0 : 1;

	put_kd("in=", in);
	put_place("off=", pf, &from);
	put_kd("out=", out);
	put_place("off=", pt, &to);
	put_kx("n=", n);
	put_ret(SYS(SYS_copy_file_range, in, pf, out, pt, n, flags));
	put_place("off=", pf, &from);
	put_place("off=", pt, &to);
}

static void op_splice(void)
{
	uint64_t from, to, *pf = pick_place(&from), *pt = pick_place(&to);
	int in = pick_any_fd(), out = pick_any_fd();
	uint64_t n = pick_move(in);
	unsigned flags = (unsigned)below(chance(95) ? 16 : 64) | 2;

	put_kd("in=", in);
	put_place("off=", pf, &from);
	put_kd("out=", out);
	put_place("off=", pt, &to);
	put_kx("n=", n);
	put_kx("f=", flags);
	if (!may_move(in, out))
		return;
	put_ret(SYS(SYS_splice, in, pf, out, pt, n, flags));
	put_place("off=", pf, &from);
	put_place("off=", pt, &to);
}

static void op_tee(void)
{
	int in = pick_any_fd(), out = pick_any_fd();
	uint64_t n = pick_count();

	put_kd("in=", in);
	put_kd("out=", out);
	put_kx("n=", n);
	if (may_move(in, out))
		put_ret(SYS(SYS_tee, in, out, n, 2));
}

// Into a pipe anything; out of one that holds pages of memory nothing but small pieces of |buf|.
static void op_vmsplice(void)
{
	unsigned n, flags = (unsigned)below(16) | 2;
	int fd = pick_any_fd();
	struct held *h = held_by(fd);

	span_start(fd, 0);
	n = make_vectors();
	put_kd("fd=", fd);
	put_kd("v=", (int)n);
	put_kx("f=", flags);
	if (h && (fd == world.pipe[0][0] || fd == world.pipe[1][0])) {
		if (!may_read(fd))
			return;
	} else if (h) {
		// Unreadable pages go if an entry shows them: a fault nearby may have made it, and
		// how far it reaches is each kernel's own. So it is made here.
		for (unsigned i = 0; i < n && i < VECTORS; i++) {
			uint8_t value;

			touch_read((uint64_t)iov[i].iov_base, &value);
			touch_read((uint64_t)iov[i].iov_base + iov[i].iov_len - 1, &value);
		}
		for (unsigned i = 0; i < n && i < VECTORS; i++)
			if ((uint64_t)iov[i].iov_base - (uint64_t)buf < BUF_BYTES)
				h->buf = 1;
			else
				h->any = 1;
	}
	put_ret(SYS(SYS_vmsplice, fd, iov, n, flags));
}

static void op_pipe_io(void)
{
	static __thread unsigned char other[BUF_BYTES];
	int *pipe = world.pipe[below(PIPES)], wr = chance(50);
	uint64_t n = pick_bytes(), small = n, p;
	long ret;

	span_start(pipe[wr], 0);
	p = pick_memory(&small);
	if (!wr && !may_read(pipe[0])) {
		ret = SYS(SYS_read, pipe[0], other, n);
		put_s(" r other");
		put_kx("n=", n);
		put_ret(ret);
		put_data("data=", other, ret);
		return;
	}
	ret = SYS(wr ? SYS_write : SYS_read, pipe[wr], p, n);
	put_s(wr ? " w" : " r");
	put_memory(p, n);
	put_ret(ret);
	if (!wr && p - (uint64_t)buf < BUF_BYTES)
		put_data("data=", (void *)p, ret);
}

const struct op ops_io[] = {
	{ "pread", 50, op_pread },    { "pwrite", 70, op_pwrite },
	{ "read", 30, op_read },      { "write", 40, op_write },
	{ "vector", 50, op_vector },  { "sendfile", 15, op_sendfile },
	{ "copy", 15, op_copy },      { "splice", 20, op_splice },
	{ "tee", 4, op_tee },         { "vmsplice", 6, op_vmsplice },
	{ "pipeio", 15, op_pipe_io }, { 0, 0, 0 },
};
