// ouro build: one bootable file out of a program and the kernel.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/ouro/commands.h"
#include "tools/ouro/diag.h"
#include "tools/ouro/iso.h"
#include "tools/ouro/kernel_elf.h"
#include "tools/ouro/out.h"
#include "tools/ouro/pack.h"

static int write_elf(const struct options *o, const struct kernel_file *k, const struct packed *p,
		     int fd)
{
	return kernel_write_with_image(k, p->fd, p->size_bytes, fd, o->output);
}

static int write_cpio(const struct options *o, const struct kernel_file *k, const struct packed *p,
		      int fd)
{
	struct out out;
	int err, status = 0;

	out_init(&out, fd);
	err = out_copy(&out, p->fd, 0, p->size_bytes);
	if (err == 0)
		err = out_flush(&out);
	if (err < 0)
		status = fail(STATUS_OURO, "cannot write %s: %s", o->output, strerror(-err));
	out_free(&out);
	return status;
}

static int comes_later(const struct options *o, const struct kernel_file *k, const struct packed *p,
		       int fd)
{
	fail(STATUS_OURO, "%s: this kind of output comes with a later version", o->output);
	hint("now there are .elf, .iso and .cpio (the initramfs alone)");
	return STATUS_OURO;
}

typedef int writer_fn(const struct options *o, const struct kernel_file *k, const struct packed *p,
		      int fd);
static const struct {
	const char *ending;
	writer_fn *write;
} outputs[] = {
	{ ".elf", write_elf },   { ".iso", write_iso },     { ".cpio", write_cpio },
	{ ".img", comes_later }, { ".qcow2", comes_later }, { ".tar", comes_later },
};

static writer_fn *find_writer(const char *output)
{
	for (size_t i = 0; i < ARRAY_SIZE(outputs); i++) {
		size_t n = strlen(outputs[i].ending), m = strlen(output);

		if (m > n && strcmp(output + m - n, outputs[i].ending) == 0)
			return outputs[i].write;
	}
	return NULL;
}

// Written beside its place and renamed, so that a failure leaves no half of an image.
static int write_output(const struct options *o, writer_fn *writer, const struct kernel_file *k,
			const struct packed *p)
{
	char *temp = xprintf("%s.tmp.%d", o->output, (int)getpid());
	int fd = open(temp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), status;

	if (fd < 0) {
		status = fail(STATUS_OURO, "cannot write %s: %s", o->output, strerror(errno));
		free(temp);
		return status;
	}
	status = writer(o, k, p, fd);
	if (close(fd) < 0 && status == 0)
		status = fail(STATUS_OURO, "cannot write %s: %s", o->output, strerror(errno));
	if (status == 0 && rename(temp, o->output) < 0)
		status = fail(STATUS_OURO, "cannot write %s: %s", o->output, strerror(errno));
	if (status)
		unlink(temp);
	free(temp);
	return status;
}

int cmd_build(const struct options *o)
{
	struct kernel_file k = { .fd = -1 };
	struct packed p = { .fd = -1 };
	writer_fn *writer;
	int status;

	if (!o->output)
		return fail(STATUS_OURO, "ouro build needs -o OUT (.elf or .iso)");
	writer = find_writer(o->output);
	if (!writer || writer == comes_later)
		return comes_later(o, NULL, NULL, -1);
	status = kernel_open(&k, o->kernel);
	if (status == 0)
		status = pack(o, &p);
	if (status == 0)
		status = write_output(o, writer, &k, &p);
	pack_free(&p);
	kernel_close(&k);
	return status;
}
