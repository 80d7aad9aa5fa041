#!/usr/bin/env python3
"""Runs the programs of apps.list on Ouro: see README.md. The last line is `N passed, N failed`."""
import argparse
import codecs
import glob
import os
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LIBS = "/usr/lib/x86_64-linux-gnu"
# What a JVM opens while it runs, apart from its own folder.
JVM = ["/usr/lib/jvm/java-17-openjdk-amd64", "/etc/java-17-openjdk"] + [
    f"{LIBS}/{lib}" for lib in ("libstdc++.so.6", "libm.so.6", "libgcc_s.so.1", "librt.so.1",
                                "libdl.so.2", "libpthread.so.0", "libz.so.1")]


def apps():
    with open(f"{HERE}/apps.list") as f:
        for line in f:
            words = shlex.split(line, comments=line.startswith("#"))
            if words:
                split = words.index("--")
                yield words[0], dict(w.split("=", 1) for w in words[1:split]), words[split + 1:]


def fetch(packages, root):
    """Unpacks what is not installed into |root|. False: it cannot be had."""
    for package in packages:
        if subprocess.run(["dpkg", "-s", package], capture_output=True).returncode == 0:
            continue
        debs = f"{root}/../debs"
        os.makedirs(debs, exist_ok=True)
        os.makedirs(root, exist_ok=True)
        if not glob.glob(f"{debs}/{package}_*.deb"):
            if subprocess.run(["apt-get", "download", package], cwd=debs,
                              capture_output=True).returncode:
                return False
        for deb in glob.glob(f"{debs}/{package}_*.deb"):
            subprocess.run(["dpkg", "-x", deb, root], check=True)
    return True


class Runner:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.out = f"{self.build}/apps/out"
        self.root = f"{self.build}/apps/root"
        os.makedirs(self.out, exist_ok=True)

    def fill(self, text):
        return text.replace("{src}", f"{HERE}/src").replace("{out}", self.out)

    def add(self, path):
        unpacked = self.root + path
        return f"{unpacked}:{path}" if os.path.exists(unpacked) else path

    def additions(self, spec, argv):
        paths = []
        for word in filter(None, spec.split(",")):
            paths += JVM if word == "@jvm" else [self.fill(word)]
        if "-cp" in argv:
            paths.append(self.out)
        return [self.add(p) for p in paths]

    def run(self, name, keys, argv):
        """None: passed; else why not. Skipped: a text that starts with '-'."""
        if not fetch(filter(None, keys.get("packages", "").split(",")), self.root):
            return "- its packages cannot be had"
        if "build" in keys:
            command = shlex.split(self.fill(keys["build"]))
            if not shutil.which(command[0]):
                return f"- no {command[0]}"
            made = subprocess.run(command, capture_output=True, text=True)
            if made.returncode:
                return made.stderr
        argv = [self.fill(a) for a in argv]
        program = self.root + argv[0]
        unpacked = os.path.exists(program)
        if unpacked:
            argv[0] = program
        timeout = int(keys.get("timeout", 60))
        cmd = [f"{self.build}/ouro", "run", "--timeout", str(timeout), "-m",
               keys.get("memory", "512M"), "--cpus", keys.get("cpus", "1")]
        if unpacked: # its libraries keep the place where they were unpacked
            cmd += ["-e", f"LD_LIBRARY_PATH={self.root}{LIBS}"]
        for word in filter(None, keys.get("env", "").split(",")):
            cmd += ["-e", word]
        for path in self.additions(keys.get("add", ""), argv):
            cmd += ["--add", path]
        p = subprocess.run(cmd + argv, stdin=subprocess.DEVNULL, capture_output=True,
                           timeout=timeout + 30)
        want = codecs.decode(keys["out"], "unicode_escape").encode()
        if p.returncode == int(keys.get("expect", 0)) and p.stdout == want:
            return None
        return (f"{shlex.join(cmd + argv)}\nends with {p.returncode}\n"
                + p.stdout.decode(errors="replace") + p.stderr.decode(errors="replace"))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", default="build")
    p.add_argument("only", nargs="*")
    args = p.parse_args()
    runner = Runner(args.build)
    passed = failed = 0
    for name, keys, argv in apps():
        if args.only and name not in args.only:
            continue
        why = runner.run(name, keys, argv)
        if why is None:
            passed += 1
            print(f"ok      {name}", flush=True)
        elif why.startswith("-"):
            print(f"skipped {name}: {why[2:]}", flush=True)
        else:
            failed += 1
            print(f"FAILED  {name}\n{why}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
