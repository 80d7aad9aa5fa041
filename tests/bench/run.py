#!/usr/bin/env python3
"""Runs the benchmark on Ouro and on Linux guests in one go and prints them side by side.

Instruction counts first: every system runs the same static program under
`qemu -accel tcg -cpu max -icount shift=0,sleep=off`, where the time stamp counter advances once per
guest instruction. Then image size, smallest machine, and wall time to main. Needs build/ouro;
columns of Linux guests that `make bench-linux` has not built yet are left out, and said so. Fails
if a row misses its goal beside the minimal guest.
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from linux_guest import LINUX_WORDS, MINIMAL_MACHINE, MINIMAL_WORDS, QEMU, initramfs

ICOUNT = ["-accel", "tcg", "-cpu", "max", "-icount", "shift=0,sleep=off",
          "-rtc", "base=2020-01-01,clock=vm", "-seed", "1"]
MINIMAL = "Linux minimal"

# What a row must cost at most, as a part of the minimal Linux guest's instructions.
HALF = 2.0
GOALS = dict.fromkeys((
    "fork_exit_wait_4m", "fork_exit_wait_400m", "vfork_exec_wait", "process_switch_pipe",
    "process_switch_futex", "unix_stream_roundtrip", "unix_dgram_roundtrip", "unix_stream_64k",
    "unix_pass_memfd"), HALF)


def run(command, timeout):
    """Standard output and wall seconds; a hang is an error, not a number."""
    start = time.monotonic()
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout)
    except subprocess.TimeoutExpired:
        sys.exit("bench: no end after %d s: %s" % (timeout, " ".join(command)))
    return done.stdout.decode(errors="replace"), time.monotonic() - start


def rows_of(text):
    rows = {}
    for name, value in re.findall(r"BENCH (\w+) (FAIL \d+|[\d.]+)", text):
        rows[name] = value if value.startswith("FAIL") else float(value)
    return rows


class Ouro:
    name = "Ouro"

    def __init__(self, args):
        self.args = args

    def counts(self, program):
        text, _ = run([self.args.ouro, "run", "--icount", "--machine", "microvm", "-m", "512M",
                       "--add", self.args.leave + ":/leave", program] + self.args.row,
                      self.args.timeout)
        return rows_of(text)

    def wall(self, program, memory="512M", timeout=60):
        return run([self.args.ouro, "run", "--accel", "tcg", "--machine", "microvm", "-m", memory,
                    program], timeout)

    def entry_ticks(self, program):
        """Time stamp counter at the kernel's first instruction, as the kernel recorded it."""
        done = subprocess.run([self.args.ouro, "run", "--icount", "--machine", "microvm",
                               "-m", "512M", "--stats", program], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        found = re.search(rb"entry_tsc[ =]+(\d+)", done.stderr)
        return int(found.group(1)) if found else None


class Linux:
    def __init__(self, args, name, kernel, machine, words, memory="512M"):
        self.args, self.name, self.kernel = args, name, kernel
        self.machine, self.words, self.memory = machine, words, memory

    def command(self, program, extra, memory=None):
        initrd = os.path.join(self.args.work, os.path.basename(program) + ".cpio")
        if not os.path.exists(initrd):
            initramfs(initrd, {"init": program, "leave": self.args.leave})
        return QEMU + ["-M", self.machine, "-m", memory or self.memory] + extra + [
            "-kernel", self.kernel, "-initrd", initrd, "-append", self.words]

    def counts(self, program):
        text, _ = run(self.command(program, ICOUNT), self.args.timeout)
        return rows_of(text)

    def wall(self, program, memory=None, timeout=60):
        return run(self.command(program, ["-accel", "tcg", "-cpu", "max"], memory), timeout)


def systems(args):
    found = [Ouro(args)]
    minimal = os.path.join(args.linux, "linux-minimal/vmlinux")
    cloud = os.path.join(args.linux, "linux-cloud/vmlinuz")
    if os.path.exists(minimal):
        found.append(Linux(args, MINIMAL, minimal, MINIMAL_MACHINE,
                           LINUX_WORDS + MINIMAL_WORDS))
    if os.path.exists(cloud) and not args.quick:
        found.append(Linux(args, "Linux cloud", cloud, "pc", LINUX_WORDS))
    if len(found) == 1:
        print("bench: no Linux guest to compare with; build them once with `make bench-linux`")
    return found


def print_table(title, names, rows):
    width = max(len(r[0]) for r in rows + [(title,)])
    print("\n%-*s" % (width, title) + "".join("%24s" % n for n in names))
    for row in rows:
        print("%-*s" % (width, row[0]) + "".join("%24s" % c for c in row[1:]))


def shown(value, base):
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    text = "{:,.0f}".format(value)
    return text if base is None or not base else "%s (x%.2f)" % (text, value / base)


def against_goal(name, ours, theirs):
    """The last column: what is asked of a row and whether it is so."""
    if name not in GOALS:
        return ""
    met = isinstance(ours, float) and isinstance(theirs, float) and theirs >= GOALS[name] * ours
    return "x%.2f %s" % (GOALS[name], "met" if met else "MISSED")


def print_counts(args, all_systems):
    """The table of instruction counts. True if no goal was missed."""
    results = [s.counts(args.program) for s in all_systems]
    order = list(dict.fromkeys(name for r in results for name in r))
    minimal = next((r for s, r in zip(all_systems, results) if s.name == MINIMAL), None)
    rows = []
    for name in order:
        base = results[0].get(name)
        base = base if isinstance(base, float) else None
        rows.append([name, shown(base if base is not None else results[0].get(name), None)] +
                    [shown(r.get(name), base) for r in results[1:]] +
                    ([against_goal(name, base, minimal.get(name))] if minimal else []))
    print_table("guest instructions per operation",
                [s.name for s in all_systems] + (["goal"] if minimal else []), rows)
    entry = all_systems[0].entry_ticks(args.hello)
    if entry is not None and "main_tsc" in results[0]:
        print("Ouro: kernel entry to main of this program: {:,.0f} instructions"
              .format(results[0]["main_tsc"] - entry))
    return not any(row[-1].endswith("MISSED") for row in rows)


def smallest_memory(works, low, high):
    """Least MiB in [low, high] for which works(mib), or None."""
    if not works(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if works(middle):
            high = middle
        else:
            low = middle + 1
    return high


def print_memory(args, all_systems):
    def fits(system, program, mark):
        def works(mib):
            try:
                return mark in system.wall(program, "%dM" % mib, timeout=10)[0]
            except SystemExit:  # too little memory shows as a hang on some systems
                return False
        return works
    rows = []
    for label, program, mark in (("static hello", args.hello, "hello"),
                                 ("dynamic C++ ring", args.ring, "ring")):
        row = [label]
        for s in all_systems:
            if isinstance(s, Linux) and program != args.hello:
                row.append("-")
                continue
            mib = smallest_memory(fits(s, program, mark), 2, 96)
            row.append("-" if mib is None else "%d MiB" % mib)
        rows.append(row)
    print_table("smallest machine", [s.name for s in all_systems], rows)


def print_sizes(args, all_systems):
    row = ["kernel, stripped"]
    for s in all_systems:
        kernel = args.kernel if isinstance(s, Ouro) else s.kernel
        stripped = os.path.join(args.work, "stripped")
        if subprocess.run(["strip", "-o", stripped, kernel], stderr=subprocess.DEVNULL).returncode:
            stripped = kernel
        row.append("%d KiB" % ((os.path.getsize(stripped) + 1023) // 1024))
    print_table("image", [s.name for s in all_systems], [row])


def print_wall(args, all_systems):
    row = ["static hello, QEMU's own start and end included"]
    for s in all_systems:
        times = [s.wall(args.hello)[1] for _ in range(5)]
        row.append("%.0f ms" % (1000 * statistics.median(times)))
    print_table("wall time (median of 5; noisy, compare only within one run)",
                [s.name for s in all_systems], [row])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ouro", default="build/ouro")
    parser.add_argument("--kernel", default="build/kernel.elf")
    parser.add_argument("--linux", default="build/bench", help="where bench-linux built the guests")
    parser.add_argument("--program", default="build/bench/ubench")
    parser.add_argument("--hello", default="build/bench/hello")
    parser.add_argument("--leave", default="build/bench/leave", help="what vfork_exec_wait runs")
    parser.add_argument("--ring", default="build/examples/ring")
    parser.add_argument("--timeout", type=int, default=600)
    parser.add_argument("--quick", action="store_true", help="counts only, without the cloud kernel")
    parser.add_argument("row", nargs="*", help="rows to run (Ouro only); all by default")
    args = parser.parse_args()
    args.work = tempfile.mkdtemp(prefix="ouro-bench-")
    try:
        found = systems(args)
        met = print_counts(args, found)
        if not args.quick:
            print_sizes(args, found)
            print_memory(args, found)
            print_wall(args, found)
    finally:
        shutil.rmtree(args.work, ignore_errors=True)
    sys.exit(0 if met else "bench: a goal was missed")


main()
