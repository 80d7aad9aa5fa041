// sources: fs/notify.c
// sources: fs/xattr.c
// sources: mm/virt/resv.c
// sources: fs/anon.c fs/dentry.c fs/dev.c fs/eventfd.c fs/fdtable.c fs/file.c fs/flock.c
// sources: fs/initramfs.c fs/initramfs_scan.c fs/inode.c fs/memfd.c fs/mount.c fs/namei.c
// sources: fs/namei_ops.c fs/open.c fs/path.c fs/pipe.c fs/pseudo.c fs/pseudo_file.c fs/seq.c
// sources: fs/shmem.c fs/shmem_alloc.c fs/stat.c fs/tmpfs.c fs/tmpfs_dir.c fs/vfs.c
// sources: kernel/sched/cred.c kernel/sched/mutex.c lib/fmt.c lib/string.c lib/cpio.c lib/radix.c
// sources: lib/rbtree.c mm/virt/memobj.c mm/virt/memobj_resize.c mm/virt/uio.c mm/phys/kmalloc.c
// sources: mm/phys/kva.c mm/phys/kstack.c mm/phys/mapper.c mm/phys/mapper_range.c mm/phys/tlb.c
// sources: mm/phys/pmm.c mm/phys/buddy.c mm/phys/virgin.c mm/phys/kmap.c tests/unit/host_mem.c
// sources: tests/unit/host_fs.c tests/unit/shim/host_seam.c tests/unit/shim/host_waitq.c
// sources: mm/phys/mapper_huge.c mm/phys/hugepool.c mm/virt/memobj_huge.c mm/virt/hugetlb.c
// sources: fs/hugetlbfs.c
// sources: mm/phys/mapper_move.c
// sources: fs/fs_context.c
// Writes, reads, hole punching, truncation and sealing of one memfd at the same time, by the real
// sources under ASan: every byte is zero or what a writer wrote, a seal that is set ends writing
// for good, and nothing is lost or freed twice.
#include "fs/shmem.h"

#include <errno.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "fs/memfd.h"
#include "kernel/base/panic.h"
#include "mm/virt/uio.h"
#include "tests/unit/host_fs.h"
#include "tests/unit/host_mem.h"
#include "tests/unit/shim/host_seam.h"

#include <cmocka.h>

#define PAGES 24u
#define BYTES (PAGES * 4096u)
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static struct {
	struct file *file;
	bool stop;   // atomic
	bool sealed; // atomic: F_SEAL_WRITE was set
} world;

static int setup(void **state)
{
	host_fs_boot(NULL, 0);
	return 0;
}

static int teardown(void **state)
{
	host_fs_down();
	return 0;
}

static bool stopped(void)
{
	return __atomic_load_n(&world.stop, __ATOMIC_RELAXED);
}

static uint64_t next(uint64_t *rng)
{
	*rng = *rng * 6364136223846793005ull + 1442695040888963407ull;
	return *rng >> 33;
}

static void *writing(void *arg)
{
	static const char ones[4 * 4096] = { [0 ... 4 * 4096 - 1] = 1 };
	uint64_t rng = (uint64_t)arg;

	while (!stopped()) {
		const bool was = __atomic_load_n(&world.sealed, __ATOMIC_ACQUIRE);
		struct uio u;
		int64_t n;

		uio_init_kernel(&u, (void *)ones, 1 + next(&rng) % sizeof(ones));
		n = file_pwrite(world.file, &u, next(&rng) % BYTES, 0);
		ASSERT(n > 0 || n == -EPERM);
		ASSERT(!was || n == -EPERM);
		if (next(&rng) % 8 == 0)
			sched_yield();
	}
	return NULL;
}

static void *reading(void *arg)
{
	uint64_t rng = (uint64_t)arg;
	char bytes[8192];

	while (!stopped()) {
		struct uio u;
		int64_t n;

		uio_init_kernel(&u, bytes, 1 + next(&rng) % sizeof(bytes));
		n = file_pread(world.file, &u, next(&rng) % BYTES, 0);
		ASSERT(n >= 0);
		for (int64_t i = 0; i < n; i++)
			ASSERT(bytes[i] == 0 || bytes[i] == 1);
	}
	return NULL;
}

static void *punching(void *arg)
{
	uint64_t rng = (uint64_t)arg;

	while (!stopped()) {
		const bool was = __atomic_load_n(&world.sealed, __ATOMIC_ACQUIRE);
		int err = -EPERM;

		if (next(&rng) % 3)
			err = file_fallocate(world.file, PUNCH, (int64_t)(next(&rng) % BYTES),
					     1 + (int64_t)(next(&rng) % (4 * 4096)));
		else if (!was) // to the same size it may be truncated for ever
			err = file_truncate(world.file, next(&rng) % BYTES);
		ASSERT(!err || err == -EPERM);
		ASSERT(err || !was);
		sched_yield();
	}
	return NULL;
}

static uint64_t sum(void)
{
	static char bytes[BYTES + 5 * 4096];
	uint64_t h = 0;
	struct uio u;
	int64_t n;

	uio_init_kernel(&u, bytes, sizeof(bytes));
	n = file_pread(world.file, &u, 0, 0);
	ASSERT(n >= 0);
	for (int64_t i = 0; i < n; i++)
		h = h * 31 + (uint64_t)bytes[i];
	return h;
}

// Sealing waits for nobody's write for ever: a page that is being copied counts as in use for a
// moment only.
static void seal(void)
{
	int err;

	do
		err = memfd_add_seals(world.file, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
	while (err == -EBUSY);
	assert_int_equal(err, 0);
	__atomic_store_n(&world.sealed, true, __ATOMIC_RELEASE);
}

static void one_life(void)
{
	void *(*const jobs[])(void *) = { writing, writing, reading, punching };
	const unsigned n = sizeof(jobs) / sizeof(jobs[0]);
	pthread_t t[4];
	uint64_t before;

	assert_int_equal(memfd_create_file("t", MFD_ALLOW_SEALING, &world.file), 0);
	world.stop = world.sealed = false;
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(pthread_create(&t[i], NULL, jobs[i], (void *)host_random()), 0);
	usleep(60000);
	seal();
	before = sum();
	usleep(10000);
	assert_true(before == sum());
	__atomic_store_n(&world.stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	file_put(world.file);
}

static void writes_holes_and_seals_at_once(void **state)
{
	for (unsigned i = 0; i < 12; i++)
		one_life();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_holes_and_seals_at_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
