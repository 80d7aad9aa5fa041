// ouro run: packs what is not packed yet, starts the machine, relays until it ends.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/ouro/commands.h"
#include "tools/ouro/diag.h"
#include "tools/ouro/kernel_elf.h"
#include "tools/ouro/pack.h"
#include "tools/ouro/probe.h"
#include "tools/ouro/qemu.h"
#include "tools/ouro/relay.h"

#define MIB                  (1ull << 20)
#define DEFAULT_MEMORY_BYTES (512 * MIB)
// What the machine itself takes of the memory on top (ACPI tables, firmware), and what is rounded.
#define MICROVM_TAKES_BYTES (32ull << 10)
#define PC_TAKES_BYTES      (512ull << 10)
#define ISO_MAGIC_OFFSET    0x8001

// What is to be run: a program that was packed just now, or an image of ouro build.
struct job {
	struct kernel_file kernel;
	struct packed packed;
	bool is_image;
	bool is_archive; // an image without a kernel (.cpio)
	enum boot_kind boot;
	char *image_path;
	uint64_t memory_needed; // 0: unknown
};

// True if |path| is an image; fills the job.
static bool recognise_image(struct job *j, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint64_t offset, bytes;
	struct stat st;
	char iso[5] = "";
	char *p = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p != MAP_FAILED) {
		if (kernel_find_image(p, (uint64_t)st.st_size, &offset, &bytes) == 0) {
			j->is_image = true;
			j->memory_needed = (uint64_t)st.st_size;
		} else if (pread(fd, iso, 5, ISO_MAGIC_OFFSET) == 5 && !memcmp(iso, "CD001", 5)) {
			j->is_image = true;
			j->boot = BOOT_ISO;
		} else if (st.st_size > 6 && !memcmp(p, "070701", 6)) {
			j->is_image = j->is_archive = true;
			j->packed.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
			j->packed.size_bytes = (uint64_t)st.st_size;
		}
		munmap(p, (size_t)st.st_size);
	}
	if (fd >= 0)
		close(fd);
	if (j->is_image)
		j->image_path = xstrdup(path);
	return j->is_image;
}

static int prepare(const struct options *o, struct job *j)
{
	int status;

	j->packed.fd = -1;
	j->kernel.fd = -1;
	if (!o->rootfs && recognise_image(j, o->words.v[0])) {
		if (j->is_archive)
			return kernel_open(&j->kernel, o->kernel);
		if (j->boot == BOOT_KERNEL)
			return kernel_open(&j->kernel, j->image_path);
		return 0;
	}
	status = kernel_open(&j->kernel, o->kernel);
	if (status == 0)
		status = pack(o, &j->packed);
	return status;
}

// The kernel where it is loaded, the image above it; what lies below the kernel (some 1.6 MiB) is
// the least working memory.
static int choose_memory(const struct options *o, struct job *j, struct machine_spec *m)
{
	uint64_t takes = m->machine == MACHINE_MICROVM ? MICROVM_TAKES_BYTES : PC_TAKES_BYTES;
	uint64_t need = j->kernel.end_pa + j->packed.size_bytes + takes;

	need = ALIGN_UP(need, MIB / 64);
	m->memory_bytes = o->memory_bytes;
	if (!o->memory_bytes)
		m->memory_bytes = MAX(DEFAULT_MEMORY_BYTES, ALIGN_UP(need * 2, MIB));
	if (m->memory_bytes >= need)
		return 0;
	fail(STATUS_OURO,
	     "%llu KiB of memory are too few for this image: it needs at least %llu KiB",
	     (unsigned long long)(m->memory_bytes >> 10), (unsigned long long)(need >> 10));
	hint("the image has %llu KiB; use -m %lluM or more",
	     (unsigned long long)(j->packed.size_bytes >> 10),
	     (unsigned long long)((need + MIB - 1) / MIB));
	return STATUS_OURO;
}

// Quoted for lib/cmdline.h where need be.
static void append_word(struct machine_spec *m, const char *option, const char *value)
{
	bool plain = !strpbrk(value, " \t\n'\"\\") && (*value || *option);
	char *quoted = xcalloc(strlen(value) * 4 + 3, 1), *q = quoted, *longer;

	if (!plain)
		*q++ = '\'';
	for (const char *v = value; *v; v++) {
		if (*v == '\'')
			q = stpcpy(q, "'\\'");
		*q++ = *v;
	}
	if (!plain)
		*q++ = '\'';
	longer = xprintf("%s%s%s%s", m->append ? m->append : "", m->append ? " " : "", option,
			 quoted);
	free(m->append);
	free(quoted);
	m->append = longer;
}

static void make_command_line(const struct options *o, const struct job *j, struct machine_spec *m)
{
	append_word(m, "ouro.ctl=", o->ctl);
	if (o->strace)
		append_word(m, *o->strace ? "ouro.strace=" : "ouro.strace", o->strace);
	if (o->stats)
		append_word(m, "ouro.stats", "");
	if (o->log)
		append_word(m, "ouro.log=", o->log);
	if (o->icount)
		append_word(m, "ouro.seed=", "1");
	if (!j->is_image)
		return;
	for (size_t i = 0; i < o->env.n; i++)
		append_word(m, "ouro.env=", o->env.v[i]);
	for (size_t i = 0; i < o->words.n && o->words.n > 1; i++)
		append_word(m, "", i ? o->words.v[i] : "--");
}

static enum machine choose_machine(const struct options *o, const struct job *j)
{
	if (o->machine != MACHINE_DEFAULT)
		return o->machine;
	return j->boot == BOOT_ISO ? MACHINE_Q35 : MACHINE_MICROVM;
}

static int check_choice(const struct options *o, const struct job *j, const struct machine_spec *m)
{
	if (j->is_image && (o->workdir || o->add.n || (o->kernel && !j->is_archive)))
		return fail(STATUS_OURO,
			    "%s is an image: -w, --add and --kernel belong to ouro build",
			    j->image_path);
	if (j->boot == BOOT_ISO && m->machine == MACHINE_MICROVM)
		return fail(STATUS_OURO, "--machine microvm cannot boot an ISO: use q35 or pc");
	if (j->boot == BOOT_ISO && (o->strace || o->stats || o->log || o->words.n > 1 || o->env.n))
		return fail(STATUS_OURO,
			    "an ISO has its command line inside: --strace, --stats, --log, -e and "
			    "arguments are for programs and .elf images");
	if (o->icount && o->accel == ACCEL_KVM)
		return fail(STATUS_OURO, "--icount counts instructions, which KVM cannot: leave "
					 "--accel kvm out");
	return 0;
}

static int make_spec(const struct options *o, struct job *j, struct machine_spec *m)
{
	int status;

	*m = (struct machine_spec){ .machine = choose_machine(o, j),
				    .boot = j->boot,
				    .kernel = j->is_image && !j->is_archive ? j->image_path
									    : j->kernel.path,
				    .initrd_fd = j->packed.fd,
				    .icount = o->icount,
				    .cpus = o->cpus,
				    .gdb_port = o->gdb_port,
				    .ctl = o->ctl,
				    .ctl_fd = -1,
				    .serial_fd = -1 };
	status = check_choice(o, j, m);
	if (status == 0)
		status = choose_memory(o, j, m);
	make_command_line(o, j, m);
	return status;
}

static int choose_accel(const struct options *o, struct machine_spec *m)
{
	char why[256] = "";

	m->kvm = false;
	m->cpu = "max";
	if (o->icount || o->accel == ACCEL_TCG)
		return 0;
	m->kvm = probe_kvm(PROBE_CPU, false, why, sizeof(why));
	if (m->kvm)
		m->cpu = PROBE_CPU;
	else if (o->accel == ACCEL_KVM) {
		fail(STATUS_OURO, "KVM does not run a plain guest here: %s", why);
		hint("use --accel tcg, or --accel auto to let ouro choose");
		return STATUS_OURO;
	}
	return 0;
}

// A connected pair: QEMU's end is inherited, ours is not.
static int make_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(STATUS_OURO, "cannot make a socket pair: %s", strerror(errno));
	return 0;
}

static int start_and_relay(const struct options *o, struct machine_spec *m)
{
	int ctl[2] = { -1, -1 }, serial[2] = { -1, -1 }, text[2] = { -1, -1 };
	struct relay_setup r = { .tty = o->tty,
				 .show_serial = o->serial,
				 .timeout_ms = o->timeout_ms };
	struct strvec argv = { 0 };

	if (make_pair(ctl) || make_pair(serial) || make_pair(text))
		return STATUS_OURO;
	m->ctl_fd = ctl[1];
	m->serial_fd = serial[1];
	qemu_arguments(m, &argv);
	relay_block_signals();
	r.qemu = qemu_start(&argv, text[1],
			    (int[]){ ctl[1], serial[1], m->initrd_fd >= 0 ? m->initrd_fd : ctl[1] },
			    3);
	strvec_free(&argv);
	close(ctl[1]);
	close(serial[1]);
	close(text[1]);
	if (r.qemu < 0)
		return STATUS_OURO;
	r.ctl_fd = ctl[0];
	r.serial_fd = serial[0];
	r.stderr_fd = text[0];
	return relay_run(&r);
}

static int run_job(const struct options *o, struct job *j)
{
	struct machine_spec m;
	int status = make_spec(o, j, &m);

	if (status == 0)
		status = choose_accel(o, &m);
	if (status == 0 && o->dry_run) {
		struct strvec argv = { 0 };

		m.ctl_fd = 3;
		m.serial_fd = 4;
		qemu_arguments(&m, &argv);
		qemu_print(&argv);
		strvec_free(&argv);
	} else if (status == 0) {
		status = start_and_relay(o, &m);
	}
	free(m.append);
	return status;
}

int cmd_run(const struct options *o)
{
	struct job j = { 0 };
	int status = prepare(o, &j);

	if (status == 0)
		status = run_job(o, &j);
	kernel_close(&j.kernel);
	pack_free(&j.packed);
	free(j.image_path);
	return status;
}
