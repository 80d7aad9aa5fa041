// sources:
// The constants of lib/uapi_new.h against the running kernel, where that is new enough
// (Linux 6.17): a wrong number is a call that does not exist or a flag that is refused.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/compiler.h"
#include "lib/uapi_new.h"

static bool kernel_is_new(void)
{
	struct utsname u;
	int major, minor;

	return uname(&u) == 0 && sscanf(u.release, "%d.%d", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 17));
}

#define NEEDS_NEW_KERNEL()                                                                         \
	do {                                                                                       \
		if (!kernel_is_new())                                                              \
			skip();                                                                    \
	} while (0)

static void system_calls_exist(void **state)
{
	static const struct {
		long number;
		const char *name;
	} rows[] = {
		{ __NR_cachestat, "cachestat" },           { __NR_fchmodat2, "fchmodat2" },
		{ __NR_futex_wake, "futex_wake" },         { __NR_futex_wait, "futex_wait" },
		{ __NR_futex_requeue, "futex_requeue" },   { __NR_statmount, "statmount" },
		{ __NR_listmount, "listmount" },           { __NR_mseal, "mseal" },
		{ __NR_setxattrat, "setxattrat" },         { __NR_getxattrat, "getxattrat" },
		{ __NR_listxattrat, "listxattrat" },       { __NR_removexattrat, "removexattrat" },
		{ __NR_open_tree_attr, "open_tree_attr" }, { __NR_file_getattr, "file_getattr" },
		{ __NR_file_setattr, "file_setattr" },
	};

	(void)state;
	NEEDS_NEW_KERNEL();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		// Arguments that each of them refuses.
		long got = syscall(rows[i].number, -1L, -1L, -1L, -1L, -1L, -1L);

		if (got != -1 || errno == ENOSYS)
			fail_msg("%s: %ld, %s", rows[i].name, got, strerror(errno));
	}
}

static void memfd_flags(void **state)
{
	int fd;

	(void)state;
	NEEDS_NEW_KERNEL();
	fd = memfd_create("x", MFD_NOEXEC_SEAL | MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GET_SEALS) & F_SEAL_EXEC);
	assert_int_equal(fchmod(fd, 0777), -1);
	close(fd);
	fd = memfd_create("x", MFD_EXEC);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GET_SEALS) & F_SEAL_EXEC, 0);
	close(fd);
	assert_int_equal(memfd_create("x", MFD_EXEC | MFD_NOEXEC_SEAL), -1);
}

static void descriptor_queries(void **state)
{
	int fd, other;

	(void)state;
	NEEDS_NEW_KERNEL();
	fd = memfd_create("x", 0);
	other = dup(fd);
	assert_int_equal(fcntl(fd, F_DUPFD_QUERY, other), 1);
	assert_int_equal(fcntl(fd, F_DUPFD_QUERY, 0), 0);
	assert_int_equal(fcntl(fd, F_CREATED_QUERY), 0);
	close(fd);
	close(other);
}

static void memory_flags(void **state)
{
	char *p;

	(void)state;
	NEEDS_NEW_KERNEL();
	p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_ABOVE4G, -1,
		 0);
	assert_true(p != MAP_FAILED && (uintptr_t)p > UINT32_MAX);
	assert_int_equal(madvise(p, 4096, MADV_GUARD_INSTALL), 0);
	assert_int_equal(madvise(p, 4096, MADV_GUARD_REMOVE), 0);
	munmap(p, 8192);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_DROPPABLE | MAP_ANONYMOUS, -1, 0);
	assert_true(p != MAP_FAILED);
	munmap(p, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(system_calls_exist),
		cmocka_unit_test(memfd_flags),
		cmocka_unit_test(descriptor_queries),
		cmocka_unit_test(memory_flags),
	};

	return cmocka_run_group_tests_name("uapi_new", tests, NULL, NULL);
}
