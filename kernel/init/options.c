// See the header. Set once at boot.
#include "kernel/init/options.h"

#include <asm-generic/errno-base.h>

#include "fs/vfs.h"
#include "kernel/base/cmdline.h"
#include "kernel/base/log.h"
#include "kernel/base/panic.h"
#ifdef CONFIG_DEBUG
#include "kernel/base/clock.h"
#include "kernel/sched/timer.h"
#endif
#include "lib/cmdline.h"
#include "lib/string.h"
#include "mm/phys/hugepool.h"
#include "syscall/dispatch.h"

#define WORD_BYTES 256

static struct {
	bool stats;
} options;

static void set_stats(const char *value)
{
	options.stats = true;
	syscall_stats_enable();
}

static void set_strace(const char *value)
{
	if (syscall_trace_configure(value) != 0)
		log_error("boot", "ouro.strace=%s: not understood", value);
}

// N frames of 2 MiB, or as many as are asked for.
static void set_hugepages(const char *value)
{
	uint64_t frames = 0;

	if (!strcmp(value, "auto")) {
		hugepool_set_overcommit(UINT64_MAX);
		return;
	}
	for (const char *p = value; *p; p++) {
		if (*p < '0' || *p > '9' || frames > UINT32_MAX) {
			log_error("boot", "ouro.hugepages=%s: not understood", value);
			return;
		}
		frames = frames * 10 + (uint64_t)(*p - '0');
	}
	hugepool_resize(frames);
}

#ifdef CONFIG_DEBUG
// For the tests of the panic report.
static void set_panic(const char *value)
{
	panic("ouro.panic=%s", value);
}

static void panic_now(struct timer *t)
{
	panic("ouro.panic-in");
}

// So many milliseconds later, when other CPUs run.
static void set_panic_in(const char *value)
{
	static struct timer timer;
	uint64_t ms = 0;

	while (*value >= '0' && *value <= '9' && ms < 1000000)
		ms = ms * 10 + (uint64_t)(*value++ - '0');
	timer_init(&timer, panic_now);
	timer_arm(&timer, clock_mono_ns() + ms * 1000000);
}
#endif

static const struct {
	const char *key;
	void (*set)(const char *value);
} table[] = {
	{ "hugepages", set_hugepages }, { "stats", set_stats },       { "strace", set_strace },
#ifdef CONFIG_DEBUG
	{ "panic", set_panic },         { "panic-in", set_panic_in },
#endif
};

static void apply_word(const char *word)
{
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		const char *value = cmdline_option(word, table[i].key);
		if (value)
			table[i].set(value);
	}
}

static void apply_image_options(void)
{
	size_t bytes = 0;
	const char *config = vfs_image_config(&bytes);
	for (size_t at = 0; config && at < bytes;) {
		size_t n = strnlen(config + at, bytes - at);
		if (at + n == bytes)
			return; // not terminated: damaged
		if (str_has_prefix(config + at, "opt="))
			apply_word(config + at + 4);
		at += n + 1;
	}
}

void options_apply(void)
{
	struct cmdline c;
	char word[WORD_BYTES];
	int got;
	apply_image_options();
	cmdline_init(&c, boot_cmdline());
	while ((got = cmdline_next(&c, word, sizeof(word))) == 1 || got == -E2BIG) {
		if (c.program_args)
			return;
		if (got == 1)
			apply_word(word);
	}
}

bool options_want_stats(void)
{
	return options.stats;
}
