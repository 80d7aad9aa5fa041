// See qemu.h. Which options and why: docs/ouro.md, "The machine".
#include "tools/ouro/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tools/ouro/diag.h"

const char *qemu_path(void)
{
	const char *path = getenv("OURO_QEMU");

	return path && *path ? path : "qemu-system-x86_64";
}

static void add_all(struct strvec *argv, const char *const *words)
{
	for (; *words; words++)
		strvec_add(argv, *words);
}

static void add_machine(const struct machine_spec *m, struct strvec *argv)
{
	// Everything that costs time at power-on and that a guest does not use is off. microvm's
	// real-time clock stays: it gives the date.
	static const char *const types[] = {
		[MACHINE_DEFAULT] = "microvm",
		[MACHINE_MICROVM] = "microvm,x-option-roms=off,pit=off,pic=off,rtc=on,"
				    "auto-kernel-cmdline=off",
		[MACHINE_Q35] = "q35,sata=off,smbus=off,usb=off,vmport=off",
		[MACHINE_PC] = "pc,usb=off,vmport=off",
	};
	// An ISO needs the controller that its drive hangs on.
	const char *type = m->machine == MACHINE_Q35 && m->boot == BOOT_ISO
				   ? "q35,smbus=off,usb=off,vmport=off"
				   : types[m->machine];
	bool large = m->memory_bytes > 16ull << 30;

	strvec_add(argv, "-M");
	strvec_addf(argv, "%s%s", type, large ? ",memory-backend=ram" : "");
	if (large) {
		// More than the host may have: reserve nothing.
		strvec_add(argv, "-object");
		strvec_addf(argv, "memory-backend-ram,id=ram,size=%llu,reserve=off",
			    (unsigned long long)m->memory_bytes);
	}
	strvec_add(argv, "-m");
	strvec_addf(argv, "%lluk", (unsigned long long)(m->memory_bytes >> 10));
	if (m->cpus > 1) {
		strvec_add(argv, "-smp");
		strvec_addf(argv, "%u", m->cpus);
	}
	strvec_add(argv, "-accel");
	strvec_add(argv, m->kvm ? "kvm" : "tcg");
	strvec_add(argv, "-cpu");
	strvec_add(argv, m->cpu);
}

static void add_boot(const struct machine_spec *m, struct strvec *argv)
{
	if (m->boot == BOOT_ISO) {
		strvec_add(argv, "-drive");
		strvec_addf(argv, "file=%s,format=raw,media=cdrom,readonly=on", m->kernel);
		return;
	}
	strvec_add(argv, "-kernel");
	strvec_add(argv, m->kernel);
	if (m->initrd_fd >= 0) {
		strvec_add(argv, "-initrd");
		strvec_addf(argv, "/proc/self/fd/%d", m->initrd_fd);
	}
	if (m->append && *m->append) {
		strvec_add(argv, "-append");
		strvec_add(argv, m->append);
	}
}

static void add_ctl(const struct machine_spec *m, struct strvec *argv)
{
	bool mmio = m->machine == MACHINE_MICROVM;

	if (m->serial_fd >= 0) {
		strvec_add(argv, "-chardev");
		strvec_addf(argv, "socket,id=serial,fd=%d", m->serial_fd);
		strvec_add(argv, "-serial");
		strvec_add(argv, "chardev:serial");
	}
	if (m->ctl_fd < 0)
		return;
	strvec_add(argv, "-chardev");
	strvec_addf(argv, "socket,id=ctl,fd=%d", m->ctl_fd);
	if (strcmp(m->ctl, "uart2") == 0) {
		strvec_add(argv, "-device");
		strvec_add(argv, "isa-serial,index=1,chardev=ctl");
		return;
	}
	if (mmio) {
		strvec_add(argv, "-global");
		strvec_add(argv, "virtio-mmio.force-legacy=false");
	}
	strvec_add(argv, "-device");
	strvec_add(argv, mmio ? "virtio-serial-device,max_ports=1"
			      : "virtio-serial-pci,max_ports=1,disable-legacy=on");
	strvec_add(argv, "-device");
	strvec_add(argv, "virtconsole,chardev=ctl,nr=0");
}

static void add_icount(struct strvec *argv)
{
	static const char *const words[] = { "-icount", "shift=0,sleep=off",
					     "-rtc",    "base=2020-01-01,clock=vm",
					     "-seed",   "1",
					     NULL };

	add_all(argv, words);
}

void qemu_arguments(const struct machine_spec *m, struct strvec *argv)
{
	static const char *const first[] = { "-nodefaults", "-no-user-config",
					     "-display",    "none",
					     "-monitor",    "none",
					     "-no-reboot",  NULL };

	strvec_add(argv, qemu_path());
	add_all(argv, first);
	add_machine(m, argv);
	add_boot(m, argv);
	add_ctl(m, argv);
	if (m->icount)
		add_icount(argv);
	if (m->gdb_port) {
		strvec_add(argv, "-gdb");
		strvec_addf(argv, "tcp:127.0.0.1:%u", m->gdb_port);
		strvec_add(argv, "-S");
	}
}

static bool is_plain(const char *s)
{
	return *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "_-./,:=+@%")] == 0;
}

void qemu_print(const struct strvec *argv)
{
	for (size_t i = 0; i < argv->n; i++) {
		const char *s = argv->v[i];

		if (i)
			putchar(' ');
		if (is_plain(s)) {
			fputs(s, stdout);
			continue;
		}
		putchar('\'');
		for (; *s; s++)
			fputs(*s == '\'' ? "'\\''" : (char[]){ *s, 0 }, stdout);
		putchar('\'');
	}
	putchar('\n');
}

static void child(const struct strvec *argv, pid_t parent, int stderr_fd, const int *keep_fds,
		  unsigned n_keep)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	// The kernel ends QEMU with us; if we ended before this call took effect, end here.
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(STATUS_OURO);
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, 0);
	dup2(null, 1);
	dup2(stderr_fd, 2);
	for (unsigned i = 0; i < n_keep; i++)
		fcntl(keep_fds[i], F_SETFD, 0);
	execvp(argv->v[0], argv->v);
	dprintf(2, "cannot start %s: %s\n", argv->v[0], strerror(errno));
	_exit(STATUS_NOT_FOUND);
}

pid_t qemu_start(const struct strvec *argv, int stderr_fd, const int *keep_fds, unsigned n_keep)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		child(argv, parent, stderr_fd, keep_fds, n_keep);
	if (pid < 0)
		fail(STATUS_OURO, "cannot start %s: %s", argv->v[0], strerror(errno));
	return pid;
}
