#!/usr/bin/env python3
"""Makes the kernel's embedded symbol table: `nm -n` on stdin, assembler source on stdout.

Functions only. The format is described in lib/symtab.h, whose constants are repeated here. Names are
compressed by replacing the most frequent pair of characters by a new one until 256 are in use.
"""
import collections
import struct
import sys

MAGIC, BLOCK, TOKENS = 0x4D59534F, 64, 256
FIRST_TOKEN = 0x100  # code points of merged pairs while compressing


def read_symbols(lines):
    """Sorted [(address, name)] of functions, one per address, and the end of the text."""
    by_address, end = {}, None
    for line in lines:
        fields = line.split()
        if len(fields) != 3:
            continue
        address, kind, name = int(fields[0], 16), fields[1], fields[2]
        if name == "__text_end":
            end = address
        elif kind in "tT" and address >= 1 << 63 and name != "__text_start":
            # Prefer a global name, then the shorter one, then the alphabet: reproducible.
            key = (kind == "t", len(name), name)
            if address not in by_address or key < by_address[address]:
                by_address[address] = key
    symbols = [(a, by_address[a][2]) for a in sorted(by_address) if end is None or a < end]
    return symbols, end if end is not None else (symbols[-1][0] + 1 if symbols else 0)


def compress(names):
    """(compressed names as lists of token numbers, text of each token, number of the first final
    token). A final token ends a name: that end is a newline here and a character like any other,
    but the last of its token."""
    text = "\n".join(names) + "\n"
    singles = sorted(set(text))
    expansion = {c: c for c in singles}
    for code in range(FIRST_TOKEN, FIRST_TOKEN + TOKENS - len(singles)):
        pairs = collections.Counter(zip(text, text[1:]))
        best = max(((n, p) for p, n in pairs.items() if not expansion[p[0]].endswith("\n")),
                   default=(0, None))
        if best[0] < 3:
            break
        a, b = best[1]
        expansion[chr(code)] = expansion[a] + expansion[b]
        text = text.replace(a + b, chr(code))
    order = sorted(expansion, key=lambda c: expansion[c].endswith("\n"))  # stable
    number = {c: i for i, c in enumerate(order)}
    final = sum(not expansion[c].endswith("\n") for c in order)
    compressed = [[]]
    for c in text:
        compressed[-1].append(number[c])
        if number[c] >= final:
            compressed.append([])
    return compressed[:-1], [expansion[c].rstrip("\n") for c in order], final


def leb128(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def make_table(symbols, end):
    if not symbols:
        return b""
    base = symbols[0][0]
    names, tokens, final = compress([name for _, name in symbols])
    blocks, data, previous = bytearray(), bytearray(), 0
    for i, ((address, _), name) in enumerate(zip(symbols, names)):
        if i % BLOCK == 0:
            blocks += struct.pack("<II", address - base, len(data))
            previous = address
        data += leb128(address - previous) + bytes(name)
        previous = address
    area = bytearray()
    for token in tokens:
        area += token.encode("ascii") or b"\0"
        area[-1] |= 0x80
    header = struct.pack("<IIQIIIII", MAGIC, len(symbols), base, len(blocks) // 8, end - base,
                         len(area), len(data), final)
    return header + b"\0" * 4 + blocks + bytes(area) + bytes(data)


def main():
    table = make_table(*read_symbols(sys.stdin))
    print('.section .rodata.symtab,"a"\n.balign 8\n.globl symtab_blob, symtab_blob_end\nsymtab_blob:')
    for i in range(0, len(table), 16):
        print(".byte " + ",".join(str(b) for b in table[i:i + 16]))
    print("symtab_blob_end:\n.section .note.GNU-stack,\"\",@progbits")


if __name__ == "__main__":
    main()
