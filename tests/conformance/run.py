#!/usr/bin/env python3
"""Runs suites that were not written for Ouro on the host's Linux, then on Ouro: see README.md.

The last line is `N passed, N failed`: a case passes if every difference from the host is listed, with
its reason, in the suite's differences file.
"""
import argparse
import fnmatch
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common  # noqa: E402
import python  # noqa: E402
import selftests  # noqa: E402
import stress  # noqa: E402

SUITES = {"selftests": selftests, "python": python, "stress": stress}


def parse_args():
    p = argparse.ArgumentParser()
    p.add_argument("suite", choices=SUITES)
    p.add_argument("--build", default="build")
    p.add_argument("--ouro", help="another ouro command than BUILD/ouro")
    p.add_argument("--host-only", action="store_true")
    p.add_argument("--ouro-only", action="store_true", help="compare with the host's last run")
    p.add_argument("--verbose", action="store_true", help="show all output of cases that differ")
    p.add_argument("only", nargs="*", help="globs of case names")
    return p.parse_intermixed_args()


def save(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def host_result(args, case, suite, path):
    if args.ouro_only and os.path.exists(path):
        with open(path) as f:
            status, _, text = f.read().partition("\n")
        return common.make_result(int(status), text, suite.parse)
    result = common.on_host(case, suite.parse)
    save(path, f"{result.status}\n{result.text}")
    return result


def run_case(args, case, suite, known):
    """True if there is nothing that is not explained."""
    where = f"{args.build}/conformance/{args.suite}/{case.name}"
    host = host_result(args, case, suite, where + ".host")
    if args.host_only:
        print(f"{case.name}: exit {host.status}, {common.tally(host)}", flush=True)
        return True
    ouro = common.on_ouro(args.ouro, case, suite.parse)
    save(where + ".ouro", f"{ouro.status}\n{ouro.text}")
    new, explained = common.differences(case, host, ouro, known)
    verdict = "DIFFERS" if new else "known" if explained else "same"
    print(f"{verdict:7} {case.name}: host {host.status} {common.tally(host)}, "
          f"ouro {ouro.status} {common.tally(ouro)}", flush=True)
    for line in new:
        print(f"        {line}")
    for line, reason in explained:
        print(f"        known: {line}: {reason}")
    if new and args.verbose:
        print(ouro.text)
        print(common.quoted(common.ouro_argv(args.ouro, case)))
    return not new


def main():
    args = parse_args()
    args.build = os.path.abspath(args.build)
    args.ouro = os.path.abspath(args.ouro or f"{args.build}/ouro")
    suite = SUITES[args.suite]
    known = common.expectations(f"{common.HERE}/{args.suite}.differences")
    passed = failed = 0
    for case in suite.cases(args.build, lambda name: not args.only or any(
            fnmatch.fnmatchcase(name, g) for g in args.only)):
        good = run_case(args, case, suite, known)
        passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
