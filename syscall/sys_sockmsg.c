// Messages of sockets: buffers, names, and control data (descriptors, credentials) between the
// program and net/. Owns no state.
#include <asm/errno.h>
#include <asm/socket.h>
#include <linux/capability.h>
#include <linux/fcntl.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "kernel/base/clock.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "mm/phys/kmalloc.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"
#include "net/socket.h"
#include "syscall/args.h"
#include "syscall/calls.h"
#include "syscall/sockets.h"

#define CONTROL_MAX  131072 // net.core.optmem_max
#define CONTROL_FAST 64     // bytes that need no memory of their own
#define MMSG_MAX     1024   // UIO_MAXIOV

// One message of the program, copied in.
struct imported {
	struct user_msghdr hdr;
	struct message m;
	struct socket_name name;
	struct uio uio;
	struct uio_seg fast[UIO_FAST_SEGS];
	char control[CONTROL_FAST];
};

// Makes room for |more| descriptions behind those there are: mostly none, and mostly one comes.
static int rights_grow(struct message *m, unsigned more)
{
	struct rights *old = m->rights, *r;
	unsigned count = old ? old->count : 0;

	if (count + more > RIGHTS_MAX)
		return -EINVAL;
	r = rights_alloc(count + more);
	if (!r)
		return -ENOMEM;
	r->count = count;
	if (old) {
		memcpy(r->files, old->files, count * sizeof(r->files[0]));
		kfree(old);
	}
	m->rights = r;
	return 0;
}

static int rights_get(struct message *m, const int *fds, unsigned count)
{
	int err = count ? rights_grow(m, count) : 0;

	for (unsigned i = 0; i < count && !err; i++) {
		struct file *f = user_file_any(fds[i]);

		if (f)
			m->rights->files[m->rights->count++] = f;
		else
			err = -EBADF;
	}
	return err;
}

static bool id_ok(uint32_t id, uint32_t a, uint32_t b, uint32_t c, unsigned cap)
{
	return id == a || id == b || id == c || cred_has_cap(cred_current(), cap);
}

// Linux scm_check_creds.
static int creds_get(struct message *m, const void *data, size_t bytes)
{
	const struct cred *c = cred_current();

	if (bytes != sizeof(m->creds))
		return -EINVAL;
	memcpy(&m->creds, data, sizeof(m->creds));
	if ((m->creds.pid != thread_current()->tgid && !cred_has_cap(c, CAP_SYS_ADMIN)) ||
	    !id_ok(m->creds.uid, c->uid, c->euid, c->suid, CAP_SETUID) ||
	    !id_ok(m->creds.gid, c->gid, c->egid, c->sgid, CAP_SETGID))
		return -EPERM;
	m->have_creds = true;
	return 0;
}

static int control_item(struct message *m, const struct user_cmsghdr *c, const char *data)
{
	size_t bytes = c->bytes - sizeof(*c);

	if (c->level != SOL_SOCKET)
		return 0;
	switch (c->type) {
	case SCM_RIGHTS:
		return bytes / sizeof(int) > RIGHTS_MAX
			       ? -EINVAL
			       : rights_get(m, (const int *)data, (unsigned)(bytes / sizeof(int)));
	case SCM_CREDENTIALS:
		return creds_get(m, data, bytes);
	default:
		return -EINVAL;
	}
}

static int control_parse(struct message *m, const char *buf, size_t bytes)
{
	const struct user_cmsghdr *c;
	int err = 0;

	for (size_t at = 0; !err && bytes - at >= sizeof(*c); at += CMSG_ALIGN(c->bytes)) {
		c = (const struct user_cmsghdr *)(buf + at);
		if (c->bytes < sizeof(*c) || c->bytes > bytes - at)
			return -EINVAL;
		err = control_item(m, c, buf + at + sizeof(*c));
		if (CMSG_ALIGN(c->bytes) > bytes - at)
			break;
	}
	return err;
}

static int control_get(struct imported *in)
{
	size_t bytes = in->hdr.control_bytes;
	char *buf = in->control;
	int err;

	if (!in->hdr.control || !bytes)
		return 0;
	if (bytes > CONTROL_MAX)
		return -ENOBUFS;
	if (bytes > sizeof(in->control))
		buf = kvalloc(bytes);
	if (!buf)
		return -ENOMEM;
	err = copy_from_user(buf, UPTR(in->hdr.control), bytes);
	if (!err)
		err = control_parse(&in->m, buf, bytes);
	if (buf != in->control)
		kvfree(buf);
	return err;
}

// The header and the buffers; the rest is the direction's business.
static int import(struct imported *in, struct uptr msg)
{
	int err;

	in->m.name = NULL; // the rest is set where it is known, or said not to be there
	in->m.rights = NULL;
	in->m.have_creds = false;
	in->m.out_flags = 0;
	if (copy_from_user(&in->hdr, msg, sizeof(in->hdr)))
		return -EFAULT;
	if (in->hdr.name_bytes < 0)
		return -EINVAL;
	if (in->hdr.iov_count > MMSG_MAX)
		return -EMSGSIZE;
	err = uio_init_user_iov(&in->uio, UPTR(in->hdr.iov), in->hdr.iov_count, in->fast);
	in->m.u = &in->uio;
	return err;
}

static void flags_set(struct message *m, const struct file *f, uint64_t flags)
{
	m->flags = (unsigned)flags;
	m->nonblock = READ_ONCE(f->flags) & O_NONBLOCK || flags & MSG_DONTWAIT;
}

static int64_t send_imported(struct file *f, struct socket *s, struct imported *in, uint64_t flags)
{
	int64_t n = 0;

	flags_set(&in->m, f, flags);
	if (in->hdr.name && in->hdr.name_bytes) {
		n = socket_name_get(&in->name, UPTR(in->hdr.name),
				    MIN(in->hdr.name_bytes, SOCKET_NAME_BYTES));
		in->m.name = &in->name;
	}
	if (!n)
		n = control_get(in);
	if (!n)
		n = s->ops->send(s, &in->m);
	rights_free(in->m.rights);
	return n;
}

static __stack_guarded int64_t send_one(struct file *f, struct socket *s, struct uptr msg,
					uint64_t flags)
{
	struct imported in;
	int64_t n = import(&in, msg);

	if (!n) {
		n = send_imported(f, s, &in, flags);
		uio_release(&in.uio, in.fast);
	}
	return n;
}

// sendmsg and recvmsg: one message of one descriptor.
static int64_t one_message(int fd, struct uptr msg, uint64_t flags,
			   int64_t (*transfer)(struct file *f, struct socket *s, struct uptr msg,
					       uint64_t flags))
{
	struct socket *s;
	struct file *f;
	int64_t n;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	n = user_socket(fd, &f, &s);
	if (n)
		return n;
	n = transfer(f, s, msg, flags);
	file_put(f);
	return n;
}

int64_t sys_sendmsg(int fd, struct uptr msg, uint64_t flags)
{
	return one_message(fd, msg, flags, send_one);
}

__stack_guarded int64_t sys_sendto(int fd, struct uptr buf, uint64_t count, uint64_t flags,
				   struct uptr addr, int addr_bytes)
{
	struct socket_name name;
	struct message m = { 0 };
	struct socket *s;
	struct file *f;
	struct uio u;
	int64_t n;

	if (!user_range_ok(buf, MIN(count, UIO_MAX_BYTES)))
		return -EFAULT;
	n = user_socket(fd, &f, &s);
	if (n)
		return n;
	uio_init_user(&u, buf, count);
	m.u = &u;
	flags_set(&m, f, flags);
	if (addr.va) {
		n = socket_name_get(&name, addr, addr_bytes);
		m.name = &name;
	}
	if (!n)
		n = s->ops->send(s, &m);
	file_put(f);
	return n;
}

// Where the next control item goes.
struct control {
	struct uptr at;
	uint64_t room;
	uint64_t used;
};

static int control_put(struct control *c, int type, const void *data, size_t bytes, unsigned *flags)
{
	struct user_cmsghdr h = { sizeof(h) + bytes, SOL_SOCKET, type };
	size_t whole = CMSG_ALIGN(h.bytes);

	if (c->room < sizeof(h)) {
		*flags |= MSG_CTRUNC;
		return 0;
	}
	if (c->room < h.bytes) {
		*flags |= MSG_CTRUNC;
		h.bytes = c->room;
	}
	if (copy_to_user(c->at, &h, sizeof(h)) ||
	    copy_to_user(uptr_add(c->at, sizeof(h)), data, h.bytes - sizeof(h)))
		return -EFAULT;
	whole = MIN(whole, c->room);
	c->at = uptr_add(c->at, whole);
	c->room -= whole;
	c->used += whole;
	return 0;
}

// Installs what fits into the program's buffer; the rest is dropped.
static __stack_guarded int rights_put(struct control *c, struct rights *r, unsigned call_flags,
				      unsigned *flags)
{
	uint64_t max = c->room > sizeof(struct user_cmsghdr)
			       ? (c->room - sizeof(struct user_cmsghdr)) / sizeof(int)
			       : 0;
	int fds[RIGHTS_MAX], fd = 0;
	unsigned n = 0,
		 taken = 0; // those for which there was a number, those that are not |r|'s now

	while (taken < r->count && n < max && fd >= 0) {
		fd = user_fd_install(r->files[taken++], call_flags & MSG_CMSG_CLOEXEC);
		if (fd >= 0)
			fds[n++] = fd;
	}
	if (n < r->count)
		*flags |= MSG_CTRUNC;
	r->count -= taken;
	if (r->count)
		memmove(r->files, r->files + taken, r->count * sizeof(r->files[0]));
	return n ? control_put(c, SCM_RIGHTS, fds, n * sizeof(int), flags) : 0;
}

static int control_out(struct imported *in, uint64_t flags)
{
	struct control c = { UPTR(in->hdr.control), in->hdr.control ? in->hdr.control_bytes : 0,
			     0 };
	int err = 0;

	if (in->m.have_creds)
		err = control_put(&c, SCM_CREDENTIALS, &in->m.creds, sizeof(in->m.creds),
				  &in->m.out_flags);
	if (!err && in->m.rights)
		err = rights_put(&c, in->m.rights, (unsigned)flags, &in->m.out_flags);
	in->hdr.control_bytes = c.used;
	return err;
}

static int64_t receive_imported(struct file *f, struct socket *s, struct imported *in,
				uint64_t flags)
{
	int64_t n;
	int err;

	flags_set(&in->m, f, flags);
	in->name.bytes = 0;
	in->m.name = &in->name;
	n = s->ops->receive(s, &in->m);
	if (n < 0)
		return n;
	err = control_out(in, flags);
	if (!err && in->hdr.name) {
		unsigned room = MIN((unsigned)in->hdr.name_bytes, in->name.bytes);

		if (room)
			err = copy_to_user(UPTR(in->hdr.name), in->name.raw, room);
	}
	if (in->hdr.name)
		in->hdr.name_bytes = (int)in->name.bytes;
	in->hdr.flags = in->m.out_flags | (unsigned)(flags & MSG_CMSG_CLOEXEC);
	return err ? err : n;
}

// What recvmsg tells in the header: the last two lie side by side.
static int header_put(const struct user_msghdr *h, struct uptr msg)
{
	const size_t tail = offsetof(struct user_msghdr, control_bytes);

	_Static_assert(offsetof(struct user_msghdr, flags) ==
			       offsetof(struct user_msghdr, control_bytes) +
				       sizeof(h->control_bytes),
		       "Linux's struct user_msghdr");
	if (h->name &&
	    put_user(h->name_bytes, uptr_add(msg, offsetof(struct user_msghdr, name_bytes))))
		return -EFAULT;
	return copy_to_user(uptr_add(msg, tail), &h->control_bytes,
			    sizeof(h->control_bytes) + sizeof(h->flags));
}

static __stack_guarded int64_t receive_one(struct file *f, struct socket *s, struct uptr msg,
					   uint64_t flags)
{
	struct imported in;
	int64_t n = import(&in, msg);

	if (!n) {
		n = receive_imported(f, s, &in, flags);
		rights_free(in.m.rights);
		uio_release(&in.uio, in.fast);
	}
	return n < 0 || !header_put(&in.hdr, msg) ? n : -EFAULT;
}

int64_t sys_recvmsg(int fd, struct uptr msg, uint64_t flags)
{
	return one_message(fd, msg, flags, receive_one);
}

__stack_guarded int64_t sys_recvfrom(int fd, struct uptr buf, uint64_t count, uint64_t flags,
				     struct uptr addr, struct uptr addr_bytes)
{
	struct socket_name name;
	struct message m = { 0 };
	struct socket *s;
	struct file *f;
	struct uio u;
	int64_t n;

	if (!user_range_ok(buf, MIN(count, UIO_MAX_BYTES)))
		return -EFAULT;
	n = user_socket(fd, &f, &s);
	if (n)
		return n;
	uio_init_user(&u, buf, count);
	m.u = &u;
	name.bytes = 0;
	m.name = &name;
	flags_set(&m, f, flags);
	n = s->ops->receive(s, &m);
	rights_free(m.rights);
	file_put(f);
	if (n >= 0 && addr.va && socket_name_put(&name, addr, addr_bytes))
		return -EFAULT;
	return n;
}

typedef int64_t one_fn(struct file *f, struct socket *s, struct uptr msg, uint64_t flags);

static struct uptr mmsg_at(struct uptr msgs, unsigned i)
{
	return uptr_add(msgs, i * sizeof(struct user_mmsghdr));
}

// How many messages went, or why the first did not.
static int64_t several(int fd, struct uptr msgs, unsigned count, uint64_t flags, one_fn *one,
		       uint64_t deadline_ns)
{
	bool one_is_enough = flags & MSG_WAITFORONE;
	struct socket *s;
	struct file *f;
	int64_t n = 0;
	unsigned done = 0;

	if (flags & MSG_CMSG_COMPAT)
		return -EINVAL;
	n = user_socket(fd, &f, &s);
	if (n)
		return n;
	flags &= ~(uint64_t)MSG_WAITFORONE;
	for (; done < MIN(count, (unsigned)MMSG_MAX) && n >= 0; done++) {
		unsigned bytes;

		n = one(f, s, mmsg_at(msgs, done), flags);
		bytes = (unsigned)n;
		if (n >= 0 && put_user(bytes, uptr_add(mmsg_at(msgs, done),
						       offsetof(struct user_mmsghdr, bytes))))
			n = -EFAULT;
		if (n < 0)
			break;
		if (one_is_enough)
			flags |= MSG_DONTWAIT;
		if (deadline_ns != UINT64_MAX && clock_mono_ns() >= deadline_ns) {
			done++;
			break;
		}
	}
	file_put(f);
	return done ? (int64_t)done : MIN(n, (int64_t)0);
}

int64_t sys_sendmmsg(int fd, struct uptr msgs, unsigned count, uint64_t flags)
{
	return several(fd, msgs, count, flags, send_one, UINT64_MAX);
}

// As on Linux, the timeout is looked at only after each message.
int64_t sys_recvmmsg(int fd, struct uptr msgs, unsigned count, uint64_t flags, struct uptr timeout)
{
	uint64_t deadline = UINT64_MAX, now;
	int64_t n;

	if (timeout.va) {
		n = user_timespec_get(&deadline, timeout);
		if (n)
			return n;
		deadline = deadline_after(deadline);
	}
	n = several(fd, msgs, count, flags, receive_one, deadline);
	now = clock_mono_ns();
	if (n > 0 && timeout.va && user_timespec_put(timeout, deadline > now ? deadline - now : 0))
		return -EFAULT;
	return n;
}
