// Starting QEMU: its command line for each machine, and the process itself.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "tools/ouro/options.h"

enum boot_kind { BOOT_KERNEL, BOOT_ISO };

// What the machine is made of.
struct machine_spec {
	enum machine machine;
	enum boot_kind boot;
	const char *kernel; // path of the kernel, of an .elf image, or of a disk
	int initrd_fd;      // -1: none
	uint64_t memory_bytes;
	unsigned cpus;
	bool kvm, icount;
	const char *cpu;
	unsigned gdb_port;
	const char *ctl; // "virtio", "uart2"
	int ctl_fd;      // QEMU's ends of the sockets; -1 none
	int serial_fd;
	char *append; // kernel command line
};

const char *qemu_path(void);
void qemu_arguments(const struct machine_spec *m, struct strvec *argv);
// Prints the command as a shell would take it.
void qemu_print(const struct strvec *argv);
// Starts QEMU with |stderr_fd| as its standard error, in a process group of its own; it dies with
// the caller, however that ends. |keep_fds| stay open in it. The pid, or -1 (message printed).
pid_t qemu_start(const struct strvec *argv, int stderr_fd, const int *keep_fds, unsigned n_keep);
