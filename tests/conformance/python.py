"""CPython's own tests (Debian's libpython3.11-testsuite), one module a run."""
import os
import shlex
import xml.etree.ElementTree

from common import HERE, Case

PYTHON = "/usr/bin/python3.11"
FILES = ["/usr/lib/python3.11", "/usr/lib/locale", "/etc/passwd", "/etc/group", "/etc/mime.types"]
TOOLS = ["/bin/bash", "/bin/cat", "/bin/true", "/bin/false", "/bin/sleep", "/bin/echo", "/bin/ls", "/usr/bin/env"]


def parse(text):
    """The JUnit file that is printed at the end."""
    start = text.find("<testsuites")
    end = text.find("</testsuites>")
    if start < 0 or end < 0:
        return
    for case in xml.etree.ElementTree.fromstring(text[start:end + len("</testsuites>")]).iter("testcase"):
        kinds = {child.tag for child in case}
        outcome = "fail" if kinds & {"failure", "error"} else "skip" if "skipped" in kinds else "ok"
        yield outcome, case.get("name")


def cases(build, chosen):
    add = ",".join(f for f in FILES + TOOLS if os.path.exists(f))
    with open(f"{HERE}/python.list") as f:
        for line in f:
            words = shlex.split(line, comments=True)
            if not words or not chosen(words[0]):
                continue
            keys = {"add": add, "memory": "2G", "slower": "6", **dict(w.split("=", 1) for w in words[1:])}
            match = "".join(f" -m {shlex.quote(m)}" for m in keys.get("match", "").split())
            ignore = "".join(f" -i {shlex.quote(m)}" for m in keys.get("ignore", "").split())
            shell = (f"{PYTHON} -m test -u none --junit-xml $PWD/junit.xml{match}{ignore} {words[0]}; r=$?; "
                     "cat junit.xml; exit $r")
            yield Case(words[0], [PYTHON], keys, shell)
