// The vDSO as bytes in the kernel.
	.section .rodata.vdso, "a"
	.balign 8
	.globl vdso_image, vdso_image_end
vdso_image:
	.incbin "vdso.so"
vdso_image_end:
	.section .note.GNU-stack, "", @progbits
