// What a program finds on its stack at the start, and its auxiliary vector.
//
// args: a bc
// env: X=1
// link: static dynamic static-pie
#include "t.h"
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

extern char **environ;

static const struct {
	unsigned long type;
	const char *name;
} known[] = {
	{ AT_PHDR, "PHDR" },
	{ AT_PHENT, "PHENT" },
	{ AT_PHNUM, "PHNUM" },
	{ AT_PAGESZ, "PAGESZ" },
	{ AT_BASE, "BASE" },
	{ AT_FLAGS, "FLAGS" },
	{ AT_ENTRY, "ENTRY" },
	{ AT_UID, "UID" },
	{ AT_EUID, "EUID" },
	{ AT_GID, "GID" },
	{ AT_EGID, "EGID" },
	{ AT_PLATFORM, "PLATFORM" },
	{ AT_HWCAP, "HWCAP" },
	{ AT_CLKTCK, "CLKTCK" },
	{ AT_SECURE, "SECURE" },
	{ AT_RANDOM, "RANDOM" },
	{ AT_HWCAP2, "HWCAP2" },
	{ AT_EXECFN, "EXECFN" },
	{ AT_SYSINFO_EHDR, "SYSINFO_EHDR" },
	{ 51, "MINSIGSTKSZ" },
	{ 27, "RSEQ_FEATURE_SIZE" },
	{ 28, "RSEQ_ALIGN" },
};

static const char *name_of(unsigned long type)
{
	static char other[24];

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].type == type)
			return known[i].name;
	snprintf(other, sizeof(other), "%lu", type);
	return other;
}

int main(int argc, char **argv)
{
	char **p = environ;
	unsigned char *random;
	unsigned char vec[1];
	ElfW(Ehdr) * vdso;
	ElfW(auxv_t) * a;
	int zeros = 0;

	IS(argv[argc] == NULL && environ == argv + argc + 1);
	IS(((uintptr_t)argv & 15) == 8);
	IS(argv[1] == argv[0] + strlen(argv[0]) + 1 && argv[2] == argv[1] + 2);
	while (*p)
		p++;
	IS(environ[0] == argv[2] + 3);
	for (a = (ElfW(auxv_t) *)(p + 1); a->a_type != AT_NULL; a++)
		printf("%s\n", name_of(a->a_type));
	printf("pagesz %lu clktck %lu flags %lu secure %lu phent %lu\n", getauxval(AT_PAGESZ),
	       getauxval(AT_CLKTCK), getauxval(AT_FLAGS), getauxval(AT_SECURE),
	       getauxval(AT_PHENT));
	printf("uid %d gid %d\n", (int)(getauxval(AT_UID) == getuid()),
	       (int)(getauxval(AT_EGID) == getegid()));
	printf("platform %s\n", (char *)getauxval(AT_PLATFORM));
	IS(!strcmp((char *)getauxval(AT_EXECFN), argv[0]));
	IS(getauxval(51) >= 1024 && getauxval(51) < 65536);
	random = (unsigned char *)getauxval(AT_RANDOM);
	for (int i = 0; i < 16; i++)
		zeros += !random[i];
	IS(zeros < 5);
	vdso = (ElfW(Ehdr) *)getauxval(AT_SYSINFO_EHDR);
	IS(!memcmp(vdso->e_ident, ELFMAG, 4) && vdso->e_type == ET_DYN);
	IS(((ElfW(Phdr) *)getauxval(AT_PHDR))->p_type != 0);
	IS(getauxval(AT_ENTRY) != 0);
	char *execfn = (char *)getauxval(AT_EXECFN);
	uintptr_t end = (uintptr_t)execfn + strlen(execfn) + 1;
	IS((end + 8) % PG == 0);
	IS(*(uint64_t *)end == 0);
	IS(mincore((void *)(end + 8), PG, vec) == -1 && errno == ENOMEM);
	return 0;
}
