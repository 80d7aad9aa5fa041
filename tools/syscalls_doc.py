#!/usr/bin/env python3
"""Writes docs/syscalls.md from syscall/syscalls.def; --check fails if the file is stale."""
import re
import sys

DEF = "syscall/syscalls.def"
DOC = "docs/syscalls.md"
LINE = re.compile(r'SYSCALL\((\d+),\s*(\w+),\s*(FULL|PARTIAL|NOSYS),\s*(\d+),\s*(.*)"(.*)"\)$')


def calls(text):
    """Yields (number, name, status, [(kind, argument)], note)."""
    for line in text.splitlines():
        if not line.startswith("SYSCALL("):
            continue
        match = LINE.match(line)
        if not match:
            sys.exit(f"{DEF}: cannot read: {line}")
        nr, name, status, count, args, note = match.groups()
        words = [w for w in args.split(", ") if w.strip(", ")]
        pairs = list(zip(words[::2], [w.strip(", ") for w in words[1::2]]))
        if len(pairs) != int(count):
            sys.exit(f"{DEF}: {name} says {count} arguments and has {len(pairs)}")
        yield int(nr), name, status, pairs, note


def render(rows):
    total = {s: sum(1 for r in rows if r[2] == s) for s in ("FULL", "PARTIAL", "NOSYS")}
    out = [
        "# System calls",
        "",
        f"Made by `tools/syscalls_doc.py` from `{DEF}`: do not edit. The interface is that of Linux 6.18",
        "on x86-64. FULL answers as Linux does; PARTIAL answers truly, but the note says what is missing;",
        "NOSYS returns -ENOSYS, as a Linux built without the call, and is named once on the kernel log.",
        "",
        f"{total['FULL']} full, {total['PARTIAL']} partial, {total['NOSYS']} not there.",
        "",
        "| number | call | status | note |",
        "|--:|--|--|--|",
    ]
    for nr, name, status, pairs, note in rows:
        args = ", ".join(a for _, a in pairs)
        out.append(f"| {nr} | `{name}({args})` | {status} | {note} |")
    return "\n".join(out) + "\n"


def main():
    with open(DEF) as f:
        rows = list(calls(f.read()))
    numbers = [r[0] for r in rows]
    if numbers != sorted(set(numbers)):
        sys.exit(f"{DEF}: numbers must rise")
    text = render(rows)
    if "--check" in sys.argv:
        with open(DOC) as f:
            if f.read() != text:
                sys.exit(f"{DOC} is stale: run tools/syscalls_doc.py")
        return
    with open(DOC, "w") as f:
        f.write(text)


main()
