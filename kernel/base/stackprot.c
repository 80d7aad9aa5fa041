// The stack protector: the canary and what happens when a function finds it changed.
#include "kernel/base/stackprot.h"

#include "kernel/base/panic.h"

// The compiler's own names (-mstack-protector-guard=global).
uintptr_t __stack_chk_guard = 0x595e9fbd94fda700;
void __noreturn __stack_chk_fail(void);

void __stack_chk_fail(void)
{
	panic("stack protector: a function's frame was overwritten");
}
