// The socket calls' ABI that Linux keeps out of its UAPI headers (include/linux/socket.h and net.h,
// 6.18).
#pragma once

#include "lib/compiler.h"
#include "lib/uapi_new.h"

#define AF_UNSPEC  0
#define AF_UNIX    1
#define AF_NETLINK 16
#define AF_MAX     46

#define SOCK_STREAM    1
#define SOCK_DGRAM     2
#define SOCK_RAW       3
#define SOCK_SEQPACKET 5
#define SOCK_MAX       11
#define SOCK_TYPE_MASK 0xf
#define SOCK_CLOEXEC   02000000
#define SOCK_NONBLOCK  04000

#define MSG_OOB          1u
#define MSG_PEEK         2u
#define MSG_CTRUNC       8u
#define MSG_TRUNC        0x20u
#define MSG_DONTWAIT     0x40u
#define MSG_EOR          0x80u
#define MSG_WAITALL      0x100u
#define MSG_ERRQUEUE     0x2000u
#define MSG_NOSIGNAL     0x4000u
#define MSG_WAITFORONE   0x10000u
#define MSG_CMSG_CLOEXEC 0x40000000u
#define MSG_CMSG_COMPAT  0x80000000u

#define SCM_RIGHTS      1
#define SCM_CREDENTIALS 2

struct user_msghdr {
	uint64_t name;
	int name_bytes;
	uint64_t iov, iov_count;
	uint64_t control, control_bytes;
	unsigned flags;
};

struct user_mmsghdr {
	struct user_msghdr hdr;
	unsigned bytes;
};

struct user_cmsghdr {
	uint64_t bytes; // with this header
	int level, type;
};
#define CMSG_ALIGN(n) ALIGN_UP(n, sizeof(uint64_t))
