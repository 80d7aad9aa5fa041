// See pack.h.
#include "tools/ouro/pack.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/ouro/diag.h"
#include "tools/ouro/image.h"
#include "tools/ouro/resolve.h"
#include "tools/ouro/rootfs.h"

#define GUEST_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// An absolute path with the symbolic links of |path| kept; ".." is resolved where there is one.
static char *absolute(const char *path)
{
	char cwd[PATH_MAX], *abs, *real, *slash;

	while (strncmp(path, "./", 2) == 0)
		path += 2 + strspn(path + 2, "/");
	if (*path == '/')
		abs = xstrdup(path);
	else
		abs = xprintf("%s/%s", getcwd(cwd, sizeof(cwd)) ? cwd : "", path);
	if (!strstr(abs, "/../"))
		return abs;
	slash = strrchr(abs, '/');
	*slash = 0;
	real = realpath(abs, NULL);
	*slash = '/';
	if (real) {
		char *joined = xprintf("%s%s", strcmp(real, "/") ? real : "", slash);

		free(abs);
		abs = joined;
	}
	free(real);
	return abs;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static char *search_path(const char *word)
{
	const char *path = getenv("PATH");
	char *copy = xstrdup(path ? path : GUEST_PATH), *rest = copy, *dir, *found = NULL;

	while (!found && (dir = strsep(&rest, ":"))) {
		found = xprintf("%s/%s", *dir ? dir : ".", word);
		if (is_program(found))
			break;
		free(found);
		found = NULL;
	}
	free(copy);
	return found;
}

static int check_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		int err = errno;
		bool absent = err == ENOENT || err == ENOTDIR;

		return fail(absent ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE, "cannot run %s: %s",
			    path, absent ? "there is no such file" : strerror(err));
	}
	if (S_ISDIR(st.st_mode))
		return fail(STATUS_NOT_EXECUTABLE, "cannot run %s: it is a directory", path);
	if (!S_ISREG(st.st_mode))
		return fail(STATUS_NOT_EXECUTABLE, "cannot run %s: it is not a regular file", path);
	if (access(path, R_OK) < 0)
		return fail(STATUS_NOT_EXECUTABLE, "cannot read %s: %s", path, strerror(errno));
	return 0;
}

char *pack_find_program(const char *word, int *status)
{
	char *found = NULL, *abs;

	if (!strchr(word, '/') && access(word, F_OK) < 0) {
		found = search_path(word);
		if (!found) {
			*status = fail(STATUS_NOT_FOUND,
				       "cannot run %s: it is neither here nor in a folder of PATH",
				       word);
			return NULL;
		}
	}
	*status = check_program(found ? found : word);
	abs = *status ? NULL : absolute(found ? found : word);
	free(found);
	return abs;
}

static void env_set(struct strvec *env, const char *setting)
{
	size_t n = strcspn(setting, "=") + 1;

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], setting, n) == 0) {
			free(env->v[i]);
			env->v[i] = xstrdup(setting);
			return;
		}
	strvec_add(env, setting);
}

static const char *env_get(const struct strvec *env, const char *name)
{
	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], name, strlen(name)) == 0 && env->v[i][strlen(name)] == '=')
			return env->v[i] + strlen(name) + 1;
	return NULL;
}

static void make_env(const struct options *o, struct strvec *env)
{
	const char *term = getenv("TERM");

	strvec_add(env, "PATH=" GUEST_PATH);
	strvec_add(env, "HOME=/root");
	strvec_addf(env, "TERM=%s", o->tty && o->command == CMD_RUN && term ? term : "xterm");
	for (size_t i = 0; i < o->env.n; i++)
		env_set(env, o->env.v[i]);
}

// Mount points and folders that every program may expect.
static int add_skeleton(struct tree *t)
{
	static const struct {
		const char *path;
		uint32_t mode;
	} dirs[] = { { "/dev", 0755 },  { "/proc", 0555 }, { "/sys", 0555 },
		     { "/tmp", 01777 }, { "/root", 0700 }, { "/run", 0755 } };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct node *n = tree_lookup(t, dirs[i].path, true);

		if (n)
			continue;
		n = tree_mkdirs(t, dirs[i].path);
		if (!n)
			return fail(STATUS_OURO, "%s in the root file system is not a directory",
				    dirs[i].path);
		n->mode = S_IFDIR | dirs[i].mode;
	}
	return 0;
}

// HOST or HOST:GUEST. A host path with a colon in it can be given as ./a:b:/guest (the last
// counts).
static int add_given(struct tree *t, const char *spec)
{
	const char *colon = strrchr(spec, ':');
	char *host;
	int status;

	if (!colon)
		return tree_add(t, spec, NULL);
	if (colon[1] != '/')
		return fail(STATUS_OURO,
			    "--add %s: the place in the guest must be an absolute path", spec);
	host = xstrndup(spec, (size_t)(colon - spec));
	status = tree_add(t, host, colon + 1);
	free(host);
	return status;
}

static void walk_files(const char *path, struct needs *needs, const char *library_path)
{
	char *const roots[] = { (char *)path, NULL };
	FTS *walk = fts_open(roots, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;

	while (walk && (e = fts_read(walk)))
		if (e->fts_info == FTS_F)
			needs_find_more(needs, e->fts_path, library_path);
	if (walk)
		fts_close(walk);
}

static int add_host_program(const struct options *o, struct tree *t, struct image_config *c,
			    struct needs *needs)
{
	int status;

	c->exe = pack_find_program(o->words.v[0], &status);
	if (!c->exe)
		return status;
	if (!is_program(c->exe))
		return fail(STATUS_NOT_EXECUTABLE, "cannot run %s: it is not executable (chmod +x)",
			    c->exe);
	status = needs_find(needs, c->exe, env_get(&c->env, "LD_LIBRARY_PATH"));
	return status ? status : needs_add_to_tree(needs, t);
}

static int add_program(const struct options *o, struct tree *t, struct image_config *c,
		       struct needs *needs)
{
	const char *word = o->words.v[0];

	if (o->rootfs) {
		c->exe = rootfs_find_program(t, word, env_get(&c->env, "PATH"));
		if (c->exe)
			return rootfs_check_program(t, c->exe);
	}
	return add_host_program(o, t, c, needs);
}

// What added programs and libraries need, from this host. A root file system brings its own.
static int add_needs_of_given(const struct options *o, const char *library_path, struct tree *t,
			      struct needs *needs)
{
	if (o->rootfs)
		return 0;
	for (size_t i = 0; i < o->add.n; i++) {
		const char *colon = strrchr(o->add.v[i], ':');
		char *host = colon ? xstrndup(o->add.v[i], (size_t)(colon - o->add.v[i]))
				   : xstrdup(o->add.v[i]);

		walk_files(host, needs, library_path);
		free(host);
	}
	return needs_add_to_tree(needs, t);
}

static int fill_tree(const struct options *o, struct tree *t, struct image_config *c)
{
	struct needs needs = { 0 };
	int status = o->rootfs ? rootfs_load(t, o->rootfs) : 0;

	make_env(o, &c->env);
	for (size_t i = 0; i < o->words.n; i++)
		strvec_add(&c->argv, o->words.v[i]);
	c->cwd = xstrdup(o->workdir ? o->workdir : "/");
	c->tty = o->tty;
	if (status == 0)
		status = add_program(o, t, c, &needs);
	for (size_t i = 0; i < o->add.n && status == 0; i++)
		status = add_given(t, o->add.v[i]);
	if (status == 0)
		status = add_needs_of_given(o, env_get(&c->env, "LD_LIBRARY_PATH"), t, &needs);
	if (status == 0)
		status = needs_add_lookup(&needs, t);
	needs_free(&needs);
	if (status == 0)
		status = add_skeleton(t);
	if (status == 0 && o->workdir && !tree_mkdirs(t, o->workdir))
		status = fail(STATUS_OURO, "--workdir %s is not a directory in the image",
			      o->workdir);
	return status;
}

int pack(const struct options *o, struct packed *p)
{
	struct tree *t = tree_new();
	struct image_config c = { 0 };
	int status = fill_tree(o, t, &c);

	p->fd = -1;
	p->size_bytes = 0;
	if (status == 0) {
		p->fd = memfd_create("ouro-image", MFD_CLOEXEC);
		if (p->fd < 0)
			status =
				fail(STATUS_OURO, "cannot make a memory file: %s", strerror(errno));
	}
	if (status == 0)
		status = image_write(t, &c, p->fd, "the image in memory", &p->size_bytes);
	strvec_free(&c.argv);
	strvec_free(&c.env);
	strvec_free(&c.opts);
	free(c.exe);
	free(c.cwd);
	tree_free(t);
	return status;
}

void pack_free(struct packed *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
