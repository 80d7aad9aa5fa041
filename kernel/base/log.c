// The kernel's log: levels by area, a small ring of recent lines, sinks. Lines that come before the
// first sink wait in the ring and are replayed to each new sink. The log lock guards all of it
// except the levels, which are set once by the boot CPU.
#include "kernel/base/log.h"

#include <asm-generic/errno-base.h>

#include "kernel/base/lock.h"
#include "lib/fmt.h"
#include "lib/string.h"

#define LOG_RING_BYTES 4096u // a power of two
#define LOG_LINE_BYTES 256u
#define LOG_AREAS      8
#define LOG_AREA_BYTES 12

static struct {
	struct spinlock lock;
	struct log_sink *sinks;
	uint64_t written;     // bytes ever put into the ring
	enum log_level level; // of areas not listed
	unsigned areas;
	struct {
		char name[LOG_AREA_BYTES];
		enum log_level level;
	} area[LOG_AREAS];
	char ring[LOG_RING_BYTES];
} klog = { .lock = SPINLOCK_INIT(RANK_LOG, "log") };

static const char *const level_names[] = { "none", "error", "warn", "info", "debug" };

bool log_enabled(enum log_level level, const char *area)
{
	for (unsigned i = 0; i < klog.areas; i++)
		if (strcmp(klog.area[i].name, area) == 0)
			return level <= klog.area[i].level;
	return level <= klog.level;
}

static void ring_put(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		klog.ring[klog.written++ % LOG_RING_BYTES] = text[i];
}

static void emit_locked(const char *text, size_t bytes)
{
	ring_put(text, bytes);
	for (struct log_sink *s = klog.sinks; s; s = s->next)
		s->write(s, text, bytes);
}

void log_write_raw(const char *text, size_t bytes)
{
	uint64_t irq = spin_lock_irqsave(&klog.lock);
	emit_locked(text, bytes);
	spin_unlock_irqrestore(&klog.lock, irq);
}

void log_print(enum log_level level, const char *area, const char *fmt, ...)
{
	if (!log_enabled(level, area))
		return;
	char line[LOG_LINE_BYTES];
	int head = fmt_snprintf(line, sizeof(line), "ouro: %s: ", area);
	va_list ap;
	va_start(ap, fmt);
	int body = fmt_vsnprintf(line + head, sizeof(line) - head, fmt, ap);
	va_end(ap);
	size_t bytes = MIN((size_t)(head + body), sizeof(line) - 2);
	line[bytes++] = '\n';
	log_write_raw(line, bytes);
}

// Oldest byte kept; a partly overwritten first line is skipped.
static uint64_t replay_start(void)
{
	if (klog.written <= LOG_RING_BYTES)
		return 0;
	uint64_t at = klog.written - LOG_RING_BYTES;
	while (at < klog.written && klog.ring[at++ % LOG_RING_BYTES] != '\n')
		;
	return at;
}

void log_add_sink(struct log_sink *sink)
{
	uint64_t irq = spin_lock_irqsave(&klog.lock);
	for (uint64_t at = replay_start(); at < klog.written;) {
		uint64_t offset = at % LOG_RING_BYTES;
		uint64_t n = MIN(klog.written - at, LOG_RING_BYTES - offset);
		sink->write(sink, klog.ring + offset, n);
		at += n;
	}
	sink->next = klog.sinks;
	klog.sinks = sink;
	spin_unlock_irqrestore(&klog.lock, irq);
}

static int parse_level(const char *s, size_t bytes, enum log_level *out)
{
	for (unsigned i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (strlen(level_names[i]) == bytes && strncmp(level_names[i], s, bytes) == 0) {
			*out = i;
			return 0;
		}
	}
	return -EINVAL;
}

// One item of the list: LEVEL or AREA:LEVEL.
static int configure_item(const char *item, size_t bytes)
{
	const char *colon = memchr(item, ':', bytes);
	if (!colon)
		return parse_level(item, bytes, &klog.level);
	size_t name_bytes = colon - item;
	if (name_bytes == 0 || name_bytes >= LOG_AREA_BYTES || klog.areas == LOG_AREAS)
		return -EINVAL;
	enum log_level level;
	int err = parse_level(colon + 1, bytes - name_bytes - 1, &level);
	if (err)
		return err;
	memcpy(klog.area[klog.areas].name, item, name_bytes);
	klog.area[klog.areas].name[name_bytes] = '\0';
	klog.area[klog.areas++].level = level;
	return 0;
}

int log_configure(const char *spec)
{
	klog.level = LOG_NONE;
	klog.areas = 0;
	while (*spec) {
		const char *comma = strchr(spec, ',');
		size_t bytes = comma ? (size_t)(comma - spec) : strlen(spec);
		int err = configure_item(spec, bytes);
		if (err)
			return err;
		spec += bytes + (comma != NULL);
	}
	return 0;
}
