// Operations on extended attributes and locks of files, and process_madvise of one's own memory.
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ops.h"
#include "text.h"
#include "world.h"

// -- extended attributes; not security.*, which depend on what the host was built with --

static char long_name[262];

static const char *pick_name(void)
{
	static const char *const names[] = { "user.a",    "user.a",  "user.b", "user.long.name",
					     "trusted.x", "user.",   "user",   "foo.bar",
					     "",          "trusted." };

	if (chance(95))
		return PICK(names);
	memset(long_name, 'n', sizeof long_name - 1);
	memcpy(long_name, "user.", 5);
	long_name[255 + below(3)] = 0;
	return chance(80) ? long_name : (char *)8;
}

static uint64_t pick_value(void)
{
	return chance(80) ? below(40) : chance(90) ? below(3000) : 65535 + below(3);
}

static void op_setxattr(void)
{
	int fd = world.file[below(FILES)], flags = chance(60) ? 0 : (int)below(5);
	const char *name = pick_name();
	uint64_t n = pick_value();

	put_kd("fd=", fd);
	put_s(" ");
	put_s(name == (char *)8 ? "bad" : name);
	put_kx("n=", n);
	put_kd("f=", flags);
	if (chance(75))
		put_ret(SYS(SYS_fsetxattr, fd, name, buf + below(PG), n, flags));
	else
		put_ret(SYS(SYS_fremovexattr, fd, name));
}

static void op_getxattr(void)
{
	static __thread unsigned char value[70000];
	int fd = world.file[below(FILES)];
	const char *name = pick_name();
	uint64_t n = chance(60) ? sizeof value : pick_value();
	long ret = SYS(SYS_fgetxattr, fd, name, value, n);

	put_kd("fd=", fd);
	put_s(" ");
	put_s(name == (char *)8 ? "bad" : name);
	put_kx("n=", n);
	put_ret(ret);
	if (ret > 0 && n)
		put_kx("h=", hash_bytes(1, value, (unsigned long)ret));
}

// The names in no order.
static void op_listxattr(void)
{
	static __thread char names[4096];
	int fd = world.file[below(FILES)];
	uint64_t n = chance(70) ? sizeof names : below(40), sum = 0;
	struct stat st = { 0 };
	long ret;

	SYS(SYS_fstat, fd, &st);
	if (S_ISSOCK(st.st_mode)) // docs/differences.md
		return;
	ret = SYS(SYS_flistxattr, fd, names, n);

	put_kd("fd=", fd);
	put_kx("n=", n);
	put_ret(ret);
	for (long i = 0; n && i < ret; i += (long)strlen(names + i) + 1)
		sum += hash_bytes(1, names + i, strlen(names + i));
	put_kx("h=", sum);
}

// -- locks; never one that waits --

static void op_lock(void)
{
	static const int calls[] = { F_SETLK, F_SETLK,     F_SETLK,     F_GETLK,
				     F_GETLK, F_OFD_SETLK, F_OFD_SETLK, F_OFD_GETLK };
	static const short types[] = { F_RDLCK, F_WRLCK, F_WRLCK, F_UNLCK, F_UNLCK, 7 };
	int fd = pick_fd(), call = PICK(calls);
	struct flock l = { .l_type = chance(95) ? types[below(5)] : types[5],
			   .l_whence = (short)(chance(70) ? 0 : below(4)),
			   .l_start = (off_t)(chance(90) ? below(20) * 100 : pick_offset()),
			   .l_len = chance(80) ? (off_t)below(10) * 100
				    : below(2) ? 0
					       : -50 };
	long ret;

	if ((call == F_OFD_GETLK || call == F_OFD_SETLK) && chance(3))
		l.l_pid = 1;
	put_kd("fd=", fd);
	put_kd("call=", call);
	put_kd("type=", l.l_type);
	put_kd("w=", l.l_whence);
	put_kx("start=", (uint64_t)l.l_start);
	put_kd("len=", l.l_len);
	ret = SYS(SYS_fcntl, fd, call, &l);
	put_ret(ret);
	if (ret || (call != F_GETLK && call != F_OFD_GETLK))
		return;
	put_kd("is type=", l.l_type);
	put_kd("w=", l.l_whence);
	put_kx("start=", (uint64_t)l.l_start);
	put_kx("len=", (uint64_t)l.l_len);
	put_s(l.l_pid == -1 ? " open" : l.l_type == F_UNLCK ? "" : " pid"); // a pid differs
}

static void op_flock(void)
{
	static const int ops[] = { LOCK_SH, LOCK_EX, LOCK_EX, LOCK_UN, 0, LOCK_SH | LOCK_EX, 32 };
	int fd = pick_fd(), op = PICK(ops) | LOCK_NB;

	put_kd("fd=", fd);
	put_kd("op=", op);
	put_ret(SYS(SYS_flock, fd, op));
}

// -- process_madvise --

static void op_process_madvise(void)
{
	static const int advice[] = {
		3, 4, 4, 9, 14, 15, 20, 21, 22, 23, 24, 25, 10, 11, 18, 19, -1
	};
	struct iovec v[3];
	unsigned n = (unsigned)below(4);
	int a = PICK(advice), flags = chance(95) ? 0 : 1;
	long fd = SYS(SYS_pidfd_open, getpid(), 0);

	if (a == 21) // MADV_PAGEOUT: docs/differences.md
		a = 20;
	for (unsigned i = 0; i < n; i++) {
		v[i] = (struct iovec){ (void *)(pick_mapped() + (chance(4) ? 8 : 0)),
				       pick_pages() };
		put_addr("a=", (uint64_t)v[i].iov_base);
		put_kx("n=", v[i].iov_len);
	}
	put_kd("v=", n);
	put_kd("advice=", a);
	put_kd("f=", flags);
	put_ret(SYS(SYS_process_madvise, chance(97) ? fd : world.file[0], v, n, a, flags));
	if (fd >= 0)
		SYS(SYS_close, fd);
}

const struct op ops_attr[] = {
	{ "setxattr", 12, op_setxattr },
	{ "getxattr", 8, op_getxattr },
	{ "listxattr", 4, op_listxattr },
	{ "lock", 15, op_lock },
	{ "flock", 4, op_flock },
	{ "pmadvise", 8, op_process_madvise },
	{ 0, 0, 0 },
};
