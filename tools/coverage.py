#!/usr/bin/env python3
"""Line coverage of kernel folders by the host tests, from gcov's data; fails under the floor.

Usage: coverage.py --objects BUILD/coverage/obj --floor 90 FOLDER... Lines inside functions with a
comment "no coverage on the host (reason)" right above them are not counted: inter-processor
interrupts and assembler cannot run there. A source file without any data counts as uncovered.
"""
import argparse
import collections
import glob
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

EXCUSE = re.compile(r"no coverage on the host \(.+\)")


def gcov_lines(objects):
    """{source: {line: executed}} over all objects, and functions of each source."""
    lines = collections.defaultdict(dict)
    data = [os.path.abspath(p) for p in glob.glob(f"{objects}/**/*.gcda", recursive=True)]
    if not data:
        sys.exit("coverage: no data; run the tests with COVERAGE=1 first")
    with tempfile.TemporaryDirectory() as work:
        for i in range(0, len(data), 20):
            subprocess.run(["gcov", "--json-format", "--preserve-paths", *data[i:i + 20]], cwd=work,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            for path in glob.glob(f"{work}/*.gcov.json.gz"):
                with gzip.open(path) as f:
                    for source in json.load(f)["files"]:
                        add(lines[os.path.normpath(source["file"])], source["lines"])
                os.unlink(path)
    return lines


def add(into, rows):
    for row in rows:
        n = row["line_number"]
        into[n] = into.get(n, False) or row["count"] > 0


def excused(path):
    """Line numbers of functions that cannot run on the host, by their comment."""
    with open(path, encoding="utf-8") as f:
        text = f.read().splitlines()
    skip, pending, inside = set(), False, False
    for n, line in enumerate(text, 1):
        if line.startswith("//") and EXCUSE.search(line):
            pending = True
        if pending and line == "{":
            inside, pending = True, False
        if pending or inside:
            skip.add(n)
        if inside and line.startswith("}"):
            inside = False
    return skip


def count_code_lines(path):
    """A guess for a file that no test compiles: lines that are neither blank nor comment."""
    with open(path, encoding="utf-8") as f:
        return sum(1 for t in f if t.startswith("\t") and not t.strip().startswith("//"))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--objects", required=True)
    ap.add_argument("--floor", type=float, default=90)
    ap.add_argument("folders", nargs="+")
    args = ap.parse_args()
    lines = gcov_lines(args.objects)
    failed = 0
    for folder in args.folders:
        total = hit = 0
        for path in sorted(glob.glob(f"{folder}/**/*.[ch]", recursive=True)):
            rows = {n: x for n, x in lines.get(path, {}).items() if n not in excused(path)}
            have, of = sum(rows.values()), len(rows)
            if not rows and path.endswith(".c"):
                of = count_code_lines(path)
            if of == 0:
                continue
            total, hit = total + of, hit + have
            missed = [n for n, x in sorted(rows.items()) if not x]
            print(f"{100 * have / of:6.1f} %  {have:5}/{of:<5} {path}  {ranges(missed)}")
        percent = 100 * hit / total if total else 100
        bad = percent < args.floor
        failed += bad
        print(f"{percent:6.1f} %  {hit:5}/{total:<5} {folder}/ (floor {args.floor:.0f} %)"
              f"{': TOO LOW' if bad else ''}")
    print(f"coverage: {len(args.folders) - failed} passed, {failed} failed")
    return 1 if failed else 0


def ranges(numbers):
    """[1, 2, 3, 9] as "1-3 9", shortened."""
    parts = []
    for n in numbers:
        if parts and parts[-1][1] == n - 1:
            parts[-1][1] = n
        else:
            parts.append([n, n])
    texts = [f"{a}" if a == b else f"{a}-{b}" for a, b in parts]
    return " ".join(texts[:12]) + (" ..." if len(texts) > 12 else "")


sys.exit(main())
