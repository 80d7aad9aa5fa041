#!/usr/bin/env python3
"""Runs the steps of `make check` one after the other and adds up what they say.

Usage: check.py LOG-FOLDER JOBS STEP... A step is a make target, or NAME=TARGET VARIABLE=VALUE... as
one word. A step's own last line "N passed, N failed" is taken over; a step without one counts as one.
The output of a step that fails is shown. The last line is the sum, in the same form.
"""
import os
import re
import subprocess
import sys
import time

CLOSING = re.compile(r"(\d+) passed, (\d+) failed")
SHOWN_LINES = 60


def run_step(words, log, jobs):
    """(exit status, output) of one make."""
    argv = ["make", "--no-print-directory", f"-j{jobs}", *words]
    with open(log, "w+", encoding="utf-8", errors="replace") as f:
        code = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=f, stderr=subprocess.STDOUT,
                              check=False).returncode
        f.seek(0)
        return code, f.read()


def main():
    folder, jobs, steps = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.makedirs(folder, exist_ok=True)
    # The steps are makes of their own.
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        os.environ.pop(name, None)
    passed = failed = 0
    broken = []
    for step in steps:
        words = step.split()
        name = words[0]
        if "=" in name:
            name, words[0] = name.split("=", 1)
        log = os.path.join(folder, name + ".log")
        start = time.monotonic()
        code, text = run_step(words, log, jobs)
        found = CLOSING.findall(text)
        p, f = (int(found[-1][0]), int(found[-1][1])) if found else (0, 0)
        if code == 0 and not found:
            p = 1
        if code != 0 and f == 0:
            f = 1
        passed, failed = passed + p, failed + f
        print(f"{'ok' if f == 0 else 'FAIL':4} {name}: {p} passed, {f} failed "
              f"({time.monotonic() - start:.0f} s)", flush=True)
        if f:
            broken.append(name)
            lines = text.splitlines()[-SHOWN_LINES:]
            print("\n".join("     | " + t for t in lines))
            print(f"     whole output: {log}; again: make {' '.join(words)}", flush=True)
    if broken:
        print("failed steps: " + " ".join(broken))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
