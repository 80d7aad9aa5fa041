#!/usr/bin/env python3
"""Checks of the tree's own rules. Usage: lint.py BUILD NM COMPILER-COMMAND (all from the makefile).

Prints one line per finding, the sizes in figures, and a closing line "N passed, N failed" that counts
the checks. Needs the kernel's objects and dependency files in BUILD/obj.
"""
import collections
import concurrent.futures
import os
import re
import shlex
import statistics
import subprocess
import sys

import lint_stack

LAYERS = ["lib", "kernel/base", "mm/phys", "kernel/sched", "mm/virt", "drivers", "fs", "net",
          "kernel/proc", "syscall", "kernel/init", "boot"]
# Any layer may include it: it owns nothing, only names.
SYSTEM_HEADERS = re.compile(r"(linux|asm|asm-generic)/")
COMPILER_HEADERS = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "limits.h", "cpuid.h"}
FUNCTION_WARN, FUNCTION_FAIL, FILE_WARN, FILE_FAIL = 60, 100, 600, 900
PRIVILEGED = re.compile(
    r"\b(cli|sti|hlt|lgdt|lidt|ltr|lldt|lmsw|clts|invd|wbinvd|invlpg|invpcid|rdmsr|wrmsr|swapgs|stac|"
    r"clac|iretq?|sysretq?|sysexit|xsetbv|in[bwl]|out[bwl]|rd[fg]sbase|wr[fg]sbase)\b|%%?(cr|dr)\d")
COMMENTS = {".c": ("//", "/*"), ".h": ("//", "/*"), ".S": ("//", "/*"), ".cc": ("//", "/*"),
            ".def": ("//", "/*"), ".ld": ("/*",), ".mk": ("#",), ".sh": ("#",), ".py": ('"""', "#")}
COMPILER_CALLS = {"__stack_chk_fail", "__stack_chk_guard", "memcpy", "memmove", "memset", "memcmp"}
WAIVER = re.compile(r"lint: allow ([a-z-]+) \(.+\)")


def layer_of(path):
    """Number of the layer that a path belongs to, or None."""
    found = None
    for i, layer in enumerate(LAYERS):
        if path.startswith(layer + "/") and (found is None or len(layer) > len(LAYERS[found])):
            found = i
    return found


def tracked_files():
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], stdout=subprocess.PIPE,
                         check=True, text=True).stdout
    return [f for f in out.splitlines() if os.path.isfile(f)]


class Tree:
    """Every file's lines, read once."""

    def __init__(self):
        self.files = tracked_files()
        self.lines = {}
        for path in self.files:
            if path.endswith((".c", ".h", ".S", ".cc", ".def", ".py", ".sh", ".mk", ".ld")):
                with open(path, encoding="utf-8", errors="replace") as f:
                    self.lines[path] = f.read().splitlines()

    def sources(self, *endings):
        return [p for p in self.lines if p.endswith(endings)]

    def kernel(self, *endings):
        return [p for p in self.sources(*endings) if layer_of(p) is not None]

    def waived(self, path, rule, line=None):
        """True if the file (or the 3 lines above |line|) allows |rule| with a reason."""
        lines = self.lines[path]
        near = lines if line is None else lines[max(0, line - 4):line]
        return any(m.group(1) == rule for text in near if (m := WAIVER.search(text)))


def check_includes(tree, out):
    """Includes go downwards, from the root of the tree, and to no other system header."""
    for path in tree.kernel(".c", ".h", ".S"):
        layer = layer_of(path)
        for n, text in enumerate(tree.lines[path], 1):
            m = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', text)
            if not m:
                continue
            name = m.group(2)
            if m.group(1) == "<":
                if not SYSTEM_HEADERS.match(name) and name not in COMPILER_HEADERS:
                    out(f"{path}:{n}: <{name}> is not a kernel UAPI or compiler header")
                continue
            target = layer_of(name)
            if target is None:
                if not os.path.exists(name) and name.startswith(("gen/", "tests/", "tools/")):
                    out(f"{path}:{n}: \"{name}\" is not part of the kernel")
            elif target > layer:
                out(f"{path}:{n}: {LAYERS[layer]} includes upwards: {name}")


def check_dependencies(tree, out, build):
    """What the compiler really read for the kernel's objects."""
    for folder, _, names in os.walk(f"{build}/obj"):
        for name in names:
            if not name.endswith(".d"):
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                words = f.read().replace("\\\n", " ").split()
            for word in words:
                if not word.startswith("/usr/include/"):
                    continue
                rest = re.sub(r"^/usr/include/(x86_64-linux-gnu/)?", "", word).rstrip(":")
                if not SYSTEM_HEADERS.match(rest):
                    out(f"{os.path.join(folder, name)}: depends on {word}")


def object_symbols(build, nm):
    """{object: (defined, undefined)} of the kernel's objects whose source is still there."""
    objects = []
    for folder, _, names in os.walk(f"{build}/obj"):
        objects += [os.path.join(folder, n) for n in names if n.endswith(".o")]
    symbols = {}
    text = subprocess.run([nm, "-A", *objects], stdout=subprocess.PIPE, check=True, text=True).stdout
    for line in text.splitlines():
        place, _, rest = line.rpartition(":")
        fields = rest.split()
        kind, name = fields[-2], fields[-1]
        defined, undefined = symbols.setdefault(place, (set(), set()))
        if kind == "U":
            undefined.add(name)
        elif kind.isupper():
            defined.add(name)
    return symbols


def check_symbols(tree, out, build, nm):
    """Objects use no symbol that only a higher layer defines."""
    by_layer = []
    home = {}
    for obj, (defined, undefined) in sorted(object_symbols(build, nm).items()):
        layer = layer_of(os.path.relpath(obj, f"{build}/obj"))
        if layer is None:
            continue
        by_layer.append((obj, layer, undefined))
        for name in defined:
            home[name] = min(layer, home.get(name, layer))
    for obj, layer, undefined in by_layer:
        for name in sorted(undefined - COMPILER_CALLS):
            if home.get(name, -1) > layer:
                out(f"{obj}: {LAYERS[layer]} calls upwards: {name} of {LAYERS[home[name]]}")


def check_extern(tree, out):
    """Declarations belong in headers, which both sides include."""
    for path in tree.kernel(".c") + [p for p in tree.sources(".c") if p.startswith("tools/")]:
        for n, text in enumerate(tree.lines[path], 1):
            if re.match(r"\s*extern\b", text) and not tree.waived(path, "extern", n):
                out(f"{path}:{n}: extern in a .c file")


def check_heads(tree, out):
    """Every file says first what it is for."""
    for path in tree.lines:
        lines = [t for t in tree.lines[path][:8] if t.strip() and not t.startswith("#!")]
        if not lines or not lines[0].lstrip().startswith(COMMENTS[os.path.splitext(path)[1]]):
            out(f"{path}:1: no comment at the head of the file")
        # Headers of examples are copied into other trees: any guard will do there.
        guarded = path.startswith("examples/") and any(t.startswith("#ifndef ") for t in tree.lines[path])
        if path.endswith(".h") and "#pragma once" not in tree.lines[path] and not guarded:
            out(f"{path}:1: no #pragma once")


def check_privileged(tree, out):
    """Privileged instructions are in kernel/base/cpu.h and in assembler files."""
    for path in tree.kernel(".c", ".h"):
        if path == "kernel/base/cpu.h":
            continue
        text = "\n".join(tree.lines[path])
        for m in re.finditer(r"\b(?:__asm__|asm)\b[^;]*;", text):
            line = text.count("\n", 0, m.start()) + 1
            strings = " ".join(re.findall(r'"((?:[^"\\]|\\.)*)"', m.group(0)))
            bad = PRIVILEGED.search(strings)
            if bad and not tree.waived(path, "privileged", line):
                out(f"{path}:{line}: {bad.group(0)} outside kernel/base/cpu.h")


def functions(lines):
    """(first line, name, length) of each function: Linux style, braces in the first column."""
    start = None
    for n, text in enumerate(lines, 1):
        if text == "{":
            start = n
        elif text.startswith("}") and start:
            head = start - 1
            while head > 1 and lines[head - 1].startswith(("\t", " ")):
                head -= 1
            m = re.search(r"(\w+)\(", lines[head - 1])
            yield head, m.group(1) if m else "?", n - head + 1
            start = None


def check_sizes(tree, out, warn):
    """Functions and files stay readable."""
    lengths = []
    for path in tree.sources(".c", ".h"):
        soft = path.startswith(("tests/", "examples/"))
        lines = tree.lines[path]
        if len(lines) > FILE_WARN and not tree.waived(path, "long-file"):
            (out if len(lines) > FILE_FAIL and not soft else warn)(f"{path}: {len(lines)} lines")
        for first, name, length in functions(lines):
            if not soft:
                lengths.append(length)
            if length <= FUNCTION_WARN or tree.waived(path, "long-function", first):
                continue
            if soft and length <= FUNCTION_FAIL:
                continue
            (out if length > FUNCTION_FAIL and not soft else warn)(
                f"{path}:{first}: {name} has {length} lines")
    if lengths:
        lengths.sort()
        print(f"functions: {len(lengths)}, median {statistics.median(lengths):.0f} lines, "
              f"p90 {lengths[len(lengths) * 9 // 10]}, longest {lengths[-1]}")


def run_parallel(commands):
    """[(returncode, output)] of shell-free commands, two at a time per core."""
    def one(item):
        argv, text = item
        p = subprocess.run(argv, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, check=False)
        return p.returncode, p.stdout
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, commands))


def check_format(tree, out):
    """clang-format has nothing to change."""
    files = tree.sources(".c", ".h")
    chunks = [files[i:i + 25] for i in range(0, len(files), 25)]
    results = run_parallel([(["clang-format", "--dry-run", "-Werror", *c], None) for c in chunks])
    bad = collections.Counter()
    for _, text in results:
        bad.update(m.group(1) for m in re.finditer(r"^(\S+?):\d+:\d+: error:", text, re.M))
    for path, n in sorted(bad.items()):
        out(f"{path}: {n} places are not formatted (make format)")


def check_canaries(_tree, out, build):
    """Whoever keeps an array on the stack checks a canary."""
    kernel = f"{build}/kernel.elf"
    for function, variables in lint_stack.unguarded_arrays(kernel) if os.path.exists(kernel) else ():
        out(f"{function} has an array on its stack ({', '.join(variables)}): say __stack_guarded")


def check_headers(tree, out, compiler):
    """Each header of the kernel compiles by itself."""
    # A header of assembler macros is for .S files only.
    headers = [h for h in tree.kernel(".h") if not any(t.startswith(".macro") for t in tree.lines[h])]
    argv = [*shlex.split(compiler), "-fsyntax-only", "-Wno-unused-function", "-x", "c", "-"]
    for path, (code, text) in zip(headers, run_parallel([(argv, f'#include "{h}"\n') for h in headers])):
        if code != 0:
            first = next((t for t in text.splitlines() if "error" in t), "does not compile")
            out(f"{path}: not self-contained: {first}")


def check_scripts(tree, out):
    """Shell and Python scripts parse."""
    commands = [(["sh", "-n", p], None) for p in tree.sources(".sh")]
    commands += [([sys.executable, "-c", "import ast,sys; ast.parse(open(sys.argv[1]).read())", p], None)
                 for p in tree.sources(".py")]
    for (argv, _), (code, text) in zip(commands, run_parallel(commands)):
        if code != 0:
            out(f"{argv[-1]}: {text.strip().splitlines()[-1] if text.strip() else 'does not parse'}")


def main():
    build, nm, compiler = sys.argv[1:4]
    tree = Tree()
    warnings = []
    checks = [
        ("includes", check_includes, ()),
        ("dependencies", check_dependencies, (build,)),
        ("symbols", check_symbols, (build, nm)),
        ("extern", check_extern, ()),
        ("file heads", check_heads, ()),
        ("privileged", check_privileged, ()),
        ("sizes", check_sizes, (warnings.append,)),
        ("format", check_format, ()),
        ("canaries", check_canaries, (build,)),
        ("headers", check_headers, (compiler,)),
        ("scripts", check_scripts, ()),
    ]
    failed = 0
    for name, check, more in checks:
        found = []
        check(tree, found.append, *more)
        failed += bool(found)
        for text in found:
            print(f"{text}  [{name}]")
    for text in warnings:
        print(f"warning: {text}")
    print(f"lint: {len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
