// Helpers for path strings: no file system knowledge, no allocation, any context.
#pragma once

#include "lib/compiler.h"

// Takes the next component off *path: skips slashes, returns its start and stores its length;
// *path is left behind it. NULL (and length 0) when nothing but slashes is left.
const char *pathname_next(const char **path, size_t *length);
// True if the component is "." or "..".
bool pathname_is_dot(const char *name, size_t length);
bool pathname_is_dotdot(const char *name, size_t length);
// What is behind the last slash ("" for "a/"); never NULL.
const char *pathname_base(const char *path);
// True if |path| ends with a slash, so that it must name a directory.
bool pathname_wants_directory(const char *path);
// Joins, dropping ".", resolving ".." without symbolic links and repeated slashes: an absolute
// |path| ignores |cwd| (absolute). Result is absolute without a trailing slash. -ENAMETOOLONG.
int __must_check pathname_normalise(const char *cwd, const char *path, char *out, size_t out_bytes);
