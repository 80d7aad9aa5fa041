#!/usr/bin/env python3
"""Size of the kernel: sections of the linked image, and what each layer and object brings.

Usage: size.py BUILD [LIMIT-KIB] reads BUILD/kernel.elf, kernel.stripped.elf and kernel.map. Fails
if the stripped file is over the limit.
"""
import collections
import os
import re
import subprocess
import sys


def sections(path):
    out = subprocess.run(["readelf", "-SW", path], stdout=subprocess.PIPE, check=True, text=True).stdout
    for line in out.splitlines():
        m = re.match(r"\s*\[\s*\d+\] (\.\S+)\s+(\S+)\s+([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+) \S+\s+(\S*)", line)
        if m and "A" in m.group(5):
            yield m.group(1), m.group(2), int(m.group(4), 16)


def by_object(map_path, memory_only):
    """{object: bytes} of what the linker kept, from its map: of the file, or of .bss."""
    sizes = collections.Counter()
    with open(map_path, encoding="utf-8", errors="replace") as f:
        text = f.read()
    text = text[text.find("Linker script and memory map"):]
    text = re.sub(r"\n (\.\S+)\n\s+(?=0x)", r"\n \1 ", text)
    for m in re.finditer(r"^ (\.\S+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$", text, re.M):
        if int(m.group(2), 16) >= 0x200000 and m.group(1).startswith(".bss") == memory_only:
            sizes[m.group(4)] += int(m.group(3), 16)
    return sizes


def main():
    build = sys.argv[1]
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    layers = collections.Counter()
    for name, kind, size in sections(f"{build}/kernel.elf"):
        print(f"{size:9}  {name}{' (memory only)' if kind == 'NOBITS' else ''}")
    objects = by_object(f"{build}/kernel.map", False)
    memory = by_object(f"{build}/kernel.map", True)
    for path, size in objects.items():
        layers[os.path.dirname(path.split("/obj/", 1)[-1])] += size
    for layer, size in layers.most_common():
        print(f"{size:9}  {layer or 'symbol table'}/")
    for path, size in objects.most_common(12):
        print(f"{size:9}      {path.split('/obj/', 1)[-1]}")
    for path, size in memory.most_common(6):
        print(f"{size:9}      {path.split('/obj/', 1)[-1]} (memory only)")
    total = os.path.getsize(f"{build}/kernel.stripped.elf")
    print(f"{total:9}  stripped file ({total / 1024:.0f} KiB, at most {limit})")
    return 1 if total > limit * 1024 else 0


sys.exit(main())
