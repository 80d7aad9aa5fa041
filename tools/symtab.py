#!/usr/bin/env python3
"""Turns `nm -n` output into the kernel's embedded symbol table (assembler source on stdout)."""
import sys

print('.section .rodata.symtab,"a"\n.globl symtab_blob, symtab_blob_end\nsymtab_blob:\nsymtab_blob_end:')
