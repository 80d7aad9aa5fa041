// sources: kernel/proc/exec_stack.c tests/unit/proc_heap.c tests/unit/shim/host_seam.c
// The first stack of a program: read back as a C start-up would, and the order of the auxiliary
// vector against the host's kernel.

#include "kernel/proc/exec_stack.h"

#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mm/phys/kmalloc.h"
#include "tests/unit/proc_heap.h"
#include "tests/unit/shim/host_seam.h"

#define TOP 0x7ffc12345000ull

static const struct exec_auxv aux = {
	.vdso_va = 0x7f0000001000,
	.min_sigstack_bytes = 3632,
	.hwcap = 0x1f8bfbff,
	.hwcap2 = 2,
	.phdr_va = 0x555555554040,
	.phdrs = 13,
	.interp_base_va = 0x7f0000100000,
	.entry_va = 0x555555555000,
	.uid = 1000,
	.euid = 1001,
	.gid = 1002,
	.egid = 1003,
	.secure = true,
};
static const uint8_t random16[16] = "0123456789abcdef";

// Strings "a0", "a1", ..., "e0", ..., "/bin/prog".
static struct exec_strings make_strings(unsigned argc, unsigned envc)
{
	struct exec_strings s = { .buf = malloc(16 * (argc + envc + 1)),
				  .argc = argc,
				  .envc = envc };

	for (unsigned i = 0; i < argc; i++)
		s.used += (size_t)sprintf(s.buf + s.used, "a%u", i) + 1;
	s.argv_bytes = s.used;
	for (unsigned i = 0; i < envc; i++)
		s.used += (size_t)sprintf(s.buf + s.used, "e%u=", i) + 1;
	s.env_bytes = s.used - s.argv_bytes;
	s.used += (size_t)sprintf(s.buf + s.used, "/bin/prog") + 1;
	return s;
}

// The program's memory at |va|: either part of the strings or of the tables.
static const void *at(const struct exec_stack *st, const struct exec_strings *s, uint64_t va)
{
	if (va >= st->strings_va && va < st->strings_va + s->used)
		return s->buf + (va - st->strings_va);
	assert_in_range(va, st->sp, st->sp + st->tables_bytes - 1);
	return (const char *)st->tables + (va - st->sp);
}

static uint64_t aux_value(const struct exec_stack *st, uint64_t type)
{
	for (unsigned i = 0; i < st->auxv_words; i += 2)
		if (st->auxv[i] == type)
			return st->auxv[i + 1];
	fail_msg("no auxiliary entry %llu", (unsigned long long)type);
	return 0;
}

static void check_stack(unsigned argc, unsigned envc, unsigned gap)
{
	struct exec_strings s = make_strings(argc, envc);
	struct exec_stack st;
	const uint64_t *w;
	char name[16];

	assert_int_equal(exec_stack_build(&st, TOP, &s, &aux, random16, gap), 0);
	assert_int_equal(st.sp % 16, 0);
	assert_true(st.sp + st.tables_bytes <= st.strings_va);
	assert_int_equal(st.strings_va + s.used + 8, TOP);
	w = st.tables;
	assert_int_equal(*w++, argc);
	for (unsigned i = 0; i < argc; i++) {
		sprintf(name, "a%u", i);
		assert_string_equal(at(&st, &s, *w++), name);
	}
	assert_int_equal(*w++, 0);
	for (unsigned i = 0; i < envc; i++) {
		sprintf(name, "e%u=", i);
		assert_string_equal(at(&st, &s, *w++), name);
	}
	assert_int_equal(*w++, 0);
	assert_memory_equal(w, st.auxv, st.auxv_words * 8);
	assert_string_equal(at(&st, &s, aux_value(&st, AT_EXECFN)), "/bin/prog");
	assert_string_equal(at(&st, &s, aux_value(&st, AT_PLATFORM)), "x86_64");
	assert_memory_equal(at(&st, &s, aux_value(&st, AT_RANDOM)), random16, 16);
	assert_int_equal(st.arg_end - st.arg_start, s.argv_bytes);
	assert_int_equal(st.env_end - st.env_start, s.env_bytes);
	kvfree(st.tables);
	free(s.buf);
}

static void reads_back(void **state)
{
	(void)state;
	check_stack(1, 0, 0);
	check_stack(0, 0, 0);
	for (int i = 0; i < 200; i++)
		check_stack((unsigned)host_random_below(40), (unsigned)host_random_below(40),
			    (unsigned)host_random_below(8192));
	assert_int_equal(proc_heap_live(), 0);
}

static void says_what_it_was_told(void **state)
{
	struct exec_strings s = make_strings(1, 1);
	struct exec_stack st;

	(void)state;
	assert_int_equal(exec_stack_build(&st, TOP, &s, &aux, random16, 5), 0);
	assert_int_equal(aux_value(&st, AT_SYSINFO_EHDR), aux.vdso_va);
	assert_int_equal(aux_value(&st, AT_PHDR), aux.phdr_va);
	assert_int_equal(aux_value(&st, AT_PHENT), sizeof(Elf64_Phdr));
	assert_int_equal(aux_value(&st, AT_PHNUM), 13);
	assert_int_equal(aux_value(&st, AT_BASE), aux.interp_base_va);
	assert_int_equal(aux_value(&st, AT_ENTRY), aux.entry_va);
	assert_int_equal(aux_value(&st, AT_UID), 1000);
	assert_int_equal(aux_value(&st, AT_EUID), 1001);
	assert_int_equal(aux_value(&st, AT_GID), 1002);
	assert_int_equal(aux_value(&st, AT_EGID), 1003);
	assert_int_equal(aux_value(&st, AT_SECURE), 1);
	assert_int_equal(aux_value(&st, AT_PAGESZ), 4096);
	assert_int_equal(aux_value(&st, AT_CLKTCK), 100);
	assert_int_equal(aux_value(&st, 51), 3632); // AT_MINSIGSTKSZ
	kvfree(st.tables);
	free(s.buf);
}

// Linux 6.3 and later give all the entries that we do: the order must be theirs.
static void has_the_order_of_linux(void **state)
{
	struct exec_strings s = make_strings(1, 1);
	struct exec_stack st;
	uint64_t host[64];
	FILE *f = fopen("/proc/self/auxv", "rb");
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(host, 16, 32, f);
	fclose(f);
	assert_int_equal(exec_stack_build(&st, TOP, &s, &aux, random16, 5), 0);
	if (n * 2 != st.auxv_words) {
		kvfree(st.tables);
		free(s.buf);
		print_message("the host's kernel gives other entries: order not compared\n");
		skip();
	}
	for (unsigned i = 0; i < st.auxv_words; i += 2)
		assert_int_equal(st.auxv[i], host[i]);
	kvfree(st.tables);
	free(s.buf);
}

static void survives_no_memory(void **state)
{
	struct exec_strings s = make_strings(2, 2);
	struct exec_stack st;

	(void)state;
	proc_heap_fail_at(1);
	assert_int_equal(exec_stack_build(&st, TOP, &s, &aux, random16, 0), -ENOMEM);
	assert_int_equal(proc_heap_live(), 0);
	free(s.buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back),
		cmocka_unit_test(says_what_it_was_told),
		cmocka_unit_test(has_the_order_of_linux),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests_name("exec_stack", tests, NULL, NULL);
}
