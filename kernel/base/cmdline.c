// Keeps the command line for all layers. Read-only after boot.
#include "kernel/base/cmdline.h"

static struct {
	const char *line;
} cmdline = { .line = "" };

void boot_set_cmdline(const char *line)
{
	cmdline.line = line;
}

const char *boot_cmdline(void)
{
	return cmdline.line;
}
