// Operations that touch memory, and those that look at the state.
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ops.h"
#include "text.h"
#include "world.h"

static uint64_t pick_touch(void)
{
	uint64_t a = pick_mapped() + below(2) * below(2 * PG);

	return chance(20) ? a + (chance(50) ? -1ul : 0) : a;
}

static void op_touch_read(void)
{
	uint64_t addr = pick_touch();
	uint8_t value = 0;
	int sig = touch_read(addr, &value);

	put_addr("a=", addr);
	if (sig)
		put_fault(sig);
	else
		put_kx("v=", value);
}

static void op_touch_write(void)
{
	uint64_t addr = pick_touch();
	int sig = touch_write(addr, (uint8_t)rnd());

	put_addr("a=", addr);
	if (sig)
		put_fault(sig);
}

// Touches a run of pages: reads or writes that make neighbours present.
static void op_touch_run(void)
{
	uint64_t addr = pick_mapped(), n = below(9), h = 0;
	int wr = chance(60);

	put_s(wr ? " w" : " r");
	put_addr("a=", addr);
	for (uint64_t i = 0; i < n; i++, addr += PG) {
		uint8_t v = (uint8_t)(i + n);
		int sig = wr ? touch_write(addr + i * 8, v) : touch_read(addr + i * 8, &v);

		if (sig) {
			put_fault(sig);
			break;
		}
		h = h * 31 + v;
	}
	put_kx("h=", h);
}

// Hash of what a descriptor shows, and of its sizes.
void look_at_file(int fd)
{
	static __thread unsigned char page[16 * PG];
	struct stat st = { 0 };
	uint64_t h = 1, off = 0;
	long n;

	if (SYS(SYS_fstat, fd, &st) || !S_ISREG(st.st_mode))
		return;
	for (; off < 40 * PG; off += (uint64_t)n) {
		n = SYS(SYS_pread64, fd, page, sizeof page, off);
		if (n <= 0)
			break;
		h = hash_bytes(h, page, (unsigned long)n);
	}
	put_kd("[", fd);
	put_kd("size=", st.st_size);
	put_kd("blocks=", st.st_blocks);
	put_kx("h=", h);
	put_s("]");
}

static void op_look_files(void)
{
	for (unsigned i = 0; i < FILES; i++)
		if (world.file[i] >= 0)
			look_at_file(world.file[i]);
}

// One page: its bytes, or the fault.
static void look_at_page(uint64_t addr)
{
	uint8_t v;
	int sig = touch_read(addr, &v);

	if (!sig)
		put_kx("", hash_bytes(3, (void *)addr, PG));
	else
		put_s(sig == 7 ? " B" : " -");
}

static void op_look_page(void)
{
	uint64_t addr = pick_mapped() & -PG;

	put_addr("a=", addr);
	look_at_page(addr);
}

static void op_look_arena(void)
{
	for (uint64_t i = 0; i < ARENA_PAGES; i++)
		look_at_page(ARENA + i * PG);
}

// -- the list of mappings, joined where Linux may or may not join --

struct area {
	uint64_t start, end, offset;
	char perm[5], name[64];
};

static uint64_t parse_hex(const char **p)
{
	uint64_t v = 0;

	for (;; (*p)++) {
		if (**p >= '0' && **p <= '9')
			v = v * 16 + (uint64_t)(**p - '0');
		else if (**p >= 'a' && **p <= 'f')
			v = v * 16 + (uint64_t)(**p - 'a' + 10);
		else
			return v;
	}
}

static void parse_area(const char *p, struct area *a)
{
	unsigned n = 0;

	memset(a, 0, sizeof *a);
	a->start = parse_hex(&p);
	p++;
	a->end = parse_hex(&p);
	memcpy(a->perm, ++p, 4);
	p += 5;
	a->offset = parse_hex(&p);
	p = strchr(p, ' ') + 1; // device
	p = strchr(p, ' ') + 1; // inode
	while (*p >= '0' && *p <= '9')
		p++;
	while (*p == ' ')
		p++;
	for (; *p && *p != '\n' && n < sizeof a->name - 1; p++)
		if (*p < '0' || *p > '9') // the number of a file without a name
			a->name[n++] = *p;
}

static int joins(const struct area *a, const struct area *b)
{
	return a->end == b->start && !memcmp(a->perm, b->perm, 4) && !strcmp(a->name, b->name) &&
	       (!*a->name || a->offset + (a->end - a->start) == b->offset);
}

static void put_area(const struct area *a)
{
	if (!a->end)
		return;
	put_addr("", a->start);
	put_kx("+", a->end - a->start);
	put_s(a->perm);
	if (*a->name)
		put_kx("@", a->offset);
	put_s(a->name);
}

static void op_maps(void)
{
	static __thread char text_maps[1 << 17];
	struct area last = { 0 }, now;
	long fd = SYS(SYS_open, "/proc/self/maps", O_RDONLY), n = 0, got;

	while ((got = SYS(SYS_read, fd, text_maps + n, sizeof text_maps - 1 - (unsigned long)n)) >
	       0)
		n += got;
	text_maps[n] = 0;
	SYS(SYS_close, fd);
	for (char *line = text_maps, *end; (end = strchr(line, '\n')); line = end + 1) {
		parse_area(line, &now);
		if (now.start < ARENA - 0x1000000 || now.start >= world.top || *now.name == '[')
			continue;
		if (now.end > world.top) // what lies above is joined or not
			now.end = world.top;
		if (joins(&last, &now)) {
			last.end = now.end;
		} else {
			put_area(&last);
			last = now;
		}
	}
	put_area(&last);
}

void op_look_at_all(void)
{
	op_look_files();
	op_look_arena();
	op_maps();
}

const struct op ops_touch[] = {
	{ "rd", 70, op_touch_read },  { "wr", 80, op_touch_write },
	{ "run", 30, op_touch_run },  { "files", 6, op_look_files },
	{ "page", 20, op_look_page }, { "arena", 2, op_look_arena },
	{ "maps", 3, op_maps },       { 0, 0, 0 },
};
