#!/usr/bin/env python3
"""Runs cmocka programs in parallel, counts their XML results, prints one closing line.

A program that crashes, hangs, or leaves no result file counts as one failure. Exit status 1 if
anything failed.
"""
import argparse
import concurrent.futures
import glob
import os
import subprocess
import sys
import xml.etree.ElementTree as ET


def count(path):
    """(passed, list of 'test: message') of one cmocka XML file."""
    passed, failed = 0, []
    for case in ET.parse(path).getroot().iter("testcase"):
        bad = [e for e in case if e.tag in ("failure", "error")]
        if bad:
            failed.append(f"{case.get('name')}: {(bad[0].text or '').strip()}")
        elif case.find("skipped") is None:
            passed += 1
    return passed, failed


def run(binary, out, timeout):
    name = os.path.basename(binary)
    for old in glob.glob(f"{out}/{name}.*"):
        os.unlink(old)
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="XML", CMOCKA_XML_FILE=f"{out}/{name}.%g.xml")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    env.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=1:detect_leaks=1")
    try:
        p = subprocess.run([binary], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=timeout, check=False)
        status, text = p.returncode, p.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as e:
        status, text = f"no end after {timeout} s", (e.stdout or b"").decode(errors="replace")
    passed, failed = 0, []
    files = glob.glob(f"{out}/{name}.*.xml")
    for f in files:
        try:
            p, bad = count(f)
            passed, failed = passed + p, failed + bad
        except ET.ParseError as e:
            failed.append(f"unreadable result file {f}: {e}")
    if not files:
        failed.append("no result file")
    if status != 0 and not failed:
        failed.append(f"exit status {status}")
    return name, passed, failed, text


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", required=True)
    ap.add_argument("--timeout", type=int, default=120)
    ap.add_argument("--jobs", type=int, default=os.cpu_count())
    ap.add_argument("binaries", nargs="*")
    args = ap.parse_args()
    os.makedirs(args.out, exist_ok=True)
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for name, p, bad, text in pool.map(lambda b: run(b, args.out, args.timeout), args.binaries):
            passed, failed = passed + p, failed + len(bad)
            print(f"{'FAIL' if bad else 'ok':4} {name} ({p} passed)")
            if bad:
                for line in bad:
                    print(f"     {line}")
                print("\n".join("     | " + line for line in text.splitlines()[-40:]))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
