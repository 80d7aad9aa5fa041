// Host shadow: the C start-up files of the host have a __data_start of their own.
#pragma once

#define __data_start host_data_start
#include_next "kernel/base/sections.h"
