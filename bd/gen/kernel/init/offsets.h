// Made from kernel/init/offsets.c.
#pragma once
#define THREAD_PENDING 0
