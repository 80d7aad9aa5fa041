// Printing of system call arguments by kind, in strace(1)'s shape. Owns only tables. Everything
// behind a user pointer is read with copies that may fail: then the address is printed.
#include "syscall/strace_args.h"

#include <asm/ioctls.h>
#include <asm/stat.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/limits.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/resource.h>
#include <linux/signal.h>
#include <linux/stat.h>
#include <linux/sysinfo.h>
#include <linux/time.h>
#include <linux/uio.h>
#include <linux/utsname.h>

#include "fs/file.h"
#include "fs/pseudo.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "syscall/args.h"
#include "syscall/calls.h"
#include "syscall/strace_names.h"

#define STRING_MAX 32 // strace -s
#define VECTOR_MAX 16

typedef void print_fn(const struct strace_arg *a, uint64_t v);

static void print_address(const struct strace_arg *a, uint64_t v)
{
	if (v)
		seq_printf(a->out, "0x%llx", (unsigned long long)v);
	else
		seq_printf(a->out, "NULL");
}

static void print_int(const struct strace_arg *a, uint64_t v)
{
	seq_printf(a->out, "%d", (int)v);
}

static void print_uint(const struct strace_arg *a, uint64_t v)
{
	seq_printf(a->out, "%u", (unsigned)v);
}

static void print_id(const struct strace_arg *a, uint64_t v)
{
	if ((unsigned)v == ~0u)
		seq_printf(a->out, "-1");
	else
		print_uint(a, v);
}

static void print_long(const struct strace_arg *a, uint64_t v)
{
	seq_printf(a->out, "%lld", (long long)v);
}

static void print_size(const struct strace_arg *a, uint64_t v)
{
	seq_printf(a->out, "%llu", (unsigned long long)v);
}

static void print_hex(const struct strace_arg *a, uint64_t v)
{
	seq_printf(a->out, v ? "0x%llx" : "%llu", (unsigned long long)v);
}

static void print_mode(const struct strace_arg *a, uint64_t v)
{
	unsigned mode = (unsigned)v;

	seq_printf(a->out, mode ? "0%03o" : "%o", mode);
}

static void print_signal(const struct strace_arg *a, uint64_t v)
{
	const char *name = strace_signal_name((unsigned)v);

	if (name)
		seq_printf(a->out, "%s", name);
	else if (v >= 32 && v <= 64)
		seq_printf(a->out, "SIGRT_%u", (unsigned)v - 32);
	else
		print_int(a, v);
}

void strace_print_fd(struct seq *out, int fd)
{
	struct file *f = user_file_any(fd);
	char *page = f ? kmalloc(PATH_MAX) : NULL;
	const char *name = page ? file_name(f, page, PATH_MAX) : NULL;

	if (name)
		seq_printf(out, "%d<%s>", fd, name);
	else
		seq_printf(out, "%d", fd);
	kfree(page);
	if (f)
		file_put(f);
}

static void print_fd(const struct strace_arg *a, uint64_t v)
{
	strace_print_fd(a->out, (int)v);
}

static void print_atfd(const struct strace_arg *a, uint64_t v)
{
	if ((int)v == AT_FDCWD)
		seq_printf(a->out, "AT_FDCWD");
	else
		print_fd(a, v);
}

static void print_names(struct seq *out, const struct strace_table *t, uint64_t v)
{
	const char *joint = "", *name = t->names;
	uint64_t rest = v;

	for (unsigned i = 0; i < t->count; i++) {
		uint64_t value = t->values[i];

		name = strace_next_name(name);
		if (t->flags ? (!value || (rest & value) != value) : v != value)
			continue;
		seq_printf(out, "%s%s", joint, name);
		if (!t->flags)
			return;
		rest &= ~value;
		joint = "|";
	}
	if (!t->flags || rest || !v)
		seq_printf(out, rest ? "%s0x%llx" : "%s%llu", joint, (unsigned long long)rest);
	if (rest && *t->names && !*joint)
		seq_printf(out, " /* %s */", t->names);
}

static void print_flags_of(const struct strace_arg *a, unsigned kind, uint64_t v)
{
	print_names(a->out, strace_table_of(kind), v);
}

static void print_open_flags(const struct strace_arg *a, uint64_t v)
{
	static const char *const modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };

	seq_printf(a->out, "%s", modes[v & O_ACCMODE]);
	if ((uint32_t)v & ~(uint32_t)O_ACCMODE) {
		seq_printf(a->out, "|");
		print_flags_of(a, KIND_OFLAGS, (uint32_t)v & ~(uint32_t)O_ACCMODE);
	}
}

static void print_prot(const struct strace_arg *a, uint64_t v)
{
	if (v)
		print_flags_of(a, KIND_PROT, v);
	else
		seq_printf(a->out, "PROT_NONE");
}

static void print_access(const struct strace_arg *a, uint64_t v)
{
	if ((uint32_t)v)
		print_flags_of(a, KIND_ACCESS, (uint32_t)v);
	else
		seq_printf(a->out, "F_OK");
}

static void print_clone_flags(const struct strace_arg *a, uint64_t v)
{
	print_flags_of(a, KIND_CLONEFL, v & ~0xffull);
	if (v & 0xff) {
		seq_printf(a->out, "|");
		print_signal(a, v & 0xff);
	}
}

static void print_futex_op(const struct strace_arg *a, uint64_t v)
{
	unsigned op = (unsigned)v & (unsigned)FUTEX_CMD_MASK;

	print_flags_of(a, KIND_FUTEXOP, op);
	if (v & FUTEX_PRIVATE_FLAG)
		seq_printf(a->out, "_PRIVATE");
	if (v & FUTEX_CLOCK_REALTIME)
		seq_printf(a->out, "|FUTEX_CLOCK_REALTIME");
}

static void print_quoted(struct seq *out, const char *text, size_t n, bool cut)
{
	static const char letters[] = "\t\n\v\f\r\"\\", escapes[] = "tnvfr\"\\";

	seq_printf(out, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		const char *letter = c ? strchr(letters, c) : NULL;
		bool digit_next = i + 1 < n && text[i + 1] >= '0' && text[i + 1] <= '9';

		if (letter)
			seq_printf(out, "\\%c", escapes[letter - letters]);
		else if (c < 0x20 || c > 0x7e)
			seq_printf(out, digit_next ? "\\%03o" : "\\%o", c);
		else
			seq_write(out, text + i, 1);
	}
	seq_printf(out, cut ? "\"..." : "\"");
}

// |n| bytes at a user address, cut as strace -s does.
static __stack_guarded void print_bytes(const struct strace_arg *a, uint64_t v, uint64_t n)
{
	char text[STRING_MAX];
	size_t want = MIN(n, STRING_MAX);

	if (!v || user_read_partial(text, UPTR(v), want) < want)
		print_address(a, v);
	else
		print_quoted(a->out, text, want, n > want);
}

static void print_string(const struct strace_arg *a, uint64_t v)
{
	char *page = v ? kmalloc(PATH_MAX) : NULL;
	int64_t n = page ? strncpy_from_user(page, UPTR(v), PATH_MAX) : -1;

	if (n < 0)
		print_address(a, v);
	else
		print_quoted(a->out, page, (size_t)n, false);
	kfree(page);
}

static void print_string_out(const struct strace_arg *a, uint64_t v)
{
	if (a->result < 0)
		print_address(a, v);
	else
		print_string(a, v);
}

// The buffer's length is the next argument.
static void print_buf_in(const struct strace_arg *a, uint64_t v)
{
	print_bytes(a, v, a->all[a->index + 1]);
}

static void print_buf_out(const struct strace_arg *a, uint64_t v)
{
	if (a->result < 0)
		print_address(a, v);
	else
		print_bytes(a, v, (uint64_t)a->result);
}

static void print_strv(const struct strace_arg *a, uint64_t v)
{
	uint64_t item;

	if (!v)
		return print_address(a, v);
	seq_printf(a->out, "[");
	for (unsigned i = 0; i < VECTOR_MAX; i++) {
		if (get_user(item, uptr_add(UPTR(v), i * 8)) || !item)
			break;
		seq_printf(a->out, i ? ", " : "");
		print_string(a, item);
	}
	seq_printf(a->out, "]");
}

// |left| bytes of the vector's buffers hold data.
static __stack_guarded void print_iov(const struct strace_arg *a, uint64_t v, uint64_t left)
{
	uint64_t count = MIN(a->all[a->index + 1], VECTOR_MAX);
	uint64_t iov[2];

	seq_printf(a->out, "[");
	for (uint64_t i = 0; i < count; i++) {
		if (copy_from_user(iov, UPTR(v + i * sizeof(iov)), sizeof(iov)))
			break;
		seq_printf(a->out, i ? ", {iov_base=" : "{iov_base=");
		print_bytes(a, iov[0], MIN(iov[1], left));
		seq_printf(a->out, ", iov_len=%llu}", (unsigned long long)iov[1]);
		left -= MIN(iov[1], left);
	}
	seq_printf(a->out, "]");
}

static void print_iov_in(const struct strace_arg *a, uint64_t v)
{
	print_iov(a, v, UINT64_MAX);
}

static void print_iov_out(const struct strace_arg *a, uint64_t v)
{
	if (a->result < 0)
		print_address(a, v);
	else
		print_iov(a, v, (uint64_t)a->result);
}

// Copies what |v| points to; prints the address and returns false if that fails, or if the kernel
// was to write it and the call failed.
static bool fetch(const struct strace_arg *a, uint64_t v, void *to, size_t bytes)
{
	bool ok = v && !(a->after && a->result < 0) && !copy_from_user(to, UPTR(v), bytes);

	if (!ok)
		print_address(a, v);
	return ok;
}

static __stack_guarded void print_stat(const struct strace_arg *a, uint64_t v)
{
	static const char *const types[16] = {
		[S_IFREG >> 12] = "S_IFREG",   [S_IFDIR >> 12] = "S_IFDIR",
		[S_IFLNK >> 12] = "S_IFLNK",   [S_IFCHR >> 12] = "S_IFCHR",
		[S_IFBLK >> 12] = "S_IFBLK",   [S_IFIFO >> 12] = "S_IFIFO",
		[S_IFSOCK >> 12] = "S_IFSOCK",
	};
	struct stat s;
	const char *type;

	if (!fetch(a, v, &s, sizeof(s)))
		return;
	type = types[s.st_mode >> 12 & 15];
	seq_printf(a->out, "{st_mode=%s|0%03o, ", type ? type : "0", s.st_mode & 07777);
	if ((s.st_mode & S_IFMT) == S_IFCHR || (s.st_mode & S_IFMT) == S_IFBLK)
		seq_printf(a->out, "st_rdev=makedev(0x%x, 0x%x), ...}",
			   (unsigned)(s.st_rdev >> 8) & 0xfff, (unsigned)s.st_rdev & 0xff);
	else
		seq_printf(a->out, "st_size=%lld, ...}", (long long)s.st_size);
}

static __stack_guarded void print_statx(const struct strace_arg *a, uint64_t v)
{
	struct statx s;

	if (fetch(a, v, &s, sizeof(s)))
		seq_printf(a->out, "{stx_mask=0x%x, stx_mode=0%o, stx_size=%llu, ...}", s.stx_mask,
			   s.stx_mode, (unsigned long long)s.stx_size);
}

// |n| pairs of numbers at |v|, named; joined in brackets if there are several.
static __stack_guarded void print_pairs(const struct strace_arg *a, uint64_t v, unsigned n,
					const char *fmt)
{
	int64_t pair[4];

	if (!fetch(a, v, pair, n * 16))
		return;
	if (n == 1) {
		seq_printf(a->out, fmt, (long long)pair[0], (long long)pair[1]);
		return;
	}
	seq_printf(a->out, "[");
	seq_printf(a->out, fmt, (long long)pair[0], (long long)pair[1]);
	seq_printf(a->out, ", ");
	seq_printf(a->out, fmt, (long long)pair[2], (long long)pair[3]);
	seq_printf(a->out, "]");
}

#define TIMESPEC "{tv_sec=%lld, tv_nsec=%lld}"
#define TIMEVAL  "{tv_sec=%lld, tv_usec=%lld}"

static void print_timespec(const struct strace_arg *a, uint64_t v)
{
	print_pairs(a, v, 1, TIMESPEC);
}

static void print_timespec2(const struct strace_arg *a, uint64_t v)
{
	print_pairs(a, v, 2, TIMESPEC);
}

static void print_timeval(const struct strace_arg *a, uint64_t v)
{
	print_pairs(a, v, 1, TIMEVAL);
}

static __stack_guarded void print_interval(const struct strace_arg *a, uint64_t v, const char *fmt)
{
	struct strace_arg half = *a;
	uint64_t probe[4];

	if (!fetch(a, v, probe, sizeof(probe)))
		return;
	seq_printf(a->out, "{it_interval=");
	print_pairs(&half, v, 1, fmt);
	seq_printf(a->out, ", it_value=");
	print_pairs(&half, v + 16, 1, fmt);
	seq_printf(a->out, "}");
}

static void print_itimerval(const struct strace_arg *a, uint64_t v)
{
	print_interval(a, v, TIMEVAL);
}

static void print_itimerspec(const struct strace_arg *a, uint64_t v)
{
	print_interval(a, v, TIMESPEC);
}

static void print_limit(struct seq *out, const char *name, uint64_t v)
{
	if (v == UINT64_MAX)
		seq_printf(out, "%s=RLIM64_INFINITY", name);
	else if (v > 1024 && v % 1024 == 0)
		seq_printf(out, "%s=%llu*1024", name, (unsigned long long)v / 1024);
	else
		seq_printf(out, "%s=%llu", name, (unsigned long long)v);
}

static __stack_guarded void print_rlimit(const struct strace_arg *a, uint64_t v)
{
	uint64_t limit[2];

	if (!fetch(a, v, limit, sizeof(limit)))
		return;
	print_limit(a->out, "{rlim_cur", limit[0]);
	print_limit(a->out, ", rlim_max", limit[1]);
	seq_printf(a->out, "}");
}

static void print_set(struct seq *out, uint64_t set)
{
	bool inverted = popcount64(set) > 32;
	const char *blank = "";

	if (inverted)
		set = ~set;
	seq_printf(out, inverted ? "~[" : "[");
	for (unsigned sig = 1; sig <= 64; sig++) {
		const char *name = strace_signal_name(sig);

		if (!(set >> (sig - 1) & 1))
			continue;
		if (name)
			seq_printf(out, "%s%s", blank, name + 3);
		else
			seq_printf(out, "%sRT_%u", blank, sig - 32);
		blank = " ";
	}
	seq_printf(out, "]");
}

static void print_sigset(const struct strace_arg *a, uint64_t v)
{
	uint64_t set;

	if (fetch(a, v, &set, sizeof(set)))
		print_set(a->out, set);
}

static __stack_guarded void print_sigaction(const struct strace_arg *a, uint64_t v)
{
	uint64_t act[4]; // handler, flags, restorer, mask

	if (!fetch(a, v, act, sizeof(act)))
		return;
	if (act[0] <= 1)
		seq_printf(a->out, "{sa_handler=%s, sa_mask=", act[0] ? "SIG_IGN" : "SIG_DFL");
	else
		seq_printf(a->out, "{%s=0x%llx, sa_mask=",
			   act[1] & SA_SIGINFO ? "sa_sigaction" : "sa_handler",
			   (unsigned long long)act[0]);
	print_set(a->out, act[3]);
	seq_printf(a->out, ", sa_flags=");
	print_flags_of(a, KIND_SACTI, act[1]);
	if (act[1] & SA_RESTORER)
		seq_printf(a->out, ", sa_restorer=0x%llx", (unsigned long long)act[2]);
	seq_printf(a->out, "}");
}

static void print_altstack(const struct strace_arg *a, uint64_t v)
{
	stack_t s;

	if (!fetch(a, v, &s, sizeof(s)))
		return;
	seq_printf(a->out, "{ss_sp=");
	print_address(a, (uint64_t)(uintptr_t)s.ss_sp);
	seq_printf(a->out, ", ss_flags=%s, ss_size=%llu}",
		   s.ss_flags & SS_DISABLE   ? "SS_DISABLE"
		   : s.ss_flags & SS_ONSTACK ? "SS_ONSTACK"
					     : "0",
		   (unsigned long long)s.ss_size);
}

static __stack_guarded void print_fd_pair(const struct strace_arg *a, uint64_t v)
{
	int fd[2];

	if (!fetch(a, v, fd, sizeof(fd)))
		return;
	seq_printf(a->out, "[");
	strace_print_fd(a->out, fd[0]);
	seq_printf(a->out, ", ");
	strace_print_fd(a->out, fd[1]);
	seq_printf(a->out, "]");
}

static void print_uint_at(const struct strace_arg *a, uint64_t v)
{
	unsigned value;

	if (fetch(a, v, &value, sizeof(value)))
		seq_printf(a->out, "[%u]", value);
}

static void print_offset_at(const struct strace_arg *a, uint64_t v)
{
	int64_t value;

	if (fetch(a, v, &value, sizeof(value)))
		seq_printf(a->out, "[%lld]", (long long)value);
}

static __stack_guarded void print_uname(const struct strace_arg *a, uint64_t v)
{
	char sysname[65];

	if (fetch(a, v, sysname, sizeof(sysname)))
		seq_printf(a->out, "{sysname=\"%.64s\", ...}", sysname);
}

static __stack_guarded void print_sysinfo(const struct strace_arg *a, uint64_t v)
{
	struct sysinfo s;

	if (fetch(a, v, &s, sizeof(s)))
		seq_printf(a->out, "{uptime=%lld, totalram=%llu, freeram=%llu, ...}",
			   (long long)s.uptime, (unsigned long long)s.totalram,
			   (unsigned long long)s.freeram);
}

static void print_pollfds(const struct strace_arg *a, uint64_t v)
{
	uint64_t count = MIN((unsigned)a->all[a->index + 1], VECTOR_MAX);
	struct pollfd p;

	seq_printf(a->out, "[");
	for (uint64_t i = 0; i < count; i++) {
		if (copy_from_user(&p, UPTR(v + i * sizeof(p)), sizeof(p)))
			break;
		seq_printf(a->out, i ? ", {fd=" : "{fd=");
		strace_print_fd(a->out, p.fd);
		seq_printf(a->out, ", events=");
		print_flags_of(a, KIND_POLLIO, (uint16_t)p.events);
		seq_printf(a->out, "}");
	}
	seq_printf(a->out, "]");
}

void strace_print_poll_result(struct seq *out, uint64_t fds, uint64_t count)
{
	const char *joint = " ([{fd=";
	struct pollfd p;

	for (uint64_t i = 0; i < MIN(count, VECTOR_MAX); i++) {
		if (copy_from_user(&p, UPTR(fds + i * sizeof(p)), sizeof(p)))
			break;
		if (!p.revents)
			continue;
		seq_printf(out, "%s%d, revents=", joint, p.fd);
		print_names(out, strace_table_of(KIND_POLLIO), (uint16_t)p.revents);
		joint = "}, {fd=";
	}
	seq_printf(out, "}])");
}

static void print_epoll_event(const struct strace_arg *a, uint64_t v)
{
	struct epoll_event e;

	if (fetch(a, v, &e, sizeof(e)))
		seq_printf(a->out, "{events=0x%x, data=0x%llx}", e.events,
			   (unsigned long long)e.data);
}

static void print_epoll_events(const struct strace_arg *a, uint64_t v)
{
	struct epoll_event e;

	if (a->result < 0)
		return print_address(a, v);
	seq_printf(a->out, "[");
	for (int64_t i = 0; i < MIN(a->result, VECTOR_MAX); i++) {
		if (copy_from_user(&e, UPTR(v + (uint64_t)i * sizeof(e)), sizeof(e)))
			break;
		seq_printf(a->out,
			   i ? ", {events=0x%x, data=0x%llx}" : "{events=0x%x, data=0x%llx}",
			   e.events, (unsigned long long)e.data);
	}
	seq_printf(a->out, "]");
}

// Kinds without a line have a table of names (strace_names.c).
static print_fn *const printers[KIND_COUNT] = {
	[KIND_INT] = print_int,
	[KIND_UINT] = print_uint,
	[KIND_LONG] = print_long,
	[KIND_HEX] = print_hex,
	[KIND_SIZE] = print_size,
	[KIND_ADDR] = print_address,
	[KIND_FD] = print_fd,
	[KIND_ATFD] = print_atfd,
	[KIND_MODE] = print_mode,
	[KIND_PID] = print_int,
	[KIND_UID] = print_id,
	[KIND_SIG] = print_signal,
	[KIND_OFLAGS] = print_open_flags,
	[KIND_PROT] = print_prot,
	[KIND_ACCESS] = print_access,
	[KIND_FUTEXOP] = print_futex_op,
	[KIND_CLONEFL] = print_clone_flags,
	[KIND_PTR] = print_address,
	[KIND_PATH] = print_string,
	[KIND_STR] = print_string,
	[KIND_STRO] = print_string_out,
	[KIND_STRV] = print_strv,
	[KIND_BUFI] = print_buf_in,
	[KIND_BUFO] = print_buf_out,
	[KIND_IOVI] = print_iov_in,
	[KIND_IOVO] = print_iov_out,
	[KIND_STATO] = print_stat,
	[KIND_STATXO] = print_statx,
	[KIND_TSI] = print_timespec,
	[KIND_TS2I] = print_timespec2,
	[KIND_TSO] = print_timespec,
	[KIND_TVI] = print_timeval,
	[KIND_TVO] = print_timeval,
	[KIND_ITVI] = print_itimerval,
	[KIND_ITVO] = print_itimerval,
	[KIND_ITSI] = print_itimerspec,
	[KIND_ITSO] = print_itimerspec,
	[KIND_RLIMI] = print_rlimit,
	[KIND_RLIMO] = print_rlimit,
	[KIND_SACTI] = print_sigaction,
	[KIND_SACTO] = print_sigaction,
	[KIND_SSETI] = print_sigset,
	[KIND_SSETO] = print_sigset,
	[KIND_STACKI] = print_altstack,
	[KIND_STACKO] = print_altstack,
	[KIND_FDPAIRO] = print_fd_pair,
	[KIND_UINTO] = print_uint_at,
	[KIND_UNAMEO] = print_uname,
	[KIND_SYSINFOO] = print_sysinfo,
	[KIND_POLLIO] = print_pollfds,
	[KIND_OFFIO] = print_offset_at,
	[KIND_EPEVI] = print_epoll_event,
	[KIND_EPEVO] = print_epoll_events,
};

void strace_print_arg(const struct strace_arg *a, unsigned kind)
{
	uint64_t v = a->all[a->index];
	const struct strace_table *t = strace_table_of(kind);

	if (printers[kind])
		printers[kind](a, v);
	else if (t)
		print_names(a->out, t, (uint32_t)v);
	else
		print_hex(a, v);
}

bool strace_arg_known_before(unsigned kind)
{
	enum { I = false, O = true, X = false };
	static const bool later[KIND_COUNT] = {
#define VALUE(kind, ctype)
#define POINTER(kind, way) [KIND_##kind] = (way),
#include "syscall/kinds.def"
#undef VALUE
#undef POINTER
	};

	return !later[kind];
}
