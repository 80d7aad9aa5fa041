// The socket calls: descriptors, flags, names. What a message is made of is in sys_sockmsg.c.
#include <asm/errno.h>
#include <asm/socket.h>
#include <linux/fcntl.h>

#include "fs/fdtable.h"
#include "fs/file.h"
#include "mm/virt/uaccess.h"
#include "mm/virt/uio.h"
#include "net/socket.h"
#include "syscall/args.h"
#include "syscall/calls.h"
#include "syscall/sockets.h"

#define OPTION_BYTES 128

int user_socket(int fd, struct file **file, struct socket **s)
{
	struct file *f = user_file(fd);

	if (!f)
		return -EBADF;
	*s = socket_of(f);
	if (!*s) {
		file_put(f);
		return -ENOTSOCK;
	}
	*file = f;
	return 0;
}

int socket_name_get(struct socket_name *name, struct uptr addr, int bytes)
{
	if (bytes < 0 || bytes > SOCKET_NAME_BYTES)
		return -EINVAL;
	name->bytes = (unsigned)bytes;
	return bytes ? copy_from_user(name->raw, addr, (size_t)bytes) : 0;
}

// As much as fits; the length told is the whole one.
int socket_name_put(const struct socket_name *name, struct uptr addr, struct uptr addr_bytes)
{
	int room;

	if (get_user(room, addr_bytes))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	room = (int)MIN((unsigned)room, name->bytes);
	if (room && copy_to_user(addr, name->raw, (size_t)room))
		return -EFAULT;
	room = (int)name->bytes;
	return put_user(room, addr_bytes);
}

// Checks the arguments of socket and socketpair: the family, or -errno.
static int family_get(int family, int type, const struct socket_family **out)
{
	if (type & ~(SOCK_TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	if ((type & SOCK_TYPE_MASK) >= SOCK_MAX)
		return -EINVAL;
	*out = socket_family_find(family);
	return *out ? 0 : -EAFNOSUPPORT;
}

static int socket_install(struct socket *s, int type)
{
	struct file *f;
	int err = socket_file(s, (unsigned)(type & SOCK_NONBLOCK), &f);

	return err ? err : user_fd_install(f, type & SOCK_CLOEXEC);
}

int64_t sys_socket(int family, int type, int protocol)
{
	const struct socket_family *fam;
	struct socket *s;
	int err = family_get(family, type, &fam);

	if (!err)
		err = fam->create(type & SOCK_TYPE_MASK, protocol, &s);
	return err ? err : socket_install(s, type);
}

__stack_guarded int64_t sys_socketpair(int family, int type, int protocol, struct uptr fds)
{
	const struct socket_family *fam;
	struct socket *pair[2];
	int fd[2], err = 0;

	// Linux writes the numbers before it makes the sockets.
	if (type & ~(SOCK_TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	if (copy_from_user(fd, fds, sizeof(fd)) || copy_to_user(fds, fd, sizeof(fd)))
		return -EFAULT;
	err = family_get(family, type, &fam);
	if (!err)
		err = fam->pair(type & SOCK_TYPE_MASK, protocol, pair);
	if (err)
		return err;
	fd[0] = socket_install(pair[0], type);
	if (fd[0] < 0) {
		pair[1]->ops->release(pair[1]);
		return fd[0];
	}
	fd[1] = socket_install(pair[1], type);
	err = fd[1] < 0 ? fd[1] : copy_to_user(fds, fd, sizeof(fd));
	if (err) {
		(void)!fd_close(fs_context_current()->fds, fd[0]);
		if (fd[1] >= 0)
			(void)!fd_close(fs_context_current()->fds, fd[1]);
	}
	return err;
}

static __stack_guarded int64_t with_name(int fd, struct uptr addr, int bytes, bool connect)
{
	struct socket_name name;
	struct socket *s;
	struct file *f;
	int err = user_socket(fd, &f, &s);

	if (err)
		return err;
	err = socket_name_get(&name, addr, bytes);
	if (!err)
		err = connect ? s->ops->connect(s, &name, f->flags & O_NONBLOCK)
			      : s->ops->bind(s, &name);
	file_put(f);
	return err;
}

int64_t sys_bind(int fd, struct uptr addr, int addr_bytes)
{
	return with_name(fd, addr, addr_bytes, false);
}

int64_t sys_connect(int fd, struct uptr addr, int addr_bytes)
{
	return with_name(fd, addr, addr_bytes, true);
}

int64_t sys_listen(int fd, int backlog)
{
	struct socket *s;
	struct file *f;
	int err = user_socket(fd, &f, &s);

	if (err)
		return err;
	err = s->ops->listen(s, backlog);
	file_put(f);
	return err;
}

static __stack_guarded int64_t accept_locked(struct file *f, struct socket *s, struct uptr addr,
					     struct uptr addr_bytes, int flags)
{
	struct socket_name name;
	struct socket *end;
	struct file *out;
	int err = s->ops->accept(s, f->flags & O_NONBLOCK, &end);

	if (err)
		return err;
	err = socket_file(end, (unsigned)(flags & SOCK_NONBLOCK), &out);
	if (err)
		return err;
	if (addr.va) {
		err = end->ops->get_name(end, true, &name);
		err = err ? -ECONNABORTED : socket_name_put(&name, addr, addr_bytes);
	}
	if (err) {
		file_put(out);
		return err;
	}
	return user_fd_install(out, flags & SOCK_CLOEXEC);
}

__stack_guarded int64_t sys_accept4(int fd, struct uptr addr, struct uptr addr_bytes,
				    uint64_t flags)
{
	struct socket *s;
	struct file *f;
	int64_t r;

	if ((unsigned)flags & ~(unsigned)(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	r = user_socket(fd, &f, &s);
	if (r)
		return r;
	r = accept_locked(f, s, addr, addr_bytes, (int)flags);
	file_put(f);
	return r;
}

int64_t sys_accept(int fd, struct uptr addr, struct uptr addr_bytes)
{
	return sys_accept4(fd, addr, addr_bytes, 0);
}

static __stack_guarded int64_t get_name(int fd, struct uptr addr, struct uptr addr_bytes, bool peer)
{
	struct socket_name name;
	struct socket *s;
	struct file *f;
	int err = user_socket(fd, &f, &s);

	if (err)
		return err;
	err = s->ops->get_name(s, peer, &name);
	file_put(f);
	return err ? err : socket_name_put(&name, addr, addr_bytes);
}

int64_t sys_getsockname(int fd, struct uptr addr, struct uptr addr_bytes)
{
	return get_name(fd, addr, addr_bytes, false);
}

int64_t sys_getpeername(int fd, struct uptr addr, struct uptr addr_bytes)
{
	return get_name(fd, addr, addr_bytes, true);
}

int64_t sys_shutdown(int fd, int how)
{
	struct socket *s;
	struct file *f;
	int err = user_socket(fd, &f, &s);

	if (err)
		return err;
	err = how < 0 || how > 2 ? -EINVAL : s->ops->shutdown(s, how);
	file_put(f);
	return err;
}

__stack_guarded int64_t sys_setsockopt(int fd, int level, int option, struct uptr value, int bytes)
{
	char copy[OPTION_BYTES];
	struct socket *s;
	struct file *f;
	unsigned n = MIN((unsigned)bytes, OPTION_BYTES);
	int err;

	if (bytes < 0)
		return -EINVAL;
	err = user_socket(fd, &f, &s);
	if (err)
		return err;
	if (level != SOL_SOCKET)
		err = -EOPNOTSUPP;
	else if (n < sizeof(int))
		err = -EINVAL;
	else if (copy_from_user(copy, value, n))
		err = -EFAULT;
	else
		err = socket_set_option(s, option, copy, n);
	file_put(f);
	return err;
}

__stack_guarded int64_t sys_getsockopt(int fd, int level, int option, struct uptr value,
				       struct uptr bytes)
{
	char out[OPTION_BYTES];
	struct socket *s;
	struct file *f;
	unsigned used = 0;
	int room, err = user_socket(fd, &f, &s);

	if (err)
		return err;
	if (level != SOL_SOCKET)
		err = -EOPNOTSUPP;
	else if (get_user(room, bytes))
		err = -EFAULT;
	else if (room < 0)
		err = -EINVAL;
	else
		err = socket_get_option(s, option, out, MIN((unsigned)room, OPTION_BYTES), &used);
	file_put(f);
	if (!err && (copy_to_user(value, out, used) || put_user(used, bytes)))
		err = -EFAULT;
	return err;
}
