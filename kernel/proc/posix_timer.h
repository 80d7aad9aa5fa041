// POSIX timers of a process (timer_create and its family).
#pragma once

#include "kernel/base/types.h"

struct process;
struct siginfo;
struct timer_spec;

struct posix_timer_event { // what counts of struct sigevent
	int notify;        // SIGEV_*
	int sig;
	int tid;
	uint64_t value;
	bool value_is_id; // there was none
};

int __must_check posix_timer_create(int clock, const struct posix_timer_event *ev, int *id);
int __must_check posix_timer_set(int id, bool absolute, const struct timer_spec *new_,
				 struct timer_spec *old);
int __must_check posix_timer_get(int id, struct timer_spec *out);
int posix_timer_overrun(int id); // or -EINVAL
int __must_check posix_timer_delete(int id);
// All of the calling process, at exec and at its end.
void posix_timers_free(struct process *p);
// A signal that a timer sent is being taken: fills in how often it expired since. The sighand lock
// is held.
void posix_timer_signal_taken(struct process *p, struct siginfo *info);
// Such a signal was dropped because it is ignored: a timer that repeats sends it when that ends.
void posix_timer_signal_dropped(struct process *p, const struct siginfo *info);
void posix_timers_unignored(struct process *p, int sig);
