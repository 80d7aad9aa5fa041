// SOL_SOCKET options that every family has: one table says where each is kept. Owns no state.
#include <asm/socket.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/time.h>

#include "kernel/sched/cred.h"
#include "lib/checked.h"
#include "lib/string.h"
#include "net/socket.h"

#define BUFFER_MAX 4194304 // net.core.wmem_max, rmem_max
#define SNDBUF_MIN 4608    // Linux SOCK_MIN_SNDBUF
#define RCVBUF_MIN 2304
#define TICK_NS    4000000ull

enum kind { KIND_INT, KIND_BIT, KIND_TIME, KIND_BUFFER, KIND_LINGER, KIND_READ };

#define FIELD(member) offsetof(struct socket, member)

static const struct option {
	uint8_t option, kind;
	uint16_t at; // the member, or the bit of |flags|
} options[] = {
	{ SO_DEBUG, KIND_BIT, 0 },
	{ SO_REUSEADDR, KIND_BIT, 1 },
	{ SO_DONTROUTE, KIND_BIT, 3 },
	{ SO_BROADCAST, KIND_BIT, 4 },
	{ SO_KEEPALIVE, KIND_BIT, 5 },
	{ SO_OOBINLINE, KIND_BIT, 6 },
	{ SO_TIMESTAMP_OLD, KIND_BIT, 7 },
	{ SO_LINGER, KIND_LINGER, 8 },
	{ SO_SNDBUF, KIND_BUFFER, FIELD(sndbuf) },
	{ SO_RCVBUF, KIND_BUFFER, FIELD(rcvbuf) },
	{ SO_SNDBUFFORCE, KIND_BUFFER, FIELD(sndbuf) },
	{ SO_RCVBUFFORCE, KIND_BUFFER, FIELD(rcvbuf) },
	{ SO_RCVLOWAT, KIND_INT, FIELD(rcvlowat) },
	{ SO_PRIORITY, KIND_INT, FIELD(priority) },
	{ SO_MARK, KIND_INT, FIELD(mark) },
	{ SO_RCVTIMEO_OLD, KIND_TIME, FIELD(rcvtimeo_ns) },
	{ SO_SNDTIMEO_OLD, KIND_TIME, FIELD(sndtimeo_ns) },
	{ SO_RCVTIMEO_NEW, KIND_TIME, FIELD(rcvtimeo_ns) },
	{ SO_SNDTIMEO_NEW, KIND_TIME, FIELD(sndtimeo_ns) },
	{ SO_TYPE, KIND_READ, FIELD(type) },
	{ SO_DOMAIN, KIND_READ, FIELD(family) },
	{ SO_PROTOCOL, KIND_READ, FIELD(protocol) },
};

static const struct option *option_find(int option)
{
	for (unsigned i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].option == option)
			return &options[i];
	return NULL;
}

static void *member(struct socket *s, const struct option *o)
{
	return (char *)s + o->at;
}

static void set_bit(struct socket *s, unsigned bit, bool on)
{
	if (on)
		__atomic_fetch_or(&s->flags, 1u << bit, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&s->flags, ~(1u << bit), __ATOMIC_RELAXED);
}

// Linux keeps ticks, 250 a second.
static uint64_t to_ticks(uint64_t ns)
{
	return (ns + TICK_NS - 1) / TICK_NS * TICK_NS;
}

static int set_time(uint64_t *ns, const void *value, unsigned bytes)
{
	struct __kernel_old_timeval tv;

	if (bytes < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, value, sizeof(tv));
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	*ns = UINT64_MAX;
	if (tv.tv_sec < 0)
		*ns = 0;
	else if ((tv.tv_sec || tv.tv_usec) && tv.tv_sec < INT64_MAX / 1000000000)
		*ns = to_ticks((uint64_t)tv.tv_sec * 1000000000 + (uint64_t)tv.tv_usec * 1000);
	return 0;
}

static int set_buffer(struct socket *s, const struct option *o, int n)
{
	int low = o->at == FIELD(sndbuf) ? SNDBUF_MIN : RCVBUF_MIN;

	if (o->option == SO_SNDBUFFORCE || o->option == SO_RCVBUFFORCE) {
		if (!cred_has_cap(cred_current(), CAP_NET_ADMIN))
			return -EPERM;
		n = MAX(n, 0);
	} else {
		n = (int)MIN((unsigned)n, BUFFER_MAX);
	}
	*(int *)member(s, o) = MAX(MIN(n, INT32_MAX / 2) * 2, low);
	return 0;
}

static int set_linger(struct socket *s, const struct option *o, const int *value, unsigned bytes)
{
	if (bytes < 2 * sizeof(int))
		return -EINVAL;
	set_bit(s, o->at, value[0]);
	if (value[0])
		s->linger_seconds = value[1];
	return 0;
}

int socket_set_option(struct socket *s, int option, const void *value, unsigned bytes)
{
	const struct option *o = option_find(option);
	int n;

	if (bytes < sizeof(n))
		return -EINVAL;
	memcpy(&n, value, sizeof(n));
	switch (o ? o->kind : KIND_READ) {
	case KIND_BIT:
		set_bit(s, o->at, n);
		return 0;
	case KIND_INT:
		if (option == SO_RCVLOWAT)
			n = n < 0 ? INT32_MAX : n ? n : 1;
		*(int *)member(s, o) = n;
		return 0;
	case KIND_TIME:
		return set_time(member(s, o), value, bytes);
	case KIND_BUFFER:
		return set_buffer(s, o, n);
	case KIND_LINGER:
		return set_linger(s, o, value, bytes);
	default:
		return o ? -ENOPROTOOPT : s->ops->set_option(s, option, n);
	}
}

static unsigned give(void *out, unsigned bytes, const void *value, unsigned n)
{
	n = MIN(n, bytes);
	memcpy(out, value, n);
	return n;
}

static struct __kernel_old_timeval timeval_of(uint64_t ns)
{
	if (ns == UINT64_MAX)
		ns = 0;
	return (struct __kernel_old_timeval){ (int64_t)(ns / 1000000000),
					      (int64_t)(ns % 1000000000 / 1000) };
}

__stack_guarded int socket_get_option(struct socket *s, int option, void *out, unsigned bytes,
				      unsigned *used)
{
	const struct option *o = option_find(option);
	struct __kernel_old_timeval tv;
	int n[2] = { 0, 0 };

	if (option == SO_ERROR)
		n[0] = -socket_take_error(s);
	else if (option == SO_SNDLOWAT)
		n[0] = 1;
	else if (!o || option == SO_SNDBUFFORCE || option == SO_RCVBUFFORCE)
		return s->ops->get_option(s, option, out, bytes, used);
	else if (o->kind == KIND_BIT || o->kind == KIND_LINGER)
		n[0] = s->flags >> o->at & 1;
	else if (o->kind != KIND_TIME)
		n[0] = *(int *)member(s, o);
	if (o && o->kind == KIND_TIME) {
		tv = timeval_of(*(uint64_t *)member(s, o));
		*used = give(out, bytes, &tv, sizeof(tv));
		return 0;
	}
	n[1] = s->linger_seconds;
	*used = give(out, bytes, n, o && o->kind == KIND_LINGER ? sizeof(n) : sizeof(int));
	return 0;
}
