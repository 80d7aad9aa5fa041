// Running other programs to their end.
#pragma once

#include "tools/ouro/vec.h"

// Runs |argv| (found along PATH) with the settings |env| added; output goes to |log_path|. Its exit
// status, 128 + N for a signal, 127 if it cannot be started.
int spawn_wait(const struct strvec *argv, const struct strvec *env, const char *log_path);
// The path of a program along PATH, to be freed; NULL: there is none.
char *spawn_find(const char *name);
