// signalfd: signals as a file.
#pragma once

#include "lib/compiler.h"

struct file;

// |flags|: O_NONBLOCK. 0 or -ENOMEM.
int __must_check signalfd_create_file(uint64_t mask, unsigned flags, struct file **out);
int __must_check signalfd_set_mask(struct file *f, uint64_t mask); // -EINVAL: another kind of file
