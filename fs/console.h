// The program's descriptors 0 to 2 over drivers/ctl.h.
#pragma once

#include "lib/compiler.h"

struct fdtable;
// Opens 0, 1 and 2 in an empty table: as pipes, or with |tty| as one terminal. 0 or -ENOMEM.
int __must_check console_open_stdio(struct fdtable *t, bool tty);
