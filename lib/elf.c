// ELF64 x86-64 program headers, checked. Owns nothing, takes no locks, never sleeps, reads only the
// bytes it is given. Every check has its model in Linux 6.18's fs/binfmt_elf.c.
#include <asm/errno.h>
#include <linux/elf.h>

#include "lib/checked.h"
#include "lib/elf.h"
#include "lib/string.h"

#define PAGE_BYTES 4096ull

_Static_assert(sizeof(Elf64_Ehdr) == ELF_HEADER_BYTES, "file header");
_Static_assert(sizeof(Elf64_Phdr) == ELF_PHDR_BYTES, "program header");

// The table may stand at any alignment in the caller's buffer.
typedef Elf64_Phdr __attribute__((aligned(1))) phdr_t;

static const phdr_t *phdr_at(const void *table, unsigned i)
{
	return (const phdr_t *)table + i;
}

int elf_parse_header(const void *file, size_t bytes, struct elf_header *out)
{
	Elf64_Ehdr e;

	if (bytes < sizeof(e))
		return -ENOEXEC;
	memcpy(&e, file, sizeof(e));
	if (memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 || e.e_machine != EM_X86_64)
		return -ENOEXEC;
	if (e.e_type != ET_EXEC && e.e_type != ET_DYN)
		return -ENOEXEC;
	if (e.e_phentsize != sizeof(Elf64_Phdr) || e.e_phnum == 0 || e.e_phnum > ELF_MAX_PHDRS)
		return -ENOEXEC;
	*out = (struct elf_header){
		.entry_va = e.e_entry,
		.phdrs_offset = e.e_phoff,
		.phdrs_bytes = e.e_phnum * (uint32_t)sizeof(Elf64_Phdr),
		.phdrs = e.e_phnum,
		.dynamic = e.e_type == ET_DYN,
	};
	return 0;
}

int elf_check_interp(const char *path, uint32_t bytes)
{
	return bytes >= 2 && bytes <= ELF_MAX_INTERP_BYTES && !path[bytes - 1] ? 0 : -ENOEXEC;
}

// What makes Linux refuse a PT_LOAD: its end above the limit, more bytes in the file than in
// memory, an offset that is not congruent to the address (mmap's EINVAL), an end of file range that
// wraps.
static bool segment_is_sound(const phdr_t *p, uint64_t limit_va)
{
	uint64_t end;

	if (p->p_filesz > p->p_memsz || p->p_memsz > limit_va || p->p_vaddr > limit_va - p->p_memsz)
		return false;
	if (p->p_vaddr >= limit_va)
		return false;
	if (p->p_filesz == 0)
		return true;
	if ((p->p_vaddr - p->p_offset) % PAGE_BYTES != 0)
		return false;
	return checked_add_u64(p->p_offset, p->p_filesz, &end) && end <= INT64_MAX - PAGE_BYTES;
}

static void note_load(const struct elf_header *h, const phdr_t *p, struct elf_image *img)
{
	uint64_t file_end = p->p_vaddr + p->p_filesz, end = p->p_vaddr + p->p_memsz;

	if (img->loads++ == 0)
		img->first_va = ALIGN_DOWN(p->p_vaddr, PAGE_BYTES);
	img->min_va = MIN(img->min_va, ALIGN_DOWN(p->p_vaddr, PAGE_BYTES));
	img->brk_va = MAX(img->brk_va, end);
	if (p->p_align && !(p->p_align & (p->p_align - 1)))
		img->align_bytes = MAX(img->align_bytes, p->p_align);
	if (p->p_offset <= h->phdrs_offset && h->phdrs_offset - p->p_offset < p->p_filesz)
		img->phdr_va = h->phdrs_offset - p->p_offset + p->p_vaddr;
	if (p->p_flags & PF_X) {
		img->start_code_va = MIN(img->start_code_va, p->p_vaddr);
		img->end_code_va = MAX(img->end_code_va, file_end);
	}
	img->start_data_va = MAX(img->start_data_va, p->p_vaddr);
	img->end_data_va = MAX(img->end_data_va, file_end);
}

static int note_interp(const phdr_t *p, struct elf_image *img)
{
	if (img->interp_bytes)
		return 0; // Linux stops at the first
	if (p->p_filesz < 2 || p->p_filesz > ELF_MAX_INTERP_BYTES || p->p_offset > INT64_MAX)
		return -ENOEXEC;
	img->interp_offset = p->p_offset;
	img->interp_bytes = (uint32_t)p->p_filesz;
	return 0;
}

static int note_interp_and_stack(const struct elf_header *h, const void *table,
				 struct elf_image *img)
{
	for (unsigned i = 0; i < h->phdrs; i++) {
		const phdr_t *p = phdr_at(table, i);
		int err;

		if (p->p_type == PT_GNU_STACK)
			img->stack = p->p_flags & PF_X ? ELF_STACK_EXEC : ELF_STACK_NOEXEC;
		if (p->p_type != PT_INTERP)
			continue;
		err = note_interp(p, img);
		if (err)
			return err;
	}
	return 0;
}

int elf_parse_phdrs(const struct elf_header *h, const void *table, uint64_t limit_va,
		    struct elf_image *out)
{
	struct elf_image img = { .min_va = UINT64_MAX,
				 .start_code_va = UINT64_MAX,
				 .align_bytes = PAGE_BYTES };
	int err = note_interp_and_stack(h, table, &img);

	if (err)
		return err;
	for (unsigned i = 0; i < h->phdrs; i++) {
		const phdr_t *p = phdr_at(table, i);

		if (p->p_type != PT_LOAD)
			continue;
		if (!segment_is_sound(p, limit_va))
			return -EINVAL;
		note_load(h, p, &img);
	}
	if (img.loads == 0)
		img.min_va = 0;
	if (img.start_code_va == UINT64_MAX)
		img.start_code_va = 0;
	img.total_bytes = ALIGN_UP(img.brk_va, PAGE_BYTES) - img.min_va;
	*out = img;
	return 0;
}

static void segment_from_phdr(const phdr_t *p, struct elf_segment *out)
{
	uint64_t va = ALIGN_DOWN(p->p_vaddr, PAGE_BYTES), head = p->p_vaddr - va;
	uint64_t file_end = p->p_vaddr + p->p_filesz, end = p->p_vaddr + p->p_memsz;
	uint64_t mapped_end = p->p_filesz ? ALIGN_UP(file_end, PAGE_BYTES) : va;

	*out = (struct elf_segment){
		.va = va,
		.file_offset = p->p_filesz ? p->p_offset - head : 0,
		.file_bytes = mapped_end - va,
		.read = p->p_flags & PF_R,
		.write = p->p_flags & PF_W,
		.exec = p->p_flags & PF_X,
	};
	if (end == file_end)
		return;
	out->bss_va = mapped_end;
	out->bss_bytes = end > mapped_end ? ALIGN_UP(end, PAGE_BYTES) - mapped_end : 0;
	if (p->p_filesz) {
		out->zero_va = file_end;
		out->zero_end_va = mapped_end;
	}
}

bool elf_next_segment(const struct elf_header *h, const void *table, unsigned *cursor,
		      struct elf_segment *out)
{
	while (*cursor < h->phdrs) {
		const phdr_t *p = phdr_at(table, (*cursor)++);

		if (p->p_type != PT_LOAD)
			continue;
		segment_from_phdr(p, out);
		return true;
	}
	return false;
}

uint64_t elf_load_bias(const struct elf_header *h, const struct elf_image *img, uint64_t base_va)
{
	return h->dynamic ? ALIGN_DOWN(base_va, img->align_bytes) - img->first_va : 0;
}
