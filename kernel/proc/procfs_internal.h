// Between the files that fill /proc. A node's first key is a thread's or process's number, the
// second a descriptor's.
#pragma once

#include "fs/pseudo.h"
#include "kernel/proc/process_internal.h"

struct aspace;
struct fs_context;

#define NODE_DIR         (0040000u | 0555u)
#define NODE_PRIVATE_DIR (0040000u | 0500u)
#define NODE_FILE        (0100000u | 0444u)
#define NODE_LINK        (0120000u | 0777u)

// The process of a node's key, with a reference; NULL: gone.
struct process *procfs_process(const struct pseudo_ref *r);
// The thread of a node's key, with a reference (the first one of a process whose first is gone).
struct thread *procfs_thread(const struct pseudo_ref *r);
// Its address space or file context with a reference; NULL: gone.
struct aspace *procfs_aspace(const struct pseudo_ref *r);
struct fs_context *procfs_fsctx(const struct pseudo_ref *r);

// procfs_pid.c: the directories of processes at the root of /proc.
int procfs_pid_lookup(const struct pseudo_ref *dir, const char *name, size_t bytes,
		      struct pseudo_ref *out);
// The number of the process whose directory (/proc/PID) is open as |f|; 0: it is something else.
int procfs_pid_of_dir(const struct file *f);
int procfs_pid_iterate(const struct pseudo_ref *dir, struct pseudo_emit *e);

// access.c
int procfs_open_mem(const struct pseudo_ref *r, struct file *f);
// procfs_status.c
int procfs_show_stat(const struct pseudo_ref *r, struct seq *out);
int procfs_show_syscall(const struct pseudo_ref *r, struct seq *out);
int procfs_show_status(const struct pseudo_ref *r, struct seq *out);
// procfs_maps.c
int procfs_show_maps(const struct pseudo_ref *r, struct seq *out);
int procfs_show_smaps(const struct pseudo_ref *r, struct seq *out);
int procfs_show_statm(const struct pseudo_ref *r, struct seq *out);
// procfs_fd.c
int procfs_fd_lookup(const struct pseudo_ref *dir, const char *name, size_t bytes,
		     struct pseudo_ref *out);
int procfs_fd_iterate(const struct pseudo_ref *dir, struct pseudo_emit *e);
int procfs_fdinfo_lookup(const struct pseudo_ref *dir, const char *name, size_t bytes,
			 struct pseudo_ref *out);
int procfs_fdinfo_iterate(const struct pseudo_ref *dir, struct pseudo_emit *e);
// procfs_mounts.c
int procfs_show_mounts(const struct pseudo_ref *r, struct seq *out);
int procfs_show_mountinfo(const struct pseudo_ref *r, struct seq *out);
// procfs_sys.c: /proc/sys and the CPU part of /sys.
void procfs_register_sys(void);
void procfs_register_huge(void);
void procfs_register_settings(void);
