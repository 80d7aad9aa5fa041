#!/usr/bin/env python3
"""Where do a program's instructions go? Counts every one by kernel function.

    tools/profile.py [options] PROGRAM [ARG...]

The program runs in QEMU's TCG, one instruction per translated block, so the counts are exact and the
same each time. A static program brackets what is to be counted by two calls of getppid(): the last such
pair counts; without a pair, everything from the kernel's entry on. --lines NAME shows the disassembly of
a function with a count before each instruction. Needs build/ouro, QEMU and nm (objdump for --lines).
"""
import argparse
import bisect
import collections
import os
import re
import subprocess
import sys
import tempfile

TRACE = re.compile(rb"^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/")
KERNEL = 0xFFFFFFFF80000000
MARK = "sys_getppid"


def symbols(kernel):
    found = []
    for line in subprocess.check_output(["nm", "-n", kernel], text=True).splitlines():
        address, kind, name = line.split()
        if kind in "tTwW":
            found.append((int(address, 16), name))
    return found


def run(args, image, take):
    """Runs the image; |take| gets the address of each instruction as bytes of hexadecimal digits."""
    read_end, write_end = os.pipe()
    qemu = subprocess.Popen(
        ["timeout", str(args.timeout), "qemu-system-x86_64", "-M", "microvm,rtc=on", "-nodefaults", "-no-user-config",
         "-display", "none", "-monitor", "none", "-cpu", "max", "-accel", "tcg", "-icount", "shift=0,sleep=off",
         "-m", args.memory, "-no-reboot", "-kernel", image, "-serial", "null", "-seed", "1",
         "-singlestep", "-d", "exec,nochain", "-D", f"/dev/fd/{write_end}"],
        pass_fds=[write_end], stdin=subprocess.DEVNULL)
    os.close(write_end)
    with os.fdopen(read_end, "rb", buffering=1 << 20) as log:
        for line in log:
            match = TRACE.match(line)
            if match:
                take(match.group(1))
    if qemu.wait() == 124:
        sys.exit(f"profile: the program still ran after {args.timeout} s")


class Counter:
    """Counts addresses; at each mark what was counted since the last one is set aside."""

    def __init__(self, mark):
        self.mark = mark
        self.marks = 0
        self.now = collections.Counter()
        self.last = self.now

    def take(self, address):
        if address == self.mark:
            self.marks += 1
            if self.marks % 2 == 0:
                self.last = self.now
            self.now = collections.Counter()
        self.now[address] += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", default="build/kernel.elf")
    parser.add_argument("--ouro", default="build/ouro")
    parser.add_argument("--memory", default="256M")
    parser.add_argument("--timeout", type=int, default=300, metavar="SECONDS")
    parser.add_argument("--top", type=int, default=40, metavar="N")
    parser.add_argument("--lines", action="append", default=[], metavar="FUNCTION")
    parser.add_argument("--add", action="append", default=[], metavar="HOST[:GUEST]", help="as ouro build")
    parser.add_argument("program")
    parser.add_argument("args", nargs=argparse.REMAINDER)
    args = parser.parse_args()

    table = symbols(args.kernel)
    starts = [address for address, _ in table]
    mark = next((f"{address:016x}".encode() for address, name in table if name == MARK), None)
    counter = Counter(mark)
    with tempfile.NamedTemporaryFile(suffix=".elf") as image:
        subprocess.check_call([args.ouro, "build", *(w for a in args.add for w in ("--add", a)), "-o", image.name,
                               args.program, *args.args],
                              stdout=subprocess.DEVNULL)
        run(args, image.name, counter.take)
    counts = counter.last if counter.marks >= 2 else counter.now

    functions = collections.Counter()
    for digits, n in counts.items():
        address = int(digits, 16)
        at = bisect.bisect_right(starts, address) - 1
        functions[table[at][1] if address >= KERNEL and at >= 0 else "(outside the kernel)"] += n
    print(f"{sum(counts.values())} instructions, {'between the last two marks' if counter.marks >= 2 else 'all'}")
    for name, n in functions.most_common(args.top):
        print(f"{n:10} {name}")
    for name in args.lines:
        listing = subprocess.check_output(["objdump", "-d", "--no-show-raw-insn", f"--disassemble={name}",
                                           args.kernel], text=True)
        for line in listing.splitlines():
            match = re.match(r"(ffffffff[0-9a-f]+):", line)
            if match:
                print(f"{counts.get(match.group(1).encode(), ''):>8} {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
