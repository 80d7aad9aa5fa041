// The end of the machine after a broken invariant: one text, built in a static buffer, that goes to
// the first UART and to the host's channel. A failure inside it sends what there is of the text and
// ends the machine; a failure of that, without more words.
#include "kernel/base/panic.h"

#include "kernel/base/backtrace.h"
#include "kernel/base/cpu.h"
#include "kernel/base/earlycon.h"
#include "kernel/base/percpu.h"
#include "lib/fmt.h"

#define STOP_WAIT_TSC 200000000ull // for another CPU's backtrace: a tenth of a second or so
#define OTHER_ROOM    400u         // bytes that are left for what follows

// One panic at a time; |depth| counts entries, the first one owns the rest. The other CPUs are
// stopped one after the other, by NMI: each adds its backtrace while it is its turn.
static struct {
	unsigned depth;
	unsigned owner; // CPU + 1
	unsigned turn;  // CPU that may add to the text now; ~0: none
	size_t bytes;
	struct panic_handlers handlers;
	char text[4096];
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

static void __noreturn halt_here(void)
{
	for (;;)
		cpu_halt(); // the NMI that asks for a backtrace comes through
}

// Called first: interrupts off, and a panic within a panic only tells how far the report came. One
// on another CPU at the same time waits for its turn.
static void begin(void)
{
	cpu_irq_disable();
	unsigned owner = 0;
	if (!__atomic_compare_exchange_n(&report.owner, &owner, this_cpu_id() + 1, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) &&
	    owner != this_cpu_id() + 1)
		halt_here();
	unsigned before = __atomic_fetch_add(&report.depth, 1, __ATOMIC_SEQ_CST);
	if (before == 1) {
		add("ouro: panic within the panic report\n");
		send();
	}
	if (before >= 1)
		end_machine();
}

// In an NMI on another CPU.
void panic_nmi(const struct pt_regs *regs)
{
	if (__atomic_load_n(&report.turn, __ATOMIC_ACQUIRE) == this_cpu_id()) {
		add("CPU %u was at:\n", this_cpu_id());
		backtrace_walk(regs->rbp, regs->rip, add_address);
		__atomic_store_n(&report.turn, ~0u, __ATOMIC_RELEASE);
	}
	halt_here();
}

static void stop_others(void)
{
	uint64_t others = cpu_running_mask() & ~(1ull << this_cpu_id());
	for (; report.handlers.send_nmi && others; others &= others - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(others);
		uint64_t start = cpu_rdtsc();
		bool room = sizeof(report.text) - report.bytes > OTHER_ROOM;
		__atomic_store_n(&report.turn, room ? cpu : ~0u, __ATOMIC_RELEASE);
		report.handlers.send_nmi(cpu);
		while (__atomic_load_n(&report.turn, __ATOMIC_ACQUIRE) == cpu &&
		       cpu_rdtsc() - start < STOP_WAIT_TSC)
			cpu_relax();
	}
	__atomic_store_n(&report.turn, ~0u, __ATOMIC_RELEASE); // too late for the others
}

static void __noreturn finish(const struct pt_regs *regs, uint64_t rbp, uint64_t rip)
{
	add("cr0 %08lx  cr2 %016lx  cr3 %016lx  cr4 %08lx\n", cpu_read_cr0(), cpu_read_cr2(),
	    cpu_read_cr3(), cpu_read_cr4());
	if (regs)
		add_registers(regs);
	add("backtrace:\n");
	backtrace_walk(rbp, rip, add_address);
	stop_others();
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
