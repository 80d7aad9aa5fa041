#!/usr/bin/env python3
"""Reads the heads of guest tests and writes the make rules that build them.

A head is the first comment lines of the file:
    // expect: exit=0           how it ends: exit=N or signal=N (default exit=0)
    // args: ARG...             arguments, as a shell would split them
    // stdin: TEXT              standard input, with C escapes (default: empty)
    // env: NAME=VALUE          repeated
    // since: 6.3               the Linux that answers as the test expects
    // libc: musl glibc         default both
    // link: static dynamic     of static, dynamic, static-pie (default static)
    // opt: -O0 -O2             default -O2
    // cflags: / ldflags:       more flags for the compiler
    // needs: root              not run on the host without it
    // timeout: 30              seconds on Ouro
    // cpus: 1 2 4              run on Ouro with each of these numbers of CPUs (default 1)
"""
import glob
import os
import shlex
import sys

MUSL = "/usr/lib/x86_64-linux-musl"
KEYS = {"expect", "args", "stdin", "env", "since", "libc", "link", "opt", "cflags", "ldflags",
        "needs", "timeout", "memory", "cpus"}


def read_head(path):
    head = {"env": []}
    with open(path) as f:
        for line in f:
            if not line.startswith("//"):
                break
            key, colon, value = line[2:].strip().partition(":")
            if not colon or key not in KEYS:
                continue
            if key == "env":
                head["env"].append(value.strip())
            else:
                head[key] = value.strip()
    head["name"] = os.path.splitext(os.path.basename(path))[0]
    head["path"] = path
    return head


def variants(head):
    """(variant name, libc, link, opt) for every program of a test."""
    cxx = head["path"].endswith(".cc")
    libcs = head.get("libc", "glibc" if cxx else "musl glibc").split()
    links = head.get("link", "static").split()
    opts = head.get("opt", "-O2").split()
    for libc in libcs:
        for link in links:
            for opt in opts:
                suffix = "" if len(opts) == 1 else opt.replace("-", ".")
                yield f"{libc}-{link}{suffix}", libc, link, opt


def tests(directory):
    for path in sorted(glob.glob(f"{directory}/*.c") + glob.glob(f"{directory}/*.cc")):
        yield read_head(path)


def command(head, libc, link, opt):
    cxx = head["path"].endswith(".cc")
    flags = f"$(GUEST_CFLAGS) {opt} {head.get('cflags', '')}"
    more = head.get("ldflags", "")
    if libc == "glibc":
        tool = "$(GUEST_HOSTCXX)" if cxx else "$(GUEST_HOSTCC)"
        kind = {"static": "-static", "dynamic": "", "static-pie": "-static-pie -fPIE"}[link]
        return f"{tool} {flags} {kind} -o $@ $< {more}"
    flags += " -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu"
    if link != "static-pie":
        kind = "-static" if link == "static" else ""
        return f"musl-gcc {flags} {kind} -o $@ $< {more}"
    # musl-gcc's specs make a dynamic program of -static-pie: link by hand with rcrt1.o.
    return (f"musl-gcc {flags} -fPIE -c -o $@.o $< && $(GUEST_HOSTCC) -static-pie -nostdlib "
            f"-nostartfiles -o $@ {MUSL}/rcrt1.o {MUSL}/crti.o $@.o -L{MUSL} "
            f"-Wl,--start-group -lc -lgcc -lgcc_eh -Wl,--end-group {MUSL}/crtn.o {more}")


def write_rules(directory, build):
    programs = []
    for head in tests(directory):
        for variant, libc, link, opt in variants(head):
            out = f"{build}/guest/{head['name']}.{variant}"
            programs.append(out)
            deps = f"{head['path']} {directory}/t.h {directory}/heads.py"
            if head["name"] == "sweep":
                deps += f" {build}/guest/sweep_calls.h"
            print(f"{out}: {deps}")
            print("\t@mkdir -p $(@D)")
            print(f"\t$(call say,GUEST,{head['name']}.{variant}){command(head, libc, link, opt)}")
    print("GUEST_PROGRAMS := " + " ".join(programs))


if __name__ == "__main__" and sys.argv[1:2] == ["rules"]:
    write_rules(sys.argv[2], sys.argv[3])
