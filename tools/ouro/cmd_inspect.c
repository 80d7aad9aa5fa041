// ouro inspect: what a program needs, or what an image holds.
#include "tools/ouro/commands.h"
#include "tools/ouro/diag.h"

int cmd_inspect(const struct options *o)
{
	return fail(STATUS_OURO, "not yet");
}
