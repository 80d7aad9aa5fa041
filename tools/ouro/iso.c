// See iso.h. grub-mkrescue does the work; what is here makes its result the same each time: fixed
// dates and volume id, only the modules that are needed, and a wrapper for mformat (which
// grub-mkrescue calls for the UEFI partition) that fixes the serial number.
#include "tools/ouro/iso.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/ouro/diag.h"
#include "tools/ouro/out.h"
#include "tools/ouro/spawn.h"

#define DEFAULT_EPOCH 1577836800ull // 2020-01-01
#define GRUB_MODULES  "multiboot2 normal iso9660 serial terminal boot part_gpt part_msdos fat"
// The program's console is the control channel if ouro run provides one, else the first UART.
#define KERNEL_OPTIONS "ouro.ctl=auto"

// The working folder and what is in it, in the order in which it is made.
static const char *const folders[] = { "", "/bin", "/iso", "/iso/boot", "/iso/boot/grub" };
static const char *const files[] = { "/bin/mformat",
				     "/iso/boot/kernel.elf",
				     "/iso/boot/image.cpio",
				     "/iso/boot/grub/grub.cfg",
				     "/log",
				     "/out.iso" };
enum { F_MFORMAT, F_KERNEL, F_IMAGE, F_CONFIG, F_LOG, F_ISO };

static char *path_of(const char *dir, unsigned file)
{
	return xprintf("%s%s", dir, files[file]);
}

static char *make_folders(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = xprintf("%s/ouro-iso.XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (!mkdtemp(dir)) {
		fail(STATUS_OURO, "cannot make a working folder %s: %s", dir, strerror(errno));
		free(dir);
		return NULL;
	}
	for (size_t i = 1; i < ARRAY_SIZE(folders); i++) {
		char *path = xprintf("%s%s", dir, folders[i]);

		mkdir(path, 0700);
		free(path);
	}
	return dir;
}

static void remove_folders(char *dir)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char *path = path_of(dir, (unsigned)i);

		unlink(path);
		free(path);
	}
	for (size_t i = ARRAY_SIZE(folders); i-- > 0;) {
		char *path = xprintf("%s%s", dir, folders[i]);

		rmdir(path);
		free(path);
	}
	free(dir);
}

static int create(const char *dir, unsigned file, mode_t mode)
{
	char *path = path_of(dir, file);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0)
		fail(STATUS_OURO, "cannot write %s: %s", path, strerror(errno));
	free(path);
	return fd;
}

static int write_text(const char *dir, unsigned file, mode_t mode, const char *text)
{
	int fd = create(dir, file, mode), status = 0;

	if (fd < 0)
		return STATUS_OURO;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		status = fail(STATUS_OURO, "cannot write in %s: %s", dir, strerror(errno));
	close(fd);
	return status;
}

static int copy_to(int from, uint64_t bytes, int to, const char *name)
{
	struct out out;
	int err;

	out_init(&out, to);
	err = out_copy(&out, from, 0, bytes);
	if (err == 0)
		err = out_flush(&out);
	out_free(&out);
	return err < 0 ? fail(STATUS_OURO, "cannot write %s: %s", name, strerror(-err)) : 0;
}

static int write_parts(const char *dir, const struct kernel_file *k, const struct packed *p)
{
	int fd = create(dir, F_KERNEL, 0600), status;

	if (fd < 0)
		return STATUS_OURO;
	status = kernel_write_with_image(k, -1, 0, fd, "the kernel's copy");
	close(fd);
	if (status)
		return status;
	fd = create(dir, F_IMAGE, 0600);
	if (fd < 0)
		return STATUS_OURO;
	status = copy_to(p->fd, p->size_bytes, fd, "the image's copy");
	close(fd);
	return status;
}

static int write_scripts(const char *dir)
{
	char *mformat = spawn_find("mformat"), *wrapper;
	int status;

	if (!mformat) {
		fail(STATUS_OURO, "mformat is missing: it makes the UEFI part of an ISO");
		hint("Debian: apt-get install mtools");
		return STATUS_OURO;
	}
	wrapper = xprintf("#!/bin/sh\nexec %s -N 6f75726f \"$@\"\n", mformat);
	status = write_text(dir, F_MFORMAT, 0700, wrapper);
	if (status == 0)
		status = write_text(dir, F_CONFIG, 0600,
				    "set timeout=0\n"
				    "multiboot2 /boot/kernel.elf " KERNEL_OPTIONS "\n"
				    "module2 /boot/image.cpio\n"
				    "boot\n");
	free(wrapper);
	free(mformat);
	return status;
}

static unsigned long long epoch(void)
{
	const char *s = getenv("SOURCE_DATE_EPOCH");
	unsigned long long v = s && *s ? strtoull(s, NULL, 10) : 0;

	return v ? v : DEFAULT_EPOCH;
}

static void mkrescue_arguments(const char *dir, struct strvec *argv, struct strvec *env)
{
	const char *path = getenv("PATH");
	unsigned long long t = epoch();
	time_t seconds = (time_t)t;
	char date[32];

	strftime(date, sizeof(date), "%Y%m%d%H%M%S00", gmtime(&seconds));
	strvec_add(env, "TZ=UTC");
	strvec_addf(env, "SOURCE_DATE_EPOCH=%llu", t);
	strvec_addf(env, "PATH=%s/bin:%s", dir, path ? path : "/usr/bin:/bin");
	strvec_add(argv, "grub-mkrescue");
	strvec_add(argv, "--fonts=");
	strvec_add(argv, "--locales=");
	strvec_add(argv, "--themes=");
	strvec_add(argv, "--compress=xz");
	strvec_add(argv, "--install-modules=" GRUB_MODULES);
	strvec_add(argv, "-o");
	strvec_take(argv, path_of(dir, F_ISO));
	strvec_addf(argv, "%s/iso", dir);
	strvec_add(argv, "--");
	strvec_add(argv, "-volume_date");
	strvec_add(argv, "uuid");
	strvec_add(argv, date);
	strvec_add(argv, "-volume_date");
	strvec_add(argv, "all_file_dates");
	strvec_addf(argv, "=%llu", t);
}

static void show_log(const char *dir)
{
	char *path = path_of(dir, F_LOG), line[512];
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		hint("%.*s", (int)strcspn(line, "\n"), line);
	if (f)
		fclose(f);
	free(path);
}

static int run_mkrescue(const char *dir)
{
	struct strvec argv = { 0 }, env = { 0 };
	char *log = path_of(dir, F_LOG);
	int status;

	mkrescue_arguments(dir, &argv, &env);
	status = spawn_wait(&argv, &env, log);
	strvec_free(&argv);
	strvec_free(&env);
	free(log);
	if (status == STATUS_NOT_FOUND) {
		fail(STATUS_OURO, "grub-mkrescue is missing: it makes ISO images");
		hint("Debian: apt-get install grub-common grub-pc-bin grub-efi-amd64-bin xorriso "
		     "mtools");
		return STATUS_OURO;
	}
	if (status == 0)
		return 0;
	fail(STATUS_OURO, "grub-mkrescue failed with status %d:", status);
	show_log(dir);
	return STATUS_OURO;
}

static int copy_result(const char *dir, int fd, const char *out_name)
{
	char *path = path_of(dir, F_ISO);
	int from = open(path, O_RDONLY | O_CLOEXEC), status;
	struct stat st;

	if (from < 0 || fstat(from, &st) < 0)
		status = fail(STATUS_OURO, "grub-mkrescue left no image: %s", strerror(errno));
	else
		status = copy_to(from, (uint64_t)st.st_size, fd, out_name);
	if (from >= 0)
		close(from);
	free(path);
	return status;
}

int write_iso(const struct options *o, const struct kernel_file *k, const struct packed *p, int fd)
{
	char *dir = make_folders();
	int status = STATUS_OURO;

	if (!dir)
		return status;
	status = write_parts(dir, k, p);
	if (status == 0)
		status = write_scripts(dir);
	if (status == 0)
		status = run_mkrescue(dir);
	if (status == 0)
		status = copy_result(dir, fd, o->output);
	remove_folders(dir);
	return status;
}
