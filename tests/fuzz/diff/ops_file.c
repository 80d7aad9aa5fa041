// Operations on descriptors: making, sizing, sealing and duplicating them.
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ops.h"
#include "text.h"
#include "world.h"

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8
#define MFD_EXEC        16
#endif

#define NELEMS(a) (sizeof(a) / sizeof *(a))

static void op_memfd(void)
{
	static const unsigned kinds[] = { 2, 2, 2, 2, 3, 1, 0, 8, 16, 18, 24, 10, 32, 0x80000000 };
	unsigned flags = PICK(kinds), slot = (unsigned)below(FILES);
	long fd;

	fd = SYS(SYS_memfd_create, chance(98) ? "fuzz" : (char *)8, flags);
	put_kx("f=", flags);
	put_ret(fd);
	world_add_file(slot, fd);
}

static const int open_modes[] = { O_RDWR, O_RDWR, O_RDWR, O_RDONLY, O_WRONLY, 3 };

static void op_open(void)
{
	static const int extra[] = { 0,
				     O_CREAT,
				     O_CREAT,
				     O_CREAT,
				     O_CREAT | O_TRUNC,
				     O_TRUNC,
				     O_CREAT | O_APPEND,
				     O_CREAT | O_EXCL,
				     O_APPEND,
				     O_NONBLOCK,
				     O_DIRECT,
				     O_CLOEXEC,
				     O_PATH,
				     O_DIRECTORY };
	const char *path = world_path((unsigned)below(2));
	unsigned slot = (unsigned)below(FILES);
	int flags = PICK(open_modes) | PICK(extra);
	long fd;

	if (chance(15)) {
		path = "/dev/shm";
		flags = PICK(open_modes) | O_TMPFILE | (chance(20) ? O_EXCL : 0);
	}
	fd = SYS(SYS_open, path, flags, 0600);
	put_s(" ");
	put_s(path);
	put_kx("f=", (unsigned)flags);
	put_ret(fd);
	world_add_file(slot, fd);
}

// Received pipes and sockets stay as they are: nothing may wait.
static int nonblock_of(int fd)
{
	struct stat st = { 0 };

	return !SYS(SYS_fstat, fd, &st) && !S_ISREG(st.st_mode) ? O_NONBLOCK : 0;
}

static void op_reopen(void)
{
	char path[] = "/proc/thread-self/fd/00";
	const unsigned last = sizeof path - 2;
	static const int extra[] = { 0, 0, 0, O_TRUNC, O_APPEND, O_CREAT };
	unsigned slot = (unsigned)below(FILES);
	int from = world.file[below(FILES)], flags = PICK(open_modes) | PICK(extra);
	long fd;

	if (from < 0)
		from = 77;
	flags |= nonblock_of(from);
	path[last - 1] = (char)('0' + from / 10);
	path[last] = (char)('0' + from % 10);
	if (from < 10) {
		path[last - 1] = path[last];
		path[last] = 0;
	}
	fd = SYS(SYS_open, path, flags, 0600);
	put_kd("from=", from);
	put_kx("f=", (unsigned)flags);
	put_ret(fd);
	world_add_file(slot, fd);
}

static void op_unlink(void)
{
	put_ret(SYS(SYS_unlink, world_path((unsigned)below(2))));
}

static void op_close(void)
{
	unsigned slot = (unsigned)below(FILES);

	put_kd("fd=", world.file[slot]);
	put_ret(SYS(SYS_close, world.file[slot]));
	world.file[slot] = -1;
}

static void op_dup(void)
{
	unsigned to = (unsigned)below(FILES);
	int fd = world.file[below(FILES)];
	uint64_t kind = below(4);
	long ret;

	if (kind == 0)
		ret = SYS(SYS_dup, fd);
	else if (kind == 1)
		ret = SYS(SYS_fcntl, fd, below(2) ? F_DUPFD : F_DUPFD_CLOEXEC, below(40) + 3);
	else if (kind == 2)
		ret = SYS(SYS_dup3, fd, world.file[to], below(2) ? O_CLOEXEC : 0);
	else
		ret = SYS(SYS_dup2, fd, world.file[to]);
	put_kd("kind=", (long)kind);
	put_kd("fd=", fd);
	put_ret(ret);
	if (kind < 2 || ret != world.file[to])
		world_add_file(to, ret);
}

static void op_ftruncate(void)
{
	int fd = pick_fd();
	uint64_t size = pick_offset();

	put_kd("fd=", fd);
	put_kx("size=", size);
	put_ret(SYS(SYS_ftruncate, fd, size));
}

static void op_fallocate(void)
{
	static const int modes[] = { 0, 0, 0,    1,    1,    3,    3,    3, 3,     2,
				     4, 8, 0x10, 0x11, 0x20, 0x40, 0x80, 7, 0x1000 };
	int fd = pick_fd(), mode = PICK(modes);
	uint64_t from = pick_offset(), bytes = pick_bytes();

	// Room that is really taken stays small; absurd lengths only where they must fail.
	if (chance(5))
		bytes = (uint64_t)INT64_MAX - below(3) * 4095;
	if (chance(3))
		bytes = 0ul - below(3) * 4096;
	if ((int64_t)bytes > (1l << 20) && !(mode & 2) && (int64_t)(from + bytes) > 0)
		bytes = 4096;
	put_kd("fd=", fd);
	put_kx("mode=", (unsigned)mode);
	put_kx("from=", from);
	put_kx("bytes=", bytes);
	put_ret(SYS(SYS_fallocate, fd, mode, from, bytes));
}

static void op_lseek(void)
{
	static const int whence[] = { 0, 0, 1, 2, 3, 3, 3, 4, 4, 4, 5, -1 };
	int fd = pick_fd(), w = PICK(whence);
	uint64_t offset = pick_offset();

	put_kd("fd=", fd);
	put_kx("off=", offset);
	put_kd("w=", w);
	put_ret(SYS(SYS_lseek, fd, offset, w));
}

static void op_seals(void)
{
	static const unsigned seals[] = { 1, 2, 4, 8, 16, 32, 6, 12, 14, 20, 0, 0x40, 63 };
	int fd = pick_fd(), get = chance(40);
	unsigned seal = PICK(seals);

	put_kd("fd=", fd);
	if (get) {
		put_s(" get");
		put_ret(SYS(SYS_fcntl, fd, F_GET_SEALS, 0));
	} else {
		put_kx("add=", seal);
		put_ret(SYS(SYS_fcntl, fd, F_ADD_SEALS, seal));
	}
}

static void op_flags(void)
{
	static const int flags[] = { 0,         O_APPEND, O_NONBLOCK,      O_APPEND | O_NONBLOCK,
				     O_NOATIME, O_DIRECT, O_RDWR | O_TRUNC };
	int fd = world.file[below(FILES)], set = chance(60);
	int f = PICK(flags) | nonblock_of(fd);

	put_kd("fd=", fd);
	if (set) {
		put_kx("set=", (unsigned)f);
		put_ret(SYS(SYS_fcntl, fd, F_SETFL, f));
	} else {
		put_s(" get");
		put_ret(SYS(SYS_fcntl, fd, F_GETFL, 0));
		put_ret(SYS(SYS_fcntl, fd, F_GETFD, 0));
	}
}

static void op_fchmod(void)
{
	static const unsigned modes[] = { 0600, 0666, 0777, 0400, 0111, 0, 07777, 0610 };
	int fd = world.file[below(FILES)];
	unsigned mode = PICK(modes);

	put_kd("fd=", fd);
	put_kx("mode=", mode);
	put_ret(SYS(SYS_fchmod, fd, mode));
}

static void op_fstat(void)
{
	struct stat st = { 0 };
	struct statfs fs = { 0 };
	int fd = pick_fd();
	long ret = SYS(SYS_fstat, fd, &st);

	put_kd("fd=", fd);
	put_ret(ret);
	if (ret)
		return;
	put_kx("mode=", st.st_mode);
	put_kd("links=", (long)st.st_nlink);
	put_kd("size=", st.st_size);
	put_kd("blocks=", st.st_blocks);
	put_kd("blksize=", st.st_blksize);
	put_ret(SYS(SYS_fstatfs, fd, &fs));
	put_kx("type=", (unsigned long)fs.f_type);
}

static void op_sync(void)
{
	int fd = pick_fd();
	uint64_t kind = below(5), a = pick_offset(), n = pick_bytes();
	int advice = (int)below(8);

	put_kd("fd=", fd);
	put_kd("kind=", (long)kind);
	put_kx("off=", a);
	put_kx("n=", n);
	put_kd("advice=", advice);
	if (kind == 0)
		put_ret(SYS(SYS_fsync, fd));
	else if (kind == 1)
		put_ret(SYS(SYS_fdatasync, fd));
	else if (kind == 2)
		put_ret(SYS(SYS_sync_file_range, fd, a, n, below(9)));
	else if (kind == 3)
		put_ret(SYS(SYS_fadvise64, fd, a, n, advice));
	else
		put_ret(SYS(SYS_readahead, fd, a, n));
}

static void op_rlimit(void)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	if (chance(40))
		r.rlim_cur = below(20 * PG);
	put_kx("fsize=", r.rlim_cur);
	put_ret(SYS(SYS_setrlimit, RLIMIT_FSIZE, &r));
}

const struct op ops_file[] = {
	{ "memfd", 40, op_memfd },         { "open", 20, op_open },
	{ "reopen", 20, op_reopen },       { "unlink", 4, op_unlink },
	{ "close", 10, op_close },         { "dup", 10, op_dup },
	{ "ftruncate", 60, op_ftruncate }, { "fallocate", 60, op_fallocate },
	{ "lseek", 50, op_lseek },         { "seals", 20, op_seals },
	{ "flags", 10, op_flags },         { "fchmod", 5, op_fchmod },
	{ "fstat", 30, op_fstat },         { "sync", 8, op_sync },
	{ "rlimit", 3, op_rlimit },        { 0, 0, 0 },
};
