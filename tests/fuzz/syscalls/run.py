#!/usr/bin/env python3
"""Boots the system call fuzzer with one seed after the other: run.py BUILD PROGRAM [options].

A boot passes if the machine ends in time by the program's own end, whatever that is (a signal, any
status), without a panic. With --leaks also only if free memory is back at the start of each later round:
what rounds leave on purpose (SysV segments, files under other names) is for the reader to tell apart.
The last line is `N passed, N failed`; what failed is shown with the command that repeats it.
"""
import argparse
import re
import subprocess
import sys
import time

ROUND = re.compile(rb"^round (\d+) free (\d+)$", re.M)
LEAK_KIB = 6144  # what one round may leave in caches and in files of random names
TIMEOUT_S = 30
BAD = (124, 125)  # ouro's own: the machine did not end, or not by its program


def boot(args, seed):
    """(complaint or None, command, output)"""
    command = [f"{args.build}/ouro", "run", "--timeout", str(TIMEOUT_S), "-m", args.memory,
               args.program, str(seed), str(args.rounds), str(args.calls), str(seed % 4 + 1)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    out = done.stdout + done.stderr
    free = [int(kib) for _, kib in ROUND.findall(out)]
    if done.returncode in BAD or b"kernel panic" in out:
        return f"ends with {done.returncode}", command, out
    # The first round fills caches (slabs, names, page tables): the others may not lose more.
    if args.leaks and len(free) > 2 and free[1] - min(free[2:]) > LEAK_KIB:
        return f"free memory falls: {free} KiB", command, out
    return None, command, out


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("program")
    p.add_argument("--first", type=int, default=1)
    p.add_argument("--count", type=int, default=12)
    p.add_argument("--seconds", type=float, default=1e9, help="start no boot after this time")
    p.add_argument("--rounds", type=int, default=4)
    p.add_argument("--calls", type=int, default=1500)
    p.add_argument("--memory", default="256M")
    p.add_argument("--leaks", action="store_true", help="compare free memory between rounds")
    args = p.parse_args()
    passed = failed = rounds = 0
    end = time.monotonic() + args.seconds
    for seed in range(args.first, args.first + args.count):
        if time.monotonic() > end:
            break
        complaint, command, out = boot(args, seed)
        rounds += len(ROUND.findall(out))
        if complaint:
            failed += 1
            print(f"seed {seed}: {complaint}\n  {' '.join(command)}")
            print(out[-4000:].decode("latin1"), flush=True)
        else:
            passed += 1
    print(f"{rounds} rounds\n{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
