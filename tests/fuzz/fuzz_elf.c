// sources: lib/elf.c
// Any bytes as an ELF file: header at 0, program headers wherever it says. What is accepted must be
// loadable: in order, inside the limit, nothing wrapped.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/elf.h"

#define LIMIT 0x7ffffffff000ull

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_segment(const struct elf_segment *s, const struct elf_image *img)
{
	assert(s->va % 4096 == 0 && s->file_offset % 4096 == 0 && s->file_bytes % 4096 == 0);
	assert(s->bss_va % 4096 == 0 && s->bss_bytes % 4096 == 0);
	assert(s->va < LIMIT && s->va >= img->min_va);
	assert(s->file_bytes <= LIMIT - s->va);
	assert(s->file_offset + s->file_bytes >= s->file_offset);
	assert(s->zero_va <= s->zero_end_va && s->zero_end_va - s->zero_va < 4096);
	if (s->bss_bytes > 0)
		assert(s->bss_va >= s->va && s->bss_bytes <= LIMIT - s->bss_va);
	assert(s->va + s->file_bytes <= img->min_va + img->total_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_header h;
	struct elf_image img;
	struct elf_segment s;
	unsigned cursor = 0, loads = 0;
	void *table;

	if (elf_parse_header(data, size, &h) != 0)
		return 0;
	assert(h.phdrs >= 1 && h.phdrs <= ELF_MAX_PHDRS);
	assert(h.phdrs_bytes == h.phdrs * ELF_PHDR_BYTES);
	if (h.phdrs_offset > size || size - h.phdrs_offset < h.phdrs_bytes)
		return 0;
	table = malloc(h.phdrs_bytes);
	memcpy(table, data + h.phdrs_offset, h.phdrs_bytes);
	if (elf_parse_phdrs(&h, table, LIMIT, &img) == 0) {
		assert(img.interp_bytes <= ELF_MAX_INTERP_BYTES);
		assert((img.align_bytes & (img.align_bytes - 1)) == 0 && img.align_bytes >= 4096);
		assert(img.brk_va <= LIMIT);
		(void)elf_load_bias(&h, &img, 0x555555554000);
		for (; elf_next_segment(&h, table, &cursor, &s); loads++)
			check_segment(&s, &img);
		assert(loads == img.loads);
	}
	free(table);
	return 0;
}
