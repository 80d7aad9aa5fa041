// The names and texts of errors, signals and flags that strace prints. Only data.
#include "syscall/strace_names.h"

#include <asm/errno.h>
#include <asm/ioctls.h>
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

#include "lib/uapi_new.h"
#include "syscall/calls.h"

static const struct {
	const char *name, *text;
} errors[] = {
	[EPERM] = { "EPERM", "Operation not permitted" },
	[ENOENT] = { "ENOENT", "No such file or directory" },
	[ESRCH] = { "ESRCH", "No such process" },
	[EINTR] = { "EINTR", "Interrupted system call" },
	[EIO] = { "EIO", "Input/output error" },
	[ENXIO] = { "ENXIO", "No such device or address" },
	[E2BIG] = { "E2BIG", "Argument list too long" },
	[ENOEXEC] = { "ENOEXEC", "Exec format error" },
	[EBADF] = { "EBADF", "Bad file descriptor" },
	[ECHILD] = { "ECHILD", "No child processes" },
	[EAGAIN] = { "EAGAIN", "Resource temporarily unavailable" },
	[ENOMEM] = { "ENOMEM", "Cannot allocate memory" },
	[EACCES] = { "EACCES", "Permission denied" },
	[EFAULT] = { "EFAULT", "Bad address" },
	[ENOTBLK] = { "ENOTBLK", "Block device required" },
	[EBUSY] = { "EBUSY", "Device or resource busy" },
	[EEXIST] = { "EEXIST", "File exists" },
	[EXDEV] = { "EXDEV", "Invalid cross-device link" },
	[ENODEV] = { "ENODEV", "No such device" },
	[ENOTDIR] = { "ENOTDIR", "Not a directory" },
	[EISDIR] = { "EISDIR", "Is a directory" },
	[EINVAL] = { "EINVAL", "Invalid argument" },
	[ENFILE] = { "ENFILE", "Too many open files in system" },
	[EMFILE] = { "EMFILE", "Too many open files" },
	[ENOTTY] = { "ENOTTY", "Inappropriate ioctl for device" },
	[ETXTBSY] = { "ETXTBSY", "Text file busy" },
	[EFBIG] = { "EFBIG", "File too large" },
	[ENOSPC] = { "ENOSPC", "No space left on device" },
	[ESPIPE] = { "ESPIPE", "Illegal seek" },
	[EROFS] = { "EROFS", "Read-only file system" },
	[EMLINK] = { "EMLINK", "Too many links" },
	[EPIPE] = { "EPIPE", "Broken pipe" },
	[EDOM] = { "EDOM", "Numerical argument out of domain" },
	[ERANGE] = { "ERANGE", "Numerical result out of range" },
	[EDEADLK] = { "EDEADLK", "Resource deadlock avoided" },
	[ENAMETOOLONG] = { "ENAMETOOLONG", "File name too long" },
	[ENOLCK] = { "ENOLCK", "No locks available" },
	[ENOSYS] = { "ENOSYS", "Function not implemented" },
	[ENOTEMPTY] = { "ENOTEMPTY", "Directory not empty" },
	[ELOOP] = { "ELOOP", "Too many levels of symbolic links" },
	[ENOMSG] = { "ENOMSG", "No message of desired type" },
	[EIDRM] = { "EIDRM", "Identifier removed" },
	[ECHRNG] = { "ECHRNG", "Channel number out of range" },
	[EL2NSYNC] = { "EL2NSYNC", "Level 2 not synchronized" },
	[EL3HLT] = { "EL3HLT", "Level 3 halted" },
	[EL3RST] = { "EL3RST", "Level 3 reset" },
	[ELNRNG] = { "ELNRNG", "Link number out of range" },
	[EUNATCH] = { "EUNATCH", "Protocol driver not attached" },
	[ENOCSI] = { "ENOCSI", "No CSI structure available" },
	[EL2HLT] = { "EL2HLT", "Level 2 halted" },
	[EBADE] = { "EBADE", "Invalid exchange" },
	[EBADR] = { "EBADR", "Invalid request descriptor" },
	[EXFULL] = { "EXFULL", "Exchange full" },
	[ENOANO] = { "ENOANO", "No anode" },
	[EBADRQC] = { "EBADRQC", "Invalid request code" },
	[EBADSLT] = { "EBADSLT", "Invalid slot" },
	[EBFONT] = { "EBFONT", "Bad font file format" },
	[ENOSTR] = { "ENOSTR", "Device not a stream" },
	[ENODATA] = { "ENODATA", "No data available" },
	[ETIME] = { "ETIME", "Timer expired" },
	[ENOSR] = { "ENOSR", "Out of streams resources" },
	[ENONET] = { "ENONET", "Machine is not on the network" },
	[ENOPKG] = { "ENOPKG", "Package not installed" },
	[EREMOTE] = { "EREMOTE", "Object is remote" },
	[ENOLINK] = { "ENOLINK", "Link has been severed" },
	[EADV] = { "EADV", "Advertise error" },
	[ESRMNT] = { "ESRMNT", "Srmount error" },
	[ECOMM] = { "ECOMM", "Communication error on send" },
	[EPROTO] = { "EPROTO", "Protocol error" },
	[EMULTIHOP] = { "EMULTIHOP", "Multihop attempted" },
	[EDOTDOT] = { "EDOTDOT", "RFS specific error" },
	[EBADMSG] = { "EBADMSG", "Bad message" },
	[EOVERFLOW] = { "EOVERFLOW", "Value too large for defined data type" },
	[ENOTUNIQ] = { "ENOTUNIQ", "Name not unique on network" },
	[EBADFD] = { "EBADFD", "File descriptor in bad state" },
	[EREMCHG] = { "EREMCHG", "Remote address changed" },
	[ELIBACC] = { "ELIBACC", "Can not access a needed shared library" },
	[ELIBBAD] = { "ELIBBAD", "Accessing a corrupted shared library" },
	[ELIBSCN] = { "ELIBSCN", ".lib section in a.out corrupted" },
	[ELIBMAX] = { "ELIBMAX", "Attempting to link in too many shared libraries" },
	[ELIBEXEC] = { "ELIBEXEC", "Cannot exec a shared library directly" },
	[EILSEQ] = { "EILSEQ", "Invalid or incomplete multibyte or wide character" },
	[ERESTART] = { "ERESTART", "Interrupted system call should be restarted" },
	[ESTRPIPE] = { "ESTRPIPE", "Streams pipe error" },
	[EUSERS] = { "EUSERS", "Too many users" },
	[ENOTSOCK] = { "ENOTSOCK", "Socket operation on non-socket" },
	[EDESTADDRREQ] = { "EDESTADDRREQ", "Destination address required" },
	[EMSGSIZE] = { "EMSGSIZE", "Message too long" },
	[EPROTOTYPE] = { "EPROTOTYPE", "Protocol wrong type for socket" },
	[ENOPROTOOPT] = { "ENOPROTOOPT", "Protocol not available" },
	[EPROTONOSUPPORT] = { "EPROTONOSUPPORT", "Protocol not supported" },
	[ESOCKTNOSUPPORT] = { "ESOCKTNOSUPPORT", "Socket type not supported" },
	[EOPNOTSUPP] = { "EOPNOTSUPP", "Operation not supported" },
	[EPFNOSUPPORT] = { "EPFNOSUPPORT", "Protocol family not supported" },
	[EAFNOSUPPORT] = { "EAFNOSUPPORT", "Address family not supported by protocol" },
	[EADDRINUSE] = { "EADDRINUSE", "Address already in use" },
	[EADDRNOTAVAIL] = { "EADDRNOTAVAIL", "Cannot assign requested address" },
	[ENETDOWN] = { "ENETDOWN", "Network is down" },
	[ENETUNREACH] = { "ENETUNREACH", "Network is unreachable" },
	[ENETRESET] = { "ENETRESET", "Network dropped connection on reset" },
	[ECONNABORTED] = { "ECONNABORTED", "Software caused connection abort" },
	[ECONNRESET] = { "ECONNRESET", "Connection reset by peer" },
	[ENOBUFS] = { "ENOBUFS", "No buffer space available" },
	[EISCONN] = { "EISCONN", "Transport endpoint is already connected" },
	[ENOTCONN] = { "ENOTCONN", "Transport endpoint is not connected" },
	[ESHUTDOWN] = { "ESHUTDOWN", "Cannot send after transport endpoint shutdown" },
	[ETOOMANYREFS] = { "ETOOMANYREFS", "Too many references: cannot splice" },
	[ETIMEDOUT] = { "ETIMEDOUT", "Connection timed out" },
	[ECONNREFUSED] = { "ECONNREFUSED", "Connection refused" },
	[EHOSTDOWN] = { "EHOSTDOWN", "Host is down" },
	[EHOSTUNREACH] = { "EHOSTUNREACH", "No route to host" },
	[EALREADY] = { "EALREADY", "Operation already in progress" },
	[EINPROGRESS] = { "EINPROGRESS", "Operation now in progress" },
	[ESTALE] = { "ESTALE", "Stale file handle" },
	[EUCLEAN] = { "EUCLEAN", "Structure needs cleaning" },
	[ENOTNAM] = { "ENOTNAM", "Not a XENIX named type file" },
	[ENAVAIL] = { "ENAVAIL", "No XENIX semaphores available" },
	[EISNAM] = { "EISNAM", "Is a named type file" },
	[EREMOTEIO] = { "EREMOTEIO", "Remote I/O error" },
	[EDQUOT] = { "EDQUOT", "Disk quota exceeded" },
	[ENOMEDIUM] = { "ENOMEDIUM", "No medium found" },
	[EMEDIUMTYPE] = { "EMEDIUMTYPE", "Wrong medium type" },
	[ECANCELED] = { "ECANCELED", "Operation canceled" },
	[ENOKEY] = { "ENOKEY", "Required key not available" },
	[EKEYEXPIRED] = { "EKEYEXPIRED", "Key has expired" },
	[EKEYREVOKED] = { "EKEYREVOKED", "Key has been revoked" },
	[EKEYREJECTED] = { "EKEYREJECTED", "Key was rejected by service" },
	[EOWNERDEAD] = { "EOWNERDEAD", "Owner died" },
	[ENOTRECOVERABLE] = { "ENOTRECOVERABLE", "State not recoverable" },
	[ERFKILL] = { "ERFKILL", "Operation not possible due to RF-kill" },
	[EHWPOISON] = { "EHWPOISON", "Memory page has hardware error" },
};

const char *strace_errno_name(unsigned err)
{
	return err < ARRAY_SIZE(errors) ? errors[err].name : NULL;
}

const char *strace_errno_text(unsigned err)
{
	return err < ARRAY_SIZE(errors) ? errors[err].text : NULL;
}

static const char *const signals[] = {
	[SIGHUP] = "SIGHUP",       [SIGINT] = "SIGINT",       [SIGQUIT] = "SIGQUIT",
	[SIGILL] = "SIGILL",       [SIGTRAP] = "SIGTRAP",     [SIGABRT] = "SIGABRT",
	[SIGBUS] = "SIGBUS",       [SIGFPE] = "SIGFPE",       [SIGKILL] = "SIGKILL",
	[SIGUSR1] = "SIGUSR1",     [SIGSEGV] = "SIGSEGV",     [SIGUSR2] = "SIGUSR2",
	[SIGPIPE] = "SIGPIPE",     [SIGALRM] = "SIGALRM",     [SIGTERM] = "SIGTERM",
	[SIGSTKFLT] = "SIGSTKFLT", [SIGCHLD] = "SIGCHLD",     [SIGCONT] = "SIGCONT",
	[SIGSTOP] = "SIGSTOP",     [SIGTSTP] = "SIGTSTP",     [SIGTTIN] = "SIGTTIN",
	[SIGTTOU] = "SIGTTOU",     [SIGURG] = "SIGURG",       [SIGXCPU] = "SIGXCPU",
	[SIGXFSZ] = "SIGXFSZ",     [SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF",
	[SIGWINCH] = "SIGWINCH",   [SIGIO] = "SIGIO",         [SIGPWR] = "SIGPWR",
	[SIGSYS] = "SIGSYS",
};

const char *strace_signal_name(unsigned sig)
{
	return sig < ARRAY_SIZE(signals) ? signals[sig] : NULL;
}

#define N(constant)                                                                                \
	{                                                                                          \
		(uint64_t)(unsigned)(constant), #constant                                          \
	}

static const struct strace_name open_flags[] = {
	N(O_CREAT),
	N(O_EXCL),
	N(O_NOCTTY),
	N(O_TRUNC),
	N(O_APPEND),
	N(O_NONBLOCK),
	N(O_SYNC),
	N(O_DSYNC),
	{ FASYNC, "O_ASYNC" },
	N(O_DIRECT),
	{ 0100000,
	  "O_LARGEFILE" }, // the UAPI calls it 0 on 64 bits    N(O_NOFOLLOW), N(O_NOATIME),
	N(O_CLOEXEC),
	N(O_PATH),
	N(O_TMPFILE),
	N(O_DIRECTORY),
};
static const struct strace_name access_modes[] = {
	{ 4, "R_OK" },
	{ 2, "W_OK" },
	{ 1, "X_OK" },
};
static const struct strace_name at_flags[] = {
	N(AT_SYMLINK_NOFOLLOW), N(AT_NO_AUTOMOUNT),    N(AT_EMPTY_PATH),
	N(AT_STATX_FORCE_SYNC), N(AT_STATX_DONT_SYNC),
};
static const struct strace_name unlink_flags[] = {
	N(AT_REMOVEDIR),
};
static const struct strace_name link_flags[] = {
	N(AT_SYMLINK_FOLLOW),
	N(AT_EMPTY_PATH),
};
static const struct strace_name prot[] = {
	N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC), N(PROT_SEM), N(PROT_GROWSDOWN), N(PROT_GROWSUP),
};
static const struct strace_name map_flags[] = {
	N(MAP_SHARED_VALIDATE), N(MAP_SHARED),    N(MAP_PRIVATE),   N(MAP_FIXED),
	N(MAP_ANONYMOUS),       N(MAP_GROWSDOWN), N(MAP_DENYWRITE), N(MAP_EXECUTABLE),
	N(MAP_LOCKED),          N(MAP_NORESERVE), N(MAP_POPULATE),  N(MAP_NONBLOCK),
	N(MAP_STACK),           N(MAP_HUGETLB),   N(MAP_SYNC),      N(MAP_FIXED_NOREPLACE),
	N(MAP_32BIT),
};
static const struct strace_name memfd_flags[] = {
	N(MFD_CLOEXEC), N(MFD_ALLOW_SEALING), N(MFD_HUGETLB), N(MFD_NOEXEC_SEAL), N(MFD_EXEC),
};
static const struct strace_name madvice[] = {
	N(MADV_NORMAL),         N(MADV_RANDOM),    N(MADV_SEQUENTIAL),  N(MADV_WILLNEED),
	N(MADV_DONTNEED),       N(MADV_FREE),      N(MADV_REMOVE),      N(MADV_DONTFORK),
	N(MADV_DOFORK),         N(MADV_MERGEABLE), N(MADV_UNMERGEABLE), N(MADV_HUGEPAGE),
	N(MADV_NOHUGEPAGE),     N(MADV_DONTDUMP),  N(MADV_DODUMP),      N(MADV_WIPEONFORK),
	N(MADV_KEEPONFORK),     N(MADV_COLD),      N(MADV_PAGEOUT),     N(MADV_POPULATE_READ),
	N(MADV_POPULATE_WRITE), N(MADV_COLLAPSE),
};
static const struct strace_name msync_flags[] = {
	N(MS_ASYNC),
	N(MS_INVALIDATE),
	N(MS_SYNC),
};
static const struct strace_name mremap_flags[] = {
	N(MREMAP_MAYMOVE),
	N(MREMAP_FIXED),
	N(MREMAP_DONTUNMAP),
};
static const struct strace_name whence[] = {
	N(SEEK_SET), N(SEEK_CUR), N(SEEK_END), N(SEEK_DATA), N(SEEK_HOLE),
};
static const struct strace_name fcntl_cmds[] = {
	N(F_DUPFD),       N(F_GETFD),         N(F_SETFD),         N(F_GETFL),      N(F_SETFL),
	N(F_GETLK),       N(F_SETLK),         N(F_SETLKW),        N(F_SETOWN),     N(F_GETOWN),
	N(F_SETSIG),      N(F_GETSIG),        N(F_SETOWN_EX),     N(F_GETOWN_EX),  N(F_OFD_GETLK),
	N(F_OFD_SETLK),   N(F_OFD_SETLKW),    N(F_SETLEASE),      N(F_GETLEASE),   N(F_NOTIFY),
	N(F_DUPFD_QUERY), N(F_CREATED_QUERY), N(F_DUPFD_CLOEXEC), N(F_SETPIPE_SZ), N(F_GETPIPE_SZ),
	N(F_ADD_SEALS),   N(F_GET_SEALS),
};
static const struct strace_name ioctl_cmds[] = {
	N(TCGETS),     N(TCSETS),    N(TCSETSW),   N(TCSETSF),   N(TIOCGWINSZ),
	N(TIOCSWINSZ), N(TIOCGPGRP), N(TIOCSPGRP), N(TIOCSCTTY), N(TIOCNOTTY),
	N(FIONREAD),   N(FIONBIO),   N(FIOCLEX),   N(FIONCLEX),  N(FIOASYNC),
};
static const struct strace_name rlimits[] = {
	N(RLIMIT_CPU),      N(RLIMIT_FSIZE), N(RLIMIT_DATA),   N(RLIMIT_STACK),
	N(RLIMIT_CORE),     N(RLIMIT_RSS),   N(RLIMIT_NPROC),  N(RLIMIT_NOFILE),
	N(RLIMIT_MEMLOCK),  N(RLIMIT_AS),    N(RLIMIT_LOCKS),  N(RLIMIT_SIGPENDING),
	N(RLIMIT_MSGQUEUE), N(RLIMIT_NICE),  N(RLIMIT_RTPRIO), N(RLIMIT_RTTIME),
};
static const struct strace_name arch_options[] = {
	N(ARCH_SET_GS), N(ARCH_SET_FS),    N(ARCH_GET_FS),
	N(ARCH_GET_GS), N(ARCH_GET_CPUID), N(ARCH_SET_CPUID),
};
static const struct strace_name prctl_options[] = {
	N(PR_SET_PDEATHSIG),
	N(PR_GET_PDEATHSIG),
	N(PR_GET_DUMPABLE),
	N(PR_SET_DUMPABLE),
	N(PR_GET_KEEPCAPS),
	N(PR_SET_KEEPCAPS),
	N(PR_SET_NAME),
	N(PR_GET_NAME),
	N(PR_GET_SECCOMP),
	N(PR_SET_SECCOMP),
	N(PR_CAPBSET_READ),
	N(PR_CAPBSET_DROP),
	N(PR_GET_TSC),
	N(PR_SET_TSC),
	N(PR_GET_SECUREBITS),
	N(PR_SET_TIMERSLACK),
	N(PR_GET_TIMERSLACK),
	N(PR_SET_CHILD_SUBREAPER),
	N(PR_GET_CHILD_SUBREAPER),
	N(PR_SET_NO_NEW_PRIVS),
	N(PR_GET_NO_NEW_PRIVS),
	N(PR_GET_TID_ADDRESS),
	N(PR_SET_THP_DISABLE),
	N(PR_GET_THP_DISABLE),
	N(PR_CAP_AMBIENT),
	N(PR_SET_VMA),
};
static const struct strace_name clone_flags[] = {
	N(CLONE_VM),
	N(CLONE_FS),
	N(CLONE_FILES),
	N(CLONE_SIGHAND),
	N(CLONE_PIDFD),
	N(CLONE_PTRACE),
	N(CLONE_VFORK),
	N(CLONE_PARENT),
	N(CLONE_THREAD),
	N(CLONE_NEWNS),
	N(CLONE_SYSVSEM),
	N(CLONE_SETTLS),
	N(CLONE_PARENT_SETTID),
	N(CLONE_CHILD_CLEARTID),
	N(CLONE_DETACHED),
	N(CLONE_UNTRACED),
	N(CLONE_CHILD_SETTID),
};
static const struct strace_name sig_how[] = {
	N(SIG_BLOCK),
	N(SIG_UNBLOCK),
	N(SIG_SETMASK),
};
static const struct strace_name epoll_ops[] = {
	N(EPOLL_CTL_ADD),
	N(EPOLL_CTL_DEL),
	N(EPOLL_CTL_MOD),
};
static const struct strace_name epoll_flags[] = {
	N(EPOLL_CLOEXEC),
};
static const struct strace_name grnd_flags[] = {
	N(GRND_NONBLOCK),
	N(GRND_RANDOM),
	N(GRND_INSECURE),
};
static const struct strace_name falloc_modes[] = {
	N(FALLOC_FL_KEEP_SIZE),      N(FALLOC_FL_PUNCH_HOLE), N(FALLOC_FL_NO_HIDE_STALE),
	N(FALLOC_FL_COLLAPSE_RANGE), N(FALLOC_FL_ZERO_RANGE), N(FALLOC_FL_INSERT_RANGE),
	N(FALLOC_FL_UNSHARE_RANGE),
};
static const struct strace_name rename_flags[] = {
	N(RENAME_NOREPLACE),
	N(RENAME_EXCHANGE),
	N(RENAME_WHITEOUT),
};
static const struct strace_name statx_mask[] = {
	N(STATX_ALL), N(STATX_BASIC_STATS), N(STATX_TYPE),   N(STATX_MODE),  N(STATX_NLINK),
	N(STATX_UID), N(STATX_GID),         N(STATX_ATIME),  N(STATX_MTIME), N(STATX_CTIME),
	N(STATX_INO), N(STATX_SIZE),        N(STATX_BLOCKS), N(STATX_BTIME), N(STATX_MNT_ID),
};
static const struct strace_name close_range_flags[] = {
	N(CLOSE_RANGE_UNSHARE),
	N(CLOSE_RANGE_CLOEXEC),
};
static const struct strace_name rw_flags[] = {
	N(RWF_HIPRI), N(RWF_DSYNC), N(RWF_SYNC), N(RWF_NOWAIT), N(RWF_APPEND),
};
static const struct strace_name itimers[] = {
	N(ITIMER_REAL),
	N(ITIMER_VIRTUAL),
	N(ITIMER_PROF),
};
static const struct strace_name clocks[] = {
	N(CLOCK_REALTIME),          N(CLOCK_MONOTONIC),     N(CLOCK_PROCESS_CPUTIME_ID),
	N(CLOCK_THREAD_CPUTIME_ID), N(CLOCK_MONOTONIC_RAW), N(CLOCK_REALTIME_COARSE),
	N(CLOCK_MONOTONIC_COARSE),  N(CLOCK_BOOTTIME),      N(CLOCK_REALTIME_ALARM),
	N(CLOCK_BOOTTIME_ALARM),    N(CLOCK_TAI),
};
static const struct strace_name futex_ops[] = {
	N(FUTEX_WAIT),           N(FUTEX_WAKE),        N(FUTEX_FD),
	N(FUTEX_REQUEUE),        N(FUTEX_CMP_REQUEUE), N(FUTEX_WAKE_OP),
	N(FUTEX_LOCK_PI),        N(FUTEX_UNLOCK_PI),   N(FUTEX_TRYLOCK_PI),
	N(FUTEX_WAIT_BITSET),    N(FUTEX_WAKE_BITSET), N(FUTEX_WAIT_REQUEUE_PI),
	N(FUTEX_CMP_REQUEUE_PI), N(FUTEX_LOCK_PI2),
};

#define FLAGS(table, unknown_name)                                                                 \
	{                                                                                          \
		table, ARRAY_SIZE(table), true, unknown_name                                       \
	}
#define VALUES(table, unknown_name)                                                                \
	{                                                                                          \
		table, ARRAY_SIZE(table), false, unknown_name                                      \
	}

static const struct strace_table tables[KIND_COUNT] = {
	[KIND_OFLAGS] = FLAGS(open_flags, "O_???"),
	[KIND_PIPEFL] = FLAGS(open_flags, "O_???"),
	[KIND_ATFLAGS] = FLAGS(at_flags, "AT_???"),
	[KIND_UNLINKFL] = FLAGS(unlink_flags, "AT_???"),
	[KIND_LINKFL] = FLAGS(link_flags, "AT_???"),
	[KIND_ACCESS] = FLAGS(access_modes, "?_OK"),
	[KIND_PROT] = FLAGS(prot, "PROT_???"),
	[KIND_MAPFL] = FLAGS(map_flags, "MAP_???"),
	[KIND_MEMFDFL] = FLAGS(memfd_flags, "MFD_???"),
	[KIND_MADV] = VALUES(madvice, "MADV_???"),
	[KIND_MSYNC] = FLAGS(msync_flags, "MS_???"),
	[KIND_MREMAP] = FLAGS(mremap_flags, "MREMAP_???"),
	[KIND_WHENCE] = VALUES(whence, "SEEK_???"),
	[KIND_FCNTL] = VALUES(fcntl_cmds, "F_???"),
	[KIND_IOCTL] = VALUES(ioctl_cmds, NULL),
	[KIND_RLIMIT] = VALUES(rlimits, "RLIMIT_???"),
	[KIND_ARCHPR] = VALUES(arch_options, "ARCH_???"),
	[KIND_PRCTL] = VALUES(prctl_options, "PR_???"),
	[KIND_CLONEFL] = FLAGS(clone_flags, NULL),
	[KIND_SIGHOW] = VALUES(sig_how, "SIG_???"),
	[KIND_EPOLLOP] = VALUES(epoll_ops, "EPOLL_CTL_???"),
	[KIND_EPFL] = FLAGS(epoll_flags, "EPOLL_???"),
	[KIND_GRNDFL] = FLAGS(grnd_flags, "GRND_???"),
	[KIND_FALLOC] = FLAGS(falloc_modes, "FALLOC_FL_???"),
	[KIND_RENAMEFL] = FLAGS(rename_flags, "RENAME_???"),
	[KIND_STATXMASK] = FLAGS(statx_mask, "STATX_???"),
	[KIND_CLRANGE] = FLAGS(close_range_flags, "CLOSE_RANGE_???"),
	[KIND_RWF] = FLAGS(rw_flags, "RWF_???"),
	[KIND_ITIMER] = VALUES(itimers, "ITIMER_???"),
	[KIND_CLOCK] = VALUES(clocks, NULL),
	[KIND_FUTEXOP] = VALUES(futex_ops, NULL),
};

const struct strace_table *strace_table_of(unsigned kind)
{
	return kind < KIND_COUNT && tables[kind].names ? &tables[kind] : NULL;
}
