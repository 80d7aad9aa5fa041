// Spinlocks and the one order in which locks of any kind may be taken. Debug builds
// (CONFIG_DEBUG_LOCKS) check ranks, owners and sleeping while a spinlock is held.
//
// A lock may be taken only if every lock this CPU or thread holds has a smaller rank; two locks of
// one rank only through spin_lock_nested (the caller states its own order, e.g. by address).
// Holding a spinlock forbids sleeping and preemption. spin_lock does not touch the interrupt flag:
// a lock that an interrupt handler takes must always be taken with spin_lock_irqsave.
#pragma once

#include "lib/compiler.h"
#include "lib/rare.h"
#ifdef KERNEL_HOT
#include "kernel/base/cpu.h"
#endif

enum lock_rank {
	RANK_NONE = 0,
	// sleeping locks (kernel/sched/mutex.h)
	RANK_PROCESS_TREE = 10, // process tree, pids, wait
	RANK_SOCKET_SETUP = 15, // bind and connect walk names
	RANK_MOUNT = 20,
	RANK_EPOLL_NEST = 21, // changes of which epoll watches which
	RANK_FILE_POS = 25,   // outside of the inode's, as Linux's f_pos_lock
	RANK_EPOLL = 27,      // /proc shows one under its file's position
	RANK_SOCKET = 28,     // bind makes a file under it
	RANK_DIR = 30,        // a directory inode; parent before child
	RANK_INODE = 40,
	RANK_PIPE = 50,
	RANK_FDTABLE = 60,
	RANK_ASPACE = 70, // rwsem of an address space
	RANK_DRIVER = 75,
	// spinlocks
	RANK_LAZY = 80, // address spaces with pages given up (mm/virt/lazy.c)
	RANK_UNIX_NAMES = 86,
	RANK_UNIX_GC = 87,
	RANK_UNIX = 88,    // an AF_UNIX socket
	RANK_SIGHAND = 90, // signal state of a process
	RANK_DENTRY = 92,  // the trees of names and mounts (fs/dentry.c)
	RANK_NOTIFY = 94,  // watches of inodes (fs/notify.c)
	RANK_FUTEX = 95,
	RANK_FUTEX_PI = 96,    // who owns and who waits, with priority inheritance
	RANK_IMAGE = 97,       // which image frames a file still shows (fs/shmem.c)
	RANK_EPOLL_WATCH = 98, // who watches a file
	RANK_PID = 99,         // the table of thread numbers
	RANK_USER = 99,        // what each user has (kernel/sched/usercount.c)
	RANK_OBJ_VIEWS = 100,  // a memobj's view tree
	RANK_RESV = 105,       // objects with reserved frames (mm/virt/resv.c)
	RANK_OBJ_SLOTS = 110,  // a memobj's page slots
	RANK_PGTABLE = 120,    // one page-table page
	RANK_FRAME = 130,
	RANK_KVA = 135, // kernel stacks, areas of kernel addresses
	RANK_KMALLOC = 140,
	RANK_PMM = 150,
	RANK_KMAP = 152, // the kernel's own page tables
	RANK_TLB = 155,
	RANK_TIMERFD = 157,
	RANK_CLOCKTIMER = 158, // the timers on CLOCK_REALTIME
	RANK_CRED = 158,
	RANK_WAITQ = 160,
	RANK_EPOLL_READY = 161, // an epoll's list of ready items, taken by wait queues' callbacks
	RANK_THREADS = 162,     // the list of all threads
	RANK_TIMER = 165,
	RANK_RUNQUEUE = 170,
	RANK_DEVICE = 180, // virtqueues, UARTs
	RANK_CLOCK = 185,  // may be taken with any of the above held
	RANK_VVAR = 190,   // the vDSO's data page, from the clock's listener
	RANK_LOG = 200,
	RANK_CONSOLE = 210, // what log sinks write to
};

struct spinlock {
	uint32_t locked;
#ifdef CONFIG_DEBUG_LOCKS
	uint16_t rank;
	uint16_t owner_cpu; // cpu id + 1; 0 when free
	const char *name;
#endif
};

#ifdef CONFIG_DEBUG_LOCKS
#define SPINLOCK_INIT(rank_, name_)                                                                \
	{                                                                                          \
		.rank = (rank_), .name = (name_)                                                   \
	}
#else
#define SPINLOCK_INIT(rank_, name_)                                                                \
	{                                                                                          \
		0                                                                                  \
	}
#endif

static inline void spin_init(struct spinlock *l, enum lock_rank rank, const char *name)
{
	*l = (struct spinlock)SPINLOCK_INIT(rank, name);
}
// KERNEL_HOT: compiled for speed (mk/kernel.mk): there taking a free lock is worth inlining.
void spin_lock_contended(struct spinlock *l);
#if defined(KERNEL_HOT) && !defined(CONFIG_DEBUG_LOCKS)
static inline void spin_lock(struct spinlock *l)
{
	if (unlikely(__atomic_exchange_n(&l->locked, 1, __ATOMIC_ACQUIRE)))
		rare_call(spin_lock_contended, l);
}
static inline void spin_unlock(struct spinlock *l)
{
	__atomic_store_n(&l->locked, 0, __ATOMIC_RELEASE);
}
#else
void spin_lock(struct spinlock *l);
void spin_unlock(struct spinlock *l);
#endif
// For a second lock of the same rank; the caller guarantees one global order among them.
void spin_lock_nested(struct spinlock *l);
bool __must_check spin_trylock(struct spinlock *l);
// Returns the interrupt state to give back to spin_unlock_irqrestore.
#if defined(KERNEL_HOT) && !defined(CONFIG_DEBUG_LOCKS)
static inline uint64_t __must_check spin_lock_irqsave(struct spinlock *l)
{
	uint64_t irq_state = cpu_irq_save();

	spin_lock(l);
	return irq_state;
}
static inline void spin_unlock_irqrestore(struct spinlock *l, uint64_t irq_state)
{
	spin_unlock(l);
	cpu_irq_restore(irq_state);
}
#else
uint64_t __must_check spin_lock_irqsave(struct spinlock *l);
void spin_unlock_irqrestore(struct spinlock *l, uint64_t irq_state);
#endif
// How often a spinlock was not free at once, so far, and how long was waited for those.
struct lock_stats {
	uint64_t spin_waits, spin_wait_tsc;
};
struct lock_stats lock_get_stats(void);
// Panics in debug builds unless this CPU holds |l|.
void spin_assert_held(const struct spinlock *l);
// Debug builds: true if this CPU holds any spinlock (nothing may sleep then). Else false.
bool spin_any_held(void);
// Around an interrupt's handler, with interrupts off: debug builds judge the locks that it takes
// apart from those of the code that it interrupted.
#ifdef CONFIG_DEBUG_LOCKS
void lock_interrupt_enter(void);
void lock_interrupt_leave(void);
#else
static inline void lock_interrupt_enter(void)
{
}
static inline void lock_interrupt_leave(void)
{
}
#endif
