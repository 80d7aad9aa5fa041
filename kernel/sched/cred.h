// Credentials: plain refcounted data hung off a thread; replaced, never changed in place.
#pragma once

#include "lib/compiler.h"

#define CRED_MAX_GROUPS 32

struct cred {
	uint32_t refs;
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	uint64_t cap_permitted, cap_effective, cap_inheritable, cap_bounding, cap_ambient;
	unsigned ngroups;
	uint32_t groups[CRED_MAX_GROUPS];
};

// A thread reads its own credentials without a lock. Another's may be replaced at any time: cred_of
// takes a reference under a lock that cred_exchange takes, too (RANK_CRED).
struct thread;
struct cred *cred_of(const struct thread *t);
// The calling thread's credentials are |c|, whose reference goes over; the old ones, whose
// reference is the caller's.
struct cred *__must_check cred_exchange(struct cred *c);
struct cred *cred_root(void); // the boot credentials, uid 0 with all capabilities; borrowed
struct cred *cred_get(struct cred *c);
void cred_put(struct cred *c);
struct cred *__must_check cred_clone(const struct cred *c); // NULL: out of memory
const struct cred *cred_current(void);
bool cred_has_cap(const struct cred *c, unsigned cap);
bool cred_in_group(const struct cred *c, uint32_t gid);
