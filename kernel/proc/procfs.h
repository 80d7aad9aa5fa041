// What /proc and /sys show. Registered as tables; made when looked up.
#pragma once

void procfs_register(void);
