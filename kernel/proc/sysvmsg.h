// SysV message queues. The calls of the same name; results as Linux's.
#pragma once

#include "kernel/base/types.h"

int sysvmsg_get(int key, int flags);
int sysvmsg_send(int id, struct uptr msg, uint64_t bytes, int flags);
int64_t sysvmsg_receive(int id, struct uptr msg, uint64_t bytes, int64_t type, int flags);
int sysvmsg_control(int id, int cmd, struct uptr buf);
void sysvmsg_init(void);
