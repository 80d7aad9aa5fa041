// Time. The time stamp counter (TSC) is scaled to nanoseconds. Its rate comes from the hypervisor
// (CPUID 0x40000010, kvmclock, CPUID 0x15) or is measured: a first pair (TSC, reference) at
// clock_init, a second one when a clock is first asked for, at least 20 us later - boot has usually
// taken that long, so nothing spins. Over so short a time the error is up to some per cent:
// clock_refine measures again over 100 ms or more and changes the rate without a step.
//
// Until then the reference itself is the clock.
//
// References: the local APIC's timer counts at exactly 1 GHz under QEMU's TCG; else one that
// kernel/init brings (HPET, PM timer); else the PIT. The APIC timer is later used for one-shot
// interrupts, so refinement is against the other ones.
//
// clock.params is read without a lock under a sequence count; clock.lock guards writers.
#include "kernel/base/clock.h"

#include "kernel/base/apic.h"
#include "kernel/base/boottables.h"
#include "kernel/base/clockmath.h"
#include "kernel/base/cpu.h"
#include "kernel/base/cpufeat.h"
#include "kernel/base/lock.h"
#include "kernel/base/log.h"
#include "kernel/base/types.h"

#define TCG_APIC_HZ     1000000000ull
#define KVM_APIC_HZ     1000000000ull
#define MIN_INTERVAL_NS 20000u
#define REFINE_NS       100000000ull
#define PAIR_TRIES      8
#define SPIN_LIMIT      200000u // turns, if the reference should stand still
#define FALLBACK_HZ     1000000000ull

struct sample {
	uint64_t tsc, ref;
};

static struct {
	struct spinlock lock;
	uint32_t seq; // odd while params change
	bool ready;   // params are valid
	bool refined;
	struct clock_params params;
	uint64_t tsc_hz;
	uint64_t known_hz;                  // from the hypervisor; 0: measured
	uint64_t apic_hz;                   // 0: not known yet
	uint64_t init_tsc;                  // at clock_init
	struct clock_reference first, fine; // hz 0: none
	struct sample first_start, fine_start;
	uint32_t apic_loaded; // the APIC timer's last start value,
	uint64_t apic_passed; // and its counts up to then
	uint64_t early_ns;    // the latest time told before |ready|
	bool have_wall;
	uint64_t (*wall)(void);
	void (*changed)(const struct clock_params *);
} clk = { .lock = SPINLOCK_INIT(RANK_CLOCK, "clock") };

// ---- references ----

static uint64_t read_apic(void)
{
	return clk.apic_passed + (clk.apic_loaded - apic_timer_count()); // it counts down
}

// Arms the timer while it is the reference: what it has counted is carried over. The timer must not
// run out before the rate is known (it is armed for milliseconds, the rate takes 20 us).
static void load_reference_apic(uint32_t count)
{
	clk.apic_passed = read_apic();
	clk.apic_loaded = count;
	apic_timer_start(count);
}

#define PIT_HZ      1193182ull
#define PIT_CHANNEL 0x40
#define PIT_COMMAND 0x43

static uint64_t read_pit(void)
{
	cpu_outb(PIT_COMMAND, 0x00); // latch channel 0
	unsigned low = cpu_inb(PIT_CHANNEL);
	unsigned high = cpu_inb(PIT_CHANNEL);
	return 0x10000 - (high << 8 | low); // it counts down
}

// Mode 2 over the full 16 bits: mode 3, the usual one, counts in twos.
static void start_pit(void)
{
	cpu_outb(PIT_COMMAND, 0x34);
	cpu_outb(PIT_CHANNEL, 0);
	cpu_outb(PIT_CHANNEL, 0);
}

static const struct clock_reference apic_reference = { "apic", TCG_APIC_HZ, read_apic, UINT64_MAX };
static const struct clock_reference pit_reference = { "pit", PIT_HZ, read_pit, 0xffff };

// The pair whose reference read took the least time.
static struct sample take_sample(const struct clock_reference *r)
{
	struct sample best = { 0 };
	uint64_t best_width = UINT64_MAX;
	for (unsigned i = 0; i < PAIR_TRIES; i++) {
		uint64_t before = cpu_rdtsc();
		uint64_t ref = r->read();
		uint64_t width = cpu_rdtsc() - before;
		if (width < best_width) {
			best_width = width;
			best = (struct sample){ before + width / 2, ref };
		}
	}
	return best;
}

// ---- what hypervisors say ----

#define MSR_KVM_WALL_CLOCK  0x4b564d00u
#define MSR_KVM_SYSTEM_TIME 0x4b564d01u
#define KVM_FEATURE_CLOCK2  (1u << 3)

// Linux arch/x86/include/asm/pvclock-abi.h.
struct pvclock_time {
	uint32_t version, pad0;
	uint64_t tsc_timestamp, system_time;
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags, pad[2];
};
_Static_assert(sizeof(struct pvclock_time) == 32, "hypervisor ABI");

static bool is_kvm(void)
{
	return cpu_features.hyp_vendor[0] == 'K' && cpu_features.hyp_vendor[1] == 'V' &&
	       cpu_features.hyp_vendor[2] == 'M';
}

static bool is_tcg(void)
{
	return cpu_features.hyp_vendor[0] == 'T' && cpu_features.hyp_vendor[1] == 'C' &&
	       cpu_features.hyp_vendor[2] == 'G';
}

// nanoseconds = (ticks << shift) * mul >> 32, so hz = 10^9 * 2^32 / mul >> shift.
static uint64_t kvmclock_hz(void)
{
	static volatile struct pvclock_time page __aligned_to(32);
	if (!is_kvm() || !(cpu_cpuid(0x40000001, 0).eax & KVM_FEATURE_CLOCK2))
		return 0;
	cpu_wrmsr(MSR_KVM_SYSTEM_TIME, kernel_sym_pa((const void *)&page) | 1);
	uint32_t mul = page.tsc_to_system_mul;
	int shift = page.tsc_shift;
	cpu_wrmsr(MSR_KVM_SYSTEM_TIME, 0);
	if (mul == 0 || shift < -31 || shift > 31)
		return 0;
	uint64_t hz = clock_mul_div(NSEC_PER_SEC, 1ull << 32, mul);
	return shift < 0 ? hz << -shift : hz >> shift;
}

// Crystal frequency and ratio; without a crystal figure, the base frequency (SDM 3B 19.7.3).
static uint64_t cpuid_hz(void)
{
	if (cpu_features.max_leaf < 0x15)
		return 0;
	struct cpuid_regs r = cpu_cpuid(0x15, 0);
	if (r.eax == 0 || r.ebx == 0)
		return 0;
	if (r.ecx)
		return clock_mul_div(r.ecx, r.ebx, r.eax);
	if (cpu_features.max_leaf < 0x16)
		return 0;
	return (uint64_t)(cpu_cpuid(0x16, 0).eax & 0xffff) * 1000000;
}

static uint64_t hypervisor_hz(void)
{
	uint64_t hz = 0;
	if (cpu_features.max_hyp_leaf >= 0x40000010)
		hz = (uint64_t)cpu_cpuid(0x40000010, 0).eax * 1000;
	if (!hz)
		hz = kvmclock_hz();
	return hz ? hz : cpuid_hz();
}

// ---- the parameters ----

static void publish_locked(const struct clock_params *p)
{
	__atomic_store_n(&clk.seq, clk.seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	clk.params = *p;
	__atomic_store_n(&clk.seq, clk.seq + 1, __ATOMIC_RELEASE);
	if (clk.changed && clk.have_wall && p->mult)
		clk.changed(p);
}

static uint64_t ns_at(const struct clock_params *p, uint64_t tsc)
{
	return p->base_ns + clock_scale(tsc - p->base_tsc, p->mult, p->shift);
}

static struct clock_params read_params(void)
{
	for (;;) {
		uint32_t seq = __atomic_load_n(&clk.seq, __ATOMIC_ACQUIRE);
		struct clock_params p = clk.params;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(seq & 1) && __atomic_load_n(&clk.seq, __ATOMIC_RELAXED) == seq)
			return p;
		cpu_relax();
	}
}

// A new rate from |tsc| on, where the clock reads what it read before.
static void set_rate_locked(uint64_t hz, uint64_t tsc)
{
	struct clock_params p = clk.params;
	if (clk.ready) {
		p.base_ns = ns_at(&p, tsc);
		p.base_tsc = tsc;
	}
	clk.tsc_hz = hz;
	clock_rate_to_mult(hz, &p.mult, &p.shift);
	publish_locked(&p);
}

// ---- measuring ----

static uint64_t distance(const struct clock_reference *r, const struct sample *a,
			 const struct sample *b, uint64_t expected)
{
	return clock_unwrap(a->ref, b->ref, r->mask, expected);
}

// The rate against the first reference, once MIN_INTERVAL_NS have passed on it.
static uint64_t measure_first(void)
{
	const struct clock_reference *r = &clk.first;
	uint64_t need = clock_mul_div(MIN_INTERVAL_NS, r->hz, NSEC_PER_SEC);
	for (unsigned i = 0; i < SPIN_LIMIT; i++) {
		if (((r->read() - clk.first_start.ref) & r->mask) < need)
			continue;
		struct sample end = take_sample(r);
		uint64_t ticks = (end.ref - clk.first_start.ref) & r->mask;
		return clock_mul_div(end.tsc - clk.first_start.tsc, r->hz, ticks);
	}
	return 0;
}

static void make_ready(void)
{
	uint64_t irq = spin_lock_irqsave(&clk.lock);
	if (!clk.ready) {
		uint64_t hz = clk.known_hz;
		if (!hz && clk.first.hz)
			hz = measure_first();
		clk.params.base_tsc = clk.init_tsc;
		clk.params.tsc_usable = true;
		set_rate_locked(hz ? hz : FALLBACK_HZ, clk.init_tsc);
		// Never before what was read off the reference.
		struct clock_params p = clk.params;
		uint64_t now = ns_at(&p, cpu_rdtsc());
		if (now < clk.early_ns) {
			p.base_ns = clk.early_ns - now;
			publish_locked(&p);
		}
		__atomic_store_n(&clk.ready, true, __ATOMIC_RELEASE);
	}
	spin_unlock_irqrestore(&clk.lock, irq);
}

static inline void ensure_ready(void)
{
	if (unlikely(!__atomic_load_n(&clk.ready, __ATOMIC_ACQUIRE)))
		make_ready();
}

// The time by the first reference, while that is too young for a rate; 0: it is old enough.
static uint64_t read_early(void)
{
	const struct clock_reference *r = &clk.first;
	if (clk.known_hz || !r->hz)
		return 0;
	uint64_t ns =
		clock_mul_div((r->read() - clk.first_start.ref) & r->mask, NSEC_PER_SEC, r->hz);
	if (ns >= MIN_INTERVAL_NS)
		return 0;
	uint64_t irq = spin_lock_irqsave(&clk.lock);
	if (ns < clk.early_ns)
		ns = clk.early_ns;
	clk.early_ns = ns;
	spin_unlock_irqrestore(&clk.lock, irq);
	return ns + !ns;
}

bool clock_refine(void)
{
	if (clk.refined)
		return true;
	ensure_ready();
	if (clk.known_hz || clk.fine.hz == 0)
		return clk.refined = true;
	uint64_t irq = spin_lock_irqsave(&clk.lock);
	struct sample end = take_sample(&clk.fine);
	uint64_t tsc = end.tsc - clk.fine_start.tsc;
	if (clock_mul_div(tsc, NSEC_PER_SEC, clk.tsc_hz) >= REFINE_NS) {
		uint64_t expected = clock_mul_div(tsc, clk.fine.hz, clk.tsc_hz);
		uint64_t ticks = distance(&clk.fine, &clk.fine_start, &end, expected);
		uint64_t hz = ticks ? clock_mul_div(tsc, clk.fine.hz, ticks) : 0;
		// A counter that stands still or jumps is no reference: more than 10 % is not
		// noise.
		if (hz > clk.tsc_hz / 10 * 9 && hz < clk.tsc_hz / 10 * 11)
			set_rate_locked(hz, cpu_rdtsc());
		clk.refined = true;
	}
	spin_unlock_irqrestore(&clk.lock, irq);
	return clk.refined;
}

bool clock_wants_reference(void)
{
	if (!clk.known_hz)
		clk.known_hz = hypervisor_hz();
	return !clk.known_hz && !is_tcg();
}

// A first look at |r|: false if it does not move within a bounded time.
static bool moves(const struct clock_reference *r)
{
	uint64_t start = r->read();
	for (unsigned i = 0; i < 1000; i++)
		if (r->read() != start)
			return true;
	return false;
}

__cold void clock_init(const struct clock_reference *extra)
{
	bool measured = clock_wants_reference();
	clk.init_tsc = cpu_rdtsc();
	apic_timer_start_counting();
	clk.apic_loaded = UINT32_MAX;
	if (is_tcg() || is_kvm())
		clk.apic_hz = is_tcg() ? TCG_APIC_HZ : KVM_APIC_HZ;
	if (clk.known_hz)
		return;
	start_pit();
	if (extra)
		clk.fine = *extra;
	else if (moves(&pit_reference))
		clk.fine = pit_reference;
	clk.first = measured ? clk.fine : apic_reference;
	if (clk.fine.hz)
		clk.fine_start = take_sample(&clk.fine);
	clk.first_start = measured ? clk.fine_start : take_sample(&clk.first);
}

// ---- reading ----

uint64_t clock_mono_ns(void)
{
	if (unlikely(!__atomic_load_n(&clk.ready, __ATOMIC_ACQUIRE))) {
		uint64_t ns = read_early();
		if (ns)
			return ns;
		make_ready();
	}
	struct clock_params p = read_params();
	uint64_t tsc = cpu_rdtsc();
	// Another CPU may have moved the base past this read.
	return tsc < p.base_tsc ? p.base_ns : ns_at(&p, tsc);
}

uint64_t clock_tsc_hz(void)
{
	ensure_ready();
	return clk.tsc_hz;
}

void clock_set_wall_source(uint64_t (*read_ns)(void))
{
	clk.wall = read_ns;
}

void clock_set_real_ns(uint64_t ns)
{
	uint64_t mono = clock_mono_ns();
	uint64_t irq = spin_lock_irqsave(&clk.lock);
	struct clock_params p = clk.params;
	p.real_offset_ns = ns - mono;
	clk.have_wall = true;
	publish_locked(&p);
	spin_unlock_irqrestore(&clk.lock, irq);
}

static void ensure_wall(void)
{
	if (likely(READ_ONCE(clk.have_wall)))
		return;
	uint64_t ns = clk.wall ? clk.wall() : 0;
	clock_set_real_ns(ns ? ns : clock_mono_ns());
}

uint64_t clock_real_ns(void)
{
	ensure_wall();
	return clock_mono_ns() + read_params().real_offset_ns;
}

void clock_get_params(struct clock_params *out)
{
	ensure_ready();
	ensure_wall();
	*out = read_params();
}

void clock_set_listener(void (*changed)(const struct clock_params *))
{
	uint64_t irq = spin_lock_irqsave(&clk.lock);
	clk.changed = changed;
	spin_unlock_irqrestore(&clk.lock, irq);
}

// ---- the timer ----

// Where nobody tells the APIC timer's rate: its count since clock_init against the TSC. Only before
// the timer is first armed.
static uint64_t apic_timer_hz(void)
{
	if (clk.apic_hz)
		return clk.apic_hz;
	uint64_t tsc, ticks;
	do {
		tsc = cpu_rdtsc() - clk.init_tsc;
		ticks = read_apic();
	} while (clock_mul_div(tsc, NSEC_PER_SEC, clock_tsc_hz()) < MIN_INTERVAL_NS);
	clk.apic_hz = clock_mul_div(ticks, clock_tsc_hz(), tsc);
	return clk.apic_hz;
}

void clock_prepare_cpus(void)
{
	ensure_ready();
	(void)apic_timer_hz();
}

static uint32_t apic_count(uint64_t ns)
{
	uint64_t hz = apic_timer_hz();
	uint64_t count = hz == NSEC_PER_SEC ? ns : clock_mul_div(ns, hz, NSEC_PER_SEC);
	return count == 0 ? 1 : MIN(count, UINT32_MAX);
}

void clock_arm_timer(uint64_t deadline_ns)
{
	if (deadline_ns == UINT64_MAX) {
		ensure_ready();
		apic_timer_start(0);
		return;
	}
	uint64_t now = clock_mono_ns();
	uint64_t ns = deadline_ns > now ? deadline_ns - now : 0;
	if (!clk.ready && clk.first.read == read_apic && ns > REFINE_NS / 100) {
		load_reference_apic(apic_count(ns));
		return;
	}
	ensure_ready();
	apic_timer_start(apic_count(ns));
}
