/* The functions of the system calls by number, from syscalls.def: the low halves of their addresses,
 * which sign extension makes whole (C cannot say that in a constant). 0: not implemented, or no such
 * call. */
#define UPPER_HALF	0xffffffff00000000

	.section .rodata.syscall_table, "a"
	.balign	4
	.globl	syscall_table
syscall_table:
#define SLOT_FULL(name)    (sys_##name - UPPER_HALF)
#define SLOT_PARTIAL(name) (sys_##name - UPPER_HALF)
#define SLOT_NOSYS(name)   0
#define SYSCALL(nr, name, status, ...) .org syscall_table + (nr) * 4; .long SLOT_##status(name);
#include "syscall/syscalls.def"
	.section .note.GNU-stack, "", @progbits
