// ouro: packs an ordinary Linux program and the kernel into one bootable image, and runs it.
#include <stdio.h>

#include "tools/ouro/commands.h"
#include "tools/ouro/diag.h"
#include "tools/ouro/options.h"

#define OURO_VERSION "0.1"

static int cmd_version(const struct options *o)
{
	printf("ouro %s\n", OURO_VERSION);
	return 0;
}

static int cmd_help(const struct options *o)
{
	options_print_help(CMD_HELP);
	return 0;
}

static const struct {
	enum command command;
	int (*run)(const struct options *o);
} commands[] = {
	{ CMD_BUILD, cmd_build },   { CMD_RUN, cmd_run },         { CMD_INSPECT, cmd_inspect },
	{ CMD_DOCTOR, cmd_doctor }, { CMD_VERSION, cmd_version }, { CMD_HELP, cmd_help },
};

int main(int argc, char **argv)
{
	struct options o;
	int status = options_parse(&o, argc, argv);

	for (size_t i = 0; i < ARRAY_SIZE(commands) && status == 0; i++)
		if (commands[i].command == o.command) {
			status = commands[i].run(&o);
			break;
		}
	options_free(&o);
	return status;
}
