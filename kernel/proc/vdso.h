// The vDSO: an ELF shared object mapped into every program (kernel/proc/vdso/), and its data page,
// kept under a sequence counter from the clock's parameters.
#pragma once

#include "kernel/base/types.h"

struct aspace;

int __must_check vdso_init(void);
// Maps [vvar] and [vdso] near |hint| and stores the vDSO's address. -ENOMEM.
int __must_check vdso_map(struct aspace *as, va_t hint, va_t *base);
