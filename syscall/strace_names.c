// The names and texts of errors, signals and flags that strace prints. Only data, and packed: a
// list of names is one string of NUL-terminated ones, searched from its start (who traces has
// time).
#include "syscall/strace_names.h"

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <asm/prctl.h>
#include <asm/signal.h>
#include <linux/close_range.h>
#include <linux/eventpoll.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/random.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/time.h>

#include "lib/string.h"
#include "lib/uapi_new.h"
#include "syscall/calls.h"

const char *strace_next_name(const char *name)
{
	return name + strlen(name) + 1;
}

// The |index|th of the strings that follow each other at |list|.
static const char *nth(const char *list, unsigned index)
{
	while (index--)
		list = strace_next_name(list);
	return list;
}

#define ERROR_LAST EHWPOISON

// By number, from 1 on.
#define E(name, text) #name "\0" text "\0"
// clang-format off
static const char errors[] =
	E(EPERM, "Operation not permitted")
	E(ENOENT, "No such file or directory")
	E(ESRCH, "No such process")
	E(EINTR, "Interrupted system call")
	E(EIO, "Input/output error")
	E(ENXIO, "No such device or address")
	E(E2BIG, "Argument list too long")
	E(ENOEXEC, "Exec format error")
	E(EBADF, "Bad file descriptor")
	E(ECHILD, "No child processes")
	E(EAGAIN, "Resource temporarily unavailable")
	E(ENOMEM, "Cannot allocate memory")
	E(EACCES, "Permission denied")
	E(EFAULT, "Bad address")
	E(ENOTBLK, "Block device required")
	E(EBUSY, "Device or resource busy")
	E(EEXIST, "File exists")
	E(EXDEV, "Invalid cross-device link")
	E(ENODEV, "No such device")
	E(ENOTDIR, "Not a directory")
	E(EISDIR, "Is a directory")
	E(EINVAL, "Invalid argument")
	E(ENFILE, "Too many open files in system")
	E(EMFILE, "Too many open files")
	E(ENOTTY, "Inappropriate ioctl for device")
	E(ETXTBSY, "Text file busy")
	E(EFBIG, "File too large")
	E(ENOSPC, "No space left on device")
	E(ESPIPE, "Illegal seek")
	E(EROFS, "Read-only file system")
	E(EMLINK, "Too many links")
	E(EPIPE, "Broken pipe")
	E(EDOM, "Numerical argument out of domain")
	E(ERANGE, "Numerical result out of range")
	E(EDEADLK, "Resource deadlock avoided")
	E(ENAMETOOLONG, "File name too long")
	E(ENOLCK, "No locks available")
	E(ENOSYS, "Function not implemented")
	E(ENOTEMPTY, "Directory not empty")
	E(ELOOP, "Too many levels of symbolic links")
	E(, "") // 41 was never used
	E(ENOMSG, "No message of desired type")
	E(EIDRM, "Identifier removed")
	E(ECHRNG, "Channel number out of range")
	E(EL2NSYNC, "Level 2 not synchronized")
	E(EL3HLT, "Level 3 halted")
	E(EL3RST, "Level 3 reset")
	E(ELNRNG, "Link number out of range")
	E(EUNATCH, "Protocol driver not attached")
	E(ENOCSI, "No CSI structure available")
	E(EL2HLT, "Level 2 halted")
	E(EBADE, "Invalid exchange")
	E(EBADR, "Invalid request descriptor")
	E(EXFULL, "Exchange full")
	E(ENOANO, "No anode")
	E(EBADRQC, "Invalid request code")
	E(EBADSLT, "Invalid slot")
	E(, "") // 58 was never used
	E(EBFONT, "Bad font file format")
	E(ENOSTR, "Device not a stream")
	E(ENODATA, "No data available")
	E(ETIME, "Timer expired")
	E(ENOSR, "Out of streams resources")
	E(ENONET, "Machine is not on the network")
	E(ENOPKG, "Package not installed")
	E(EREMOTE, "Object is remote")
	E(ENOLINK, "Link has been severed")
	E(EADV, "Advertise error")
	E(ESRMNT, "Srmount error")
	E(ECOMM, "Communication error on send")
	E(EPROTO, "Protocol error")
	E(EMULTIHOP, "Multihop attempted")
	E(EDOTDOT, "RFS specific error")
	E(EBADMSG, "Bad message")
	E(EOVERFLOW, "Value too large for defined data type")
	E(ENOTUNIQ, "Name not unique on network")
	E(EBADFD, "File descriptor in bad state")
	E(EREMCHG, "Remote address changed")
	E(ELIBACC, "Can not access a needed shared library")
	E(ELIBBAD, "Accessing a corrupted shared library")
	E(ELIBSCN, ".lib section in a.out corrupted")
	E(ELIBMAX, "Attempting to link in too many shared libraries")
	E(ELIBEXEC, "Cannot exec a shared library directly")
	E(EILSEQ, "Invalid or incomplete multibyte or wide character")
	E(ERESTART, "Interrupted system call should be restarted")
	E(ESTRPIPE, "Streams pipe error")
	E(EUSERS, "Too many users")
	E(ENOTSOCK, "Socket operation on non-socket")
	E(EDESTADDRREQ, "Destination address required")
	E(EMSGSIZE, "Message too long")
	E(EPROTOTYPE, "Protocol wrong type for socket")
	E(ENOPROTOOPT, "Protocol not available")
	E(EPROTONOSUPPORT, "Protocol not supported")
	E(ESOCKTNOSUPPORT, "Socket type not supported")
	E(EOPNOTSUPP, "Operation not supported")
	E(EPFNOSUPPORT, "Protocol family not supported")
	E(EAFNOSUPPORT, "Address family not supported by protocol")
	E(EADDRINUSE, "Address already in use")
	E(EADDRNOTAVAIL, "Cannot assign requested address")
	E(ENETDOWN, "Network is down")
	E(ENETUNREACH, "Network is unreachable")
	E(ENETRESET, "Network dropped connection on reset")
	E(ECONNABORTED, "Software caused connection abort")
	E(ECONNRESET, "Connection reset by peer")
	E(ENOBUFS, "No buffer space available")
	E(EISCONN, "Transport endpoint is already connected")
	E(ENOTCONN, "Transport endpoint is not connected")
	E(ESHUTDOWN, "Cannot send after transport endpoint shutdown")
	E(ETOOMANYREFS, "Too many references: cannot splice")
	E(ETIMEDOUT, "Connection timed out")
	E(ECONNREFUSED, "Connection refused")
	E(EHOSTDOWN, "Host is down")
	E(EHOSTUNREACH, "No route to host")
	E(EALREADY, "Operation already in progress")
	E(EINPROGRESS, "Operation now in progress")
	E(ESTALE, "Stale file handle")
	E(EUCLEAN, "Structure needs cleaning")
	E(ENOTNAM, "Not a XENIX named type file")
	E(ENAVAIL, "No XENIX semaphores available")
	E(EISNAM, "Is a named type file")
	E(EREMOTEIO, "Remote I/O error")
	E(EDQUOT, "Disk quota exceeded")
	E(ENOMEDIUM, "No medium found")
	E(EMEDIUMTYPE, "Wrong medium type")
	E(ECANCELED, "Operation canceled")
	E(ENOKEY, "Required key not available")
	E(EKEYEXPIRED, "Key has expired")
	E(EKEYREVOKED, "Key has been revoked")
	E(EKEYREJECTED, "Key was rejected by service")
	E(EOWNERDEAD, "Owner died")
	E(ENOTRECOVERABLE, "State not recoverable")
	E(ERFKILL, "Operation not possible due to RF-kill")
	E(EHWPOISON, "Memory page has hardware error");
// clang-format on

static const char *error_string(unsigned err, unsigned which)
{
	const char *s = err && err <= ERROR_LAST ? nth(errors, 2 * (err - 1) + which) : "";

	return *s ? s : NULL;
}

const char *strace_errno_name(unsigned err)
{
	return error_string(err, 0);
}

const char *strace_errno_text(unsigned err)
{
	return error_string(err, 1);
}

// By number, from 1 on.
#define S(name) #name "\0"
// clang-format off
static const char signals[] =
	S(SIGHUP) S(SIGINT) S(SIGQUIT) S(SIGILL) S(SIGTRAP) S(SIGABRT) S(SIGBUS) S(SIGFPE)
	S(SIGKILL) S(SIGUSR1) S(SIGSEGV) S(SIGUSR2) S(SIGPIPE) S(SIGALRM) S(SIGTERM)
	S(SIGSTKFLT) S(SIGCHLD) S(SIGCONT) S(SIGSTOP) S(SIGTSTP) S(SIGTTIN) S(SIGTTOU)
	S(SIGURG) S(SIGXCPU) S(SIGXFSZ) S(SIGVTALRM) S(SIGPROF) S(SIGWINCH) S(SIGIO) S(SIGPWR)
	S(SIGSYS);
// clang-format on

const char *strace_signal_name(unsigned sig)
{
	return sig && sig <= SIGSYS ? nth(signals, sig - 1) : NULL;
}

// Constants that the UAPI headers have by another name, or not at all.
enum { R_OK = 4, W_OK = 2, X_OK = 1, O_ASYNC = FASYNC };

// Per list: a line for each name N. Of flags, wider masks come before their parts.
// clang-format off
#define OPEN_FLAGS(N) \
	N(O_CREAT) N(O_EXCL) N(O_NOCTTY) N(O_TRUNC) N(O_APPEND) N(O_NONBLOCK) N(O_SYNC) \
	N(O_DSYNC) N(O_ASYNC) N(O_DIRECT) N(O_LARGEFILE) N(O_NOFOLLOW) N(O_NOATIME) \
	N(O_CLOEXEC) N(O_PATH) N(O_TMPFILE) N(O_DIRECTORY)
#define ACCESS_MODES(N) \
	N(R_OK) N(W_OK) N(X_OK)
#define AT_FLAGS(N) \
	N(AT_SYMLINK_NOFOLLOW) N(AT_NO_AUTOMOUNT) N(AT_EMPTY_PATH) N(AT_STATX_FORCE_SYNC) \
	N(AT_STATX_DONT_SYNC)
#define UNLINK_FLAGS(N) \
	N(AT_REMOVEDIR)
#define LINK_FLAGS(N) \
	N(AT_SYMLINK_FOLLOW) N(AT_EMPTY_PATH)
#define PROT(N) \
	N(PROT_READ) N(PROT_WRITE) N(PROT_EXEC) N(PROT_SEM) N(PROT_GROWSDOWN) N(PROT_GROWSUP)
#define MAP_FLAGS(N) \
	N(MAP_SHARED_VALIDATE) N(MAP_SHARED) N(MAP_PRIVATE) N(MAP_FIXED) N(MAP_ANONYMOUS) \
	N(MAP_GROWSDOWN) N(MAP_DENYWRITE) N(MAP_EXECUTABLE) N(MAP_LOCKED) N(MAP_NORESERVE) \
	N(MAP_POPULATE) N(MAP_NONBLOCK) N(MAP_STACK) N(MAP_HUGETLB) N(MAP_SYNC) \
	N(MAP_FIXED_NOREPLACE) N(MAP_32BIT)
#define MEMFD_FLAGS(N) \
	N(MFD_CLOEXEC) N(MFD_ALLOW_SEALING) N(MFD_HUGETLB) N(MFD_NOEXEC_SEAL) N(MFD_EXEC)
#define MADVICE(N) \
	N(MADV_NORMAL) N(MADV_RANDOM) N(MADV_SEQUENTIAL) N(MADV_WILLNEED) N(MADV_DONTNEED) \
	N(MADV_FREE) N(MADV_REMOVE) N(MADV_DONTFORK) N(MADV_DOFORK) N(MADV_MERGEABLE) \
	N(MADV_UNMERGEABLE) N(MADV_HUGEPAGE) N(MADV_NOHUGEPAGE) N(MADV_DONTDUMP) N(MADV_DODUMP) \
	N(MADV_WIPEONFORK) N(MADV_KEEPONFORK) N(MADV_COLD) N(MADV_PAGEOUT) \
	N(MADV_POPULATE_READ) N(MADV_POPULATE_WRITE) N(MADV_COLLAPSE)
#define MSYNC_FLAGS(N) \
	N(MS_ASYNC) N(MS_INVALIDATE) N(MS_SYNC)
#define MREMAP_FLAGS(N) \
	N(MREMAP_MAYMOVE) N(MREMAP_FIXED) N(MREMAP_DONTUNMAP)
#define WHENCE(N) \
	N(SEEK_SET) N(SEEK_CUR) N(SEEK_END) N(SEEK_DATA) N(SEEK_HOLE)
#define FCNTL_CMDS(N) \
	N(F_DUPFD) N(F_GETFD) N(F_SETFD) N(F_GETFL) N(F_SETFL) N(F_GETLK) N(F_SETLK) \
	N(F_SETLKW) N(F_SETOWN) N(F_GETOWN) N(F_SETSIG) N(F_GETSIG) N(F_SETOWN_EX) \
	N(F_GETOWN_EX) N(F_OFD_GETLK) N(F_OFD_SETLK) N(F_OFD_SETLKW) N(F_SETLEASE) \
	N(F_GETLEASE) N(F_NOTIFY) N(F_DUPFD_QUERY) N(F_CREATED_QUERY) N(F_DUPFD_CLOEXEC) \
	N(F_SETPIPE_SZ) N(F_GETPIPE_SZ) N(F_ADD_SEALS) N(F_GET_SEALS)
#define IOCTL_CMDS(N) \
	N(TCGETS) N(TCSETS) N(TCSETSW) N(TCSETSF) N(TIOCGWINSZ) N(TIOCSWINSZ) N(TIOCGPGRP) \
	N(TIOCSPGRP) N(TIOCSCTTY) N(TIOCNOTTY) N(FIONREAD) N(FIONBIO) N(FIOCLEX) N(FIONCLEX) \
	N(FIOASYNC)
#define RLIMITS(N) \
	N(RLIMIT_CPU) N(RLIMIT_FSIZE) N(RLIMIT_DATA) N(RLIMIT_STACK) N(RLIMIT_CORE) \
	N(RLIMIT_RSS) N(RLIMIT_NPROC) N(RLIMIT_NOFILE) N(RLIMIT_MEMLOCK) N(RLIMIT_AS) \
	N(RLIMIT_LOCKS) N(RLIMIT_SIGPENDING) N(RLIMIT_MSGQUEUE) N(RLIMIT_NICE) N(RLIMIT_RTPRIO) \
	N(RLIMIT_RTTIME)
#define ARCH_OPTIONS(N) \
	N(ARCH_SET_GS) N(ARCH_SET_FS) N(ARCH_GET_FS) N(ARCH_GET_GS) N(ARCH_GET_CPUID) \
	N(ARCH_SET_CPUID)
#define PRCTL_OPTIONS(N) \
	N(PR_SET_PDEATHSIG) N(PR_GET_PDEATHSIG) N(PR_GET_DUMPABLE) N(PR_SET_DUMPABLE) \
	N(PR_GET_KEEPCAPS) N(PR_SET_KEEPCAPS) N(PR_SET_NAME) N(PR_GET_NAME) N(PR_GET_SECCOMP) \
	N(PR_SET_SECCOMP) N(PR_CAPBSET_READ) N(PR_CAPBSET_DROP) N(PR_GET_TSC) N(PR_SET_TSC) \
	N(PR_GET_SECUREBITS) N(PR_SET_TIMERSLACK) N(PR_GET_TIMERSLACK) \
	N(PR_SET_CHILD_SUBREAPER) N(PR_GET_CHILD_SUBREAPER) N(PR_SET_NO_NEW_PRIVS) \
	N(PR_GET_NO_NEW_PRIVS) N(PR_GET_TID_ADDRESS) N(PR_SET_THP_DISABLE) \
	N(PR_GET_THP_DISABLE) N(PR_CAP_AMBIENT) N(PR_SET_VMA)
#define CLONE_FLAGS(N) \
	N(CLONE_VM) N(CLONE_FS) N(CLONE_FILES) N(CLONE_SIGHAND) N(CLONE_PIDFD) N(CLONE_PTRACE) \
	N(CLONE_VFORK) N(CLONE_PARENT) N(CLONE_THREAD) N(CLONE_NEWNS) N(CLONE_SYSVSEM) \
	N(CLONE_SETTLS) N(CLONE_PARENT_SETTID) N(CLONE_CHILD_CLEARTID) N(CLONE_DETACHED) \
	N(CLONE_UNTRACED) N(CLONE_CHILD_SETTID)
#define SIG_HOW(N) \
	N(SIG_BLOCK) N(SIG_UNBLOCK) N(SIG_SETMASK)
#define ACTION_FLAGS(N) \
	N(SA_RESTORER) N(SA_ONSTACK) N(SA_RESTART) N(SA_NODEFER) N(SA_RESETHAND) N(SA_SIGINFO) \
	N(SA_NOCLDSTOP) N(SA_NOCLDWAIT)
#define POLL_EVENTS(N) \
	N(POLLIN) N(POLLPRI) N(POLLOUT) N(POLLERR) N(POLLHUP) N(POLLNVAL) N(POLLRDNORM) \
	N(POLLWRNORM) N(POLLRDHUP)
#define EPOLL_OPS(N) \
	N(EPOLL_CTL_ADD) N(EPOLL_CTL_DEL) N(EPOLL_CTL_MOD)
#define EPOLL_FLAGS(N) \
	N(EPOLL_CLOEXEC)
#define GRND_FLAGS(N) \
	N(GRND_NONBLOCK) N(GRND_RANDOM) N(GRND_INSECURE)
#define FALLOC_MODES(N) \
	N(FALLOC_FL_KEEP_SIZE) N(FALLOC_FL_PUNCH_HOLE) N(FALLOC_FL_NO_HIDE_STALE) \
	N(FALLOC_FL_COLLAPSE_RANGE) N(FALLOC_FL_ZERO_RANGE) N(FALLOC_FL_INSERT_RANGE) \
	N(FALLOC_FL_UNSHARE_RANGE)
#define RENAME_FLAGS(N) \
	N(RENAME_NOREPLACE) N(RENAME_EXCHANGE) N(RENAME_WHITEOUT)
#define STATX_MASK(N) \
	N(STATX_ALL) N(STATX_BASIC_STATS) N(STATX_TYPE) N(STATX_MODE) N(STATX_NLINK) \
	N(STATX_UID) N(STATX_GID) N(STATX_ATIME) N(STATX_MTIME) N(STATX_CTIME) N(STATX_INO) \
	N(STATX_SIZE) N(STATX_BLOCKS) N(STATX_BTIME) N(STATX_MNT_ID)
#define CLOSE_RANGE_FLAGS(N) \
	N(CLOSE_RANGE_UNSHARE) N(CLOSE_RANGE_CLOEXEC)
#define RW_FLAGS(N) \
	N(RWF_HIPRI) N(RWF_DSYNC) N(RWF_SYNC) N(RWF_NOWAIT) N(RWF_APPEND)
#define ITIMERS(N) \
	N(ITIMER_REAL) N(ITIMER_VIRTUAL) N(ITIMER_PROF)
#define CLOCKS(N) \
	N(CLOCK_REALTIME) N(CLOCK_MONOTONIC) N(CLOCK_PROCESS_CPUTIME_ID) \
	N(CLOCK_THREAD_CPUTIME_ID) N(CLOCK_MONOTONIC_RAW) N(CLOCK_REALTIME_COARSE) \
	N(CLOCK_MONOTONIC_COARSE) N(CLOCK_BOOTTIME) N(CLOCK_REALTIME_ALARM) \
	N(CLOCK_BOOTTIME_ALARM) N(CLOCK_TAI)
#define FUTEX_OPS(N) \
	N(FUTEX_WAIT) N(FUTEX_WAKE) N(FUTEX_FD) N(FUTEX_REQUEUE) N(FUTEX_CMP_REQUEUE) \
	N(FUTEX_WAKE_OP) N(FUTEX_LOCK_PI) N(FUTEX_UNLOCK_PI) N(FUTEX_TRYLOCK_PI) \
	N(FUTEX_WAIT_BITSET) N(FUTEX_WAKE_BITSET) N(FUTEX_WAIT_REQUEUE_PI) \
	N(FUTEX_CMP_REQUEUE_PI) N(FUTEX_LOCK_PI2)
// clang-format on

#define VALUE(constant) (uint32_t)(constant),
#define TEXT(constant)  #constant "\0"
#define TABLE(list, unknown)                                                                       \
	static const uint32_t list##_values[] = { list(VALUE) };                                   \
	static const char list##_names[] = unknown "\0" list(TEXT);

TABLE(OPEN_FLAGS, "O_???")
TABLE(ACCESS_MODES, "?_OK")
TABLE(AT_FLAGS, "AT_???")
TABLE(UNLINK_FLAGS, "AT_???")
TABLE(LINK_FLAGS, "AT_???")
TABLE(PROT, "PROT_???")
TABLE(MAP_FLAGS, "MAP_???")
TABLE(MEMFD_FLAGS, "MFD_???")
TABLE(MADVICE, "MADV_???")
TABLE(MSYNC_FLAGS, "MS_???")
TABLE(MREMAP_FLAGS, "MREMAP_???")
TABLE(WHENCE, "SEEK_???")
TABLE(FCNTL_CMDS, "F_???")
TABLE(IOCTL_CMDS, "")
TABLE(RLIMITS, "RLIMIT_???")
TABLE(ARCH_OPTIONS, "ARCH_???")
TABLE(PRCTL_OPTIONS, "PR_???")
TABLE(CLONE_FLAGS, "")
TABLE(SIG_HOW, "SIG_???")
TABLE(ACTION_FLAGS, "SA_???")
TABLE(POLL_EVENTS, "POLL_???")
TABLE(EPOLL_OPS, "EPOLL_CTL_???")
TABLE(EPOLL_FLAGS, "EPOLL_???")
TABLE(GRND_FLAGS, "GRND_???")
TABLE(FALLOC_MODES, "FALLOC_FL_???")
TABLE(RENAME_FLAGS, "RENAME_???")
TABLE(STATX_MASK, "STATX_???")
TABLE(CLOSE_RANGE_FLAGS, "CLOSE_RANGE_???")
TABLE(RW_FLAGS, "RWF_???")
TABLE(ITIMERS, "ITIMER_???")
TABLE(CLOCKS, "")
TABLE(FUTEX_OPS, "")

#define ROW(kind, list, flags)                                                                     \
	{                                                                                          \
		list##_values, list##_names, ARRAY_SIZE(list##_values), KIND_##kind, flags         \
	}
#define FLAGS(kind, list)  ROW(kind, list, true)
#define VALUES(kind, list) ROW(kind, list, false)

static const struct strace_table tables[] = {
	FLAGS(OFLAGS, OPEN_FLAGS),
	FLAGS(PIPEFL, OPEN_FLAGS),
	FLAGS(ATFLAGS, AT_FLAGS),
	FLAGS(UNLINKFL, UNLINK_FLAGS),
	FLAGS(LINKFL, LINK_FLAGS),
	FLAGS(ACCESS, ACCESS_MODES),
	FLAGS(PROT, PROT),
	FLAGS(MAPFL, MAP_FLAGS),
	FLAGS(MEMFDFL, MEMFD_FLAGS),
	VALUES(MADV, MADVICE),
	FLAGS(MSYNC, MSYNC_FLAGS),
	FLAGS(MREMAP, MREMAP_FLAGS),
	VALUES(WHENCE, WHENCE),
	VALUES(FCNTL, FCNTL_CMDS),
	VALUES(IOCTL, IOCTL_CMDS),
	VALUES(RLIMIT, RLIMITS),
	VALUES(ARCHPR, ARCH_OPTIONS),
	VALUES(PRCTL, PRCTL_OPTIONS),
	FLAGS(CLONEFL, CLONE_FLAGS),
	VALUES(SIGHOW, SIG_HOW),
	FLAGS(SACTI, ACTION_FLAGS),
	FLAGS(POLLIO, POLL_EVENTS),
	VALUES(EPOLLOP, EPOLL_OPS),
	FLAGS(EPFL, EPOLL_FLAGS),
	FLAGS(GRNDFL, GRND_FLAGS),
	FLAGS(FALLOC, FALLOC_MODES),
	FLAGS(RENAMEFL, RENAME_FLAGS),
	FLAGS(STATXMASK, STATX_MASK),
	FLAGS(CLRANGE, CLOSE_RANGE_FLAGS),
	FLAGS(RWF, RW_FLAGS),
	VALUES(ITIMER, ITIMERS),
	VALUES(CLOCK, CLOCKS),
	VALUES(FUTEXOP, FUTEX_OPS),
};

const struct strace_table *strace_table_of(unsigned kind)
{
	for (unsigned i = 0; i < ARRAY_SIZE(tables); i++)
		if (tables[i].kind == kind)
			return &tables[i];
	return NULL;
}
