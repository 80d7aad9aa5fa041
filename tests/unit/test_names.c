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
// fs/hugetlbfs.c Names and descriptors: walking and opening by a table of answers taken from
// Linux 6.18 (tmpfs), renames of everything over everything, permissions, the descriptor table,
// pipes.
#include "fs/namei.h"

#include <errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/pipe.h"
#include "kernel/sched/cred.h"
#include "kernel/sched/thread.h"
#include "tests/unit/host_fs.h"
#include "tests/unit/host_mem.h"
#include "tests/unit/shim/host_seam.h"

#include <cmocka.h>

#define ROOT vfs_root()

static void make_file(const char *path)
{
	struct file *f;

	assert_int_equal(host_open(path, O_CREAT | O_RDWR, &f), 0);
	file_put(f);
}

static int setup(void **state)
{
	host_fs_boot(NULL, 0);
	assert_int_equal(namei_mkdir(ROOT, "/d", 0755), 0);
	make_file("/d/f");
	assert_int_equal(namei_symlink("f", ROOT, "/d/link"), 0);
	assert_int_equal(namei_symlink("nowhere", ROOT, "/d/dangling"), 0);
	assert_int_equal(namei_symlink("loop", ROOT, "/d/loop"), 0);
	assert_int_equal(namei_symlink("/d/", ROOT, "/dirlink"), 0);
	return 0;
}

static int teardown(void **state)
{
	host_fs_down();
	return 0;
}

static const struct {
	const char *path;
	unsigned flags;
	int result;
} opens[] = {
	{ "/d/f", O_RDWR, 0 },
	{ "d/f", O_RDWR, 0 },
	{ "//d//./../d/f", O_RDONLY, 0 },
	{ "/../../d/f", O_RDONLY, 0 },
	{ "", O_RDONLY, -ENOENT },
	{ "/d/f/", O_RDWR, -ENOTDIR },
	{ "/d/f/", O_RDWR | O_CREAT, -EISDIR },
	{ "/d/none/", O_RDWR | O_CREAT, -EISDIR },
	{ "/d/none/x", O_RDWR | O_CREAT, -ENOENT },
	{ "/d/f/x", O_RDWR | O_CREAT, -ENOTDIR },
	{ "/d/f/..", O_RDONLY, -ENOTDIR },
	{ "/d", O_RDONLY, 0 },
	{ "/d", O_RDWR, -EISDIR },
	{ "/d", O_RDWR | O_CREAT, -EISDIR },
	{ "/d", O_RDONLY | O_TRUNC, -EISDIR },
	{ "/d", O_DIRECTORY | O_CREAT, -EINVAL },
	{ "/d/f", O_DIRECTORY, -ENOTDIR },
	{ "/d/.", O_CREAT | O_EXCL, -EEXIST },
	{ "/d/link", O_RDONLY, 0 },
	{ "/d/link", O_RDONLY | O_NOFOLLOW, -ELOOP },
	{ "/d/link", O_PATH | O_NOFOLLOW, 0 },
	{ "/d/link", O_CREAT | O_EXCL, -EEXIST },
	{ "/d/link/", O_RDONLY, -ENOTDIR },
	{ "/d/dangling", O_RDONLY, -ENOENT },
	{ "/d/dangling", O_CREAT | O_EXCL, -EEXIST },
	{ "/d/dangling", O_CREAT | O_NOFOLLOW, -ELOOP },
	{ "/d/loop", O_RDONLY, -ELOOP },
	{ "/d/loop/x", O_RDONLY, -ELOOP },
	{ "/dirlink/f", O_RDONLY, 0 },
	{ "/dirlink", O_NOFOLLOW | O_DIRECTORY, -ENOTDIR },
	{ "/dirlink/", O_NOFOLLOW | O_DIRECTORY, 0 },
	{ "/d", O_TMPFILE, -EINVAL },
	{ "/d", O_TMPFILE | O_RDWR, 0 },
	{ "/d/f", O_TMPFILE | O_RDWR, -ENOTDIR },
	{ "/dev/null", O_RDWR, 0 },
	{ "/dev/shm", O_RDONLY, 0 },
	{ "/tmp/x", O_RDWR | O_CREAT, 0 },
	{ "/proc/nothing", O_RDONLY, -ENOENT },
};

static void opening(void **state)
{
	char name[300] = "/d/";
	struct file *f;

	for (unsigned k = 0; k < sizeof(opens) / sizeof(opens[0]); k++) {
		int err = host_open(opens[k].path, opens[k].flags, &f);

		if (err != opens[k].result)
			fail_msg("open(\"%s\", 0%o) is %d, not %d", opens[k].path, opens[k].flags,
				 err, opens[k].result);
		if (!err)
			file_put(f);
	}
	memset(name + 3, 'n', 256);
	assert_int_equal(host_open(name, O_CREAT | O_RDWR, &f), -ENAMETOOLONG);
	name[3 + 255] = '\0';
	assert_int_equal(host_open(name, O_CREAT | O_RDWR, &f), 0);
	file_put(f);
}

static void forty_links(void **state)
{
	char name[32], target[32];
	struct file *f;

	for (unsigned k = 0; k < 41; k++) {
		snprintf(name, sizeof(name), "/l%u", k);
		snprintf(target, sizeof(target), k ? "l%u" : "d/f", k - 1);
		assert_int_equal(namei_symlink(target, ROOT, name), 0);
	}
	assert_int_equal(host_open("/l39", O_RDONLY, &f), 0);
	file_put(f);
	assert_int_equal(host_open("/l40", O_RDONLY, &f), -ELOOP);
}

static void resolve_flags(void **state)
{
	struct path d, p;

	assert_int_equal(namei_lookup(ROOT, "/d", 0, &d), 0);
	assert_int_equal(namei_lookup(&d, "../d/f", LOOKUP_BENEATH, &p), -EXDEV);
	assert_int_equal(namei_lookup(&d, "/d/f", LOOKUP_BENEATH, &p), -EXDEV);
	assert_int_equal(namei_lookup(&d, "/f", LOOKUP_IN_ROOT, &p), 0);
	path_put(&p);
	assert_int_equal(namei_lookup(&d, "../../f", LOOKUP_IN_ROOT, &p), 0);
	path_put(&p);
	assert_int_equal(namei_lookup(&d, "link", LOOKUP_FOLLOW | LOOKUP_NO_SYMLINKS, &p), -ELOOP);
	assert_int_equal(namei_lookup(ROOT, "/dev/null", LOOKUP_NO_XDEV, &p), -EXDEV);
	assert_int_equal(namei_lookup(&d, "", 0, &p), -ENOENT);
	assert_int_equal(namei_lookup(&d, "", LOOKUP_EMPTY, &p), 0);
	path_put(&p);
	path_put(&d);
}

static void removing(void **state)
{
	assert_int_equal(namei_rmdir(ROOT, "/d"), -ENOTEMPTY);
	assert_int_equal(namei_rmdir(ROOT, "/d/."), -EINVAL);
	assert_int_equal(namei_rmdir(ROOT, "/d/.."), -ENOTEMPTY);
	assert_int_equal(namei_rmdir(ROOT, "/"), -EBUSY);
	assert_int_equal(namei_rmdir(ROOT, "/d/f"), -ENOTDIR);
	assert_int_equal(namei_unlink(ROOT, "/d"), -EISDIR);
	assert_int_equal(namei_unlink(ROOT, "/d/"), -EISDIR);
	assert_int_equal(namei_unlink(ROOT, "/d/f/"), -ENOTDIR);
	assert_int_equal(namei_unlink(ROOT, "/d/none/"), -ENOENT);
	assert_int_equal(namei_unlink(ROOT, "/dirlink/"), -ENOTDIR);
	assert_int_equal(namei_mkdir(ROOT, "/", 0), -EEXIST);
	assert_int_equal(namei_mkdir(ROOT, "/d/dangling", 0), -EEXIST);
	assert_int_equal(namei_mkdir(ROOT, "/new/", 0755), 0);
	assert_int_equal(namei_symlink("x", ROOT, "/s/"), -ENOENT);
	assert_int_equal(namei_symlink("", ROOT, "/s"), -ENOENT);
}

static void deleted_names(void **state)
{
	char buf[100];
	struct file *f, *g;

	assert_int_equal(host_open("/d/f", O_RDONLY, &f), 0);
	assert_string_equal(file_name(f, buf, sizeof(buf)), "/d/f");
	make_file("/d/g");
	assert_int_equal(host_open("/d/g", O_RDONLY, &g), 0);
	assert_int_equal(namei_rename(ROOT, "/d/g", ROOT, "/d/f", 0), 0);
	assert_string_equal(file_name(f, buf, sizeof(buf)), "/d/f (deleted)");
	assert_string_equal(file_name(g, buf, sizeof(buf)), "/d/f");
	assert_int_equal(f->inode->nlink, 0);
	file_put(f);
	file_put(g);
}

// Everything renamed over everything: f file, d empty directory, n directory with a name, -
// nothing.
static void place(const char *path, char kind)
{
	char inner[64];

	if (kind == 'f') {
		make_file(path);
	} else if (kind != '-') {
		assert_int_equal(namei_mkdir(ROOT, path, 0755), 0);
		snprintf(inner, sizeof(inner), "%s/x", path);
		if (kind == 'n')
			make_file(inner);
	}
}

static const char kinds[] = "fdn-";
static const int plain[4][4] = {
	{ 0, -EISDIR, -EISDIR, 0 },
	{ -ENOTDIR, 0, -ENOTEMPTY, 0 },
	{ -ENOTDIR, 0, -ENOTEMPTY, 0 },
	{ -ENOENT, -ENOENT, -ENOENT, -ENOENT },
};

static void rename_matrix(void **state)
{
	char from[40], to[40];
	struct kstat st;

	for (unsigned flags = 0; flags < 3; flags++)
		for (unsigned k = 0; k < 32; k++) {
			unsigned a = k / 4 % 4, b = k % 4;
			int want = plain[a][b];

			snprintf(from, sizeof(from), "/m%u%u", flags, k);
			// The second half across directories.
			snprintf(to, sizeof(to), "%s/t%u%u", k < 16 ? "" : "/d", flags, k);
			place(from, kinds[a]);
			place(to, kinds[b]);
			if (flags == RENAME_NOREPLACE && want != -ENOENT && kinds[b] != '-')
				want = -EEXIST;
			if (flags == RENAME_EXCHANGE)
				want = kinds[a] == '-' || kinds[b] == '-' ? -ENOENT : 0;
			assert_int_equal(namei_rename(ROOT, from, ROOT, to, flags), want);
			if (want)
				continue;
			assert_int_equal(host_stat(to, &st), 0);
			assert_true(S_ISDIR(st.mode) == (kinds[a] != 'f'));
			assert_int_equal(host_stat(from, &st),
					 flags == RENAME_EXCHANGE ? 0 : -ENOENT);
		}
	assert_int_equal(namei_rename(ROOT, "/d", ROOT, "/d/below", 0), -EINVAL);
	assert_int_equal(namei_rename(ROOT, "/d/f", ROOT, "/d", 0), -ENOTEMPTY);
	assert_int_equal(namei_rename(ROOT, "/d/f", ROOT, "/tmp/f", 0), -EXDEV);
	assert_int_equal(namei_rename(ROOT, "/d/.", ROOT, "/e", 0), -EBUSY);
}

static void permissions(void **state)
{
	struct cred *c = cred_clone(cred_root()), *saved = thread_current()->cred;
	struct file *f;

	assert_int_equal(namei_mkdir(ROOT, "/sticky", 01777), 0);
	make_file("/sticky/root");
	c->uid = c->euid = c->suid = c->fsuid = 1000;
	c->gid = c->egid = c->sgid = c->fsgid = 1000;
	c->cap_effective = c->cap_permitted = 0;
	thread_current()->cred = c;
	assert_int_equal(host_open("/d/f", O_RDWR, &f), -EACCES);
	assert_int_equal(host_open("/d/new", O_RDWR | O_CREAT, &f), -EACCES);
	assert_int_equal(namei_unlink(ROOT, "/d/f"), -EACCES);
	assert_int_equal(namei_unlink(ROOT, "/sticky/root"), -EPERM);
	make_file("/sticky/mine");
	assert_int_equal(namei_unlink(ROOT, "/sticky/mine"), 0);
	thread_current()->cred = saved;
	cred_put(c);
}

static void text_busy(void **state)
{
	struct file *w, *x;
	struct iattr a = { .mode = 0755 };
	struct path p;

	assert_int_equal(namei_open_exec(ROOT, "/d/f", LOOKUP_FOLLOW, &x), -EACCES);
	assert_int_equal(namei_lookup(ROOT, "/d/f", 0, &p), 0);
	assert_int_equal(vfs_setattr(&p, IATTR_MODE, &a), 0);
	path_put(&p);
	assert_int_equal(host_open("/d/f", O_RDWR, &w), 0);
	assert_int_equal(namei_open_exec(ROOT, "/d/f", LOOKUP_FOLLOW, &x), -ETXTBSY);
	file_put(w);
	assert_int_equal(namei_open_exec(ROOT, "/d/f", LOOKUP_FOLLOW, &x), 0);
	assert_int_equal(host_open("/d/f", O_WRONLY, &w), -ETXTBSY);
	file_put(x);
	assert_int_equal(host_open("/d/f", O_WRONLY, &w), 0);
	file_put(w);
}

static void descriptors(void **state)
{
	struct fdtable *t = fdtable_create(), *copy;
	struct file *f, *g;
	bool open[600] = { 0 };

	assert_int_equal(host_open("/d/f", O_RDONLY, &f), 0);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned n = (unsigned)host_random_below(600);
		int fd = 0;

		if (host_random_below(3)) {
			unsigned from = (unsigned)host_random_below(3) ? 0 : n;

			for (fd = (int)from; fd < 500 && open[fd]; fd++)
				;
			assert_int_equal(fd_install(t, file_get(f), (int)from, 500, n & 1),
					 fd < 500 ? fd : -EMFILE);
			if (fd >= 500)
				file_put(f);
			else
				open[fd] = true;
		} else {
			assert_int_equal(fd_close(t, (int)n), open[n] ? 0 : -EBADF);
			open[n] = false;
		}
	}
	assert_int_equal(fd_install_at(t, file_get(f), 599, 600, true), 599);
	assert_int_equal(fd_get_cloexec(t, 599), 1);
	assert_int_equal(fd_install_at(t, f, 600, 600, true), -EBADF);
	copy = fdtable_clone(t);
	fdtable_close_on_exec(copy);
	assert_int_equal(fd_get_cloexec(copy, 599), -EBADF);
	g = fd_get(t, 599);
	assert_ptr_equal(g, f);
	file_put(g);
	assert_int_equal(fd_close_range(t, 10, 700, false), 0);
	assert_true(fd_next_open(t, 10) == -1);
	fdtable_put(copy);
	fdtable_put(t);
	assert_int_equal(f->refs, 1);
	file_put(f);
}

static void pipes(void **state)
{
	static char buf[70000];
	struct file *r, *w;

	assert_int_equal(pipe_create(O_NONBLOCK, &r, &w), 0);
	assert_int_equal(host_read(r, buf, 10), -EAGAIN);
	assert_int_equal(host_write(w, "hello", 5), 5);
	assert_int_equal(host_write(w, " you", 4), 4);
	assert_int_equal(host_read(r, buf, 3), 3);
	assert_int_equal(host_read(r, buf, 100), 6);
	assert_memory_equal(buf, "lo you", 6);
	assert_int_equal(host_write(w, buf, 70000), 65536);
	assert_int_equal(host_write(w, buf, 1), -EAGAIN);
	assert_int_equal(pipe_set_size(w, 4096), -EBUSY);
	assert_int_equal(pipe_set_size(w, 100000), 131072);
	assert_int_equal(host_write(w, buf, 4000), 4000);
	assert_int_equal(host_read(r, buf, 70000), 69536);
	assert_int_equal(pipe_set_size(w, 1), 4096);
	assert_int_equal(host_write(w, buf, 4000), 4000);
	assert_int_equal(host_write(w, buf, 100), -EAGAIN); // up to PIPE_BUF at once or not at all
	assert_int_equal(host_write(w, buf, 96), 96);
	assert_int_equal(host_read(r, buf, 5000), 4096);
	assert_int_equal(host_pread(r, buf, 1, 0), -ESPIPE);
	file_put(w);
	assert_int_equal(host_read(r, buf, 10), 0);
	file_put(r);
	assert_int_equal(pipe_create(O_DIRECT, &r, &w), 0);
	assert_int_equal(host_write(w, "abc", 3), 3);
	assert_int_equal(host_write(w, "def", 3), 3);
	assert_int_equal(host_read(r, buf, 2), 2); // the rest of the packet is dropped
	assert_int_equal(host_read(r, buf, 10), 3);
	file_put(r);
	assert_int_equal(host_write(w, "x", 1), -EPIPE);
	assert_int_equal(host_signals(), 1ull << 13);
	file_put(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(opening, setup, teardown),
		cmocka_unit_test_setup_teardown(forty_links, setup, teardown),
		cmocka_unit_test_setup_teardown(resolve_flags, setup, teardown),
		cmocka_unit_test_setup_teardown(removing, setup, teardown),
		cmocka_unit_test_setup_teardown(deleted_names, setup, teardown),
		cmocka_unit_test_setup_teardown(rename_matrix, setup, teardown),
		cmocka_unit_test_setup_teardown(permissions, setup, teardown),
		cmocka_unit_test_setup_teardown(text_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(pipes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
