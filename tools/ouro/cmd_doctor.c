// ouro doctor: what of this host works.
#include "tools/ouro/commands.h"
#include "tools/ouro/diag.h"

int cmd_doctor(const struct options *o)
{
	return fail(STATUS_OURO, "not yet");
}
