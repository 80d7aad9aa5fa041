#!/usr/bin/env python3
"""Wall time, plain TCG on microvm, all of it in one run and in turns: compare only within one run.

    tests/bench/wall.py [--build DIR] [--runs N] [--check]

Three medians are compared: QEMU with a kernel that ends at once (start to end), QEMU with the ring
example's image (start to the ring's line, and to the end), and `ouro run` of the ring (start to end:
looking for the libraries, packing, QEMU). Beside each the processor time, which other work on the
machine disturbs less. Nearly all of what the ring costs is QEMU translating code that runs once: of
about 9,000 blocks 4,000 are the program's own dynamic linker and libraries. With --check the limits
are applied: the line at most LINE_MS after what the empty kernel takes, ouro at most OURO_MS more
than its QEMU.
"""
import argparse
import os
import statistics
import struct
import subprocess
import sys
import time

QEMU = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-nodefaults", "-no-user-config",
        "-display", "none", "-monitor", "none", "-no-reboot", "-M",
        "microvm,x-option-roms=off,pit=off,pic=off,rtc=on,auto-kernel-cmdline=off", "-m", "512"]
LINE = b"ring: "
LINE_MS = 20
OURO_MS = 30
LIMIT_S = 60


def write_empty_kernel(path):
    """An ELF file with a PVH entry that ends the machine: lidt with no table, ud2: a triple fault."""
    base = 0x200000
    note = struct.pack("<III4sII", 4, 4, 18, b"Xen\0", 0, 0)
    head = 64 + 2 * 56
    entry = base + head + len(note)
    note = struct.pack("<III4sI", 4, 4, 18, b"Xen\0", entry) + b"\0" * 4
    code = b"\x0f\x01\x1d" + struct.pack("<I", entry + 9) + b"\x0f\x0b" + b"\0" * 6
    size = head + len(note) + len(code)
    elf = struct.pack("<4s12xHHIQQQIHHHHHH", b"\x7fELF", 2, 62, 1, entry, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    elf = elf[:4] + b"\x02\x01\x01" + elf[7:]
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 4096)
    notes = struct.pack("<IIQQQQQQ", 4, 4, head, base + head, base + head, len(note) - 4, len(note) - 4, 4)
    with open(path, "wb") as f:
        f.write(elf + load + notes + note + code)


def run(command, mark=None):
    """Milliseconds: until the mark shows on standard output (no mark: the end), until the end, and of
    processor time."""
    start = time.monotonic()
    with subprocess.Popen(["timeout", str(LIMIT_S), *command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as p:
        at, text = None, b""
        while chunk := os.read(p.stdout.fileno(), 65536):
            text += chunk
            if mark and at is None and mark in text:
                at = time.monotonic()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        end = time.monotonic()
    if p.returncode != 0 or (mark and at is None):
        sys.exit(f"wall: status {p.returncode}, said {text!r}: {' '.join(command)}")
    return 1000 * ((at or end) - start), 1000 * (end - start), 1000 * (usage.ru_utime + usage.ru_stime)


def medians(rows):
    return [statistics.median(column) for column in zip(*rows)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    ouro, folder = os.path.join(args.build, "ouro"), os.path.join(args.build, "bench")
    os.makedirs(folder, exist_ok=True)
    empty, image = os.path.join(folder, "empty-kernel.elf"), os.path.join(folder, "ring.cpio")
    ring = os.path.join(args.build, "examples/ring")
    write_empty_kernel(empty)
    subprocess.run([ouro, "build", ring, "-o", image], check=True)
    kernel = os.path.join(args.build, "kernel.elf")
    serial = ["-chardev", "stdio,id=c,signal=off", "-serial", "chardev:c"]
    bare, ring_run, ouro_run = [], [], []
    for _ in range(args.runs):
        bare.append(run([*QEMU, *serial, "-kernel", empty]))
        ring_run.append(run([*QEMU, *serial, "-kernel", kernel, "-initrd", image], LINE))
        ouro_run.append(run([ouro, "run", "--accel", "tcg", ring], LINE))
    bare, ring_run, ouro_run = medians(bare), medians(ring_run), medians(ouro_run)
    line_ms, ouro_ms = ring_run[0] - bare[1], ouro_run[1] - ring_run[1]
    print(f"wall time, median of {args.runs} (processor time)")
    print(f"  QEMU, a kernel that ends at once  {bare[1]:5.0f} ms ({bare[2]:.0f})")
    print(f"  QEMU start to the ring's line     {ring_run[0]:5.0f} ms: +{line_ms:.0f}")
    print(f"  QEMU start to the ring's end      {ring_run[1]:5.0f} ms ({ring_run[2]:.0f})")
    print(f"  ouro run of the ring              {ouro_run[1]:5.0f} ms ({ouro_run[2]:.0f}): +{ouro_ms:.0f}")
    if args.check and (line_ms > LINE_MS or ouro_ms > OURO_MS):
        sys.exit(f"wall: the limits are +{LINE_MS} and +{OURO_MS} ms")


main()
