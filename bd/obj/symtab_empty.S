.section .rodata.symtab,"a"
.globl symtab_blob, symtab_blob_end
symtab_blob:
symtab_blob_end:
.section .note.GNU-stack,"",@progbits
