// execve: errors, scripts, what survives (descriptors, mask, ignored signals) and what does not.
//
// args: first
#include "t.h"
#include <sys/auxv.h>
#include <sys/prctl.h>

extern char **environ;

static void file(const char *name, const char *text, size_t n, mode_t mode)
{
	int fd = MUST(open(name, O_CREAT | O_WRONLY | O_TRUNC, 0700));

	write(fd, text, n);
	fchmod(fd, mode);
	close(fd);
}

static int try_exec(const char *what, const char *path, char **argv)
{
	execve(path, argv, environ);
	printf("%s: %s\n", what, t_errno(errno));
	return 0;
}

static void some_handler(int sig)
{
}

static int second(char **argv)
{
	sigset_t mask;
	struct sigaction sa;
	stack_t ss;
	char name[17] = "";

	printf("second: %s %s\n", argv[1], argv[2]);
	R(fcntl(50, F_GETFD));
	R(fcntl(51, F_GETFD));
	sigprocmask(SIG_BLOCK, NULL, &mask);
	IS(sigismember(&mask, SIGUSR2));
	sigaction(SIGUSR1, NULL, &sa);
	IS(sa.sa_handler == SIG_DFL);
	sigaction(SIGHUP, NULL, &sa);
	IS(sa.sa_handler == SIG_IGN);
	sigaltstack(NULL, &ss);
	IS(ss.ss_flags == SS_DISABLE);
	prctl(PR_GET_NAME, name);
	IS(strcmp(name, "renamed"));
	return 0;
}

int main(int argc, char **argv)
{
	char *self = (char *)getauxval(AT_EXECFN), *args[] = { argv[0], "second", "arg", NULL };
	char *one[] = { "x", NULL }, script[300], *big;
	sigset_t mask;
	struct sigaction sa = { .sa_handler = SIG_IGN };
	stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };

	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 2 && !strcmp(argv[1], "second"))
		return second(argv);
	if (argc > 2 && !strcmp(argv[1], "-script")) {
		printf("script: %s [%s] %s\n", argv[1], strrchr(argv[2], '/'),
		       argc > 3 ? argv[3] : "");
		IS(!strcmp(strrchr(self, '/'), "/script"));
		execve(argv[0], args, environ);
		return 1;
	}
	if (argc == 0 || argc > 2) {
		printf("argc %d\n", argc);
		return 1;
	}
	t_workdir();
	file("text", "hello", 5, 0700);
	file("empty", "", 0, 0700);
	file("noexec", "hello", 5, 0600);
	file("elf", "\177ELF\2\1\1", 7, 0700);
	file("badinterp", "#!/missing/interp\n", 18, 0700);
	file("nointerp", "#!\n", 3, 0700);
	file("loop1", "#!./loop1\n", 10, 0700);
	mkdir("dir", 0700);
	symlink("text", "link");
	try_exec("text", "./text", one);
	try_exec("empty", "./empty", one);
	try_exec("no x bit", "./noexec", one);
	try_exec("short elf", "./elf", one);
	try_exec("missing", "./missing", one);
	try_exec("directory", "./dir", one);
	try_exec("not a directory", "./text/x", one);
	try_exec("link to text", "./link", one);
	try_exec("interpreter missing", "./badinterp", one);
	try_exec("no interpreter", "./nointerp", one);
	try_exec("script loop", "./loop1", one);
	try_exec("empty name", "", one);
	try_exec("bad name", (char *)1, one);
	try_exec("bad argv", self, (char **)1);
	args[1] = (char *)1;
	try_exec("bad string", self, args);
	big = malloc(200000);
	memset(big, 'b', 199999);
	big[199999] = 0;
	args[1] = big;
	try_exec("string too long", self, args);
	args[1] = "second";
	R(syscall(SYS_execveat, AT_FDCWD, "link", one, environ, AT_SYMLINK_NOFOLLOW));
	R(syscall(SYS_execveat, AT_FDCWD, "text", one, environ, 1));
	R(syscall(SYS_execveat, 99, "text", one, environ, 0));
	int fd = MUST(open(self, O_RDONLY));
	R(open(self, O_WRONLY) == -1 && errno == ETXTBSY);
	dup2(fd, 50);
	syscall(SYS_dup3, fd, 51, O_CLOEXEC);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = some_handler;
	sigaction(SIGUSR1, &sa, NULL);
	sigaltstack(&ss, NULL);
	prctl(PR_SET_NAME, "renamed");
	snprintf(script, sizeof(script), "#!%s -script  \nrest\n", self);
	file("script", script, strlen(script), 0700);
	char cwd[200], path[300];
	char *sargs[] = { "ignored", "tail", NULL };
	getcwd(cwd, sizeof(cwd));
	const char *all[] = { "text",      "empty",    "noexec", "elf",
			      "badinterp", "nointerp", "loop1",  "link" };
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		unlink(all[i]);
	rmdir("dir");
	snprintf(path, sizeof(path), "%s/script", cwd);
	int cloexec = MUST(open("script", O_RDONLY | O_CLOEXEC));
	int dir = MUST(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));

	R(syscall(SYS_execveat, cloexec, "", sargs, environ, AT_EMPTY_PATH));
	R(syscall(SYS_execveat, dir, "script", sargs, environ, 0));
	close(cloexec);
	close(dir);
	try_exec("script", path, sargs);
	return 1;
}
