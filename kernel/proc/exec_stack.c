// Lays out the first stack of a program. See exec_stack.h.

#include "kernel/proc/exec_stack.h"

#include <asm/errno.h>
#include <linux/auxvec.h>

#include "lib/string.h"
#include "lib/uapi_new.h"
#include "mm/phys/kmalloc.h"

#define PLATFORM        "x86_64"
#define RANDOM_BYTES    16
#define CLOCK_TICKS     100 // USER_HZ
#define PHDR_BYTES      56
#define AUX_PAGE_BYTES  4096
#define END_MARK_BYTES  8
#define RSEQ_FEATURE_SZ 28 // up to and with mm_cid; Linux 6.3 include/uapi/linux/rseq.h
#define RSEQ_ALIGN      32

static void aux_add(struct exec_stack *out, uint64_t type, uint64_t value)
{
	out->auxv[out->auxv_words++] = type;
	out->auxv[out->auxv_words++] = value;
}

// The order is Linux 6.18's create_elf_tables() (fs/binfmt_elf.c).
static void build_auxv(struct exec_stack *out, const struct exec_auxv *a, uint64_t random_va,
		       uint64_t execfn_va, uint64_t platform_va)
{
	if (a->vdso_va)
		aux_add(out, AT_SYSINFO_EHDR, a->vdso_va);
	aux_add(out, AT_MINSIGSTKSZ, a->min_sigstack_bytes);
	aux_add(out, AT_HWCAP, a->hwcap);
	aux_add(out, AT_PAGESZ, AUX_PAGE_BYTES);
	aux_add(out, AT_CLKTCK, CLOCK_TICKS);
	aux_add(out, AT_PHDR, a->phdr_va);
	aux_add(out, AT_PHENT, PHDR_BYTES);
	aux_add(out, AT_PHNUM, a->phdrs);
	aux_add(out, AT_BASE, a->interp_base_va);
	aux_add(out, AT_FLAGS, 0);
	aux_add(out, AT_ENTRY, a->entry_va);
	aux_add(out, AT_UID, a->uid);
	aux_add(out, AT_EUID, a->euid);
	aux_add(out, AT_GID, a->gid);
	aux_add(out, AT_EGID, a->egid);
	aux_add(out, AT_SECURE, a->secure);
	aux_add(out, AT_RANDOM, random_va);
	aux_add(out, AT_HWCAP2, a->hwcap2);
	aux_add(out, AT_EXECFN, execfn_va);
	aux_add(out, AT_PLATFORM, platform_va);
	aux_add(out, AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_SZ);
	aux_add(out, AT_RSEQ_ALIGN, RSEQ_ALIGN);
	aux_add(out, AT_NULL, 0);
}

// Writes a pointer for each of |n| consecutive strings and a NULL; returns behind it.
static uint64_t *put_pointers(uint64_t *slot, const char *strings, uint64_t va, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		size_t bytes = strlen(strings) + 1;

		*slot++ = va;
		strings += bytes;
		va += bytes;
	}
	*slot++ = 0;
	return slot;
}

int exec_stack_build(struct exec_stack *out, uint64_t top_va, const struct exec_strings *s,
		     const struct exec_auxv *aux, const uint8_t random16[16], unsigned align_gap)
{
	uint64_t execfn_va, platform_va, random_va, words;
	uint64_t *slot;

	memset(out, 0, sizeof(*out));
	out->strings_va = top_va - END_MARK_BYTES - s->used;
	out->arg_start = out->strings_va;
	out->arg_end = out->env_start = out->arg_start + s->argv_bytes;
	out->env_end = execfn_va = out->env_start + s->env_bytes;

	platform_va = ((out->strings_va - align_gap) & ~15ull) - sizeof(PLATFORM);
	random_va = platform_va - RANDOM_BYTES;
	build_auxv(out, aux, random_va, execfn_va, platform_va);

	words = 1 + (uint64_t)s->argc + 1 + s->envc + 1 + out->auxv_words;
	out->sp = ((random_va & ~15ull) - words * sizeof(uint64_t)) & ~15ull;
	out->tables_bytes = platform_va + sizeof(PLATFORM) - out->sp;
	out->tables = kvalloc(out->tables_bytes);
	if (!out->tables)
		return -ENOMEM;
	memset(out->tables, 0, out->tables_bytes);

	slot = out->tables;
	*slot++ = s->argc;
	slot = put_pointers(slot, s->buf, out->arg_start, s->argc);
	slot = put_pointers(slot, s->buf + s->argv_bytes, out->env_start, s->envc);
	memcpy(slot, out->auxv, out->auxv_words * sizeof(uint64_t));
	memcpy((char *)out->tables + (random_va - out->sp), random16, RANDOM_BYTES);
	memcpy((char *)out->tables + (platform_va - out->sp), PLATFORM, sizeof(PLATFORM));
	return 0;
}
