// ouro doctor: what of this host works, what does not, and what to do about it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/ouro/commands.h"
#include "tools/ouro/diag.h"
#include "tools/ouro/kernel_elf.h"
#include "tools/ouro/probe.h"
#include "tools/ouro/qemu.h"
#include "tools/ouro/spawn.h"

static void line(const char *mark, const char *what, const char *text)
{
	printf("%-5s %-22s %s\n", mark, what, text);
}

static bool check_tool(const char *name, const char *purpose, const char *package, bool needed)
{
	char *path = strchr(name, '/') ? xstrdup(name) : spawn_find(name);
	bool found = path && access(path, X_OK) == 0;
	char *advice = xprintf("missing: %s (Debian: apt-get install %s)", purpose, package);

	line(found ? "ok" : needed ? "FAIL" : "note", name, found ? path : advice);
	free(advice);
	free(path);
	return found || !needed;
}

static bool check_kernel(const struct options *o)
{
	struct kernel_file k;
	bool ok = kernel_open(&k, o->kernel) == 0;

	line(ok ? "ok" : "FAIL", "kernel.elf", ok ? k.path : "see above");
	kernel_close(&k);
	return ok;
}

static void check_kvm(void)
{
	char why[256] = "", *text;

	if (probe_kvm(PROBE_CPU, true, why, sizeof(why))) {
		line("ok", "KVM", "runs a plain guest at speed; --accel auto takes it");
		return;
	}
	text = xprintf("%s; --accel auto takes TCG (emulation)", why);
	line("note", "KVM", text);
	free(text);
	if (access("/dev/kvm", F_OK) == 0 && access("/dev/kvm", R_OK | W_OK) < 0)
		line("", "", "to use it: add yourself to the group that owns /dev/kvm");
}

static void check_dynamic_linkers(void)
{
	static const struct {
		const char *path, *what;
	} linkers[] = { { "/lib64/ld-linux-x86-64.so.2", "glibc programs" },
			{ "/lib/ld-musl-x86_64.so.1", "musl programs" } };

	for (size_t i = 0; i < ARRAY_SIZE(linkers); i++)
		if (access(linkers[i].path, R_OK) == 0)
			line("ok", linkers[i].what, linkers[i].path);
		else
			line("note", linkers[i].what,
			     "no dynamic linker on this host; static ones run");
}

int cmd_doctor(const struct options *o)
{
	static const struct {
		const char *name, *purpose, *package;
	} iso_tools[] = {
		{ "grub-mkrescue", "for .iso images",
		  "grub-common grub-pc-bin grub-efi-amd64-bin" },
		{ "xorriso", "for .iso images", "xorriso" },
		{ "mformat", "for .iso images that boot by UEFI", "mtools" },
	};
	bool ok = check_tool(qemu_path(), "runs the machine", "qemu-system-x86", true);

	ok &= check_kernel(o);
	check_kvm();
	check_dynamic_linkers();
	for (size_t i = 0; i < ARRAY_SIZE(iso_tools); i++)
		check_tool(iso_tools[i].name, iso_tools[i].purpose, iso_tools[i].package, false);
	line(ok ? "ok" : "FAIL", "ouro run", ok ? "can start machines" : "cannot work; see above");
	return ok ? 0 : STATUS_OURO;
}
