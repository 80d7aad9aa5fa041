// sources: kernel/sched/timer.c lib/rbtree.c tests/unit/shim/host_seam.c
// Kernel timers on a clock of the test's own, against a sorted list; several CPUs by impersonation.

#include "kernel/sched/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/base/clock.h"
#include "kernel/base/percpu.h"
#include "kernel/sched/timer_internal.h"
#include "tests/unit/shim/host_seam.h"

#define TIMERS 64

static uint64_t now_ns, hw_ns[4];
static unsigned arms;

uint64_t clock_mono_ns(void)
{
	return now_ns;
}

void clock_arm_timer(uint64_t deadline_ns)
{
	hw_ns[host_cpu()] = deadline_ns;
	arms++;
}

static struct timer timers[TIMERS];
static unsigned fired[TIMERS], order[TIMERS * 4], n_fired;
static struct timer *rearm;

static void fn(struct timer *t)
{
	unsigned i = (unsigned)(t - timers);

	assert_false(t->armed);
	assert_true(t->deadline_ns <= now_ns);
	fired[i]++;
	order[n_fired++] = i;
	if (t == rearm) {
		rearm = NULL;
		timer_arm(t, now_ns + 10);
	}
}

static int setup(void **state)
{
	(void)state;
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		timer_init_cpu(cpu);
		hw_ns[cpu] = UINT64_MAX;
	}
	for (unsigned i = 0; i < TIMERS; i++) {
		timer_init(&timers[i], fn);
		fired[i] = 0;
	}
	now_ns = 1000;
	n_fired = arms = 0;
	return 0;
}

// Time goes on to the hardware's deadline, or |until|.
static void run_until(uint64_t until)
{
	while (hw_ns[0] <= until) {
		now_ns = hw_ns[0] > now_ns ? hw_ns[0] : now_ns;
		hw_ns[0] = UINT64_MAX;
		timer_interrupt();
	}
	now_ns = until;
}

static void fires_in_order(void **state)
{
	(void)state;
	timer_arm(&timers[0], 3000);
	timer_arm(&timers[1], 2000);
	timer_arm(&timers[2], 2500);
	timer_arm(&timers[3], 2500);
	assert_int_equal(hw_ns[0], 2000);
	run_until(2400);
	assert_int_equal(n_fired, 1);
	run_until(5000);
	assert_int_equal(n_fired, 4);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 2); // equal deadlines: as armed
	assert_int_equal(order[2], 3);
	assert_int_equal(order[3], 0);
	assert_int_equal(hw_ns[0], UINT64_MAX);
}

static void programs_the_hardware_only_for_earlier(void **state)
{
	(void)state;
	timer_arm(&timers[0], 2000);
	timer_arm(&timers[1], 3000);
	assert_int_equal(arms, 1);
	assert_true(timer_cancel(&timers[0]));
	assert_false(timer_cancel(&timers[0]));
	assert_int_equal(arms, 1); // the interrupt at 2000 finds nothing, and re-arms
	run_until(2500);
	assert_int_equal(n_fired, 0);
	assert_int_equal(hw_ns[0], 3000);
	run_until(3000);
	assert_int_equal(fired[1], 1);
}

static void moves_when_armed_again(void **state)
{
	(void)state;
	timer_arm(&timers[0], 2000);
	timer_arm(&timers[0], 4000);
	run_until(3000);
	assert_int_equal(fired[0], 0);
	run_until(4000);
	assert_int_equal(fired[0], 1);
	timer_arm(&timers[0], 500); // in the past: at once
	run_until(4000);
	assert_int_equal(fired[0], 2);
}

static void may_arm_itself(void **state)
{
	(void)state;
	rearm = &timers[5];
	timer_arm(&timers[5], 2000);
	run_until(2005);
	assert_int_equal(fired[5], 1);
	assert_true(timers[5].armed);
	run_until(2010);
	assert_int_equal(fired[5], 2);
}

static void moves_between_cpus(void **state)
{
	(void)state;
	timer_arm(&timers[0], 2000);
	host_cpu_impersonate(1);
	timer_arm(&timers[0], 1500);
	assert_int_equal(timers[0].cpu, 1);
	assert_int_equal(hw_ns[1], 1500);
	host_cpu_impersonate(~0u);
	run_until(2000);
	assert_int_equal(fired[0], 0); // not CPU 0's any more
	assert_true(timer_cancel(&timers[0]));
}

static void agrees_with_a_model(void **state)
{
	uint64_t due[TIMERS];

	(void)state;
	for (unsigned i = 0; i < TIMERS; i++)
		due[i] = UINT64_MAX;
	for (int step = 0; step < 20000; step++) {
		unsigned i = (unsigned)host_random_below(TIMERS);

		if (host_random_below(3)) {
			due[i] = now_ns + host_random_below(1000);
			timer_arm(&timers[i], due[i]);
		} else {
			assert_int_equal(timer_cancel(&timers[i]), due[i] != UINT64_MAX);
			due[i] = UINT64_MAX;
		}
		n_fired = 0;
		run_until(now_ns + host_random_below(50));
		for (unsigned k = 0; k < n_fired; k++) {
			assert_true(due[order[k]] <= now_ns);
			due[order[k]] = UINT64_MAX;
		}
		for (unsigned k = 0; k < TIMERS; k++)
			assert_true(due[k] == UINT64_MAX || due[k] > now_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(fires_in_order, setup),
		cmocka_unit_test_setup(programs_the_hardware_only_for_earlier, setup),
		cmocka_unit_test_setup(moves_when_armed_again, setup),
		cmocka_unit_test_setup(may_arm_itself, setup),
		cmocka_unit_test_setup(moves_between_cpus, setup),
		cmocka_unit_test_setup(agrees_with_a_model, setup),
	};

	return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
