// Counters of known frequency that ACPI names: what the time stamp counter is measured against
// where no hypervisor tells its rate.
#pragma once

#include "kernel/base/clock.h"

// The HPET's main counter, else the ACPI PM timer. False: neither is there. Maps the HPET.
bool __must_check clockref_find(struct clock_reference *out);
