// Stack traces. No state, no locks; used by panic, so it must not fail: frames are read with the
// fixups of usercopy.S.
#include "kernel/base/backtrace.h"

#include "kernel/base/log.h"
#include "kernel/base/sections.h"
#include "kernel/base/usercopy.h"
#include "lib/fmt.h"
#include "lib/symtab.h"

#define MAX_FRAMES     32
#define MAX_STACK_SPAN 16384u

int backtrace_format_address(char *buf, size_t size, uint64_t va)
{
	struct symtab_symbol s;
	if (!symtab_lookup(symtab_blob, symtab_blob_end - symtab_blob, va, &s))
		return fmt_snprintf(buf, size, "  %016lx\n", va);
	return fmt_snprintf(buf, size, "  %016lx %s+0x%lx/0x%lx\n", va, s.name, va - s.start_va,
			    s.bytes);
}

static bool is_kernel_text(uint64_t va)
{
	return va >= (uint64_t)__text_start && va < (uint64_t)__text_end;
}

__stack_guarded void backtrace_walk(uint64_t rbp, uint64_t rip, void (*emit)(uint64_t va))
{
	emit(rip);
	for (unsigned i = 0; i < MAX_FRAMES && IS_ALIGNED(rbp, 8); i++) {
		uint64_t frame[2]; // the caller's frame pointer, the return address
		// Only addresses of the kernel's half; a hole there is caught by the copy's fixup.
		if (rbp >> 47 != 0x1ffff ||
		    raw_user_copy(frame, (const void *)rbp, sizeof(frame)) != 0)
			return;
		if (!is_kernel_text(frame[1]))
			return;
		// A byte of the call itself: what follows one that never returns is another
		// function.
		emit(frame[1] - 1);
		if (frame[0] <= rbp || frame[0] - rbp >= MAX_STACK_SPAN)
			return;
		rbp = frame[0];
	}
}

static void log_address(uint64_t va)
{
	char line[SYMTAB_NAME_BYTES + 64];
	backtrace_format_address(line, sizeof(line), va);
	log_error("trace", "%s", line + 2);
}

void backtrace_log(uint64_t rbp, uint64_t rip)
{
	backtrace_walk(rbp, rip, log_address);
}
