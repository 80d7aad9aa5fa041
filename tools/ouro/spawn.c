// See spawn.h.
#include "tools/ouro/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/ouro/diag.h"

static void child(const struct strvec *argv, const struct strvec *env, const char *log_path)
{
	int in = open("/dev/null", O_RDONLY);
	int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	dup2(in, 0);
	dup2(log, 1);
	dup2(log, 2);
	for (size_t i = 0; i < env->n; i++)
		putenv(env->v[i]);
	execvp(argv->v[0], argv->v);
	_exit(STATUS_NOT_FOUND);
}

int spawn_wait(const struct strvec *argv, const struct strvec *env, const char *log_path)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return STATUS_NOT_FOUND;
	if (pid == 0)
		child(argv, env, log_path);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNAL_BASE + WTERMSIG(status);
}

char *spawn_find(const char *name)
{
	const char *path = getenv("PATH");
	char *copy = xstrdup(path ? path : "/usr/bin:/bin"), *rest = copy, *dir, *found = NULL;

	while (!found && (dir = strsep(&rest, ":"))) {
		found = xprintf("%s/%s", *dir ? dir : ".", name);
		if (access(found, X_OK) == 0)
			break;
		free(found);
		found = NULL;
	}
	free(copy);
	return found;
}
