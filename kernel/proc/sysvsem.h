// SysV semaphores. The calls of the same name; results as Linux's.
#pragma once

#include "kernel/base/types.h"

struct sem_undo_list;

int sysvsem_get(int key, int count, int flags);
// |deadline_ns| on CLOCK_MONOTONIC, UINT64_MAX: none.
int sysvsem_operate(int id, struct uptr ops, unsigned count, uint64_t deadline_ns);
int sysvsem_control(int id, int index, int cmd, uint64_t arg);
void sysvsem_init(void);

// CLONE_SYSVSEM: the calling thread's undo list, made if need be, with a reference for the child;
// NULL: out of memory.
struct sem_undo_list *__must_check sysvsem_share_undo(void);
void sysvsem_unshare_undo(struct sem_undo_list *l); // the child was not made
// The calling thread lets go of its undo list (exit, unshare); the last one's adjustments are made.
void sysvsem_leave(void);
