// An address space: a set of vmas, its page tables, and the layout. The rwsem (RANK_ASPACE) guards
// the vma set; faults take it shared.
#pragma once

#include "kernel/sched/mutex.h"
#include "lib/rbtree.h"
#include "mm/phys/mapper.h"
#include "mm/virt/memobj.h"

// What a mapping shows, as its owner (a struct file of the fs layer) wants it kept and named.
struct vm_owner_ops {
	void (*get)(void *owner);
	void (*put)(void *owner);
	// Called by msync; may sleep. May be NULL.
	int (*sync)(void *owner, uint64_t start, uint64_t end);
	// Called by madvise(MADV_REMOVE): punches a hole as fallocate(2) would, with its checks and
	// locks; bytes of the object. May sleep. NULL: -EOPNOTSUPP.
	int (*punch)(void *owner, uint64_t start, uint64_t bytes);
	// Called by madvise(MADV_COLLAPSE): memobj_collapse with the lock it wants. May sleep.
	// NULL: -EINVAL.
	int (*collapse)(void *owner, struct memobj *o, uint64_t index);
	// The struct file to name in /proc/PID/maps; NULL: the owner is that itself.
	void *(*file)(void *owner);
};

enum vma_flags {
	VMA_READ = 1 << 0,
	VMA_WRITE = 1 << 1,
	VMA_EXEC = 1 << 2,
	VMA_SHARED = 1 << 3,
	VMA_MAYREAD = 1 << 4,
	VMA_MAYWRITE = 1 << 5, // mprotect may add write
	VMA_MAYEXEC = 1 << 6,
	VMA_GROWSDOWN = 1 << 7,
	VMA_NORESERVE = 1 << 8,
	VMA_LOCKED = 1 << 9,
	VMA_DONTFORK = 1 << 10,
	VMA_WIPEONFORK = 1 << 11,
	VMA_DONTDUMP = 1 << 12,
	VMA_HUGEPAGE = 1 << 13,
	VMA_NOHUGEPAGE = 1 << 14,
	VMA_COUNTED_WRITER = 1 << 15, // holds one of its object's writers
	VMA_SPECIAL = 1 << 16,        // vdso, vvar: no merge, no move by accident
	VMA_DONTEXPAND = 1 << 17,
	VMA_STACK = 1 << 18, // the program's first stack: counted as such
	VMA_HEAP = 1 << 19,
	VMA_FORKED = 1 << 20, // came with private pages from a parent: merges with its like only
	VMA_LOCKONFAULT = 1 << 21,
	VMA_MERGEABLE = 1 << 25, // MADV_MERGEABLE: kept, no page merging is done
	VMA_HUGETLB = 1 << 26,   // 2 MiB frames of the pool: bounds and entries are 2 MiB each
	VMA_SEQ_READ = 1 << 23,
	VMA_RAND_READ = 1 << 24,
	VMA_SYNC = 1 << 27,    // MAP_SYNC: nothing but kept apart from others, and shown
	VMA_ACCOUNT = 1 << 22, // its pages count for overcommit: a difference that maps shows
};

// For vma.touched; guarded: and it may have guards (guard.h).
#define VMA_TOUCHED 1
#define VMA_GUARDED 2

struct vma {
	va_t start, end;    // page aligned, end exclusive
	unsigned flags;     // enum vma_flags
	struct memobj *obj; // NULL: private anonymous
	uint64_t pgoff;     // of |start| in the object, in pages
	void *owner;        // struct file, or NULL
	const struct vm_owner_ops *owner_ops;
	const char *name; // "[vdso]" and the like, static; NULL: by owner
	char *anon_name;  // PR_SET_VMA_ANON_NAME, a vma_name_get reference, or NULL
	struct aspace *aspace;

	// Which private pages it may have: 0 none yet; vmas merge only with the same, or with none.
	// Neighbours that could merge share one. (Linux's anon_vma, as far as maps shows it.)
	uint64_t anon_id; // set once by a fault, atomically

	union {
		uint32_t marks; // the following, to clear them at once
		struct {
			// 0: no fault came here yet, its page-table entries are all empty. Set
			// under the shared lock. Each table of 4 KiB entries lies in the range of a
			// vma that is touched.
			uint8_t touched;
			uint8_t policy; // of memory (numa.c)
			bool lazy;      // may have pages given up (lazy.h); atomic
		};
	};

	// From here on vma_new does not copy.
	struct vma *prev, *next; // neighbours by address
	struct rb_node node;     // by address, augmented with the largest gap; unless |fresh|
	uint64_t max_gap;
	uint8_t fresh;            // not in the tree yet: its place in aspace.fresh, from 1
	struct rb_node view_node; // in obj->views, augmented with the largest end
	uint64_t view_max_end;
	// Hints, written by faults under the shared lock without care for each other.
	uint32_t fault_window;     // fault-around pages, doubles while faults are sequential
	uint64_t next_fault_index; // where the last window ended
	struct vma *next_dead;     // list of unlinked vmas to release once the lock is dropped
};

struct rlimits_mm { // copies of the process's limits that memory calls obey; bytes
	uint64_t as, data, stack, memlock;
};

struct aspace {
	uint64_t id;          // serial, never reused: private futex keys
	uint32_t refs;        // atomic; users: at zero everything is unmapped
	uint32_t struct_refs; // atomic; all users together hold one: at zero the record is freed
	struct rwsem lock;
	// guarded by lock
	struct rb_root vmas;
	unsigned vma_count;
	uint64_t total_pages, locked_pages, data_pages, stack_pages, shared_pages, exec_pages;
	struct vma *lowest, *highest; // the first and the last one
	struct vma *last_hit;
	struct vma *fresh[4]; // not in the tree yet
	unsigned fresh_turn;
	struct vma *spares; // records for the next mappings, a list by next_dead
	unsigned spare_count;
	// Where the next mapping goes: gaps above (after) this vma and below mmap_base are all
	// smaller than |place_bytes|. NULL: not known.
	struct vma *place_at;
	uint64_t place_bytes;

	struct pgtable pt;
	int64_t rss_anon, rss_file, rss_shmem; // pages; atomic
	uint64_t peak_rss_pages; // atomic; where it last fell: read aspace_peak_rss_pages

	// layout, set by exec
	va_t mmap_base; // top of the mmap area; it grows down
	va_t brk_start, brk;
	va_t stack_top, stack_guard_gap_pages;
	va_t arg_start, arg_end, env_start, env_end, code_start, code_end, data_start, data_end;
	va_t vdso;
	struct rlimits_mm limits;
	unsigned default_vma_flags; // VMA_LOCKED, VMA_LOCKONFAULT after mlockall(MCL_FUTURE)
	uint64_t minor_faults, major_faults;
	uint32_t membarrier; // what membarrier(2) has registered; atomic, kernel/proc's
	void *exe_owner;     // struct file of the program, with |exe_ops|
	const struct vm_owner_ops *exe_ops;
	uint64_t auxv[2 * 32];

	struct list_node commit_node; // commit.c
	uint64_t committed_pages;     // as it was counted last
	struct list_node lazy_node;   // guarded by lazy.c's lock, as is:
	bool lazy_listed;
};

struct aspace *__must_check aspace_create(void); // NULL: out of memory
void aspace_get(struct aspace *as);
void aspace_put(struct aspace *as); // at zero unmaps everything; may sleep
// For who keeps the record only: a use of the mappings as well, unless they are gone.
bool __must_check aspace_try_get(struct aspace *as);
// Keeps the record and its page-table root, not the mappings (truncation of a shared object).
void aspace_struct_get(struct aspace *as);
void aspace_struct_put(struct aspace *as);

// Finders; the lock must be held. aspace_find_vma: the first vma that ends above |va|, or NULL.
struct vma *aspace_find_vma_slow(struct aspace *as, va_t va);
static inline struct vma *aspace_find_vma(struct aspace *as, va_t va)
{
	struct vma *v = READ_ONCE(as->last_hit);

	return likely(v && va - v->start < v->end - v->start) ? v : aspace_find_vma_slow(as, va);
}
struct vma *aspace_next_vma(struct vma *v);
struct vma *aspace_first_vma(struct aspace *as);
// VmHWM and ru_maxrss, in pages.
uint64_t aspace_peak_rss_pages(const struct aspace *as);
// "[heap]", "[stack]", "[vdso]" and the like for /proc/PID/maps; NULL: the owner or nothing names
// it. The lock must be held.
const char *vma_special_name(const struct vma *v);

// Called when a fault found no memory and nothing could be reclaimed, with no locks but perhaps an
// inode's; may sleep. True: a process was told to end, or is ending. Registered once at init by
// kernel/proc.
void aspace_set_oom_handler(bool (*handler)(struct aspace *as));
// The same for a system call that found no memory for a file's pages: as on Linux a process is
// killed, the call does not merely fail. True: it is worth trying again (the caller is not to end
// itself). No locks may be held. |as| is the caller's, may be NULL.
bool aspace_out_of_memory(struct aspace *as);

// Page faults. |error| is the x86 error code. What the trap handler must do comes back.
enum fault_result {
	FAULT_OK,
	FAULT_MAPERR, // SIGSEGV SEGV_MAPERR
	FAULT_ACCERR, // SIGSEGV SEGV_ACCERR
	FAULT_BUS,    // SIGBUS BUS_ADRERR: past the end of the object
	FAULT_OOM,    // no memory, whoever was killed; or the caller is to end
	FAULT_IO,     // SIGBUS BUS_ADRERR after a failed fill
};
#define FAULT_ERR_PRESENT 1u
#define FAULT_ERR_WRITE   2u
#define FAULT_ERR_USER    4u
#define FAULT_ERR_FETCH   16u
#define FAULT_ERR_FORCED  (1u << 16) // not the processor's: the caller has checked the rights
enum fault_result aspace_fault(struct aspace *as, va_t va, uint32_t error);
