// Job control: terminals, sessions and foreground groups.
#pragma once

struct process;

void jobctl_init(void); // proc_init: the hooks of fs/tty.h
// The leader of a session is ending: its terminal hangs up.
void jobctl_session_ended(struct process *p);
// A kernel signal to all of a group. Any context.
void jobctl_signal_group(int pgrp, int sig);
