/*
 * Process 1 of a Linux guest: runs /program with its own arguments, says how it ended ("status N",
 * 128 and the signal as a shell says it), and stops the machine. Process 1 itself cannot be killed
 * for want of memory; what is tested must be another.
 */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status = 0;
	pid_t child;

	(void)argc;
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	child = fork();
	if (!child) {
		argv[0] = "/program";
		execv(argv[0], argv);
		_exit(127);
	}
	while (waitpid(child, &status, 0) != child)
		;
	printf("status %d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}
