// What sched.c needs of timer.c.
#pragma once

void timer_init_cpu(unsigned cpu);
// The hardware timer of this CPU fired: runs what is due. Interrupts are off.
void timer_interrupt(void);
