// Constants of Linux's user interface that are newer than Debian 12's linux-libc-dev (6.1). Each
// with the Linux version that brought it and the file it is in. To be included after the UAPI
// header it completes. Nothing else may be typed in from those headers.
#pragma once

// include/uapi/linux/memfd.h
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U // 6.3
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U // 6.3
#endif

// include/uapi/linux/fcntl.h
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020 // 6.3
#endif
#ifndef F_DUPFD_QUERY
#define F_DUPFD_QUERY (1024 + 3) // 6.10, F_LINUX_SPECIFIC_BASE + 3
#endif
#ifndef F_CREATED_QUERY
#define F_CREATED_QUERY (1024 + 4) // 6.12, F_LINUX_SPECIFIC_BASE + 4
#endif
#ifndef AT_HANDLE_MNT_ID_UNIQUE
#define AT_HANDLE_MNT_ID_UNIQUE 0x001 // 6.12
#endif

// include/uapi/linux/stat.h
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x00004000U // 6.8
#endif
#ifndef STATX_SUBVOL
#define STATX_SUBVOL 0x00008000U // 6.10
#endif
#ifndef STATX_WRITE_ATOMIC
#define STATX_WRITE_ATOMIC 0x00010000U // 6.11
#endif
#ifndef STATX_DIO_READ_ALIGN
#define STATX_DIO_READ_ALIGN 0x00020000U // 6.14
#endif

// include/uapi/asm-generic/mman.h, arch/x86/include/uapi/asm/mman.h
#ifndef MAP_ABOVE4G
#define MAP_ABOVE4G 0x80 // 6.6, x86
#endif
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08 // 6.11, include/uapi/linux/mman.h
#endif

// include/uapi/asm-generic/mman-common.h
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 // 6.13
#endif
#ifndef MADV_GUARD_REMOVE
#define MADV_GUARD_REMOVE 103 // 6.13
#endif

// include/uapi/linux/auxvec.h
#ifndef AT_RSEQ_FEATURE_SIZE
#define AT_RSEQ_FEATURE_SIZE 27 // 6.3
#endif
#ifndef AT_RSEQ_ALIGN
#define AT_RSEQ_ALIGN 28 // 6.3
#endif

// include/uapi/linux/prctl.h
#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65 // 6.3
#define PR_GET_MDWE              66
#define PR_MDWE_REFUSE_EXEC_GAIN (1UL << 0)
#define PR_MDWE_NO_INHERIT       (1UL << 1) // 6.7
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67 // 6.4
#define PR_GET_MEMORY_MERGE 68
#endif
#ifndef PR_TIMER_CREATE_RESTORE_IDS
#define PR_TIMER_CREATE_RESTORE_IDS     77 // 6.15
#define PR_TIMER_CREATE_RESTORE_IDS_OFF 0
#define PR_TIMER_CREATE_RESTORE_IDS_ON  1
#define PR_TIMER_CREATE_RESTORE_IDS_GET 2
#endif
#ifndef PR_FUTEX_HASH
#define PR_FUTEX_HASH           78 // 6.16
#define PR_FUTEX_HASH_SET_SLOTS 1
#define PR_FUTEX_HASH_GET_SLOTS 2
#endif

// include/uapi/linux/futex.h
#ifndef FUTEX2_SIZE_U32
#define FUTEX2_SIZE_U8   0x00 // 6.7
#define FUTEX2_SIZE_U16  0x01
#define FUTEX2_SIZE_U32  0x02
#define FUTEX2_SIZE_U64  0x03
#define FUTEX2_NUMA      0x04
#define FUTEX2_PRIVATE   128 // FUTEX_PRIVATE_FLAG
#define FUTEX2_SIZE_MASK 0x03
#endif
#ifndef FUTEX2_MPOL
#define FUTEX2_MPOL 0x08 // 6.16
#endif

// include/uapi/linux/membarrier.h
#ifndef MEMBARRIER_CMD_GET_REGISTRATIONS
#define MEMBARRIER_CMD_GET_REGISTRATIONS (1 << 9) // 6.3
#endif

// include/uapi/linux/pidfd.h
#ifndef PIDFD_THREAD
#define PIDFD_THREAD 0x80 // 6.9; defined as O_EXCL
#endif
#ifndef PIDFD_SIGNAL_THREAD
#define PIDFD_SIGNAL_THREAD        (1UL << 0) // 6.9
#define PIDFD_SIGNAL_THREAD_GROUP  (1UL << 1)
#define PIDFD_SIGNAL_PROCESS_GROUP (1UL << 2)
#endif

// include/uapi/linux/fs.h
#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x00000020 // 6.9
#endif
#ifndef RWF_ATOMIC
#define RWF_ATOMIC 0x00000040 // 6.11
#endif
#ifndef RWF_DONTCACHE
#define RWF_DONTCACHE 0x00000080 // 6.14
#endif
#ifndef RWF_NOSIGNAL
#define RWF_NOSIGNAL 0x00000100 // 6.18
#endif

// include/uapi/linux/falloc.h
#ifndef FALLOC_FL_WRITE_ZEROES
#define FALLOC_FL_WRITE_ZEROES 0x80 // 6.17
#endif

// arch/x86/entry/syscalls/syscall_64.tbl
#ifndef __NR_cachestat
#define __NR_cachestat 451 // 6.5
#endif
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452 // 6.6
#endif
#ifndef __NR_map_shadow_stack
#define __NR_map_shadow_stack 453 // 6.6
#endif
#ifndef __NR_futex_wake
#define __NR_futex_wake    454 // 6.7
#define __NR_futex_wait    455
#define __NR_futex_requeue 456
#endif
#ifndef __NR_statmount
#define __NR_statmount         457 // 6.8
#define __NR_listmount         458
#define __NR_lsm_get_self_attr 459
#define __NR_lsm_set_self_attr 460
#define __NR_lsm_list_modules  461
#endif
#ifndef __NR_mseal
#define __NR_mseal 462 // 6.10
#endif
#ifndef __NR_setxattrat
#define __NR_setxattrat    463 // 6.13
#define __NR_getxattrat    464
#define __NR_listxattrat   465
#define __NR_removexattrat 466
#endif
#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467 // 6.15
#endif
#ifndef __NR_file_getattr
#define __NR_file_getattr 468 // 6.17
#define __NR_file_setattr 469
#endif

// Linux include/uapi/linux/shm.h cannot be included: it asks for the C library's unistd.h.
#ifndef SHM_RDONLY
#define SHMMIN       1
#define SHM_DEST     01000 // include/linux/shm.h: these two show in the mode
#define SHM_LOCKED   02000
#define SHM_HUGETLB  04000
#define SHM_RDONLY   010000
#define SHM_RND      020000
#define SHM_REMAP    040000
#define SHM_EXEC     0100000
#define SHM_LOCK     11
#define SHM_UNLOCK   12
#define SHM_STAT     13
#define SHM_INFO     14
#define SHM_STAT_ANY 15
struct shm_info {
	int used_ids;
	unsigned long shm_tot, shm_rss, shm_swp, swap_attempts, swap_successes;
};
#endif

// include/uapi/linux/pidfd.h
#ifndef PIDFD_SELF_THREAD
#define PIDFD_SELF_THREAD       (-10000) // 6.14
#define PIDFD_SELF_THREAD_GROUP (-10001)
#endif
