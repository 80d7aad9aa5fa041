// Resource limits, with Linux's defaults. Indices are RLIMIT_* of <asm-generic/resource.h>.
#pragma once

#include "lib/compiler.h"

#define RLIMIT_COUNT 16

struct rlimit_value {
	uint64_t cur, max; // UINT64_MAX: unlimited
};
struct rlimits {
	struct rlimit_value v[RLIMIT_COUNT];
};

struct process;

void rlimits_init(struct rlimits *l, uint64_t ram_bytes);
// 0 or -EINVAL.
int __must_check rlimit_get(struct process *p, unsigned resource, struct rlimit_value *out);
// Sets it and tells the layers that keep copies. 0, -EINVAL, -EPERM.
int __must_check rlimit_set(struct process *p, unsigned resource, const struct rlimit_value *v);
// RLIMIT_NPROC, of users but root (Linux kernel/fork.c, sys.c, exec.c): has the caller's user, with
// |more| added, more threads than it allows?
bool rlimit_nproc_exceeded(int more);
// Before a thread is made: 0 or -EAGAIN. After the real user id has changed: too many are noted,
// for exec to fail, since programs do not expect that of setuid(2).
int __must_check rlimit_check_clone(void);
void rlimit_user_changed(void);
int __must_check rlimit_check_exec(void);
