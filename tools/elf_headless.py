#!/usr/bin/env python3
"""Takes the section headers off a stripped ELF file in place: what is loaded does not need them.

Usage: elf_headless.py FILE. (objcopy learned it, as --strip-section-headers, in binutils 2.41.)
"""
import struct
import sys


def main():
    with open(sys.argv[1], "rb") as f:
        elf = bytearray(f.read())
    phoff, = struct.unpack_from("<Q", elf, 32)
    phentsize, phnum = struct.unpack_from("<HH", elf, 54)
    end = phoff + phnum * phentsize
    for i in range(phnum):
        offset, _, _, filesz = struct.unpack_from("<QQQQ", elf, phoff + i * phentsize + 8)
        end = max(end, offset + filesz)
    struct.pack_into("<Q", elf, 40, 0)  # e_shoff
    struct.pack_into("<HHH", elf, 58, 0, 0, 0)  # e_shentsize, e_shnum, e_shstrndx
    with open(sys.argv[1], "wb") as f:
        f.write(elf[:end])


main()
