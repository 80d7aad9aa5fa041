// What guest tests print with: results by name, never addresses or numbers that differ from run to
// run. Include after nothing: it brings the usual headers.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define PG 4096ul

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

// Constants that older headers lack.
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 16u
#endif
#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1u
#endif
#ifndef MFD_ALLOW_SEALING
#define MFD_ALLOW_SEALING 2u
#endif
#ifndef F_ADD_SEALS
#define F_ADD_SEALS   1033
#define F_GET_SEALS   1034
#define F_SEAL_SEAL   1
#define F_SEAL_SHRINK 2
#define F_SEAL_GROW   4
#define F_SEAL_WRITE  8
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 16
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 32
#endif

static inline const char *t_errno(int e)
{
	static const struct {
		int n;
		const char *s;
	} names[] = {
#define E(x) { x, #x }
		E(EPERM),        E(ENOENT),    E(ESRCH),      E(EINTR),     E(EIO),
		E(ENXIO),        E(E2BIG),     E(ENOEXEC),    E(EBADF),     E(ECHILD),
		E(EAGAIN),       E(ENOMEM),    E(EACCES),     E(EFAULT),    E(ENOTBLK),
		E(EBUSY),        E(EEXIST),    E(EXDEV),      E(ENODEV),    E(ENOTDIR),
		E(EISDIR),       E(EINVAL),    E(ENFILE),     E(EMFILE),    E(ENOTTY),
		E(ETXTBSY),      E(EFBIG),     E(ENOSPC),     E(ESPIPE),    E(EROFS),
		E(EMLINK),       E(EPIPE),     E(EDOM),       E(ERANGE),    E(EDEADLK),
		E(ENAMETOOLONG), E(ENOLCK),    E(ENOSYS),     E(ENOTEMPTY), E(ELOOP),
		E(ENODATA),      E(EOVERFLOW), E(EOPNOTSUPP), E(ETIMEDOUT), E(ENOTSOCK),
		E(EAFNOSUPPORT), E(EALREADY),
#undef E
	};
	static char other[16];
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].n == e)
			return names[i].s;
	snprintf(other, sizeof(other), "errno%d", e);
	return other;
}

static inline long t_show(const char *what, long r)
{
	if (r == -1)
		printf("%s = -1 %s\n", what, t_errno(errno));
	else
		printf("%s = %ld\n", what, r);
	return r;
}

static inline long t_ok(const char *what, long r)
{
	if (r == -1)
		printf("%s = -1 %s\n", what, t_errno(errno));
	else
		printf("%s = ok\n", what);
	return r;
}

// Prints the call and its result, or its errno.
#define R(call) t_show(#call, (long)(call))
// For results that differ from run to run (addresses, descriptors).
#define OK(call) t_ok(#call, (long)(call))
// A fact, printed as yes or no.
#define IS(cond) printf("%s: %s\n", #cond, (cond) ? "yes" : "no")
// The pool of huge pages is the machine's: one program at a time may set it.
static inline void t_own_hugepool(void)
{
	int fd = open("/tmp/.ouro-hugepool", O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	flock(fd, LOCK_EX);
}

// Set-up that must not fail.
#define MUST(call)                                                                                 \
	({                                                                                         \
		__typeof__(call) r_ = (call);                                                      \
		if ((long)r_ == -1) {                                                              \
			printf("line %d: %s: %s\n", __LINE__, #call, t_errno(errno));              \
			exit(99);                                                                  \
		}                                                                                  \
		r_;                                                                                \
	})

static inline int t_memfd(const char *name, unsigned flags)
{
	return (int)syscall(SYS_memfd_create, name, flags);
}

static inline int t_memfd_sized(unsigned flags, off_t bytes)
{
	int fd = MUST(t_memfd("test", flags));
	MUST(ftruncate(fd, bytes));
	return fd;
}

// A fresh directory on tmpfs that the test may fill; it becomes the working directory.
static inline void t_workdir(void)
{
	char name[] = "/dev/shm/gtXXXXXX";
	if (!mkdtemp(name) || chdir(name)) {
		printf("no work directory: %s\n", t_errno(errno));
		exit(99);
	}
}

static inline void t_rm_workdir(void)
{
	char cwd[4096];
	if (getcwd(cwd, sizeof(cwd)) && !strncmp(cwd, "/dev/shm/gt", 11) && chdir("/") == 0)
		rmdir(cwd);
}

// Runs |stmt| and tells which signal (and code) it raised.
#include <setjmp.h>
static sigjmp_buf t_jmp __attribute__((unused));
static volatile int t_sig __attribute__((unused)), t_code __attribute__((unused));
static void *volatile t_addr __attribute__((unused));
static inline void t_on_signal(int sig, siginfo_t *si, void *ctx)
{
	t_sig = sig;
	t_code = si->si_code;
	t_addr = si->si_addr;
	siglongjmp(t_jmp, 1);
}
static inline void t_catch_faults(void)
{
	struct sigaction sa;
	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = t_on_signal;
	sa.sa_flags = SA_SIGINFO | SA_NODEFER;
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
	sigaction(SIGFPE, &sa, NULL);
	sigaction(SIGTRAP, &sa, NULL);
}
static inline const char *t_signame(int sig)
{
	switch (sig) {
	case 0:
		return "none";
	case SIGSEGV:
		return "SEGV";
	case SIGBUS:
		return "BUS";
	case SIGILL:
		return "ILL";
	case SIGFPE:
		return "FPE";
	case SIGTRAP:
		return "TRAP";
	case SIGUSR1:
		return "USR1";
	case SIGUSR2:
		return "USR2";
	case SIGPIPE:
		return "PIPE";
	default:
		return "other";
	}
}
#define FAULT(stmt)                                                                                \
	do {                                                                                       \
		t_sig = 0;                                                                         \
		t_code = 0;                                                                        \
		t_addr = NULL;                                                                     \
		if (!sigsetjmp(t_jmp, 1)) {                                                        \
			stmt;                                                                      \
		}                                                                                  \
		printf("%s: %s code %d\n", #stmt, t_signame(t_sig), t_code);                       \
	} while (0)
