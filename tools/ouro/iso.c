// See iso.h. grub-mkrescue does the work; what is here makes its result the same each time.
#include "tools/ouro/iso.h"

#include "tools/ouro/diag.h"

int write_iso(const struct options *o, const struct kernel_file *k, const struct packed *p, int fd)
{
	return fail(STATUS_OURO, "not yet");
}
