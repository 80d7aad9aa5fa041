// The end of the machine after a broken invariant: one text, built in a static buffer, that goes to
// the first UART and to the host's channel. A failure inside it sends what there is of the text and
// ends the machine; a failure of that, without more words.
#include "kernel/base/panic.h"

#include "kernel/base/backtrace.h"
#include "kernel/base/cpu.h"
#include "kernel/base/earlycon.h"
#include "lib/fmt.h"

// One panic at a time; |depth| counts entries, the first one owns the rest.
static struct {
	unsigned depth;
	size_t bytes;
	struct panic_handlers handlers;
	char text[3072];
} report;

void panic_set_handlers(const struct panic_handlers *h)
{
	report.handlers = *h;
}

bool panic_in_progress(void)
{
	return READ_ONCE(report.depth) != 0;
}

static void add_va(const char *fmt, va_list ap)
{
	size_t room = sizeof(report.text) - report.bytes;
	int n = fmt_vsnprintf(report.text + report.bytes, room, fmt, ap);
	report.bytes += MIN((size_t)n, room - 1);
}

static void __printf_like(1, 2) add(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add_va(fmt, ap);
	va_end(ap);
}

static __stack_guarded void add_address(uint64_t va)
{
	if (sizeof(report.text) - report.bytes < 256)
		return;
	report.bytes += backtrace_format_address(report.text + report.bytes,
						 sizeof(report.text) - report.bytes, va);
}

static void add_registers(const struct pt_regs *r)
{
	add("rip %016lx  cs %lx  rflags %08lx  rsp %016lx  ss %lx\n", r->rip, r->cs, r->rflags,
	    r->rsp, r->ss);
	add("rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", r->rax, r->rbx, r->rcx, r->rdx);
	add("rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx\n", r->rsi, r->rdi, r->rbp, r->r8);
	add("r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx\n", r->r9, r->r10, r->r11, r->r12);
	add("r13 %016lx  r14 %016lx  r15 %016lx\n", r->r13, r->r14, r->r15);
}

static void send(void)
{
	earlycon_write(report.text);
	if (report.handlers.report)
		report.handlers.report(report.text, report.bytes);
}

static void __noreturn end_machine(void)
{
	if (report.handlers.end)
		report.handlers.end();
	for (;;)
		cpu_halt();
}

// Called first: interrupts off, and a panic within a panic only tells how far the report came.
static void begin(void)
{
	cpu_irq_disable();
	unsigned before = __atomic_fetch_add(&report.depth, 1, __ATOMIC_SEQ_CST);
	if (before == 1) {
		add("ouro: panic within the panic report\n");
		send();
	}
	if (before >= 1)
		end_machine();
}

static void __noreturn finish(const struct pt_regs *regs, uint64_t rbp, uint64_t rip)
{
	add("cr0 %08lx  cr2 %016lx  cr3 %016lx  cr4 %08lx\n", cpu_read_cr0(), cpu_read_cr2(),
	    cpu_read_cr3(), cpu_read_cr4());
	if (regs)
		add_registers(regs);
	add("backtrace:\n");
	backtrace_walk(rbp, rip, add_address);
	send();
	end_machine();
}

void panic(const char *fmt, ...)
{
	begin();
	add("ouro: kernel panic: ");
	va_list ap;
	va_start(ap, fmt);
	add_va(fmt, ap);
	va_end(ap);
	add("\n");
	const uint64_t *frame = __builtin_frame_address(0);
	finish(NULL, frame[0], frame[1]);
}

void panic_regs(const struct pt_regs *regs, const char *fmt, ...)
{
	begin();
	add("ouro: kernel panic: ");
	va_list ap;
	va_start(ap, fmt);
	add_va(fmt, ap);
	va_end(ap);
	add("\n");
	finish(regs, regs->rbp, regs->rip);
}
