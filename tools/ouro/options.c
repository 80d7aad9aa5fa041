// See options.h. To add an option: one row in the table, one setter.
#include "tools/ouro/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ouro/diag.h"
#include "tools/ouro/parse.h"

enum value_kind { NO_VALUE, VALUE, OPTIONAL_VALUE };

struct option_def {
	char short_name;
	const char *long_name;
	enum value_kind kind;
	unsigned commands;
	int (*set)(struct options *o, const char *value);
	const char *value_name, *help;
};

static int set_memory(struct options *o, const char *v)
{
	if (parse_size(v, 1ull << 20, &o->memory_bytes) == 0 && o->memory_bytes)
		return 0;
	return fail(STATUS_OURO, "--memory %s is not a size: write 512M, 2G, or a number of MiB",
		    v);
}

#define CPUS_MAX 64u // kernel/base/percpu.h

static int set_cpus(struct options *o, const char *v)
{
	uint64_t n;

	if (parse_size(v, 1, &n) || n == 0)
		return fail(STATUS_OURO, "--cpus %s is not a number of CPUs", v);
	if (n > CPUS_MAX)
		return fail(STATUS_OURO, "--cpus %s: at most %u", v, CPUS_MAX);
	o->cpus = (unsigned)n;
	return 0;
}

static int set_env(struct options *o, const char *v)
{
	const char *value;

	if (*v == '=' || !*v)
		return fail(STATUS_OURO, "--env %s has no name: write NAME=VALUE", v);
	if (strchr(v, '=')) {
		strvec_add(&o->env, v);
		return 0;
	}
	value = getenv(v);
	if (value)
		strvec_addf(&o->env, "%s=%s", v, value);
	return 0;
}

static int set_workdir(struct options *o, const char *v)
{
	if (*v != '/')
		return fail(STATUS_OURO, "--workdir %s must be an absolute path in the guest", v);
	o->workdir = v;
	return 0;
}

static int set_volume(struct options *o, const char *v)
{
	fail(STATUS_OURO, "--volume %s: host folders in the guest come with a later version", v);
	hint("--add HOST:GUEST copies files into the image");
	return STATUS_OURO;
}

static int set_publish(struct options *o, const char *v)
{
	return fail(STATUS_OURO, "--publish %s: the network comes with a later version", v);
}

static int set_add(struct options *o, const char *v)
{
	strvec_add(&o->add, v);
	return 0;
}

static int set_strace(struct options *o, const char *v)
{
	if (v && strpbrk(v, " \t\""))
		return fail(STATUS_OURO, "--strace=%s: a list has commas and no spaces", v);
	o->strace = v ? v : "";
	return 0;
}

static int set_gdb(struct options *o, const char *v)
{
	uint64_t port = 1234;

	if (v && (parse_size(v, 1, &port) || port == 0 || port > 65535))
		return fail(STATUS_OURO, "--gdb=%s is not a port number", v);
	o->gdb_port = (unsigned)port;
	return 0;
}

static int set_word(const char *option, const char *v, const char *const *words, unsigned n,
		    unsigned *out)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(words[i], v) == 0) {
			*out = i;
			return 0;
		}
	fail(STATUS_OURO, "--%s %s is not known", option, v);
	for (unsigned i = 0; i < n; i++)
		hint("--%s %s", option, words[i]);
	return STATUS_OURO;
}

static int set_accel(struct options *o, const char *v)
{
	static const char *const words[] = { "auto", "kvm", "tcg" };

	return set_word("accel", v, words, 3, &o->accel);
}

static int set_machine(struct options *o, const char *v)
{
	static const char *const words[] = { "microvm", "q35", "pc" };
	unsigned i = 0;
	int status = set_word("machine", v, words, 3, &i);

	o->machine = (enum machine)(MACHINE_MICROVM + i);
	return status;
}

static int set_ctl(struct options *o, const char *v)
{
	static const char *const words[] = { "virtio", "uart2" };
	unsigned i = 0;
	int status = set_word("ctl", v, words, 2, &i);

	o->ctl = words[i];
	return status;
}

static int set_timeout(struct options *o, const char *v)
{
	if (parse_duration_ms(v, &o->timeout_ms) == 0)
		return 0;
	return fail(STATUS_OURO, "--timeout %s is not a time: write 10, 0.5s, 200ms or 2m", v);
}

#define SETTER(name, field, val)                                                                   \
	static int name(struct options *o, const char *v)                                          \
	{                                                                                          \
		o->field = val;                                                                    \
		return 0;                                                                          \
	}
SETTER(set_rootfs, rootfs, v)
SETTER(set_kernel, kernel, v)
SETTER(set_output, output, v)
SETTER(set_log, log, v)
SETTER(set_stats, stats, true)
SETTER(set_icount, icount, true)
SETTER(set_dry_run, dry_run, true)
SETTER(set_tty, tty, true)
SETTER(set_interactive, interactive, true)
SETTER(set_serial, serial, true)
SETTER(set_list, list, true)
SETTER(set_help, command, CMD_HELP)

#define PACKS (CMD_BUILD | CMD_RUN)
#define ALL   (PACKS | CMD_INSPECT | CMD_DOCTOR | CMD_VERSION)

static const struct option_def options[] = {
	{ 'o', "output", VALUE, CMD_BUILD, set_output, "OUT",
	  "file to write: .elf, .iso or .cpio" },
	{ 'm', "memory", VALUE, CMD_RUN, set_memory, "SIZE", "memory of the machine (512M)" },
	{ 0, "cpus", VALUE, CMD_RUN, set_cpus, "N", "CPUs of the machine (1)" },
	{ 'e', "env", VALUE, PACKS, set_env, "NAME[=VALUE]", "set a variable for the program" },
	{ 'w', "workdir", VALUE, PACKS, set_workdir, "PATH", "working directory in the guest (/)" },
	{ 'v', "volume", VALUE, CMD_RUN, set_volume, "HOST:GUEST[:ro]", "comes later" },
	{ 'p', "publish", VALUE, CMD_RUN, set_publish, "HOST:GUEST[/udp]", "comes later" },
	{ 'i', "interactive", NO_VALUE, CMD_RUN, set_interactive, NULL,
	  "accepted for docker's sake: standard input is always connected" },
	{ 't', "tty", NO_VALUE, PACKS, set_tty, NULL, "descriptors 0 to 2 are a terminal" },
	{ 0, "add", VALUE, PACKS, set_add, "HOST[:GUEST]", "put a file or folder into the image" },
	{ 0, "rootfs", VALUE, PACKS, set_rootfs, "DIR|TAR|OCI",
	  "start from this root file system" },
	{ 0, "kernel", VALUE, PACKS, set_kernel, "FILE", "another kernel.elf" },
	{ 0, "strace", OPTIONAL_VALUE, CMD_RUN, set_strace, "LIST",
	  "show system calls on standard error" },
	{ 0, "stats", NO_VALUE, CMD_RUN, set_stats, NULL, "report counters when the program ends" },
	{ 0, "log", VALUE, CMD_RUN, set_log, "SPEC", "kernel log: LEVEL or AREA:LEVEL,..." },
	{ 0, "gdb", OPTIONAL_VALUE, CMD_RUN, set_gdb, "PORT", "wait for gdb (1234)" },
	{ 0, "accel", VALUE, CMD_RUN, set_accel, "auto|kvm|tcg", "how QEMU runs the CPU (auto)" },
	{ 0, "machine", VALUE, CMD_RUN, set_machine, "microvm|q35|pc", "QEMU's machine (microvm)" },
	{ 0, "ctl", VALUE, CMD_RUN, set_ctl, "virtio|uart2", "device of the control channel" },
	{ 0, "icount", NO_VALUE, CMD_RUN, set_icount, NULL,
	  "deterministic: instructions are the clock, fixed date and seeds" },
	{ 0, "timeout", VALUE, CMD_RUN, set_timeout, "TIME",
	  "end the machine after this time (124)" },
	{ 0, "serial", NO_VALUE, CMD_RUN, set_serial, NULL,
	  "show the machine's first serial port on standard error" },
	{ 0, "dry-run", NO_VALUE, CMD_RUN, set_dry_run, NULL, "print the QEMU command and end" },
	{ 0, "list", NO_VALUE, CMD_INSPECT, set_list, NULL, "every file of an image" },
	{ 'h', "help", NO_VALUE, ALL, set_help, NULL, "this text" },
};

static const struct {
	enum command command;
	const char *name, *usage, *help;
} commands[] = {
	{ CMD_BUILD, "build", "[OPTIONS] PROGRAM [ARG...] -o OUT",
	  "pack a program and the kernel" },
	{ CMD_RUN, "run", "[OPTIONS] PROGRAM|IMAGE [ARG...]", "run a program in a machine" },
	{ CMD_INSPECT, "inspect", "[OPTIONS] PROGRAM|IMAGE",
	  "what a program needs, an image holds" },
	{ CMD_DOCTOR, "doctor", "", "check this host" },
	{ CMD_VERSION, "version", "", "print the version" },
	{ CMD_HELP, "help", "", "print this text" },
};

static void print_option(const struct option_def *d)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%c --%s%s%s%s", d->short_name ? '-' : ' ',
		 d->short_name ? d->short_name : ' ', d->short_name ? ',' : ' ', d->long_name,
		 d->kind == OPTIONAL_VALUE ? "[="
		 : d->kind == VALUE        ? " "
					   : "",
		 d->value_name ? d->value_name : "", d->kind == OPTIONAL_VALUE ? "]" : "");
	printf("  %-34s %s\n", left, d->help);
}

void options_print_help(enum command command)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (command == CMD_HELP || command == commands[i].command)
			printf("ouro %s %s\n    %s\n", commands[i].name, commands[i].usage,
			       commands[i].help);
	for (size_t i = 0; i < ARRAY_SIZE(options) && command != CMD_HELP; i++)
		if (options[i].commands & command)
			print_option(&options[i]);
}

static const struct option_def *find_long(const struct options *o, const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if ((options[i].commands & o->command) && strlen(options[i].long_name) == n &&
		    strncmp(options[i].long_name, name, n) == 0)
			return &options[i];
	return NULL;
}

static const struct option_def *find_short(const struct options *o, char c)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if ((options[i].commands & o->command) && options[i].short_name == c)
			return &options[i];
	return NULL;
}

static const char *command_name(enum command command)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].command == command)
			return commands[i].name;
	return "";
}

static int unknown_option(const struct options *o, const char *word)
{
	fail(STATUS_OURO, "ouro %s has no option %s", command_name(o->command), word);
	hint("ouro %s --help lists them", command_name(o->command));
	return STATUS_OURO;
}

// The words that are left; |next| counts how many were taken.
struct cursor {
	char **argv;
	int argc, next;
};

static int apply(struct options *o, const struct option_def *d, const char *attached,
		 struct cursor *c)
{
	if (d->kind == NO_VALUE && attached)
		return fail(STATUS_OURO, "--%s takes no value", d->long_name);
	if (d->kind == VALUE && !attached) {
		if (c->next >= c->argc)
			return fail(STATUS_OURO, "--%s needs a value: %s", d->long_name,
				    d->value_name);
		attached = c->argv[c->next++];
	}
	return d->set(o, attached);
}

static int parse_long(struct options *o, const char *word, struct cursor *c)
{
	size_t n = strcspn(word + 2, "=");
	const struct option_def *d = find_long(o, word + 2, n);

	if (!d)
		return unknown_option(o, word);
	return apply(o, d, word[2 + n] ? word + 2 + n + 1 : NULL, c);
}

// "-it", "-m512M", "-m 512M".
static int parse_short(struct options *o, const char *word, struct cursor *c)
{
	for (const char *p = word + 1; *p; p++) {
		const struct option_def *d = find_short(o, *p);
		bool takes = d && d->kind == VALUE;
		int status;

		if (!d)
			return unknown_option(o, word);
		status = apply(o, d, takes && p[1] ? p + 1 + (p[1] == '=') : NULL, c);
		if (status || takes)
			return status;
	}
	return 0;
}

static int parse_command(struct options *o, struct cursor *c)
{
	const char *word = c->argc > 1 ? c->argv[1] : "help";

	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		word = "help";
	if (strcmp(word, "--version") == 0)
		word = "version";
	c->next = 2;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i].name, word) == 0) {
			o->command = commands[i].command;
			return 0;
		}
	fail(STATUS_OURO, "there is no command %s", word);
	hint("ouro build, run, inspect, doctor, version or help");
	return STATUS_OURO;
}

// "ouro build PROGRAM ARG... -o OUT": the output may also come last.
static void take_trailing_output(struct options *o, const struct cursor *c)
{
	struct strvec *w = &o->words;

	if (o->command != CMD_BUILD || o->output || w->n < 3 || strcmp(w->v[w->n - 2], "-o"))
		return;
	o->output = c->argv[c->argc - 1];
	free(w->v[--w->n]);
	free(w->v[--w->n]);
	w->v[w->n] = NULL;
}

int options_parse(struct options *o, int argc, char **argv)
{
	struct cursor c = { argv, argc, 1 };
	enum command command;
	int status;

	*o = (struct options){ .cpus = 1, .ctl = "virtio" };
	status = parse_command(o, &c);
	command = o->command;
	while (status == 0 && c.next < argc && argv[c.next][0] == '-' && argv[c.next][1]) {
		const char *word = argv[c.next++];

		if (strcmp(word, "--") == 0)
			break;
		status = word[1] == '-' ? parse_long(o, word, &c) : parse_short(o, word, &c);
		if (o->command == CMD_HELP && command != CMD_HELP) {
			options_print_help(command);
			exit(0);
		}
	}
	while (status == 0 && c.next < argc)
		strvec_add(&o->words, argv[c.next++]);
	take_trailing_output(o, &c);
	if (status == 0 && o->words.n == 0 && (o->command & (PACKS | CMD_INSPECT))) {
		status = fail(STATUS_OURO, "ouro %s needs a program", command_name(o->command));
		hint("ouro %s --help", command_name(o->command));
	}
	return status;
}

void options_free(struct options *o)
{
	strvec_free(&o->env);
	strvec_free(&o->add);
	strvec_free(&o->words);
}
