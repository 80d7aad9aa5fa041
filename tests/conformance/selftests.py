"""The kernel's own tests, tools/testing/selftests of Debian's linux-source package."""
import glob
import os
import re
import shlex
import subprocess
import sys

from common import HERE, Case, plain

PACKAGE = "linux-source-6.12"
WANTED = ["Makefile", "Kbuild", "Kconfig", "include", "scripts", "arch/x86", "tools/include",
          "tools/arch/x86/include", "tools/testing/selftests"]
TAP = re.compile(r"^(?:#\s*)*\s*(ok|not ok)\s+\d+\s*-?\s*(.*)$")
BRACKET = re.compile(r"^\s*\[(OK|FAIL|SKIP|PASS)\]\s*(.*)$")


def parse(text):
    """TAP lines, and the [OK] and [FAIL] of older tests."""
    for line in text.splitlines():
        line = re.sub(r"\033\[[0-9;]*m", "", line)
        tap, bracket = TAP.match(line), BRACKET.match(line)
        if tap:
            label, _, directive = tap.group(2).partition("# ")
            skipped = directive.upper().startswith(("SKIP", "XFAIL"))
            yield ("skip" if skipped else "ok" if tap.group(1) == "ok" else "fail"), plain(label)
        elif bracket:
            outcome = {"OK": "ok", "PASS": "ok", "FAIL": "fail", "SKIP": "skip"}[bracket.group(1)]
            yield outcome, plain(bracket.group(2))


def fetch(top):
    """Downloads and unpacks the sources, once, and makes the UAPI headers."""
    tree = f"{top}/linux"
    if os.path.isdir(f"{tree}/usr/include/linux"):
        return tree
    os.makedirs(tree, exist_ok=True)
    if not glob.glob(f"{top}/{PACKAGE}_*.deb"):
        subprocess.run(["apt-get", "-qq", "download", PACKAGE], cwd=top, check=True, stderr=subprocess.DEVNULL)
    deb = glob.glob(f"{top}/{PACKAGE}_*.deb")[0]
    names = " ".join(f"'{PACKAGE}/{w}' '{PACKAGE}/{w}/*'" for w in WANTED)
    subprocess.run(f"dpkg-deb --fsys-tarfile {shlex.quote(deb)} | tar xO ./usr/src/{PACKAGE}.tar.xz | "
                   f"tar xJ -C {shlex.quote(tree)} --strip-components=1 --wildcards --no-wildcards-match-slash "
                   f"{names} 2>/dev/null || true", shell=True, check=True)
    subprocess.run(["make", "-s", "-C", tree, "headers", "ARCH=x86"], check=True)
    # The harness gives a test 30 s, which is little where every instruction is translated.
    subprocess.run(["sed", "-i", "s/TIMEOUT_DEFAULT 30/TIMEOUT_DEFAULT 300/",
                    f"{tree}/tools/testing/selftests/kselftest_harness.h"], check=True)
    return tree


def entries():
    """(kind, name, keys) of the lines of selftests.list."""
    with open(f"{HERE}/selftests.list") as f:
        for number, line in enumerate(f, 1):
            words = shlex.split(line, comments=True)
            if words:
                try:
                    yield words[0], words[1], dict(w.split("=", 1) for w in words[2:])
                except (IndexError, ValueError):
                    sys.exit(f"selftests.list:{number}: {line}")


def compile_test(tree, out, test, keys):
    """The static program of one test; None and a message if it does not compile."""
    program = f"{out}/{keys.get('as', test)}"
    if os.path.exists(program):
        return program
    tests = f"{tree}/tools/testing/selftests"
    os.makedirs(os.path.dirname(program), exist_ok=True)
    sources = [f"{test}.c"] + keys.get("sources", "").split()
    argv = ["gcc", "-static", "-O2", "-w", "-D_GNU_SOURCE=", "-pthread", f"-I{tests}",
            f"-I{os.path.dirname(tests + '/' + test)}", f"-isystem{tree}/usr/include"]
    argv += keys.get("cflags", "").replace("{tree}", tree).split()
    argv += [f"{tests}/{s}" for s in sources] + ["-o", program, "-lrt", "-lm"]
    made = subprocess.run(argv + keys.get("libs", "").split(), capture_output=True, text=True)
    if made.returncode:
        print(f"not built {test}: {made.stderr.splitlines()[0] if made.stderr else ''}")
        return None
    return program


def cases(build, chosen):
    top = f"{build}/conformance/src"
    os.makedirs(top, exist_ok=True)
    tree = fetch(top)
    folders = {}
    for kind, test, keys in entries():
        if kind == "folder":
            folders[test] = keys
            continue
        keys = {**folders.get(os.path.dirname(test), {}), **keys}
        name = keys.get("as", test) + "".join(keys.get("args", "").split())
        if kind != "test" or not chosen(name):
            continue
        program = compile_test(tree, f"{build}/conformance/bin", test, keys)
        if program:
            argv = [program] + keys.get("args", "").split()
            shell = keys.get("shell", "").replace("{}", shlex.join(argv))
            yield Case(name, argv, keys, shell or None)
