// eventfd2(2).
#pragma once

#include "lib/compiler.h"

struct file;
// flags EFD_SEMAPHORE, EFD_NONBLOCK (EFD_CLOEXEC is the caller's business). 0, -EINVAL, -ENOMEM.
int __must_check eventfd_create(uint32_t initial, unsigned flags, struct file **out);
