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
// fs/hugetlbfs.c The page-backed inode and memfds: random operations against an array of bytes (the
// seed is printed), seals, limits, names, and every allocation failing in turn.
#include "fs/shmem.h"

#include <errno.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/stat.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fs/memfd.h"
#include "lib/uapi_new.h"
#include "tests/unit/host_fs.h"
#include "tests/unit/host_mem.h"
#include "tests/unit/shim/host_seam.h"

#include <cmocka.h>

#define MODEL_BYTES (40 * 4096)
#define PUNCH       (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

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

static struct file *make(unsigned flags)
{
	struct file *f;

	assert_int_equal(memfd_create_file("t", flags, &f), 0);
	return f;
}

struct model {
	uint8_t bytes[MODEL_BYTES];
	bool page[MODEL_BYTES / 4096], written[MODEL_BYTES / 4096];
	uint64_t size;
};

static void model_touch(struct model *m, uint64_t from, uint64_t to, bool write)
{
	for (uint64_t p = from / 4096; from < to && p <= (to - 1) / 4096; p++) {
		m->page[p] = true;
		m->written[p] |= write;
	}
}

static void model_write(struct model *m, struct file *f, uint64_t at, size_t n)
{
	static uint8_t buf[MODEL_BYTES];

	for (size_t k = 0; k < n; k++)
		buf[k] = (uint8_t)host_random();
	assert_int_equal(host_pwrite(f, buf, n, at), n);
	memcpy(m->bytes + at, buf, n);
	model_touch(m, at, at + n, true);
	if (n && at + n > m->size)
		m->size = at + n;
}

static void model_truncate(struct model *m, struct file *f, uint64_t size)
{
	assert_int_equal(file_truncate(f, size), 0);
	if (size <=
	    m->size) { // the same size: what was allocated past the end goes (Linux shmem_setattr)
		memset(m->bytes + size, 0, MODEL_BYTES - size);
		for (uint64_t p = (size + 4095) / 4096; p < MODEL_BYTES / 4096; p++)
			m->page[p] = m->written[p] = false;
	}
	m->size = size;
}

static void model_punch(struct model *m, struct file *f, uint64_t at, size_t n)
{
	assert_int_equal(file_fallocate(f, PUNCH, (int64_t)at, (int64_t)n), 0);
	memset(m->bytes + at, 0, n);
	for (uint64_t p = (at + 4095) / 4096; (p + 1) * 4096 <= at + n; p++)
		m->page[p] = m->written[p] = false;
}

static void model_allocate(struct model *m, struct file *f, uint64_t at, size_t n, bool keep)
{
	assert_int_equal(file_fallocate(f, keep ? FALLOC_FL_KEEP_SIZE : 0, (int64_t)at, (int64_t)n),
			 0);
	for (uint64_t p = at / 4096; p <= (at + n - 1) / 4096; p++) {
		m->written[p] |= m->page[p]; // allocated once more: data, as on Linux
		m->page[p] = true;
	}
	if (!keep && at + n > m->size)
		m->size = at + n;
}

static void model_check(struct model *m, struct file *f)
{
	static uint8_t buf[MODEL_BYTES + 100];
	uint64_t pages = 0, at = host_random_below(m->size + 1), p;
	int64_t want, n = host_pread(f, buf, sizeof(buf), 0);

	assert_int_equal(n, m->size);
	assert_memory_equal(buf, m->bytes, m->size);
	for (p = 0; p < MODEL_BYTES / 4096; p++)
		pages += m->page[p];
	assert_int_equal(shmem_blocks(shmem_of(f->inode)), pages * 8);
	if (at == m->size)
		return;
	for (p = at / 4096; p * 4096 < m->size && !m->written[p]; p++)
		;
	want = p * 4096 < m->size ? (int64_t)(p * 4096 > at ? p * 4096 : at) : -ENXIO;
	assert_int_equal(file_seek(f, (int64_t)at, 3), want);
	for (p = at / 4096; p * 4096 < m->size && m->written[p]; p++)
		;
	want = (int64_t)(p * 4096 > at ? p * 4096 : at);
	assert_int_equal(file_seek(f, (int64_t)at, 4), MIN(want, (int64_t)m->size));
}

static void random_against_model(void **state)
{
	struct model *m = calloc(1, sizeof(*m));
	struct file *f = make(0);

	for (unsigned step = 0; step < 3000; step++) {
		uint64_t at = host_random_below(MODEL_BYTES - 1);
		size_t n = 1 + host_random_below(host_random_below(4) ? 5000 : 30000);

		if (!host_random_below(3))
			at = at / 4096 * 4096;
		n = MIN(n, MODEL_BYTES - at);
		switch (host_random_below(8)) {
		case 0:
			model_truncate(m, f, at);
			break;
		case 1:
			model_punch(m, f, at, n);
			break;
		case 2:
			model_allocate(m, f, at, n, host_random_below(2));
			break;
		default:
			model_write(m, f, at, n);
		}
		model_check(m, f);
	}
	file_put(f);
	free(m);
}

static void seals(void **state)
{
	struct file *f = make(MFD_ALLOW_SEALING);
	uint8_t buf[9000] = { 1 };

	assert_int_equal(memfd_get_seals(f), 0);
	assert_int_equal(file_truncate(f, 8192), 0);
	assert_int_equal(memfd_add_seals(f, 0x40), -EINVAL);
	assert_int_equal(memfd_add_seals(f, F_SEAL_GROW), 0);
	assert_int_equal(host_pwrite(f, buf, 9000, 100), 8092);
	assert_int_equal(host_pwrite(f, buf, 10, 8190), 2);
	assert_int_equal(file_truncate(f, 8193), -EPERM);
	assert_int_equal(file_fallocate(f, 0, 0, 8192), 0);
	assert_int_equal(file_fallocate(f, FALLOC_FL_KEEP_SIZE, 0, 8193), -EPERM);
	assert_int_equal(memfd_add_seals(f, F_SEAL_SHRINK), 0);
	assert_int_equal(file_truncate(f, 1), -EPERM);
	assert_int_equal(file_fallocate(f, PUNCH, 0, 4096), 0);
	assert_int_equal(memfd_add_seals(f, F_SEAL_FUTURE_WRITE), 0);
	assert_int_equal(host_pwrite(f, buf, 1, 0), -EPERM);
	assert_int_equal(host_pwrite(f, buf, 0, 0), 0);
	assert_int_equal(file_fallocate(f, PUNCH, 0, 4096), -EPERM);
	assert_int_equal(memfd_add_seals(f, F_SEAL_WRITE | F_SEAL_SEAL), 0);
	assert_int_equal(memfd_get_seals(f), 0x1f);
	assert_int_equal(memfd_add_seals(f, 0), -EPERM);
	file_put(f);
	f = make(0);
	assert_int_equal(memfd_get_seals(f), F_SEAL_SEAL);
	file_put(f);
	f = make(MFD_NOEXEC_SEAL);
	assert_int_equal(memfd_get_seals(f), F_SEAL_EXEC);
	assert_int_equal(f->inode->mode, S_IFREG | 0666);
	file_put(f);
	f = make(MFD_ALLOW_SEALING);
	assert_int_equal(memfd_add_seals(f, F_SEAL_EXEC), 0);
	assert_int_equal(memfd_get_seals(f), 0x3e); // an executable's contents are sealed too
	file_put(f);
	f = make(MFD_ALLOW_SEALING);
	assert_int_equal(memobj_writer_add(f->inode->obj), 0);
	assert_int_equal(memfd_add_seals(f, F_SEAL_WRITE), -EBUSY);
	memobj_writer_drop(f->inode->obj);
	assert_int_equal(memfd_add_seals(f, F_SEAL_WRITE), 0);
	assert_int_equal(memobj_writer_add(f->inode->obj), -EPERM);
	file_put(f);
}

static void flags_and_names(void **state)
{
	static const struct {
		unsigned flags;
		int result;
	} table[] = {
		{ 0, 0 },           { 32, -EINVAL },        { MFD_EXEC | MFD_NOEXEC_SEAL, -EINVAL },
		{ MFD_HUGETLB, 0 }, { 21u << 26, -EINVAL }, { MFD_HUGETLB | 16u << 26, -ENODEV },
	};
	char name[400], buf[500];
	struct file *f;

	for (unsigned k = 0; k < sizeof(table) / sizeof(table[0]); k++) {
		assert_int_equal(memfd_create_file("x", table[k].flags, &f), table[k].result);
		if (!table[k].result)
			file_put(f);
	}
	memset(name, 'n', sizeof(name));
	name[250] = '\0';
	assert_int_equal(memfd_create_file(name, 0, &f), -EINVAL);
	name[249] = '\0';
	assert_int_equal(memfd_create_file(name, 0, &f), 0);
	file_put(f);
	assert_int_equal(memfd_create_file("a b", 0, &f), 0);
	assert_string_equal(file_name(f, buf, sizeof(buf)), "/memfd:a b (deleted)");
	assert_int_equal(f->flags, O_RDWR | 0100000);
	file_put(f);
	memfd_noexec = 2;
	assert_int_equal(memfd_create_file("x", MFD_EXEC, &f), -EACCES);
	memfd_noexec = 0;
}

static void reopened(void **state)
{
	struct file *f = make(0), *g;
	char c;

	assert_int_equal(host_write(f, "abc", 3), 3);
	assert_int_equal(namei_open_path(&f->path, O_RDONLY, &g), 0);
	assert_int_equal(host_read(g, &c, 1), 1);
	assert_int_equal(c, 'a'); // an offset of its own
	assert_int_equal(host_write(g, "x", 1), -EBADF);
	file_put(f); // the allocation must stay for the other
	assert_int_equal(host_read(g, &c, 1), 1);
	assert_int_equal(c, 'b');
	file_put(g);
}

static void size_limit(void **state)
{
	struct file *f = make(0);
	char buf[100] = "";

	fs_context_current()->limits->fsize = 50;
	assert_int_equal(host_pwrite(f, buf, 100, 0), 50);
	assert_int_equal(host_signals(), 0);
	assert_int_equal(host_pwrite(f, buf, 1, 50), -EFBIG);
	assert_int_equal(host_signals(), 1ull << SIGXFSZ);
	assert_int_equal(file_truncate(f, 51), -EFBIG);
	assert_int_equal(file_truncate(f, 10), 0);
	file_put(f);
}

// Creates, writes, grows and drops; -ENOMEM is the only failure allowed.
static int life(void)
{
	static uint8_t buf[3 * 4096 + 5];
	struct file *f;
	int64_t n;
	int err = memfd_create_file("n", 0, &f);

	if (err)
		return err;
	n = host_pwrite(f, buf, sizeof(buf), 70000);
	assert_int_equal(host_out_of_memory(), n == -ENOMEM);
	err = n < 0 ? (int)n : n < (int64_t)sizeof(buf) ? -ENOMEM : 0;
	if (!err) {
		err = file_fallocate(f, 0, 0, 200000);
		assert_int_equal(host_out_of_memory(), err == -ENOMEM);
	}
	file_put(f);
	return err;
}

static void nth_allocation_fails(void **state)
{
	uint64_t before, n = 1;
	int err;

	assert_int_equal(life(), 0);
	before = host_fs_free_pages();
	for (;; n++) {
		host_alloc_fail_at(n);
		err = life();
		if (!host_alloc_failed())
			break;
		assert_true(err == 0 || err == -ENOMEM);
		assert_int_equal(host_fs_free_pages(), before);
	}
	host_alloc_fail_at(0);
	assert_int_equal(err, 0);
	assert_true(n > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_against_model, setup, teardown),
		cmocka_unit_test_setup_teardown(seals, setup, teardown),
		cmocka_unit_test_setup_teardown(flags_and_names, setup, teardown),
		cmocka_unit_test_setup_teardown(reopened, setup, teardown),
		cmocka_unit_test_setup_teardown(size_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(nth_allocation_fails, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
