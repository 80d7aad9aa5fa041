// The dynamic linker's search, done ahead of time; see resolve.h.
// glibc: elf/dl-load.c _dl_map_object (2.36), ld.so(8). musl: ldso/dynlink.c load_library (1.2.3).
#include "tools/ouro/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/ouro/diag.h"
#include "tools/ouro/elfinfo.h"
#include "tools/ouro/ldcache.h"

#define GLIBC_CACHE    "/etc/ld.so.cache"
#define MUSL_PATH_FILE "/etc/ld-musl-x86_64.path"
#define MUSL_DIRS      "/lib:/usr/local/lib:/usr/lib"
#define SCRIPT_DEPTH   4 // as Linux: a script's interpreter may be a script
// Debian's, then the upstream default of a 64-bit glibc, then a single-libdir system's.
#define GLIBC_DIRS "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib64:/usr/lib64:/lib:/usr/lib"

struct object {
	char *path, *name, *origin;
	struct elf_info elf;
	struct object *needed_by, *next;
};

struct search {
	struct needs *needs;
	const char *library_path;
	struct object *program, *last; // in breadth-first order
	void *cache;
	size_t cache_bytes;
	char *system_dirs;

	// of the library being looked for
	const char *name;
	struct object *by;
	struct strvec places; // where it was looked for
	struct elf_info elf;
	char *found;

	bool optional; // what is missing is left out
};

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static void *read_whole(const char *path, size_t *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *p = NULL;
	ssize_t n;

	*bytes = 0;
	if (fd >= 0 && fstat(fd, &st) == 0) {
		p = xcalloc(1, (size_t)st.st_size + 1);
		n = read(fd, p, (size_t)st.st_size);
		*bytes = n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	return p;
}

// Tries one file. 1: found; 0: go on; else an exit status, negative.
static int try_file(struct search *s, char *path)
{
	struct elf_info *e = &s->elf;

	elf_info_read_path(e, path);
	if (e->verdict == ELF_OK) {
		s->found = path;
		return 1;
	}
	// Like the dynamic linker: what is for another machine, or not there, is passed over.
	if (e->verdict == ELF_UNREADABLE && e->error != ENOENT && e->error != ENOTDIR)
		strvec_addf(&s->places, "%s (%s)", path, strerror(e->error));
	else if (e->verdict != ELF_UNREADABLE)
		strvec_addf(&s->places, "%s (%s)", path, elf_verdict_text(e));
	elf_info_free(e);
	free(path);
	return 0;
}

static int try_cached(void *arg, const char *path)
{
	return try_file(arg, xstrdup(path));
}

// Replaces $ORIGIN, $LIB and $PLATFORM, with or without braces.
static char *expand(const char *path, const char *origin, const char *lib)
{
	const struct {
		const char *token, *value;
	} tokens[] = {
		{ "$ORIGIN", origin }, { "${ORIGIN}", origin },   { "$LIB", lib },
		{ "${LIB}", lib },     { "$PLATFORM", "x86_64" }, { "${PLATFORM}", "x86_64" },
	};
	char *out = xstrdup("");

	while (*path) {
		const char *value = NULL;
		size_t n = 1;
		char *longer;

		for (size_t i = 0; i < ARRAY_SIZE(tokens) && !value; i++) {
			if (strncmp(path, tokens[i].token, strlen(tokens[i].token)))
				continue;
			value = tokens[i].value;
			n = strlen(tokens[i].token);
		}
		longer = xprintf("%s%.*s", out, value ? (int)strlen(value) : (int)n,
				 value ? value : path);
		free(out);
		out = longer;
		path += n;
	}
	return out;
}

// One folder of a path, which may hold $LIB: Debian's value first, then the upstream ones.
static int try_dir(struct search *s, const char *dir, const struct object *owner)
{
	static const char *const libs[] = { "lib/x86_64-linux-gnu", "lib64", "lib" };
	unsigned variants = strstr(dir, "$LIB") || strstr(dir, "${LIB}") ? ARRAY_SIZE(libs) : 1;
	int r = 0;

	for (unsigned i = 0; i < variants && r == 0; i++) {
		char *d = expand(dir, owner ? owner->origin : ".", libs[i]);

		r = try_file(s, xprintf("%s/%s", *d ? d : ".", s->name));
		free(d);
	}
	return r;
}

// A list of folders; |label| says for messages where it comes from.
static int try_path(struct search *s, const char *path, const char *separators,
		    const struct object *owner, const char *label)
{
	char *copy = xstrdup(path), *rest = copy, *dir;
	int r = 0;

	while (r == 0 && (dir = strsep(&rest, separators)))
		if (*dir || owner)
			r = try_dir(s, dir, owner);
	if (r == 0)
		strvec_addf(&s->places, "%s (%s)", path, label);
	free(copy);
	return r;
}

static int try_object_path(struct search *s, const struct object *o, const char *path,
			   const char *tag)
{
	char *label = xprintf("%s of %s", tag, o->path);
	int r = try_path(s, path, ":", o, label);

	free(label);
	return r;
}

// DT_RPATH of the object, of those that brought it in, and of the program.
static int try_rpaths(struct search *s)
{
	bool program_done = false;
	int r = 0;

	if (s->by->elf.runpath)
		return 0;
	for (struct object *o = s->by; o && r == 0; o = o->needed_by) {
		program_done |= o == s->program;
		if (o->elf.rpath && !o->elf.runpath)
			r = try_object_path(s, o, o->elf.rpath, "RPATH");
	}
	if (r == 0 && !program_done && s->program->elf.rpath && !s->program->elf.runpath)
		r = try_object_path(s, s->program, s->program->elf.rpath, "RPATH");
	return r;
}

static int search_glibc(struct search *s)
{
	int r = try_rpaths(s);

	if (r == 0 && s->library_path)
		r = try_path(s, s->library_path, ":;", s->program, "LD_LIBRARY_PATH");
	if (r == 0 && s->by->elf.runpath)
		r = try_object_path(s, s->by, s->by->elf.runpath, "RUNPATH");
	if (r == 0 && !s->by->elf.no_default_dirs) {
		if (s->cache)
			r = ldcache_find(s->cache, s->cache_bytes, s->name, try_cached, s);
		if (r == 0)
			strvec_add(&s->places, GLIBC_CACHE);
		if (r == 0)
			r = try_path(s, GLIBC_DIRS, ":", NULL, "the system's folders");
	}
	return r;
}

static int search_musl(struct search *s)
{
	int r = 0;

	if (s->library_path)
		r = try_path(s, s->library_path, ":\n", NULL, "LD_LIBRARY_PATH");
	for (struct object *o = s->by; o && r == 0; o = o->needed_by) {
		const char *path = o->elf.runpath ? o->elf.runpath : o->elf.rpath;

		if (path)
			r = try_object_path(s, o, path, o->elf.runpath ? "RUNPATH" : "RPATH");
	}
	if (r == 0)
		r = try_path(s, s->system_dirs ? s->system_dirs : MUSL_DIRS, ":\n", NULL,
			     s->system_dirs ? MUSL_PATH_FILE : "the system's folders");
	return r;
}

// musl is all of these libraries itself (ldso/dynlink.c "reserved").
static bool musl_reserved(const char *name)
{
	static const char *const names[] = {
		"c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."
	};

	if (strncmp(name, "lib", 3))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strncmp(name + 3, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static struct object *add_object(struct search *s, char *path, const char *name,
				 const struct elf_info *elf, struct object *by)
{
	struct object *o = xcalloc(1, sizeof(*o));

	o->path = path;
	o->name = xstrdup(name);
	o->origin = dir_of(path);
	o->elf = *elf;
	o->needed_by = by;
	if (s->last)
		s->last->next = o;
	else
		s->program = o;
	s->last = o;
	return o;
}

static bool is_loaded(const struct search *s, const char *name)
{
	for (const struct object *o = s->program; o; o = o->next)
		if (strcmp(o->name, name) == 0 ||
		    (o->elf.soname && strcmp(o->elf.soname, name) == 0))
			return true;
	return false;
}

static int report_missing(struct search *s)
{
	fail(STATUS_OURO, "the library %s is missing: %s needs it", s->name, s->by->path);
	for (size_t i = 0; i < s->places.n; i++)
		hint("%s %s", i ? "             " : "searched in: ", s->places.v[i]);
	hint("install the package that has it, or name its folder: -e LD_LIBRARY_PATH=FOLDER");
	return STATUS_OURO;
}

static bool has_name(const struct needs *n, const char *name)
{
	for (size_t i = 0; i < n->names.n; i++)
		if (strcmp(n->names.v[i], name) == 0)
			return true;
	return false;
}

static void add_found(struct search *s, const char *name, struct object *by)
{
	strvec_add(&s->needs->paths, s->found);
	if (!s->needs->musl && !has_name(s->needs, name)) {
		strvec_add(&s->needs->names, name);
		strvec_add(&s->needs->lib_paths, s->found);
	}
	add_object(s, s->found, name, &s->elf, by);
}

// glibc opens libgcc_s itself when a thread ends by pthread_exit or is cancelled, and aborts if it
// is not there (glibc misc/unwind-link.c). libc only defines these names.
static void find_unwinder(struct search *s)
{
	static const char name[] = "libgcc_s.so.1";
	struct object *user = NULL;

	for (struct object *o = s->program; o && !user; o = o->next)
		if (o->elf.ends_threads && strncmp(o->name, "libc.so", 7) &&
		    strncmp(o->name, "libpthread.so", 13) && strncmp(o->name, "ld-linux", 8))
			user = o;
	if (!user || is_loaded(s, name))
		return;
	s->name = name;
	s->by = user;
	if (search_glibc(s) == 1)
		add_found(s, name, user);
}

// Finds one library that |by| needs.
static int find_library(struct search *s, struct object *by, const char *name)
{
	int r;

	if (is_loaded(s, name) || (s->needs->musl && musl_reserved(name)))
		return 0;
	s->name = name;
	s->by = by;
	strvec_free(&s->places);
	if (strchr(name, '/'))
		r = try_file(s, expand(name, by->origin, "lib/x86_64-linux-gnu"));
	else
		r = s->needs->musl ? search_musl(s) : search_glibc(s);
	if (r == 0)
		return s->optional ? 0 : report_missing(s);
	add_found(s, name, by);
	return 0;
}

static int check_interp(struct search *s, const char *interp)
{
	struct elf_info e;
	int status = 0;

	elf_info_read_path(&e, interp);
	if (e.verdict != ELF_OK) {
		status = fail(STATUS_OURO,
			      "the dynamic linker %s that %s asks for cannot be used: %s", interp,
			      s->program->path, elf_verdict_text(&e));
		hint("install the C library that the program was built for%s",
		     strstr(interp, "ld-musl") ? " (Debian: apt-get install musl)" : "");
	}
	strvec_add(&s->needs->paths, interp);
	s->needs->musl = strstr(interp, "ld-musl") != NULL;
	if (status == 0 && e.soname) {
		// The dynamic linker is loaded already: libc.so.6 needs it by this name.
		strvec_add(&s->needs->names, e.soname);
		strvec_add(&s->needs->lib_paths, interp);
		add_object(s, xstrdup(interp), e.soname, &e, s->program);
	} else {
		elf_info_free(&e);
	}
	return status;
}

static int find_all(struct search *s)
{
	int status = 0;

	if (s->program->elf.interp)
		status = check_interp(s, s->program->elf.interp);
	s->needs->any_musl |= s->needs->musl;
	s->needs->any_glibc |= !s->needs->musl && s->program->elf.dynamic;
	if (s->needs->musl)
		s->system_dirs = read_whole(MUSL_PATH_FILE, &s->cache_bytes);
	else if (s->program->elf.dynamic)
		s->cache = read_whole(GLIBC_CACHE, &s->cache_bytes);
	for (struct object *o = s->program; o && status == 0; o = o->next)
		for (size_t i = 0; i < o->elf.needed.n && status == 0; i++)
			status = find_library(s, o, o->elf.needed.v[i]);
	if (status == 0 && s->program->elf.dynamic && !s->needs->musl)
		find_unwinder(s);
	return status;
}

static void search_free(struct search *s)
{
	while (s->program) {
		struct object *o = s->program;

		s->program = o->next;
		elf_info_free(&o->elf);
		free(o->path);
		free(o->name);
		free(o->origin);
		free(o);
	}
	free(s->cache);
	free(s->system_dirs);
	strvec_free(&s->places);
}

static int report_program(const char *path, const struct elf_info *e)
{
	bool absent = e->verdict == ELF_UNREADABLE && (e->error == ENOENT || e->error == ENOTDIR);

	return fail(absent ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE, "cannot run %s: %s", path,
		    elf_verdict_text(e));
}

static int find_elf(struct needs *n, const char *path, struct elf_info *e, const char *library_path)
{
	struct search s = { .needs = n, .library_path = library_path };
	char *real = realpath(path, NULL);
	int status;

	add_object(&s, xstrdup(path), path, e, NULL);
	if (real) {
		free(s.program->origin);
		s.program->origin = dir_of(real);
	}
	status = find_all(&s);
	search_free(&s);
	free(real);
	return status;
}

static int find_at_depth(struct needs *n, const char *path, const char *library_path,
			 unsigned depth)
{
	struct elf_info e;
	int status;

	elf_info_read_path(&e, path);
	strvec_add(&n->paths, path);
	if (e.verdict == ELF_OK)
		return find_elf(n, path, &e, library_path);
	if (e.verdict == ELF_NO_ELF && e.script_interp && depth < SCRIPT_DEPTH)
		status = find_at_depth(n, e.script_interp, library_path, depth + 1);
	else
		status = report_program(path, &e);
	elf_info_free(&e);
	return status;
}

int needs_find(struct needs *n, const char *path, const char *library_path)
{
	*n = (struct needs){ 0 };
	return find_at_depth(n, path, library_path, 0);
}

void needs_find_more(struct needs *n, const char *path, const char *library_path)
{
	struct search s = { .needs = n, .library_path = library_path, .optional = true };
	bool musl = n->musl;
	struct elf_info e;
	char *real;

	elf_info_read_path(&e, path);
	if (e.verdict != ELF_OK || !e.dynamic || (e.interp && access(e.interp, R_OK))) {
		elf_info_free(&e);
		return;
	}
	real = realpath(path, NULL);
	add_object(&s, xstrdup(path), path, &e, NULL);
	if (real) {
		free(s.program->origin);
		s.program->origin = dir_of(real);
	}
	(void)find_all(&s); // nothing fails where all is optional
	n->musl = musl;
	search_free(&s);
	free(real);
}

int needs_add_to_tree(const struct needs *n, struct tree *t)
{
	int status = 0;

	for (size_t i = 0; i < n->paths.n && status == 0; i++)
		if (!tree_lookup(t, n->paths.v[i], true))
			status = tree_add_host(t, n->paths.v[i]);
	return status;
}

int needs_add_lookup(const struct needs *n, struct tree *t)
{
	size_t bytes;
	void *cache;
	int status = 0;

	if (n->any_musl && access(MUSL_PATH_FILE, R_OK) == 0)
		status = tree_add_host(t, MUSL_PATH_FILE);
	if (status || !n->any_glibc || n->names.n == 0 || tree_lookup(t, GLIBC_CACHE, true))
		return status;
	cache = ldcache_make(&n->names, &n->lib_paths, &bytes);
	return tree_add_bytes(t, GLIBC_CACHE, S_IFREG | 0644, cache, bytes);
}

void needs_free(struct needs *n)
{
	strvec_free(&n->paths);
	strvec_free(&n->names);
	strvec_free(&n->lib_paths);
}
