// See sigframe_host.h.
#include "tests/unit/sigframe_host.h"

#include <signal.h>
#include <string.h>
#include <sys/ucontext.h>

#define ALT_BYTES 65536

static struct host_frame *result;
static char alt[ALT_BYTES] __attribute__((aligned(16)));

static void handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uint32_t extended_size;

	(void)sig;
	(void)info;
	result->interrupted_sp = (uint64_t)uc->uc_mcontext.gregs[REG_RSP];
	result->frame = (uint64_t)uc - 8;
	result->fpstate = (uint64_t)uc->uc_mcontext.fpregs;
	// struct _fpx_sw_bytes at byte 464: magic1, extended_size.
	memcpy(&extended_size, (char *)uc->uc_mcontext.fpregs + 468, sizeof(extended_size));
	result->fpu_bytes = extended_size;
}

void host_take_signal(struct host_frame *out, bool on_altstack)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO }, old;
	stack_t ss = { .ss_sp = alt, .ss_size = ALT_BYTES }, old_ss;

	memset(out, 0, sizeof(*out));
	result = out;
	sigaltstack(&ss, &old_ss);
	if (on_altstack)
		sa.sa_flags |= SA_ONSTACK;
	sigaction(SIGUSR1, &sa, &old);
	raise(SIGUSR1);
	sigaction(SIGUSR1, &old, NULL);
	sigaltstack(&old_ss, NULL);
	out->alt_sp = (uint64_t)alt;
	out->alt_bytes = ALT_BYTES;
}
