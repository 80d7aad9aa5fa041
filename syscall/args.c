// Argument helpers: see args.h. Owns no state. Must not decide anything that is one call's
// business.
#include "syscall/args.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/limits.h>
#include <linux/time.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/namei.h"
#include "kernel/base/clock.h"
#include "kernel/base/lock.h"
#include "kernel/proc/signal.h"
#include "kernel/sched/clocktimer.h"
#include "lib/checked.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"

int user_path_get(struct user_path *p, struct uptr src, bool empty_ok)
{
	int64_t n = strncpy_from_user(p->fast, src, sizeof(p->fast));

	p->heap = NULL;
	p->name = p->fast;
	if (n == -ENAMETOOLONG) {
		p->heap = kmalloc(PATH_MAX);
		if (!p->heap)
			return -ENOMEM;
		p->name = p->heap;
		n = strncpy_from_user(p->heap, src, PATH_MAX);
	}
	if (n == 0 && !empty_ok)
		n = -ENOENT;
	if (n >= 0)
		return 0;
	user_path_put(p);
	return (int)n;
}

void user_path_put(struct user_path *p)
{
	kfree(p->heap);
	p->heap = NULL;
}

static void cwd_get(struct path *out)
{
	struct fs_context *ctx = fs_context_current();

	fs_context_get_cwd(ctx, out);
}

int at_path_get(int dirfd, const char *name, struct path *out)
{
	struct file *f;

	if (dirfd == AT_FDCWD || name[0] == '/') {
		cwd_get(out);
		return 0;
	}
	f = user_file_any(dirfd);
	if (!f)
		return -EBADF;
	*out = f->path;
	path_get(out);
	file_put(f);
	return 0;
}

__stack_guarded int user_lookup(int dirfd, struct uptr name, unsigned lookup, struct path *out)
{
	struct user_path p;
	struct path at;
	int err = user_path_get(&p, name, lookup & LOOKUP_EMPTY);

	if (err)
		return err;
	err = at_path_get(dirfd, p.name, &at);
	if (!err) {
		err = namei_lookup(&at, p.name, lookup, out);
		path_put(&at);
	}
	user_path_put(&p);
	return err;
}

int user_at_get(struct user_at *a, int dirfd, struct uptr name)
{
	int err = user_path_get(&a->path, name, false);

	if (err)
		return err;
	err = at_path_get(dirfd, a->path.name, &a->at);
	if (err)
		user_path_put(&a->path);
	return err;
}

void user_at_put(struct user_at *a)
{
	path_put(&a->at);
	user_path_put(&a->path);
}

struct file *user_file(int fd)
{
	return fd_get(fs_context_current()->fds, fd);
}

struct file *user_file_any(int fd)
{
	return fd_get_path_ok(fs_context_current()->fds, fd);
}

int user_fd_install(struct file *f, bool cloexec)
{
	struct fs_context *ctx = fs_context_current();
	int fd = fd_install(ctx->fds, f, 0, ctx->limits->nofile, cloexec);

	if (fd < 0)
		file_put(f);
	return fd;
}

bool user_range_ok(struct uptr p, uint64_t bytes)
{
	uint64_t end;

	return checked_add_u64(p.va, bytes, &end) && end <= USER_TOP;
}

int user_timespec_get(uint64_t *ns, struct uptr src)
{
	struct __kernel_timespec ts;

	if (copy_from_user(&ts, src, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || (uint64_t)ts.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if (!checked_mul_u64((uint64_t)ts.tv_sec, NSEC_PER_SEC, ns) ||
	    !checked_add_u64(*ns, (uint64_t)ts.tv_nsec, ns))
		*ns = UINT64_MAX;
	return 0;
}

int user_timespec_put(struct uptr dst, uint64_t ns)
{
	struct __kernel_timespec ts = { (int64_t)(ns / NSEC_PER_SEC),
					(int64_t)(ns % NSEC_PER_SEC) };

	return copy_to_user(dst, &ts, sizeof(ts));
}

int user_itimerspec_get(struct timer_spec *spec, struct uptr src)
{
	int err = user_timespec_get(&spec->interval_ns, src);
	int value_err =
		user_timespec_get(&spec->value_ns, uptr_add(src, sizeof(struct __kernel_timespec)));

	return err == -EFAULT || !value_err ? err : value_err;
}

int user_itimerspec_put(struct uptr dst, const struct timer_spec *spec)
{
	if (user_timespec_put(dst, spec->interval_ns))
		return -EFAULT;
	return user_timespec_put(uptr_add(dst, sizeof(struct __kernel_timespec)), spec->value_ns);
}

int user_timeval_get(uint64_t *ns, struct uptr src, bool strict)
{
	struct __kernel_old_timeval tv;
	uint64_t us;

	if (copy_from_user(&tv, src, sizeof(tv)))
		return -EFAULT;
	if (tv.tv_sec < 0 || tv.tv_usec < 0 || (strict && tv.tv_usec >= 1000000))
		return -EINVAL;
	if (!checked_mul_u64((uint64_t)tv.tv_sec, 1000000, &us) ||
	    !checked_add_u64(us, (uint64_t)tv.tv_usec, &us) || !checked_mul_u64(us, 1000, ns))
		*ns = UINT64_MAX;
	return 0;
}

uint64_t deadline_after(uint64_t ns)
{
	uint64_t deadline;

	return checked_add_u64(clock_mono_ns(), ns, &deadline) ? deadline : UINT64_MAX;
}

uint64_t wait_deadline(uint64_t ns)
{
	return ns ? deadline_after(ns) : 0;
}

int user_deadline_get(struct uptr timeout, uint64_t *deadline_ns)
{
	uint64_t ns;
	int err;

	*deadline_ns = UINT64_MAX;
	if (!timeout.va)
		return 0;
	err = user_timespec_get(&ns, timeout);
	if (!err)
		*deadline_ns = wait_deadline(ns);
	return err;
}

int user_temp_mask(struct uptr set, uint64_t set_bytes)
{
	uint64_t mask;

	if (!set.va)
		return 0;
	if (set_bytes != sizeof(mask))
		return -EINVAL;
	if (get_user(mask, set))
		return -EFAULT;
	signal_set_temp_mask(mask);
	return 0;
}
