// The commands.
#pragma once

#include "tools/ouro/options.h"

int cmd_build(const struct options *o);
int cmd_run(const struct options *o);
int cmd_inspect(const struct options *o);
int cmd_doctor(const struct options *o);
