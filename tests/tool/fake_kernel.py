#!/usr/bin/env python3
"""Writes a file that looks like the kernel to ouro: one segment, an image slot, nothing to run."""
import struct
import sys

VMA, PA, PAGE = 0xFFFFFFFF80000000, 0x200000, 4096
SLOT_MAGIC = 0x746F6C73214F5255
body = b"\xf4\xeb\xfd".ljust(64, b"\0") + struct.pack("<QQQ", SLOT_MAGIC, 0, 0)
header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1".ljust(16, b"\0"), 2, 62, 1, PA, 64, 0, 0,
                     64, 56, 1, 0, 0, 0)
segment = struct.pack("<IIQQQQQQ", 1, 5, PAGE, VMA + PA, PA, len(body), 3 * PAGE, PAGE)
open(sys.argv[1], "wb").write((header + segment).ljust(PAGE, b"\0") + body)
