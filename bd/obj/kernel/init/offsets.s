	.file	"offsets.c"
	.text
	.section	.text.offsets,"ax",@progbits
	.p2align 4
	.globl	offsets
	.type	offsets, @function
offsets:
#APP
# 13 "kernel/init/offsets.c" 1
	.ascii "=> THREAD_PENDING 0"
# 0 "" 2
#NO_APP
	ret
	.size	offsets, .-offsets
	.ident	"GCC: (Debian 12.2.0-14+deb12u1) 12.2.0"
	.section	.note.GNU-stack,"",@progbits
