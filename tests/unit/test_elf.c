// sources: lib/elf.c
// The ELF parser against hand-made files, against the running kernel's own loader (each malformed
// file is really executed on the host) and against this very process.
#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/compiler.h"
#include "lib/elf.h"

#define LIMIT 0x7ffffffff000ull
#define BASE  0x10000000ull

// A whole program that exits with 42, and room for some headers.
struct image {
	Elf64_Ehdr e;
	Elf64_Phdr p[4];
	char interp[32];
	uint8_t code[16];
};

static void make_image(struct image *f)
{
	static const uint8_t exit_42[] = { 0xbf, 42, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05 };

	memset(f, 0, sizeof(*f));
	memcpy(f->e.e_ident, ELFMAG, SELFMAG);
	f->e.e_ident[EI_CLASS] = ELFCLASS64;
	f->e.e_ident[EI_DATA] = ELFDATA2LSB;
	f->e.e_ident[EI_VERSION] = EV_CURRENT;
	f->e.e_type = ET_EXEC;
	f->e.e_machine = EM_X86_64;
	f->e.e_version = EV_CURRENT;
	f->e.e_entry = BASE + offsetof(struct image, code);
	f->e.e_phoff = offsetof(struct image, p);
	f->e.e_ehsize = sizeof(f->e);
	f->e.e_phentsize = sizeof(f->p[0]);
	f->e.e_phnum = 2;
	f->p[0] = (Elf64_Phdr){ .p_type = PT_LOAD,
				.p_flags = PF_R | PF_X,
				.p_vaddr = BASE,
				.p_filesz = sizeof(*f),
				.p_memsz = sizeof(*f),
				.p_align = 4096 };
	f->p[1] = (Elf64_Phdr){ .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W };
	memcpy(f->code, exit_42, sizeof(exit_42));
}

static int parse(const struct image *f, struct elf_header *h, struct elf_image *img)
{
	int err = elf_parse_header(f, sizeof(*f), h);

	if (err)
		return err;
	if (h->phdrs_offset > sizeof(*f) || sizeof(*f) - h->phdrs_offset < h->phdrs_bytes)
		return -ENOEXEC; // what exec answers when the table cannot be read
	return elf_parse_phdrs(h, (const char *)f + h->phdrs_offset, LIMIT, img);
}

// What Linux makes of the file: 0 it ran, -errno of execve, 1 it was killed while loading.
static int run_on_host(const struct image *f)
{
	char path[] = "/tmp/ouro-elf-XXXXXX";
	int fd = mkstemp(path), status;
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, f, sizeof(*f)), sizeof(*f));
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	pid = fork();
	if (pid == 0) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		execl(path, path, NULL);
		_exit(errno == ENOEXEC ? 100 : errno == EINVAL ? 101 : errno == EIO ? 102 : 103);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(path);
	if (WIFSIGNALED(status))
		return 1;
	switch (WEXITSTATUS(status)) {
	case 42:
		return 0;
	case 100:
		return -ENOEXEC;
	case 101:
		return -EINVAL;
	case 102:
		return -EIO;
	default:
		return -1000;
	}
}

enum change {
	AS_IT_IS,
	BAD_MAGIC,
	BAD_MACHINE,
	TYPE_REL,
	TYPE_CORE,
	CLASS_32,
	DATA_BIG,
	VERSION_0,
	PHENTSIZE_32,
	PHNUM_0,
	PHNUM_74,
	PHOFF_FAR,
	PHOFF_NEGATIVE,
	NO_LOAD,
	FILESZ_OVER_MEMSZ,
	MEMSZ_HUGE,
	MEMSZ_OVER_LIMIT,
	VADDR_LIMIT,
	VADDR_KERNEL,
	VADDR_WRAPS,
	OFFSET_UNALIGNED,
	OFFSET_WRAPS,
	FILESZ_HUGE,
	INTERP_EMPTY,
	INTERP_ONE,
	INTERP_LONG,
	INTERP_OFFSET_HUGE,
	ALIGN_ODD,
	ALIGN_ZERO,
	DYN_NO_LOAD,
	EMPTY_SECOND_LOAD,
	BSS_PAGES,
	CHANGES,
};

static void apply(struct image *f, enum change c)
{
	Elf64_Phdr *load = &f->p[0], *second = &f->p[1];

	switch (c) {
	case BAD_MAGIC:
		f->e.e_ident[1] = 'e';
		break;
	case BAD_MACHINE:
		f->e.e_machine = EM_AARCH64;
		break;
	case TYPE_REL:
		f->e.e_type = ET_REL;
		break;
	case TYPE_CORE:
		f->e.e_type = ET_CORE;
		break;
	case CLASS_32:
		f->e.e_ident[EI_CLASS] = ELFCLASS32; // Linux does not look
		break;
	case DATA_BIG:
		f->e.e_ident[EI_DATA] = ELFDATA2MSB;
		break;
	case VERSION_0:
		f->e.e_version = 0;
		break;
	case PHENTSIZE_32:
		f->e.e_phentsize = 32;
		break;
	case PHNUM_0:
		f->e.e_phnum = 0;
		break;
	case PHNUM_74:
		f->e.e_phnum = 74;
		break;
	case PHOFF_FAR:
		f->e.e_phoff = 1 << 20;
		break;
	case PHOFF_NEGATIVE:
		f->e.e_phoff = (uint64_t)-64;
		break;
	case NO_LOAD:
		load->p_type = PT_NULL;
		break;
	case FILESZ_OVER_MEMSZ:
		load->p_memsz = 64;
		break;
	case MEMSZ_HUGE:
		load->p_memsz = UINT64_MAX;
		break;
	case MEMSZ_OVER_LIMIT:
		load->p_memsz = LIMIT;
		break;
	case VADDR_LIMIT:
		load->p_vaddr = LIMIT;
		break;
	case VADDR_KERNEL:
		load->p_vaddr = 0xffffffff80000000;
		break;
	case VADDR_WRAPS:
		load->p_vaddr = (uint64_t)-4096;
		break;
	case OFFSET_UNALIGNED:
		load->p_offset = 8;
		break;
	case OFFSET_WRAPS:
		load->p_offset = (uint64_t)-4096;
		break;
	case FILESZ_HUGE:
		load->p_filesz = load->p_memsz = UINT64_MAX - 100;
		break;
	case INTERP_EMPTY:
	case INTERP_ONE:
	case INTERP_LONG:
	case INTERP_OFFSET_HUGE:
		*second = (Elf64_Phdr){ .p_type = PT_INTERP };
		second->p_filesz = c == INTERP_ONE ? 1 : c == INTERP_LONG ? 4097 : 0;
		if (c == INTERP_OFFSET_HUGE) {
			second->p_filesz = 5;
			second->p_offset = 1ull << 63;
		}
		break;
	case ALIGN_ODD:
		load->p_align = 12345;
		break;
	case ALIGN_ZERO:
		load->p_align = 0;
		break;
	case DYN_NO_LOAD:
		f->e.e_type = ET_DYN;
		load->p_type = PT_NULL;
		break;
	case EMPTY_SECOND_LOAD:
		*second = (Elf64_Phdr){ .p_type = PT_LOAD,
					.p_vaddr = BASE + (1 << 20),
					.p_flags = PF_R };
		break;
	case BSS_PAGES:
		*second = (Elf64_Phdr){ .p_type = PT_LOAD,
					.p_vaddr = BASE + (1 << 20) + 5,
					.p_flags = PF_R | PF_W,
					.p_memsz = 9000 };
		break;
	default:
		break;
	}
}

static void every_change_as_linux(void **state)
{
	(void)state;
	for (enum change c = 0; c < CHANGES; c++) {
		struct elf_header h;
		struct elf_image img;
		struct image f;
		int ours, linux_says;

		make_image(&f);
		apply(&f, c);
		ours = parse(&f, &h, &img);
		linux_says = run_on_host(&f);
		// -EINVAL stands for what Linux finds too late to return; so does "nothing to run".
		if (ours == -EINVAL || (ours == 0 && img.loads == 0))
			ours = 1;
		if (c == INTERP_OFFSET_HUGE && linux_says < 0)
			continue; // any error: the read itself fails, with -EINVAL
		if (ours != linux_says)
			fail_msg("change %d: we say %d, Linux says %d", (int)c, ours, linux_says);
	}
}

static void short_files(void **state)
{
	struct elf_header h;
	struct image f;

	(void)state;
	make_image(&f);
	for (size_t n = 0; n < ELF_HEADER_BYTES; n++) {
		char *exact = malloc(n + 1);

		memcpy(exact, &f, n);
		assert_int_equal(elf_parse_header(exact, n, &h), -ENOEXEC);
		free(exact);
	}
	assert_int_equal(elf_parse_header(&f, ELF_HEADER_BYTES, &h), 0);
	assert_int_equal(h.phdrs, 2);
	assert_int_equal(h.phdrs_bytes, 112);
	assert_int_equal(h.phdrs_offset, 64);
	assert_int_equal(h.entry_va, f.e.e_entry);
	assert_false(h.dynamic);
}

static void collects_what_exec_needs(void **state)
{
	struct elf_header h;
	struct elf_image img;
	struct image f;

	(void)state;
	make_image(&f);
	f.e.e_type = ET_DYN;
	f.e.e_phnum = 4;
	f.p[0].p_vaddr = 0x1000;
	f.p[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
			       .p_flags = PF_R | PF_W,
			       .p_offset = 0x2010,
			       .p_vaddr = 0x404010,
			       .p_filesz = 0x100,
			       .p_memsz = 0x3000,
			       .p_align = 0x200000 };
	f.p[2] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = 77, .p_filesz = 28 };
	f.p[3] = (Elf64_Phdr){ .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W | PF_X };
	assert_int_equal(parse(&f, &h, &img), 0);
	assert_int_equal(img.loads, 2);
	assert_int_equal(img.first_va, 0x1000);
	assert_int_equal(img.min_va, 0x1000);
	assert_int_equal(img.total_bytes, 0x408000 - 0x1000);
	assert_int_equal(img.align_bytes, 0x200000);
	assert_int_equal(img.phdr_va, 0x1040);
	assert_int_equal(img.start_code_va, 0x1000);
	assert_int_equal(img.end_code_va, 0x1000 + sizeof(f));
	assert_int_equal(img.start_data_va, 0x404010);
	assert_int_equal(img.end_data_va, 0x404110);
	assert_int_equal(img.brk_va, 0x407010);
	assert_int_equal(img.interp_offset, 77);
	assert_int_equal(img.interp_bytes, 28);
	assert_int_equal(img.stack, ELF_STACK_EXEC);
	assert_int_equal(elf_load_bias(&h, &img, 0x555555555000), 0x555555400000 - 0x1000);
	h.dynamic = false;
	assert_int_equal(elf_load_bias(&h, &img, 0x555555555000), 0);
}

static void first_interp_and_last_stack_count(void **state)
{
	struct elf_header h;
	struct elf_image img;
	struct image f;

	(void)state;
	make_image(&f);
	f.e.e_phnum = 4;
	f.p[0] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = 1, .p_filesz = 2 };
	f.p[1] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = 9, .p_filesz = 9999 };
	f.p[2] = (Elf64_Phdr){ .p_type = PT_GNU_STACK, .p_flags = PF_X };
	f.p[3] = (Elf64_Phdr){ .p_type = PT_GNU_STACK };
	assert_int_equal(parse(&f, &h, &img), 0);
	assert_int_equal(img.interp_offset, 1);
	assert_int_equal(img.interp_bytes, 2);
	assert_int_equal(img.stack, ELF_STACK_NOEXEC);
	assert_int_equal(img.loads, 0);
	assert_int_equal(img.total_bytes, 0);
	f.e.e_phnum = 1;
	assert_int_equal(parse(&f, &h, &img), 0);
	assert_int_equal(img.stack, ELF_STACK_DEFAULT);
}

static void interp_paths(void **state)
{
	(void)state;
	assert_int_equal(elf_check_interp("/ld", 4), 0);
	assert_int_equal(elf_check_interp("/ld", 3), -ENOEXEC);
	assert_int_equal(elf_check_interp("", 1), -ENOEXEC);
	assert_int_equal(elf_check_interp("", 0), -ENOEXEC);
	assert_int_equal(elf_check_interp("a\0b", 4), 0);
}

static struct elf_segment segment_of(Elf64_Phdr p)
{
	struct elf_header h = { .phdrs = 1, .phdrs_bytes = sizeof(p) };
	struct elf_image img;
	struct elf_segment s;
	unsigned cursor = 0;

	p.p_type = PT_LOAD;
	assert_int_equal(elf_parse_phdrs(&h, &p, LIMIT, &img), 0);
	assert_true(elf_next_segment(&h, &p, &cursor, &s));
	assert_int_equal(cursor, 1);
	return s;
}

static void segments_in_pages(void **state)
{
	struct elf_segment s;

	(void)state;
	// Data with a bss: the tail of the last file page and two pages behind it.
	s = segment_of((Elf64_Phdr){ .p_offset = 0x2dd0,
				     .p_vaddr = 0x403dd0,
				     .p_filesz = 0x258,
				     .p_memsz = 0x2300,
				     .p_flags = PF_R | PF_W });
	assert_int_equal(s.va, 0x403000);
	assert_int_equal(s.file_offset, 0x2000);
	assert_int_equal(s.file_bytes, 0x2000);
	assert_int_equal(s.zero_va, 0x404028);
	assert_int_equal(s.zero_end_va, 0x405000);
	assert_int_equal(s.bss_va, 0x405000);
	assert_int_equal(s.bss_bytes, 0x2000);
	assert_true(s.read && s.write && !s.exec);
	// A bss that ends in the last file page.
	s = segment_of((Elf64_Phdr){ .p_vaddr = 0x1000, .p_filesz = 0x10, .p_memsz = 0x20 });
	assert_int_equal(s.zero_va, 0x1010);
	assert_int_equal(s.zero_end_va, 0x2000);
	assert_int_equal(s.bss_bytes, 0);
	// Nothing but bss: the offset does not matter.
	s = segment_of((Elf64_Phdr){
		.p_offset = 0x123, .p_vaddr = 0x1800, .p_memsz = 0x1000, .p_flags = PF_X });
	assert_int_equal(s.va, 0x1000);
	assert_int_equal(s.file_bytes, 0);
	assert_int_equal(s.bss_va, 0x1000);
	assert_int_equal(s.bss_bytes, 0x2000);
	assert_int_equal(s.zero_va, s.zero_end_va);
	assert_true(s.exec && !s.read && !s.write);
	// Empty, and the highest possible.
	s = segment_of((Elf64_Phdr){ .p_vaddr = 0x1800 });
	assert_int_equal(s.file_bytes + s.bss_bytes, 0);
	s = segment_of((Elf64_Phdr){ .p_vaddr = LIMIT - 1, .p_memsz = 1 });
	assert_int_equal(s.bss_va + s.bss_bytes, LIMIT);
}

static bool maps_have(uint64_t start, uint64_t end)
{
	unsigned long long from, to;
	FILE *maps = fopen("/proc/self/maps", "r");
	bool found = false;
	char line[400];

	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%llx-%llx", &from, &to) == 2 && from <= start && to >= end)
			found = true;
	}
	fclose(maps);
	return found;
}

static int note_bias(struct dl_phdr_info *info, size_t size, void *out)
{
	*(uint64_t *)out = info->dlpi_addr;
	return 1; // the first is the program
}

// This process was loaded by the kernel: where it put things is what we compute.
static void agrees_with_this_process(void **state)
{
	char head[ELF_HEADER_BYTES], table[ELF_MAX_PHDRS_BYTES], path[256] = "";
	int fd = open("/proc/self/exe", O_RDONLY), found = 0;
	struct elf_segment s;
	struct elf_header h;
	struct elf_image img;
	unsigned cursor = 0;
	uint64_t bias = 0;

	(void)state;
	dl_iterate_phdr(note_bias, &bias);
	assert_int_equal(pread(fd, head, sizeof(head), 0), sizeof(head));
	assert_int_equal(elf_parse_header(head, sizeof(head), &h), 0);
	assert_int_equal(pread(fd, table, h.phdrs_bytes, (off_t)h.phdrs_offset), h.phdrs_bytes);
	assert_int_equal(elf_parse_phdrs(&h, table, LIMIT, &img), 0);
	assert_int_equal(pread(fd, path, img.interp_bytes, (off_t)img.interp_offset),
			 img.interp_bytes);
	assert_int_equal(elf_check_interp(path, img.interp_bytes), 0);
	assert_int_equal(access(path, X_OK), 0);
	close(fd);
	assert_int_equal(img.phdr_va + bias, getauxval(AT_PHDR));
	assert_int_equal(h.entry_va + bias, getauxval(AT_ENTRY));
	assert_int_equal(h.phdrs, getauxval(AT_PHNUM));
	assert_int_equal(elf_load_bias(&h, &img, bias + img.first_va), bias);
	for (; elf_next_segment(&h, table, &cursor, &s); found++) {
		// First and last page apart: RELRO splits the mapping.
		uint64_t end = s.va + s.file_bytes + bias;

		assert_true(maps_have(s.va + bias, s.va + bias + 4096));
		assert_true(maps_have(end - 4096, end));
	}
	assert_int_equal(found, img.loads);
}

// Every byte of the header and the table set to some hostile values: nothing but 0, -ENOEXEC and
// -EINVAL comes out, and what is accepted stays inside the limit.
static void hostile_bytes(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct image good, f;

	(void)state;
	make_image(&good);
	for (size_t at = 0; at < offsetof(struct image, interp); at++) {
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			struct elf_header h;
			struct elf_image img;
			struct elf_segment s;
			unsigned cursor = 0;
			int err;

			f = good;
			((uint8_t *)&f)[at] = values[v];
			err = parse(&f, &h, &img);
			assert_true(err == 0 || err == -ENOEXEC || err == -EINVAL);
			while (!err && elf_next_segment(&h, f.p, &cursor, &s)) {
				assert_true(s.va + s.file_bytes <= LIMIT + 4096);
				assert_true(s.bss_va + s.bss_bytes <= LIMIT);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_change_as_linux),
		cmocka_unit_test(short_files),
		cmocka_unit_test(collects_what_exec_needs),
		cmocka_unit_test(first_interp_and_last_stack_count),
		cmocka_unit_test(interp_paths),
		cmocka_unit_test(segments_in_pages),
		cmocka_unit_test(agrees_with_this_process),
		cmocka_unit_test(hostile_bytes),
	};

	return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
