// Operations that move bytes: reads, writes, vectors, and transfers between descriptors.
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ops.h"
#include "text.h"
#include "world.h"

#define VECTORS 4

// What a call moves: up to VECTORS pieces of |buf| or of mappings.
static struct iovec iov[VECTORS + 1];

static void put_data(const char *name, const void *p, long n)
{
	if (n > 0)
		put_kx(name, hash_bytes(7, p, (unsigned long)n));
}

// Memory for a transfer: usually |buf|, else somewhere in or beside a mapping. A mapping may show
// the very bytes that are moved, and in which order a kernel copies bytes that overlap is not
// defined: so these transfers are short.
static uint64_t pick_memory(uint64_t *bytes)
{
	if (chance(65))
		return (uint64_t)buf + below(PG);
	if (chance(3))
		return below(2) ? 8 : 0x800000000000 - 4096;
	if ((int64_t)*bytes >= 0)
		*bytes %= 80;
	return pick_mapped() + (chance(40) ? PG - below(64) : 0);
}

// The same at an offset; whole pages do not overlap in part.
static uint64_t pick_memory_at(uint64_t *bytes, uint64_t *offset)
{
	uint64_t p;

	if (chance(85))
		return pick_memory(bytes);
	*bytes &= -PG;
	*offset &= -PG;
	p = pick_mapped() & -PG;
	return p;
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

// Reads of |buf| change what later writes take from it: the same on every kernel.
static void op_pread(void)
{
	int fd = pick_fd();
	uint64_t n = pick_count(), off = pick_offset(), p = pick_memory_at(&n, &off);
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
	uint64_t n = pick_count(), off = pick_offset(), p = pick_memory_at(&n, &off);

	put_kd("fd=", fd);
	put_memory(p, n);
	put_kx("off=", off);
	put_ret(SYS(SYS_pwrite64, fd, p, n, off));
}

static void op_read(void)
{
	int fd = pick_fd();
	uint64_t n = pick_count(), p = pick_memory(&n);
	long ret = SYS(SYS_read, fd, p, n);

	put_kd("fd=", fd);
	put_memory(p, n);
	put_ret(ret);
	if (p - (uint64_t)buf < BUF_BYTES)
		put_data("data=", (void *)p, ret);
}

static void op_write(void)
{
	int fd = pick_fd();
	uint64_t n = pick_count(), p = pick_memory(&n);

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
	unsigned n = make_vectors(), f = PICK(flags);
	uint64_t off = chance(15) ? (uint64_t)-1 : pick_offset();

	put_kd("nr=", nr);
	put_kd("fd=", fd);
	put_kd("v=", (int)n);
	put_kx("off=", off);
	put_kx("f=", f);
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

static void op_sendfile(void)
{
	uint64_t place, *p = pick_place(&place), n = pick_count();
	int out = pick_any_fd(), in = pick_any_fd();
	long ret;

	put_kd("out=", out);
	put_kd("in=", in);
	put_place("off=", p, &place);
	put_kx("n=", n);
	ret = SYS(SYS_sendfile, out, in, p, n);
	put_ret(ret);
	put_place("off=", p, &place);
}

static void op_copy(void)
{
	uint64_t from, to, *pf = pick_place(&from), *pt = pick_place(&to), n = pick_count();
	int in = pick_fd(), out = pick_fd();
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
	uint64_t from, to, *pf = pick_place(&from), *pt = pick_place(&to), n = pick_count();
	int in = pick_any_fd(), out = pick_any_fd();
	unsigned flags = (unsigned)below(chance(95) ? 16 : 64) | 2;

	put_kd("in=", in);
	put_place("off=", pf, &from);
	put_kd("out=", out);
	put_place("off=", pt, &to);
	put_kx("n=", n);
	put_kx("f=", flags);
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
	put_ret(SYS(SYS_tee, in, out, n, 2));
}

static void op_vmsplice(void)
{
	unsigned n = make_vectors(), flags = (unsigned)below(16) | 2;
	int fd = pick_any_fd();

	put_kd("fd=", fd);
	put_kd("v=", (int)n);
	put_kx("f=", flags);
	put_ret(SYS(SYS_vmsplice, fd, iov, n, flags));
}

static void op_pipe_io(void)
{
	int *pipe = world.pipe[below(PIPES)], wr = chance(50);
	uint64_t n = pick_bytes(), small = n, p = pick_memory(&small);
	long ret = SYS(wr ? SYS_write : SYS_read, pipe[wr], p, n);

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
