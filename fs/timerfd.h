// timerfd: a timer as a file.
#pragma once

#include "kernel/base/types.h"

struct file;
struct timer_spec;

// |clock| was checked by timerfd_create(2); 0 or -ENOMEM.
int __must_check timerfd_create_file(int clock, unsigned flags, struct file **out);
// -EINVAL for files of other kinds; -ECANCELED as timerfd_settime(2).
int __must_check timerfd_set(struct file *f, unsigned flags, const struct timer_spec *new_,
			     struct timer_spec *old);
int __must_check timerfd_get(struct file *f, struct timer_spec *out);
