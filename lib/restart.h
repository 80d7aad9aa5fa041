// Internal results of interrupted calls that must not reach a program (values of Linux
// include/linux/errno.h). Any layer may return them; the signal code turns them into a restart or
// EINTR.
#pragma once

#define ERESTARTSYS           512 // restart if SA_RESTART, else EINTR
#define ERESTARTNOINTR        513 // always restart
#define ERESTARTNOHAND        514 // restart if no handler ran
#define ERESTART_RESTARTBLOCK 516
