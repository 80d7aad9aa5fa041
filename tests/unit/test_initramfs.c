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
// fs/hugetlbfs.c The root over the index of an initramfs: look-ups, contents, whiteouts, listings,
// cost, damage.
#include "fs/initramfs.h"

#include <errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/host_fs.h"
#include "tests/unit/host_mem.h"
#include "tests/unit/shim/host_seam.h"

#include <cmocka.h>

static const struct host_entry tree[] = {
	{ "bin", S_IFLNK | 0777, "usr/bin", 0, 0 },
	{ "etc", S_IFDIR | 0755, NULL, 0, 0 },
	{ "etc/motd", S_IFREG | 0644, "hello", 0, 0 },
	{ "etc/empty", S_IFREG | 0600, "", 0, 0 },
	{ "usr", S_IFDIR | 0755, NULL, 0, 0 },
	{ "usr/bin", S_IFDIR | 0755, NULL, 0, 0 },
	{ "usr/bin/big", S_IFREG | 0755, NULL, 100000, 0 },
	{ "usr/bin/big2", S_IFREG | 0755, NULL, 0, 7 },
	{ "usr/bin/exact", S_IFREG | 0755, NULL, 8192, 0 },
	{ "etc/abs", S_IFLNK | 0777, "/etc/motd", 0, 0 },
};

static int setup(void **state)
{
	host_fs_boot(tree, sizeof(tree) / sizeof(tree[0]));
	return 0;
}

static int teardown(void **state)
{
	host_fs_down();
	return 0;
}

static void check_pattern(const char *path, size_t bytes)
{
	uint8_t *buf = malloc(bytes + 10);
	struct file *f;

	assert_int_equal(host_open(path, O_RDONLY, &f), 0);
	assert_int_equal(host_pread(f, buf, bytes + 10, 0), bytes);
	for (size_t k = 0; k < bytes; k++)
		if (buf[k] != host_pattern(k))
			fail_msg("%s: byte %zu is wrong", path, k);
	file_put(f);
	free(buf);
}

static void contents(void **state)
{
	struct kstat st;
	char buf[100];
	struct file *f;

	check_pattern("/bin/big", 100000);
	check_pattern("usr/bin/exact", 8192);
	assert_int_equal(host_open("/etc/abs", O_RDONLY, &f), 0);
	assert_int_equal(host_read(f, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "hello", 5);
	file_put(f);
	assert_int_equal(host_stat("/bin", &st), 0);
	assert_true(S_ISLNK(st.mode));
	assert_int_equal(st.size_bytes, 7);
	assert_int_equal(host_stat("/etc/motd", &st), 0);
	assert_int_equal(st.blocks, 8);
	assert_int_equal(st.mode, S_IFREG | 0644);
	assert_int_equal(host_stat("/etc/empty", &st), 0);
	assert_int_equal(st.blocks, 0);
	assert_int_equal(host_stat("/etc/nothing", &st), -ENOENT);
	assert_int_equal(host_stat("/etc/motd/x", &st), -ENOTDIR);
}

static void blocks_do_not_change_by_reading(void **state)
{
	struct kstat st;

	assert_int_equal(host_stat("/usr/bin/big", &st), 0);
	assert_int_equal(st.blocks, 200);
	check_pattern("/usr/bin/big", 100000);
	assert_int_equal(host_stat("/usr/bin/big", &st), 0);
	assert_int_equal(st.blocks, 200);
	assert_int_equal(st.nlink, 2);
}

static void hard_links_share_an_inode(void **state)
{
	struct kstat a, b;
	struct file *f;
	char c = 0;

	assert_int_equal(host_stat("/usr/bin/big", &a), 0);
	assert_int_equal(host_stat("/usr/bin/big2", &b), 0);
	assert_int_equal(a.ino, b.ino);
	assert_int_equal(host_open("/usr/bin/big2", O_RDWR, &f), 0);
	assert_int_equal(host_pwrite(f, "Z", 1, 5000), 1);
	file_put(f);
	assert_int_equal(host_open("/usr/bin/big", O_RDWR, &f), 0);
	assert_int_equal(host_pread(f, &c, 1, 5000), 1);
	assert_int_equal(c, 'Z');
	file_put(f);
	assert_int_equal(namei_unlink(vfs_root(), "/usr/bin/big2"), 0);
	assert_int_equal(host_stat("/usr/bin/big", &a), 0);
	assert_int_equal(a.nlink, 1);
}

static void tail_of_last_page_is_zero(void **state)
{
	uint8_t buf[5000];
	struct file *f;

	// Growing shows zeros, not the archive's next member.
	assert_int_equal(host_open("/etc/motd", O_RDWR, &f), 0);
	assert_int_equal(file_truncate(f, 5000), 0);
	assert_int_equal(host_pread(f, buf, sizeof(buf), 0), 5000);
	assert_memory_equal(buf, "hello", 5);
	for (unsigned k = 5; k < 5000; k++)
		assert_int_equal(buf[k], 0);
	file_put(f);
}

static void truncation_forgets_the_image(void **state)
{
	uint8_t buf[20000];
	struct kstat st;
	struct file *f;

	assert_int_equal(host_open("/usr/bin/big", O_RDWR, &f), 0);
	assert_int_equal(file_truncate(f, 6000), 0);
	assert_int_equal(file_truncate(f, 20000), 0);
	assert_int_equal(host_pread(f, buf, sizeof(buf), 0), 20000);
	for (unsigned k = 0; k < 20000; k++)
		assert_int_equal(buf[k], k < 6000 ? host_pattern(k) : 0);
	assert_int_equal(host_stat("/usr/bin/big", &st), 0);
	assert_int_equal(st.blocks, 16);
	file_put(f);
}

static void holes_in_image_files(void **state)
{
	uint8_t buf[20000];
	struct file *f;

	assert_int_equal(host_open("/usr/bin/big", O_RDWR, &f), 0);
	assert_int_equal(file_fallocate(f, 3, 5000, 10000), 0); // PUNCH_HOLE | KEEP_SIZE
	assert_int_equal(host_pread(f, buf, sizeof(buf), 0), 20000);
	for (unsigned k = 0; k < 20000; k++)
		assert_int_equal(buf[k], k < 5000 || k >= 15000 ? host_pattern(k) : 0);
	assert_int_equal(file_seek(f, 0, 4), 8192);     // SEEK_HOLE
	assert_int_equal(file_seek(f, 8192, 3), 12288); // SEEK_DATA
	file_put(f);
	f = NULL;
	assert_int_equal(host_open("/usr/bin/exact", O_RDWR, &f), 0);
	assert_int_equal(file_seek(f, 0, 4), 8192);
	assert_int_equal(file_seek(f, 4096, 3), 4096);
	file_put(f);
}

static void whiteouts(void **state)
{
	struct kstat st;
	struct file *f;

	assert_string_equal(host_list("/etc"), "abs empty motd ");
	assert_int_equal(namei_unlink(vfs_root(), "/etc/motd"), 0);
	assert_int_equal(host_stat("/etc/motd", &st), -ENOENT);
	assert_string_equal(host_list("/etc"), "abs empty ");
	assert_int_equal(host_open("/etc/motd", O_CREAT | O_EXCL | O_RDWR, &f), 0);
	file_put(f);
	assert_int_equal(host_stat("/etc/motd", &st), 0);
	assert_int_equal(st.size_bytes, 0);
	assert_string_equal(host_list("/etc"), "abs empty motd ");
	assert_int_equal(namei_unlink(vfs_root(), "/etc/motd"), 0);
	assert_int_equal(host_stat("/etc/motd", &st), -ENOENT);
	assert_int_equal(namei_rmdir(vfs_root(), "/etc"), -ENOTEMPTY);
	assert_int_equal(namei_unlink(vfs_root(), "/etc/abs"), 0);
	assert_int_equal(namei_rmdir(vfs_root(), "/etc"), -ENOTEMPTY);
	assert_int_equal(namei_unlink(vfs_root(), "/etc/empty"), 0);
	assert_int_equal(namei_rmdir(vfs_root(), "/etc"), 0);
	assert_int_equal(namei_mkdir(vfs_root(), "/etc", 0755), 0);
	assert_string_equal(host_list("/etc"), ""); // the lower one does not come back
}

static void renamed_directories_keep_their_lower_names(void **state)
{
	struct kstat st;

	assert_int_equal(namei_rename(vfs_root(), "/usr/bin", vfs_root(), "/etc/b", 0), 0);
	assert_string_equal(host_list("/etc/b"), "big big2 exact ");
	check_pattern("/etc/b/exact", 8192);
	assert_int_equal(host_stat("/usr/bin", &st), -ENOENT);
	assert_int_equal(host_stat("/usr", &st), 0);
	assert_int_equal(st.nlink, 2);
	assert_int_equal(host_stat("/etc", &st), 0);
	assert_int_equal(st.nlink, 3);
	assert_int_equal(namei_rename(vfs_root(), "/etc/b", vfs_root(), "/usr/bin", 0), 0);
	check_pattern("/bin/exact", 8192);
}

static void root_listing_has_the_mount_points(void **state)
{
	assert_string_equal(host_list("/"), "bin etc usr dev sys proc run tmp ");
	assert_string_equal(host_list("/dev"),
			    "null zero full random urandom fd stdin stdout stderr shm ");
	assert_string_equal(host_list("/dev/shm"), "");
	assert_int_equal(namei_rmdir(vfs_root(), "/tmp"), -EBUSY);
}

// Look-ups and boot must not depend on how many files there are.
static void cost_of_many_files(void **state)
{
	unsigned n = 50000;
	struct host_entry *many = calloc(n + 1, sizeof(*many));
	uint64_t before, few, lots;
	struct kstat st;

	before = host_alloc_count();
	assert_int_equal(host_stat("/usr/bin/exact", &st), 0);
	few = host_alloc_count() - before;
	host_fs_down();
	many[0] = (struct host_entry){ "d", S_IFDIR | 0755, NULL, 0, 0 };
	for (unsigned k = 1; k <= n; k++) {
		char *name = malloc(32);

		snprintf(name, 32, "d/file%07u", k * 7919 % 1000003);
		many[k] = (struct host_entry){ name, S_IFREG | 0644, "", 0, 0 };
	}
	host_fs_boot(many, n + 1);
	assert_true(host_alloc_count() < 200); // boot: nothing per file
	before = host_alloc_count();
	assert_int_equal(host_stat(many[n / 2].path, &st), 0);
	lots = host_alloc_count() - before;
	assert_true(lots <= few + 1);
	assert_int_equal(host_stat("/d/none", &st), -ENOENT);
	assert_int_equal(initramfs_lookup(1, "nothing", 7), INITRAMFS_NONE);
	for (unsigned k = 1; k <= n; k++)
		free((char *)many[k].path);
	free(many);
}

// Any damage gives an error or a working tree, never a crash.
static void damaged_index(void **state)
{
	uint64_t bytes;
	const uint8_t *image = initramfs_image(&bytes);
	uint8_t *copy = malloc(bytes), *bad = malloc(bytes);

	memcpy(copy, image, bytes);
	for (unsigned round = 0; round < 60; round++) {
		struct kstat st;

		memcpy(bad, copy, bytes);
		for (unsigned k = 0; k < 1 + round / 4; k++)
			bad[host_random_below(4096 + 1200)] = (uint8_t)host_random();
		host_fs_down();
		if (host_fs_boot_archive(bad, bytes))
			continue;
		host_stat("/usr/bin/exact", &st);
		host_stat("/etc/abs/x", &st);
		host_list("/");
		host_list("/usr/bin");
		if (!namei_rmdir(vfs_root(), "/etc"))
			host_list("/");
	}
	free(copy);
	free(bad);
}

static void pages_come_back(void **state)
{
	uint64_t before;
	struct kstat st;

	assert_int_equal(host_stat("/usr/bin/exact", &st), 0);
	assert_int_equal(host_list("/usr/bin")[0], 'b');
	before = host_fs_free_pages();
	check_pattern("/usr/bin/exact", 8192);
	assert_int_equal(namei_unlink(vfs_root(), "/usr/bin/exact"), 0);
	// Its two frames of the image belong to the pmm now.
	assert_true(host_fs_free_pages() >= before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(contents, setup, teardown),
		cmocka_unit_test_setup_teardown(blocks_do_not_change_by_reading, setup, teardown),
		cmocka_unit_test_setup_teardown(hard_links_share_an_inode, setup, teardown),
		cmocka_unit_test_setup_teardown(tail_of_last_page_is_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(truncation_forgets_the_image, setup, teardown),
		cmocka_unit_test_setup_teardown(holes_in_image_files, setup, teardown),
		cmocka_unit_test_setup_teardown(whiteouts, setup, teardown),
		cmocka_unit_test_setup_teardown(renamed_directories_keep_their_lower_names, setup,
						teardown),
		cmocka_unit_test_setup_teardown(root_listing_has_the_mount_points, setup, teardown),
		cmocka_unit_test_setup_teardown(cost_of_many_files, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_index, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_come_back, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
