// See probe.h. Two steps: a guest of a few instructions straight on /dev/kvm (a millisecond, and it
// unmasks most of what is wrong), then, if that works, the real QEMU with the real -cpu and a tiny
// kernel. Both run in processes of their own that are given up on when their time is over.
//
// The answer is remembered for some minutes in a file that only this user can write, together with
// what it depends on (the boot, QEMU's binary, the -cpu); ouro doctor always asks anew. After a
// "yes" the first step is still done each time. A wrong "no" costs speed, nothing else.
#include "tools/ouro/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/ouro/diag.h"
#include "tools/ouro/probe_kernel.h"
#include "tools/ouro/qemu.h"
#include "tools/ouro/spawn.h"

#define DIRECT_LIMIT_MS 40
#define QEMU_LIMIT_MS   300
#define REMEMBER_S      600
#define GUEST_BYTES     4096u
#define GUEST_EXITS     20 // port writes, each a round trip to user space
#define DEBUG_EXIT_OK   33 // isa-debug-exit: (0x10 << 1) | 1

// 16-bit code: 65,536 turns of a loop, then one port write; GUEST_EXITS times; then halt.
static const uint8_t guest_code[] = {
	0xbb, GUEST_EXITS, 0x00, // mov bx, GUEST_EXITS
	0x31, 0xc9,              // next: xor cx, cx
	0xe2, 0xfe,              // loop to itself
	0xe6, 0x80,              // out 0x80, al
	0x4b,                    // dec bx
	0x75, 0xf7,              // jnz next
	0xf4,                    // hlt
};

// Runs the code on a virtual CPU; the child's exit status is 0 if it got to its end.
static int direct_guest(int kvm)
{
	int vm = ioctl(kvm, KVM_CREATE_VM, 0), cpu, run_bytes;
	struct kvm_userspace_memory_region region = { .memory_size = GUEST_BYTES };
	struct kvm_sregs sregs;
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_run *run;
	void *memory =
		mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (vm < 0 || memory == MAP_FAILED)
		return 1;
	memcpy(memory, guest_code, sizeof(guest_code));
	region.userspace_addr = (uint64_t)(uintptr_t)memory;
	run_bytes = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	cpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) < 0 || cpu < 0 || run_bytes <= 0)
		return 2;
	run = mmap(NULL, (size_t)run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
	if (run == MAP_FAILED || ioctl(cpu, KVM_GET_SREGS, &sregs) < 0)
		return 3;
	sregs.cs.base = sregs.cs.selector = 0;
	if (ioctl(cpu, KVM_SET_SREGS, &sregs) < 0 || ioctl(cpu, KVM_SET_REGS, &regs) < 0)
		return 4;
	for (unsigned i = 0; i <= GUEST_EXITS; i++) {
		if (ioctl(cpu, KVM_RUN, 0) < 0)
			return 5;
		if (run->exit_reason == KVM_EXIT_HLT)
			return i == GUEST_EXITS ? 0 : 6;
		if (run->exit_reason != KVM_EXIT_IO)
			return 7;
	}
	return 8;
}

// Waits for a child at most |limit_ms|. Its wait status, or -1 after killing it. A child that
// cannot even be killed is left to the system.
static int wait_limited(pid_t pid, int limit_ms)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), status = -1;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd >= 0 && poll(&p, 1, limit_ms) == 1) {
		waitpid(pid, &status, 0);
	} else {
		kill(pid, SIGKILL);
		if (fd >= 0 && poll(&p, 1, 50) == 1)
			waitpid(pid, NULL, 0);
	}
	if (fd >= 0)
		close(fd);
	return status;
}

static bool probe_directly(char *why, size_t why_bytes)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), status;
	pid_t pid;

	if (kvm < 0) {
		snprintf(why, why_bytes, "/dev/kvm cannot be opened: %s", strerror(errno));
		return false;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		_exit(direct_guest(kvm));
	close(kvm);
	status = pid > 0 ? wait_limited(pid, DIRECT_LIMIT_MS) : -1;
	if (status == 0)
		return true;
	if (status == -1)
		snprintf(why, why_bytes, "a guest of a few instructions took more than %d ms",
			 DIRECT_LIMIT_MS);
	else
		snprintf(why, why_bytes, "a guest of a few instructions did not run (step %d)",
			 WEXITSTATUS(status));
	return false;
}

static void probe_arguments(const char *cpu, int kernel_fd, struct strvec *argv)
{
	static const char *const words[] = { "-nodefaults",
					     "-no-user-config",
					     "-display",
					     "none",
					     "-monitor",
					     "none",
					     "-no-reboot",
					     "-M",
					     "microvm,x-option-roms=off,pit=off,pic=off,rtc=off,"
					     "isa-serial=off,auto-kernel-cmdline=off",
					     "-m",
					     "16M",
					     "-accel",
					     "kvm",
					     "-device",
					     "isa-debug-exit,iobase=0xf4,iosize=0x04",
					     NULL };

	strvec_add(argv, qemu_path());
	for (size_t i = 0; words[i]; i++)
		strvec_add(argv, words[i]);
	strvec_add(argv, "-cpu");
	strvec_add(argv, cpu);
	strvec_add(argv, "-kernel");
	strvec_addf(argv, "/proc/self/fd/%d", kernel_fd);
}

static bool probe_qemu(const char *cpu, char *why, size_t why_bytes)
{
	int kernel = memfd_create("ouro-probe", MFD_CLOEXEC), null, status = -1;
	struct strvec argv = { 0 };
	pid_t pid;

	if (kernel < 0 || write(kernel, probe_kernel, sizeof(probe_kernel)) < 0)
		return false;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	probe_arguments(cpu, kernel, &argv);
	pid = qemu_start(&argv, null, &kernel, 1);
	if (pid > 0)
		status = wait_limited(pid, QEMU_LIMIT_MS);
	strvec_free(&argv);
	close(kernel);
	close(null);
	if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == DEBUG_EXIT_OK)
		return true;
	if (status == -1)
		snprintf(why, why_bytes, "QEMU with -cpu %s took more than %d ms", cpu,
			 QEMU_LIMIT_MS);
	else
		snprintf(why, why_bytes, "QEMU with -accel kvm -cpu %s failed", cpu);
	return false;
}

// What the answer depends on, as one line.
static char *circumstances(const char *cpu)
{
	char boot[64] = "",
	     *qemu = strchr(qemu_path(), '/') ? xstrdup(qemu_path()) : spawn_find(qemu_path());
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	struct stat st = { 0 };
	ssize_t n = fd >= 0 ? read(fd, boot, sizeof(boot) - 1) : 0;
	char *line;

	if (fd >= 0)
		close(fd);
	boot[n > 0 ? strcspn(boot, "\n") : 0] = 0;
	if (qemu)
		(void)!stat(qemu, &st);
	line = xprintf("%s %llu %llu %lld %s", boot, (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino, (long long)st.st_mtime, cpu);
	free(qemu);
	return line;
}

// The folder is this user's alone, or nothing is remembered.
static char *memory_path(void)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	char *dir = run && *run == '/' ? xprintf("%s/ouro", run)
				       : xprintf("/tmp/ouro-%u", (unsigned)geteuid());
	char *path = NULL;
	struct stat st;

	mkdir(dir, 0700);
	if (lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & 077) == 0)
		path = xprintf("%s/kvm-probe", dir);
	free(dir);
	return path;
}

// 1: yes, 0: no, -1: not known.
static int recall(const char *path, const char *line)
{
	FILE *f = path ? fopen(path, "re") : NULL;
	char text[512] = "";
	long long when = 0;
	int yes = -1, at = 0;

	if (f && fgets(text, sizeof(text), f) &&
	    sscanf(text, "%d %lld %n", &yes, &when, &at) == 2 && at > 0) {
		text[strcspn(text, "\n")] = 0;
		if (strcmp(text + at, line) || time(NULL) < when || time(NULL) - when > REMEMBER_S)
			yes = -1;
	}
	if (f)
		fclose(f);
	return yes;
}

static void remember(const char *path, const char *line, bool yes)
{
	char *temp = path ? xprintf("%s.%d", path, (int)getpid()) : NULL;
	FILE *f = temp ? fopen(temp, "we") : NULL;

	if (f) {
		fprintf(f, "%d %lld %s\n", yes, (long long)time(NULL), line);
		if (fclose(f) || rename(temp, path))
			unlink(temp);
	}
	free(temp);
}

bool probe_kvm(const char *cpu, bool anew, char *why, size_t why_bytes)
{
	char *line = circumstances(cpu), *path = memory_path();
	int known = anew ? -1 : recall(path, line), yes = 0;

	snprintf(why, why_bytes, "it did not some minutes ago (ouro doctor asks anew)");
	if (known)
		yes = probe_directly(why, why_bytes);
	if (known < 0) {
		yes = yes && probe_qemu(cpu, why, why_bytes);
		remember(path, line, yes);
	}
	free(line);
	free(path);
	return yes;
}
