// Helpers that bring system call arguments into the kernel: paths, directory descriptors, files,
// timespecs. What they take they give back through the matching put.
#pragma once

#include "fs/path.h"
#include "kernel/base/types.h"

struct file;
struct timer_spec;

// A copied path. Short ones stay inside, so that a call costs no allocation.
struct user_path {
	char *name; // NUL-terminated, at most PATH_MAX with the NUL
	char *heap; // owned, or NULL
	char fast[120];
};

// 0; -EFAULT, -ENAMETOOLONG, -ENOMEM; -ENOENT for an empty path unless |empty_ok|.
int __must_check user_path_get(struct user_path *p, struct uptr src, bool empty_ok);
void user_path_put(struct user_path *p);

// Where |name| starts from: the working directory, or what |dirfd| refers to (not looked at for
// absolute names). Owned reference. 0 or -EBADF.
int __must_check at_path_get(int dirfd, const char *name, struct path *out);

// Both steps and the walk. |lookup| is enum lookup_flags; LOOKUP_EMPTY admits "". Owned reference.
int __must_check user_lookup(int dirfd, struct uptr name, unsigned lookup, struct path *out);

// A path and where it starts, for calls that make or remove names.
struct user_at {
	struct user_path path;
	struct path at;
};
int __must_check user_at_get(struct user_at *a, int dirfd, struct uptr name);
void user_at_put(struct user_at *a);

// The file behind a descriptor with a reference, or NULL (-EBADF). user_file_any also gives O_PATH.
struct file *user_file(int fd);
struct file *user_file_any(int fd);
// Installs |f| at the lowest free number, or drops it. The number, -EMFILE or -ENOMEM.
int __must_check user_fd_install(struct file *f, bool cloexec);

// False where Linux's access_ok() is: part of the range lies outside the program's half.
bool user_range_ok(struct uptr p, uint64_t bytes);

// struct timespec to nanoseconds (saturating). 0, -EFAULT, or -EINVAL for an invalid one.
int __must_check user_timespec_get(uint64_t *ns, struct uptr src);
int __must_check user_timespec_put(struct uptr dst, uint64_t ns);
// struct itimerspec likewise.
int __must_check user_itimerspec_get(struct timer_spec *spec, struct uptr src);
int __must_check user_itimerspec_put(struct uptr dst, const struct timer_spec *spec);
// struct timeval likewise; microseconds out of range are -EINVAL only if |strict|, else carried.
int __must_check user_timeval_get(uint64_t *ns, struct uptr src, bool strict);
// now + ns without wrapping (CLOCK_MONOTONIC).
uint64_t deadline_after(uint64_t ns);
// The same for calls that only look if the time is 0: then 0.
uint64_t wait_deadline(uint64_t ns);
// An optional timespec to such a deadline. 0, -EFAULT or -EINVAL.
int __must_check user_deadline_get(struct uptr timeout, uint64_t *deadline_ns);
// Sets an optional signal mask for the duration of the call (signal_set_temp_mask). 0, -EFAULT or
// -EINVAL.
int __must_check user_temp_mask(struct uptr set, uint64_t set_bytes);
