// SysV shared memory: segments of the page-backed inode behind identifiers and keys. The calls of
// the same name; results as Linux's.
#pragma once

#include "kernel/base/types.h"

int64_t sysvshm_get(int key, uint64_t bytes, int flags);
int64_t sysvshm_attach(int id, uint64_t addr, int flags); // the address
int sysvshm_detach(uint64_t addr);
int64_t sysvshm_control(int id, int cmd, struct uptr buf);
void sysvshm_init(void); // /proc/sysvipc and the settings in /proc/sys/kernel
