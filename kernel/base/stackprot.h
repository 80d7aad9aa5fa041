// The canary that -fstack-protector checks.
#pragma once

#include "lib/compiler.h"

extern uintptr_t __stack_chk_guard;

// Sets the canary. Inline and called once, from a function that never returns: no frame that holds
// the old value may be left. The lowest byte stays 0 to stop string overruns.
static __always_inline_fn void stackprot_set_canary(uint64_t random)
{
	__stack_chk_guard = random & ~0xffull;
}
