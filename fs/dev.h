// The memory devices and links of /dev.
#pragma once

void dev_init(void); // vfs_init: registers devices and nodes
