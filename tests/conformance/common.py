"""What the suites share: a case is run on the host's Linux and on Ouro, and its result lines are compared.

A result is a multiset of (outcome, label), outcome one of ok, fail, skip, and the exit status as one
more line. Numbers in labels are replaced, so that process numbers and addresses compare equal.
"""
import collections
import fnmatch
import os
import re
import shlex
import signal
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


class Case:
    def __init__(self, name, argv, keys=None, shell=None):
        self.name, self.argv, self.keys, self.shell = name, argv, keys or {}, shell

    def get(self, key, default):
        return self.keys.get(key, default)


Result = collections.namedtuple("Result", "status lines text")


def plain(label):
    """A label without what differs from run to run."""
    label = re.sub(r"0x[0-9a-fA-F]+|\b[0-9a-f]{8,16}\b", "#", label)
    return " ".join(re.sub(r"(?<![A-Za-z_.\d])\d+(\.\d+)?", "#", label).split())


def make_result(status, text, parse):
    lines = collections.Counter(parse(text))
    lines[("ok" if status == 0 else "skip" if status == 4 else "fail", f"exit status {status}")] += 1
    return Result(status, lines, text)


def captured(argv, timeout_s, cwd=None, env=None):
    """(status as a shell tells it, output) of a command with its whole process group ended."""
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, cwd=cwd, env=env, start_new_session=True)
    try:
        out, _ = p.communicate(timeout=timeout_s)
        status = p.returncode
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        out, _ = p.communicate()
        status = 124
    return (status if status >= 0 else 128 - status), out.decode(errors="replace")


def on_host(case, parse):
    env = {"PATH": os.defpath + ":/usr/sbin:/sbin", "HOME": "/root", "TERM": "dumb"}
    argv = ["/bin/sh", "-c", case.shell] if case.shell else case.argv
    with tempfile.TemporaryDirectory(prefix="conformance") as cwd:
        status, out = captured(argv, int(case.get("timeout", 120)), cwd, env)
    return make_result(status, out, parse)


def ouro_argv(ouro, case):
    timeout = str(int(case.get("timeout", 120)) * int(case.get("slower", 1)))
    argv = [ouro, "run", "--log", "warn", "--timeout", timeout, "-m", case.get("memory", "512M"),
            "--cpus", case.get("cpus", "2"), "-w", "/tmp"]
    for path in filter(None, case.get("add", "").split(",")):
        argv += ["--add", path]
    if not case.shell:
        return argv + case.argv
    return argv + ["--add", case.argv[0], "--add", "/bin/sh", "/bin/sh", "-c", case.shell]


def on_ouro(ouro, case, parse):
    limit = int(case.get("timeout", 120)) * int(case.get("slower", 1)) + 60
    status, out = captured(ouro_argv(ouro, case), limit)
    return make_result(status, out, parse)


def expectations(path):
    """Lines `CASE-GLOB | LABEL-GLOB | reason`."""
    known = []
    with open(path) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                known.append([word.strip() for word in line.split("|", 2)])
    return known


def differences(case, host, ouro, known):
    """([unexpected lines], [(line, reason)]) of what the two do not have in common."""
    new, explained = [], []
    for side, only in (("host", host.lines - ouro.lines), ("ouro", ouro.lines - host.lines)):
        for (outcome, label), n in sorted(only.items()):
            reason = next((k[2] for k in known if fnmatch.fnmatchcase(case.name, k[0])
                           and fnmatch.fnmatchcase(label, k[1])), None)
            line = f"{side}: {outcome} {label}" + (f" (x{n})" if n > 1 else "")
            if reason:
                explained.append((line, reason))
            else:
                new.append(line)
    return new, explained


def tally(result):
    """'ok/fail/skip' without the exit status."""
    count = collections.Counter()
    for (outcome, label), n in result.lines.items():
        if not label.startswith("exit status"):
            count[outcome] += n
    return f"{count['ok']}/{count['fail']}/{count['skip']}"


def quoted(argv):
    return shlex.join(argv)
