// Path strings. Owns nothing, takes no locks, never sleeps.
#include <asm/errno.h>

#include "lib/pathname.h"
#include "lib/string.h"

const char *pathname_next(const char **path, size_t *length)
{
	const char *p = *path, *start;

	while (*p == '/')
		p++;
	start = p;
	while (*p && *p != '/')
		p++;
	*path = p;
	*length = (size_t)(p - start);
	return *length ? start : NULL;
}

bool pathname_is_dot(const char *name, size_t length)
{
	return length == 1 && name[0] == '.';
}

bool pathname_is_dotdot(const char *name, size_t length)
{
	return length == 2 && name[0] == '.' && name[1] == '.';
}

const char *pathname_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool pathname_wants_directory(const char *path)
{
	size_t n = strlen(path);

	return n > 0 && path[n - 1] == '/';
}

// Appends the components of |path| to the |length| bytes in |out| (no terminator, no trailing
// slash; "" is the root).
static int append_components(const char *path, char *out, size_t out_bytes, size_t *length)
{
	const char *name;
	size_t n;

	while ((name = pathname_next(&path, &n))) {
		if (pathname_is_dot(name, n))
			continue;
		if (pathname_is_dotdot(name, n)) {
			while (*length > 0 && out[--*length] != '/')
				;
			continue;
		}
		if (n + 2 > out_bytes - *length)
			return -ENAMETOOLONG;
		out[(*length)++] = '/';
		memcpy(out + *length, name, n);
		*length += n;
	}
	return 0;
}

int pathname_normalise(const char *cwd, const char *path, char *out, size_t out_bytes)
{
	size_t length = 0;
	int err = 0;

	if (out_bytes < 2)
		return -ENAMETOOLONG;
	if (path[0] != '/')
		err = append_components(cwd, out, out_bytes, &length);
	if (!err)
		err = append_components(path, out, out_bytes, &length);
	if (err)
		return err;
	if (length == 0)
		out[length++] = '/';
	out[length] = '\0';
	return 0;
}
