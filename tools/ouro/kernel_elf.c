// See kernel_elf.h.
#include "tools/ouro/kernel_elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/image.h"
#include "tools/ouro/diag.h"
#include "tools/ouro/out.h"

#define PAGE_BYTES 4096ull

static const Elf64_Phdr *phdrs_of(const char *bytes)
{
	return (const Elf64_Phdr *)(bytes + ((const Elf64_Ehdr *)bytes)->e_phoff);
}

static bool is_kernel(const char *bytes, uint64_t size)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)bytes;

	if (size < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) ||
	    h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_machine != EM_X86_64 ||
	    h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phoff % 8 || h->e_phoff > size ||
	    h->e_phnum * sizeof(Elf64_Phdr) > size - h->e_phoff)
		return false;
	for (unsigned i = 0; i < h->e_phnum; i++) {
		const Elf64_Phdr *ph = &phdrs_of(bytes)[i];

		if (ph->p_offset > size || ph->p_filesz > size - ph->p_offset ||
		    ph->p_filesz > ph->p_memsz)
			return false;
	}
	return true;
}

// The slot's file offset; 0: there is none, or more than one.
static uint64_t find_slot(const char *bytes, uint64_t size)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)bytes;
	uint64_t found = 0;

	for (unsigned i = 0; i < h->e_phnum; i++) {
		const Elf64_Phdr *ph = &phdrs_of(bytes)[i];
		uint64_t end = ph->p_offset + ph->p_filesz;

		// Only the kernel's high segments: an image may hold a kernel as one of its files.
		if (ph->p_type != PT_LOAD || ph->p_vaddr == ph->p_paddr)
			continue;
		for (uint64_t at = ALIGN_UP(ph->p_offset, 8ull);
		     at + sizeof(struct image_slot) <= end; at += 8) {
			uint64_t magic;

			memcpy(&magic, bytes + at, sizeof(magic));
			if (magic != IMAGE_SLOT_MAGIC)
				continue;
			if (found)
				return 0;
			found = at;
		}
	}
	return found;
}

static void find_extent(struct kernel_file *k)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)k->bytes;

	k->start_pa = UINT64_MAX;
	for (unsigned i = 0; i < h->e_phnum; i++) {
		const Elf64_Phdr *ph = &phdrs_of(k->bytes)[i];

		if (ph->p_type != PT_LOAD || ph->p_memsz == 0)
			continue;
		k->start_pa = MIN(k->start_pa, ph->p_paddr);
		k->end_pa = MAX(k->end_pa, ph->p_paddr + ph->p_memsz);
	}
}

// The places where an installed or a built ouro has its kernel, from the binary's own folder.
static char *find_beside(void)
{
	static const char *const places[] = { "kernel.elf", "../lib/ouro/kernel.elf",
					      "../share/ouro/kernel.elf" };
	char self[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return NULL;
	self[n] = 0;
	slash = strrchr(self, '/');
	*slash = 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char *path = xprintf("%s/%s", self, places[i]);

		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	fail(STATUS_OURO, "there is no kernel.elf beside %s/ouro", self);
	hint("build it (make), or name one: --kernel FILE");
	return NULL;
}

int kernel_open(struct kernel_file *k, const char *path)
{
	struct stat st;

	*k = (struct kernel_file){ .fd = -1 };
	k->path = path ? xstrdup(path) : find_beside();
	if (!k->path)
		return STATUS_OURO;
	k->fd = open(k->path, O_RDONLY | O_CLOEXEC);
	if (k->fd < 0 || fstat(k->fd, &st) < 0)
		return fail(STATUS_OURO, "cannot read the kernel %s: %s", k->path, strerror(errno));
	k->size_bytes = (uint64_t)st.st_size;
	k->bytes = mmap(NULL, MAX(k->size_bytes, 1ull), PROT_READ, MAP_PRIVATE, k->fd, 0);
	if (k->bytes == MAP_FAILED) {
		k->bytes = NULL;
		return fail(STATUS_OURO, "cannot read the kernel %s: %s", k->path, strerror(errno));
	}
	if (!is_kernel(k->bytes, k->size_bytes) || !find_slot(k->bytes, k->size_bytes))
		return fail(STATUS_OURO, "%s is not an Ouro kernel (64-bit x86 ELF)", k->path);
	find_extent(k);
	return 0;
}

void kernel_close(struct kernel_file *k)
{
	if (k->bytes)
		munmap(k->bytes, MAX(k->size_bytes, 1ull));
	if (k->fd >= 0)
		close(k->fd);
	free(k->path);
}

// The new file's headers: the kernel's segments at new offsets (its sections are left out), then
// the image's.
struct plan {
	Elf64_Ehdr h;
	Elf64_Phdr ph[16];
	uint64_t old_offset[16];
	unsigned n;
	unsigned image; // index of the image's segment; 0: none (the first is the kernel's)
	uint64_t end;
	uint64_t slot; // new file offset
};

static bool contains(const Elf64_Phdr *load, uint64_t offset)
{
	return load->p_type == PT_LOAD && offset >= load->p_offset &&
	       offset - load->p_offset < load->p_filesz;
}

// Where a byte of the old file is in the new one; 0: in no segment.
static uint64_t moved(const struct plan *p, const struct kernel_file *k, uint64_t old)
{
	for (unsigned i = 0; i < p->n; i++) {
		Elf64_Phdr was = p->ph[i];

		was.p_offset = p->old_offset[i];
		if (contains(&was, old))
			return p->ph[i].p_offset + (old - p->old_offset[i]);
	}
	return 0;
}

static void plan_segment(struct plan *p, const Elf64_Phdr *ph)
{
	Elf64_Phdr *n = &p->ph[p->n];

	*n = *ph;
	p->old_offset[p->n++] = ph->p_offset;
	// The file offset and the address must agree modulo the page size.
	n->p_offset = ALIGN_UP(p->end, PAGE_BYTES) + ph->p_vaddr % PAGE_BYTES;
	n->p_align = PAGE_BYTES;
	p->end = n->p_offset + n->p_filesz;
}

static int make_plan(struct plan *p, const struct kernel_file *k, uint64_t image_bytes)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)k->bytes;
	uint64_t slot = find_slot(k->bytes, k->size_bytes);
	uint64_t image_pa = ALIGN_UP(k->end_pa, PAGE_BYTES);

	p->h = *h;
	p->end = sizeof(p->h) + sizeof(p->ph);
	for (unsigned i = 0; i < h->e_phnum; i++)
		if (phdrs_of(k->bytes)[i].p_type == PT_LOAD && p->n < ARRAY_SIZE(p->ph) - 4)
			plan_segment(p, &phdrs_of(k->bytes)[i]);
	if (image_bytes) {
		plan_segment(p, &(Elf64_Phdr){ .p_type = PT_LOAD,
					       .p_flags = PF_R,
					       .p_vaddr = image_pa,
					       .p_paddr = image_pa,
					       .p_filesz = image_bytes,
					       .p_memsz = image_bytes });
		p->image = p->n - 1;
		p->old_offset[p->image] = UINT64_MAX;
	}
	for (unsigned i = 0; i < h->e_phnum && p->n < ARRAY_SIZE(p->ph); i++) {
		const Elf64_Phdr *note = &phdrs_of(k->bytes)[i];

		if (note->p_type != PT_NOTE || !moved(p, k, note->p_offset))
			continue;
		p->ph[p->n] = *note;
		p->old_offset[p->n] = UINT64_MAX;
		p->ph[p->n++].p_offset = moved(p, k, note->p_offset);
	}
	p->slot = slot ? moved(p, k, slot) : 0;
	p->h.e_phoff = sizeof(p->h);
	p->h.e_phnum = (Elf64_Half)p->n;
	p->h.e_shoff = 0;
	p->h.e_shnum = p->h.e_shstrndx = 0;
	if (image_bytes && !p->slot)
		return fail(STATUS_OURO, "the kernel %s has no slot for an image: rebuild it",
			    k->path);
	return 0;
}

static void put_segment(struct out *o, const struct plan *p, unsigned i, const char *bytes,
			const struct image_slot *slot)
{
	const Elf64_Phdr *ph = &p->ph[i];
	uint64_t end = ph->p_offset + ph->p_filesz;

	out_zeros_to(o, ph->p_offset);
	if (p->slot && p->slot >= ph->p_offset && p->slot < end) {
		uint64_t head = p->slot - ph->p_offset;

		out_bytes(o, bytes, head);
		out_bytes(o, slot, sizeof(*slot));
		bytes += head + sizeof(*slot);
	}
	out_bytes(o, bytes, end - o->offset);
}

static int write_plan(const struct plan *p, const struct kernel_file *k, int image_fd,
		      struct out *o)
{
	struct image_slot slot = { .magic = IMAGE_SLOT_MAGIC };

	if (p->image) {
		slot.start_pa = p->ph[p->image].p_paddr;
		slot.size_bytes = p->ph[p->image].p_filesz;
	}
	out_bytes(o, &p->h, sizeof(p->h));
	out_bytes(o, p->ph, sizeof(p->ph[0]) * p->n);
	for (unsigned i = 0; i < p->n && p->ph[i].p_type == PT_LOAD; i++)
		if (!p->image || i != p->image)
			put_segment(o, p, i, k->bytes + p->old_offset[i], &slot);
	if (!p->image)
		return 0;
	out_zeros_to(o, p->ph[p->image].p_offset);
	return out_copy(o, image_fd, 0, slot.size_bytes);
}

int kernel_write_with_image(const struct kernel_file *k, int image_fd, uint64_t image_bytes,
			    int out_fd, const char *out_name)
{
	struct plan p = { 0 };
	struct out o;
	int status = make_plan(&p, k, image_bytes), err;

	if (status)
		return status;
	out_init(&o, out_fd);
	err = write_plan(&p, k, image_fd, &o);
	if (err == 0)
		err = out_flush(&o);
	if (err < 0)
		status = fail(STATUS_OURO, "cannot write %s: %s", out_name, strerror(-err));
	out_free(&o);
	return status;
}

int kernel_find_image(const char *bytes, uint64_t size_bytes, uint64_t *offset,
		      uint64_t *image_bytes)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)bytes;
	struct image_slot slot;
	uint64_t at;

	if (!is_kernel(bytes, size_bytes) || !(at = find_slot(bytes, size_bytes)))
		return -ENOENT;
	memcpy(&slot, bytes + at, sizeof(slot));
	for (unsigned i = 0; i < h->e_phnum; i++) {
		const Elf64_Phdr *ph = &phdrs_of(bytes)[i];

		if (ph->p_type != PT_LOAD || ph->p_paddr != slot.start_pa || slot.size_bytes == 0 ||
		    ph->p_filesz < slot.size_bytes)
			continue;
		*offset = ph->p_offset;
		*image_bytes = slot.size_bytes;
		return 0;
	}
	return -ENOENT;
}
