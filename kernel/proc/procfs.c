// What /proc and /sys show.

#include "kernel/proc/procfs.h"

void procfs_register(void)
{
}
