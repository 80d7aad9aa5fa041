// See elfinfo.h. Nothing in the file is trusted: every offset is checked against the file's size.
#include "tools/ouro/elfinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/ouro/diag.h"

// A file in memory.
struct view {
	const char *bytes;
	uint64_t size;
};

static bool inside(const struct view *v, uint64_t offset, uint64_t bytes)
{
	return offset <= v->size && bytes <= v->size - offset;
}

// Copies the string at |offset|; NULL if it does not end inside the file.
static char *string_at(const struct view *v, uint64_t offset)
{
	if (offset >= v->size || !memchr(v->bytes + offset, 0, v->size - offset))
		return NULL;
	return xstrdup(v->bytes + offset);
}

static enum elf_verdict check_ident(struct elf_info *e, const struct view *v)
{
	const unsigned char *id = (const unsigned char *)v->bytes;
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)v->bytes;

	if (v->size < SELFMAG || memcmp(id, ELFMAG, SELFMAG))
		return ELF_NO_ELF;
	if (v->size < sizeof(Elf32_Ehdr))
		return ELF_TRUNCATED;
	e->machine = h->e_machine;
	e->type = h->e_type;
	if (id[EI_DATA] != ELFDATA2LSB) {
		e->machine = __builtin_bswap16(h->e_machine);
		return ELF_OTHER_MACHINE;
	}
	if (id[EI_CLASS] == ELFCLASS32)
		return h->e_machine == EM_386 || h->e_machine == EM_X86_64 ? ELF_32_BIT
									   : ELF_OTHER_MACHINE;
	if (h->e_machine != EM_X86_64)
		return ELF_OTHER_MACHINE;
	if (v->size < sizeof(Elf64_Ehdr))
		return ELF_TRUNCATED;
	return h->e_type == ET_EXEC || h->e_type == ET_DYN ? ELF_OK : ELF_NOT_PROGRAM;
}

static bool vaddr_to_offset(Elf *elf, size_t phnum, uint64_t vaddr, uint64_t *offset)
{
	GElf_Phdr ph;

	for (size_t i = 0; i < phnum; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		if (vaddr >= ph.p_vaddr && vaddr - ph.p_vaddr < ph.p_filesz) {
			*offset = ph.p_offset + (vaddr - ph.p_vaddr);
			return true;
		}
	}
	return false;
}

// Reads entry |i| of the dynamic section; false at its end or at DT_NULL.
static bool get_dyn(const struct view *v, const GElf_Phdr *dyn, size_t i, Elf64_Dyn *d)
{
	if (i >= dyn->p_filesz / sizeof(*d))
		return false;
	memcpy(d, v->bytes + dyn->p_offset + i * sizeof(*d), sizeof(*d));
	return d->d_tag != DT_NULL;
}

static void set_string(char **slot, const struct view *v, uint64_t offset)
{
	free(*slot);
	*slot = string_at(v, offset);
}

static void take_dyn(struct elf_info *e, const struct view *v, uint64_t strtab, const Elf64_Dyn *d)
{
	char *s;

	switch (d->d_tag) {
	case DT_NEEDED:
		s = string_at(v, strtab + d->d_un.d_val);
		if (s)
			strvec_take(&e->needed, s);
		else
			e->verdict = ELF_MALFORMED;
		break;
	case DT_RPATH:
		set_string(&e->rpath, v, strtab + d->d_un.d_val);
		break;
	case DT_RUNPATH:
		set_string(&e->runpath, v, strtab + d->d_un.d_val);
		break;
	case DT_SONAME:
		set_string(&e->soname, v, strtab + d->d_un.d_val);
		break;
	case DT_FLAGS_1:
		e->no_default_dirs = d->d_un.d_val & DF_1_NODEFLIB;
		break;
	}
}

static bool names_thread_end(const struct view *v, uint64_t strtab, uint64_t bytes)
{
	static const char *const names[] = { "pthread_exit", "pthread_cancel", "thrd_exit" };

	if (!inside(v, strtab, bytes))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (memmem(v->bytes + strtab, bytes, names[i], strlen(names[i]) + 1))
			return true;
	return false;
}

static enum elf_verdict read_dynamic(struct elf_info *e, const struct view *v, Elf *elf,
				     size_t phnum, const GElf_Phdr *dyn)
{
	uint64_t strtab_va = 0, strtab, strtab_bytes = 0;
	Elf64_Dyn d;

	if (!inside(v, dyn->p_offset, dyn->p_filesz))
		return ELF_TRUNCATED;
	for (size_t i = 0; get_dyn(v, dyn, i, &d); i++)
		if (d.d_tag == DT_STRTAB)
			strtab_va = d.d_un.d_ptr;
		else if (d.d_tag == DT_STRSZ)
			strtab_bytes = d.d_un.d_val;
	if (!vaddr_to_offset(elf, phnum, strtab_va, &strtab))
		return ELF_MALFORMED;
	e->dynamic = true;
	e->ends_threads = names_thread_end(v, strtab, strtab_bytes);
	for (size_t i = 0; get_dyn(v, dyn, i, &d); i++)
		take_dyn(e, v, strtab, &d);
	return e->verdict;
}

static enum elf_verdict read_segment(struct elf_info *e, const struct view *v, Elf *elf,
				     size_t phnum, const GElf_Phdr *ph)
{
	switch (ph->p_type) {
	case PT_LOAD:
		return inside(v, ph->p_offset, ph->p_filesz) ? ELF_OK : ELF_TRUNCATED;
	case PT_INTERP:
		if (!inside(v, ph->p_offset, ph->p_filesz))
			return ELF_TRUNCATED;
		e->interp = string_at(v, ph->p_offset);
		return e->interp && *e->interp == '/' ? ELF_OK : ELF_MALFORMED;
	case PT_DYNAMIC:
		return read_dynamic(e, v, elf, phnum, ph);
	}
	return ELF_OK;
}

static enum elf_verdict read_segments(struct elf_info *e, const struct view *v, Elf *elf)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)v->bytes;
	size_t phnum;
	GElf_Phdr ph;

	if (!inside(v, h->e_phoff, (uint64_t)h->e_phnum * h->e_phentsize))
		return ELF_TRUNCATED;
	if (h->e_phentsize != sizeof(Elf64_Phdr) || elf_getphdrnum(elf, &phnum) < 0 || phnum == 0)
		return ELF_MALFORMED;
	for (size_t i = 0; i < phnum; i++) {
		enum elf_verdict verdict;

		if (!gelf_getphdr(elf, (int)i, &ph))
			return ELF_MALFORMED;
		verdict = read_segment(e, v, elf, phnum, &ph);
		if (verdict != ELF_OK)
			return verdict;
	}
	return ELF_OK;
}

// "#!INTERPRETER [ARG]", as Linux reads it (fs/binfmt_script.c): one argument, first 256 bytes.
static void read_script(struct elf_info *e, const struct view *v)
{
	char line[257] = { 0 }, *p, *arg;

	if (v->size < 3 || v->bytes[0] != '#' || v->bytes[1] != '!')
		return;
	memcpy(line, v->bytes + 2, MIN(v->size - 2, sizeof(line) - 1));
	line[strcspn(line, "\n")] = 0;
	p = line + strspn(line, " \t");
	arg = p + strcspn(p, " \t");
	if (*arg) {
		*arg++ = 0;
		arg += strspn(arg, " \t");
		arg[strcspn(arg, " \t")] = 0;
	}
	if (!*p)
		return;
	e->script_interp = xstrdup(p);
	e->script_arg = *arg ? xstrdup(arg) : NULL;
}

static void read_view(struct elf_info *e, const struct view *v)
{
	Elf *elf;

	e->verdict = check_ident(e, v);
	if (e->verdict == ELF_NO_ELF)
		read_script(e, v);
	if (e->verdict != ELF_OK)
		return;
	elf_version(EV_CURRENT);
	elf = elf_memory((char *)v->bytes, v->size);
	e->verdict = elf ? read_segments(e, v, elf) : ELF_TRUNCATED;
	e->machine = EM_X86_64;
	if (elf)
		elf_end(elf);
}

void elf_info_read(struct elf_info *e, int fd, uint64_t offset, uint64_t size_bytes)
{
	struct view v = { .size = size_bytes };
	void *p;

	*e = (struct elf_info){ 0 };
	if (size_bytes == 0) {
		e->verdict = ELF_NO_ELF;
		return;
	}
	// Private and writable, because libelf wants to write to what it is given.
	p = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, (off_t)offset);
	if (p == MAP_FAILED) {
		e->verdict = ELF_UNREADABLE;
		e->error = errno;
		return;
	}
	v.bytes = p;
	read_view(e, &v);
	munmap(p, size_bytes);
}

void elf_info_read_path(struct elf_info *e, const char *path)
{
	// O_NONBLOCK: a FIFO or a device must not hang the command.
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	*e = (struct elf_info){ 0 };
	if (fd < 0 || fstat(fd, &st) < 0) {
		e->verdict = ELF_UNREADABLE;
		e->error = errno;
	} else if (!S_ISREG(st.st_mode)) {
		e->verdict = ELF_NOT_A_FILE;
		e->error = S_ISDIR(st.st_mode) ? EISDIR : EACCES;
	} else {
		elf_info_read(e, fd, 0, (uint64_t)st.st_size);
	}
	if (fd >= 0)
		close(fd);
}

void elf_info_free(struct elf_info *e)
{
	free(e->interp);
	free(e->rpath);
	free(e->runpath);
	free(e->soname);
	free(e->script_interp);
	free(e->script_arg);
	strvec_free(&e->needed);
}

const char *elf_machine_name(unsigned machine)
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {
		{ EM_386, "32-bit x86" }, { EM_AARCH64, "ARM64" },    { EM_ARM, "ARM" },
		{ EM_RISCV, "RISC-V" },   { EM_PPC64, "PowerPC 64" }, { EM_S390, "IBM Z" },
		{ EM_MIPS, "MIPS" },      { EM_SPARCV9, "SPARC" },    { EM_X86_64, "x86-64" },
		{ EM_BPF, "BPF" },
	};
	static char number[32];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].machine == machine)
			return names[i].name;
	snprintf(number, sizeof(number), "machine %u", machine);
	return number;
}

const char *elf_verdict_text(const struct elf_info *e)
{
	static const char *const texts[] = {
		[ELF_OK] = "it is fine",
		[ELF_NOT_A_FILE] = "it is not a regular file",
		[ELF_NO_ELF] = "it is not an ELF program (and has no #! line)",
		[ELF_32_BIT] = "it is a 32-bit program; Ouro runs 64-bit x86 programs",
		[ELF_TRUNCATED] = "the file is truncated: it ends before its own headers say",
		[ELF_NOT_PROGRAM] = "it is an object file or a core dump, not a linked program",
		[ELF_MALFORMED] = "its ELF headers contradict themselves",
	};
	static char text[128];

	if (e->verdict == ELF_UNREADABLE)
		return strerror(e->error);
	if (e->verdict != ELF_OTHER_MACHINE)
		return texts[e->verdict];
	snprintf(text, sizeof(text), "it is a program for %s; Ouro runs 64-bit x86 programs",
		 elf_machine_name(e->machine));
	return text;
}
