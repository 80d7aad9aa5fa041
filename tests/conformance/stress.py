"""stress-ng with --verify, one stressor a run at 1 and at 4 CPUs. Its exit status is compared with the host's (0, or 3 and 4
for what a machine cannot do); a complaint of a stressor or a line of the kernel's log is a failure."""
import shlex

from common import HERE, Case, plain


def parse(text):
    for line in text.splitlines():
        known = line.startswith("ouro: ") and "not implemented" not in line
        if known or "stress-ng: fail:" in line:
            yield "fail", plain(line)


def cases(build, chosen):
    with open(f"{HERE}/stress.list") as f:
        for line in f:
            words = shlex.split(line, comments=True)
            if not words or not chosen(words[0]):
                continue
            keys = dict(w.split("=", 1) for w in words[1:])
            argv = ["/usr/bin/stress-ng", f"--{words[0]}", keys.get("n", "2"), *keys.get("options", "").split(),
                    "--verify", "--timeout", "3s"]
            for cpus in keys.get("cpus", "1 4").split():
                yield Case(f"{words[0]}.cpus{cpus}", argv, {"memory": "768M", "timeout": "90", **keys, "cpus": cpus})
