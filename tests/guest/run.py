#!/usr/bin/env python3
"""Runs guest tests on the host's Linux and on Ouro and compares what they print and how they end.

The oracle is the host's Linux where it is at least as new as the test's `since:`, else the golden
file (answers of Linux 6.18). The last line is `N passed, N failed`.
"""
import argparse
import codecs
import concurrent.futures
import fnmatch
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import heads  # noqa: E402

HERE = os.path.relpath(os.path.dirname(os.path.abspath(__file__)))
NATIVE_TIMEOUT_S = 60
OURO_TIMEOUT_S = 60


class Case:
    def __init__(self, name, variant, argv, head, cpus="1"):
        self.name, self.variant, self.argv, self.head = name, variant, argv, head
        self.cpus = cpus
        self.id = f"{name}.{variant}" if variant else name
        if cpus != "1":
            self.id += f".cpus{cpus}"
        self.stdin = codecs.decode(head.get("stdin", ""), "unicode_escape").encode("latin1")
        self.env = head.get("env", [])

    def golden_path(self):
        return f"{HERE}/golden/{self.name}.txt"


def compiled_cases(build):
    for head in heads.tests(HERE):
        for variant, *_ in heads.variants(head):
            program = os.path.abspath(f"{build}/guest/{head['name']}.{variant}")
            argv = [program] + shlex.split(head.get("args", ""))
            for cpus in head.get("cpus", "1").split():
                yield Case(head["name"], variant, argv, head, cpus)


def installed_cases():
    """Programs of the distribution: lines `NAME [key=value...] -- ARGV...` in programs.list."""
    with open(f"{HERE}/programs.list") as f:
        for line in f:
            words = shlex.split(line, comments=True)
            if not words:
                continue
            split = words.index("--")
            head = dict(w.split("=", 1) for w in words[1:split])
            if "add" in head:
                head["add"] = head["add"].split(",")
            argv = words[split + 1:]
            yield Case(words[0], "", argv, head)


def version(text):
    digits = []
    for part in text.split(".")[:2]:
        number = ""
        for c in part:
            if not c.isdigit():
                break
            number += c
        digits.append(int(number or 0))
    return tuple(digits)


def run(argv, case, timeout, env, cwd=None):
    """(status as a shell tells it, stdout, stderr, timed out)"""
    try:
        p = subprocess.run(argv, input=case.stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=timeout, env=env, cwd=cwd)
    except subprocess.TimeoutExpired as e:
        return None, e.stdout or b"", e.stderr or b"", True
    status = p.returncode if p.returncode >= 0 else 128 - p.returncode
    return status, p.stdout, p.stderr, False


def expected_status(case):
    kind, _, number = case.head.get("expect", "exit=0").partition("=")
    return int(number) + (128 if kind == "signal" else 0)


def parse_golden(path):
    with open(path, "rb") as f:
        status, _, rest = f.read().partition(b"\n--- stdout\n")
    out, _, err = rest.partition(b"\n--- stderr\n")
    return int(status.split(b"=")[1]), out, err


def write_golden(path, result):
    status, out, err = result
    with open(path, "wb") as f:
        f.write(b"status=%d\n--- stdout\n" % status + out + b"\n--- stderr\n" + err)


class Runner:
    def __init__(self, args):
        self.args = args
        self.host = version(platform.release())
        self.quarantine = self.read_quarantine()
        base = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": "/root", "TERM": "dumb"}
        self.guest_env = base
        self.host_env = dict(os.environ)

    def read_quarantine(self):
        known = {}
        path = f"{HERE}/quarantine.txt"
        if os.path.exists(path):
            with open(path) as f:
                for line in f:
                    name, _, reason = line.strip().partition(" ")
                    if name and not name.startswith("#"):
                        known[name] = reason.strip()
        return known

    def oracle(self, case):
        """(answer, name of the oracle, complaint)"""
        golden = case.golden_path()
        if self.host < version(case.head.get("since", "0.0")):
            if not os.path.exists(golden):
                return None, "golden", "no golden file and the host's Linux is too old"
            return parse_golden(golden), "golden", None
        env = dict(self.guest_env)
        env.update(e.split("=", 1) for e in case.env)
        status, out, err, late = run(case.argv, case, NATIVE_TIMEOUT_S, env, cwd="/")
        if late:
            return None, "host", "hangs on the host's Linux"
        if status != expected_status(case):
            return None, "host", (f"ends with {status} on the host's Linux, its head says "
                                  f"{expected_status(case)}\n" + out.decode(errors="replace")
                                  + err.decode(errors="replace"))
        answer = (status, out, err)
        if self.args.golden and case.variant:
            write_golden(golden, answer)
        elif case.variant and self.host == (6, 18) and os.path.exists(golden):
            if parse_golden(golden) != answer:
                return None, "host", ("prints other than its golden file: not deterministic, or "
                                      "changed (make golden)\n"
                                      + difference(parse_golden(golden), answer))
        return answer, "host", None

    def ouro_command(self, case, timeout):
        cmd = [f"{self.args.build}/ouro", "run", "--timeout", str(timeout)]
        for e in case.env:
            cmd += ["-e", e]
        if "memory" in case.head:
            cmd += ["-m", case.head["memory"]]
        for path in case.head.get("add", []):
            cmd += ["--add", path]
        if case.cpus != "1":
            cmd += ["--cpus", case.cpus]
        if self.args.strace:
            cmd += ["--strace"]
        return cmd + self.args.ouro_args + case.argv

    def run_case(self, case):
        """(id, outcome, oracle, text)"""
        answer, oracle, complaint = self.oracle(case)
        if complaint:
            return case.id, "failed", oracle, complaint
        if self.args.native or self.args.golden:
            return case.id, "passed", oracle, ""
        timeout = int(case.head.get("timeout", OURO_TIMEOUT_S))
        cmd = self.ouro_command(case, timeout)
        status, out, err, late = run(cmd, case, timeout + 15, self.host_env)
        text = ""
        if late or (status == 125 and b"timeout" in err.lower()):
            text = f"no end within {timeout} s\n"
        elif (status, out, err) != answer and not self.args.strace:
            text = difference(answer, (status, out, err))
        if self.args.verbose:
            text += shlex.join(cmd) + "\n" + out.decode(errors="replace")
        if not text and not self.args.strace:
            return case.id, "passed", oracle, ""
        text += shown("console", out) + shown("standard error (with any thread dump)", err)
        text += f"reproduce: make repro T={case.id}\n"
        same = (status, out, err) == answer
        return case.id, "passed" if same else "failed", oracle, text


def shown(title, data):
    if not data:
        return ""
    lines = data.decode(errors="replace").splitlines()
    return f"--- {title}\n" + "\n".join(lines[-60:]) + "\n"


def difference(want, got):
    import difflib
    text = ""
    if want[0] != got[0]:
        text += f"status: Linux {want[0]}, Ouro {got[0]}\n"
    for title, w, g in (("stdout", want[1], got[1]), ("stderr", want[2], got[2])):
        if w != g:
            diff = difflib.unified_diff(w.decode(errors="replace").splitlines(),
                                        g.decode(errors="replace").splitlines(),
                                        f"{title} on Linux", f"{title} on Ouro", lineterm="", n=1)
            text += "\n".join(list(diff)[:60]) + "\n"
    return text


def parse_args():
    p = argparse.ArgumentParser()
    p.add_argument("--build", default="build")
    p.add_argument("--only", help="glob of NAME or NAME.VARIANT")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--native", action="store_true", help="only on the host's Linux")
    p.add_argument("--golden", action="store_true", help="write golden files")
    p.add_argument("--verbose", action="store_true")
    p.add_argument("--strace", action="store_true")
    p.add_argument("--junit", help="write a JUnit XML file")
    p.add_argument("ouro_args", nargs="*", help="options for `ouro run`")
    return p.parse_args()


def chosen(cases, only):
    for case in cases:
        if not only or fnmatch.fnmatch(case.id, only) or fnmatch.fnmatch(case.name, only):
            yield case


def main():
    args = parse_args()
    runner = Runner(args)
    cases = list(chosen(list(compiled_cases(args.build)) + list(installed_cases()), args.only))
    missing = [c.id for c in cases if not os.path.exists(c.argv[0])]
    cases = [c for c in cases if os.path.exists(c.argv[0])]
    if not cases:
        print(f"no test fits {args.only}")
        print("0 passed, 1 failed")
        return 1
    start, count = time.time(), {"passed": 0, "failed": 0, "quarantined": 0}
    oracles = {}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for name, outcome, oracle, text in pool.map(runner.run_case, cases):
            oracles[oracle] = oracles.get(oracle, 0) + 1
            reason = runner.quarantine.get(name) or runner.quarantine.get(name.split(".")[0])
            if outcome == "failed" and reason:
                outcome, text = "quarantined", f"known: {reason}\n"
            count[outcome] += 1
            if outcome != "passed" or args.verbose:
                print(f"{outcome.upper()}: {name}\n{text}", flush=True)
    print("oracle: " + ", ".join(f"{n} by {'this Linux ' + platform.release() if o == 'host' else 'golden files of Linux 6.18'}"
                                 for o, n in sorted(oracles.items())))
    if missing:
        print(f"skipped, not installed: {' '.join(missing)}")
    if count["quarantined"]:
        print(f"{count['quarantined']} known failures (quarantine.txt)")
    print(f"{time.time() - start:.1f} s")
    print(f"{count['passed']} passed, {count['failed']} failed")
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
