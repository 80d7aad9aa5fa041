#!/usr/bin/env python3
"""What happens when memory is gone: the answers of Linux, and the comparison with them.

    tests/boot/exhaust.py --golden [--build DIR]

records tests/boot/exhaust.golden from the minimal Linux guest (`make bench-linux`): for each way of
tests/boot/exhaust.c to use memory up and each size of the machine how the program ended, how many
processes the kernel killed, what the program said, and how much it had by then. The boot matrix
compares Ouro with that: all but the amount must be the same, and the amount at least that.
"""
import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "bench"))
from linux_guest import LINUX_WORDS, MINIMAL_MACHINE, MINIMAL_WORDS, QEMU, initramfs  # noqa: E402

MODES = ("write", "fallocate", "one-fallocate", "mmap", "anonymous", "beside-a-larger", "deaths", "tmpfs")
MEMORY = ("32M", "512M")
GOLDEN = os.path.join(HERE, "exhaust.golden")
KILLED = re.compile(r"^(Out of memory: Killed process|ouro: mm: out of memory: killing process) ")
HAD = re.compile(r"^had (\d+) MiB$")


def outcome(status, text, own=""):
    """(amount, the rest) of a run; lines that begin with |own| are the system's."""
    lines = text.replace("\r", "").splitlines()
    had = [int(m.group(1)) for m in map(HAD.match, lines) if m]
    killed = sum(1 for t in lines if KILLED.match(t))
    said = [t for t in lines if t and not HAD.match(t) and not KILLED.match(t) and
            not (own and t.startswith(own))]
    return max(had, default=0), [f"status {status}", f"killed {killed}"] + said


def golden():
    """(mode, memory) to (amount, lines)."""
    found, lines = {}, None
    with open(GOLDEN, encoding="ascii") as f:
        for line in f.read().splitlines():
            if m := re.match(r"^\[(\S+) (\S+): (\d+) MiB\]$", line):
                lines = []
                found[m.group(1), m.group(2)] = (int(m.group(3)), lines)
            else:
                lines.append(line)
    return found


def on_linux(build, initrd, mode, memory):
    kernel = os.path.join(build, "bench/linux-minimal/vmlinux")
    done = subprocess.run([*QEMU, "-M", MINIMAL_MACHINE, "-m", memory, "-accel", "tcg", "-cpu", "max",
                           "-kernel", kernel, "-initrd", initrd,
                           "-append", f"{LINUX_WORDS}{MINIMAL_WORDS} -- {mode}"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=120, check=False)
    text = done.stdout.decode(errors="replace").replace("\r", "")
    status = re.search(r"^status (\d+)$", text, re.M)
    if not status:
        sys.exit(f"{mode} {memory}: no status\n{text}")
    return outcome(status.group(1), re.sub(r"^(status \d+|reboot: .*)$", "", text, flags=re.M))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--golden", action="store_true", required=True)
    args = parser.parse_args()
    work = os.path.join(args.build, "boot")
    os.makedirs(work, exist_ok=True)
    for name in ("exhaust", "linux_init"):
        subprocess.run(["musl-gcc", "-O2", "-static", "-s", "-o", os.path.join(work, name),
                        os.path.join(HERE, name + ".c")], check=True)
    initrd = os.path.join(work, "exhaust.cpio")
    initramfs(initrd, {"init": os.path.join(work, "linux_init"), "program": os.path.join(work, "exhaust")})
    with open(GOLDEN, "w", encoding="ascii") as f:
        for memory in MEMORY:
            for mode in MODES:
                amount, lines = on_linux(args.build, initrd, mode, memory)
                f.write("\n".join([f"[{mode} {memory}: {amount} MiB]", *lines, ""]))


if __name__ == "__main__":
    main()
