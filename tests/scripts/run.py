#!/usr/bin/env python3
"""Tests of the build's own scripts: each must find what it is there to find.

Prints "N passed, N failed".
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FLAGS = "gcc -std=gnu11 -ffreestanding -I. -Wall -Werror"


class Lint(unittest.TestCase):
    """A small tree with one sin at a time."""

    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.write("lib/good.h", "// Good.\n#pragma once\nint good(void);\n")
        self.write("lib/good.c", '// Good.\n#include "lib/good.h"\n\nint good(void)\n{\n\treturn 1;\n}\n')
        shutil.copy(os.path.join(ROOT, ".clang-format"), self.dir)
        subprocess.run(["git", "init", "-q"], cwd=self.dir, check=True)
        os.makedirs(self.path("build/obj/lib"))

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def compile(self, name, text):
        obj = self.path("build/obj/" + name)
        os.makedirs(os.path.dirname(obj), exist_ok=True)
        subprocess.run(["gcc", "-xc", "-c", "-", "-o", obj], input=text, text=True, check=True)

    def lint(self):
        self.compile("lib/good.o", "int good(void) { return 1; }")
        p = subprocess.run([sys.executable, os.path.join(ROOT, "tools/lint.py"), "build", "nm", FLAGS],
                           cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           check=False)
        return p.returncode, p.stdout

    def expect(self, text):
        code, out = self.lint()
        self.assertEqual(code, 1, out)
        self.assertIn(text, out)
        self.assertRegex(out, r"lint: \d+ passed, 1 failed")

    def test_clean_tree(self):
        code, out = self.lint()
        self.assertEqual(code, 0, out)

    def test_include_upwards(self):
        self.write("fs/up.h", "// Up.\n#pragma once\n")
        self.write("lib/a.c", '// A.\n#include "fs/up.h"\n')
        self.expect("lib includes upwards: fs/up.h")

    def test_include_of_libc(self):
        self.write("lib/a.c", "// A.\n#include <stdio.h>\n")
        self.expect("<stdio.h> is not")

    def test_dependency_of_libc(self):
        self.write("build/obj/lib/a.d", "a.o: lib/a.c /usr/include/features.h \\\n /usr/include/linux/fs.h\n")
        self.expect("depends on /usr/include/features.h")

    def test_call_upwards(self):
        self.compile("lib/a.o", "int fs_up(void); int a(void); int a(void) { return fs_up(); }")
        self.compile("fs/up.o", "int fs_up(void) { return 0; }")
        self.expect("lib calls upwards: fs_up of fs")

    def link(self, text):
        subprocess.run(["gcc", "-xc", "-", "-g", "-O1", "-nostdlib", "-static", "-fstack-protector",
                        "-Wl,-e,f", "-o", self.path("build/kernel.elf")],
                       input="void __stack_chk_fail(void) {} void g(void *); int f(void);\n"
                             "__attribute__((noinline)) void g(void *p) { __asm__ volatile(\"\" :: \"r\"(p)); }\n" + text,
                       text=True, check=True)

    def test_array_without_canary(self):
        self.link("int f(void) { struct { int n; long a[4]; } s; g(&s); return s.n; }")
        self.expect("f has an array on its stack (s): say __stack_guarded")

    def test_array_with_canary(self):
        self.link("__attribute__((stack_protect)) int f(void) { long a[4]; g(a); return (int)a[0]; }")
        self.assertEqual(self.lint()[0], 0)

    def test_address_taken_wants_no_canary(self):
        self.link("int f(void) { int n; g(&n); return n; }")
        self.assertEqual(self.lint()[0], 0)

    def test_call_downwards(self):
        self.compile("lib/a.o", "int a(void) { return 0; }")
        self.compile("fs/up.o", "int a(void); int fs_up(void) { return a(); }")
        self.assertEqual(self.lint()[0], 0)

    def test_extern(self):
        self.write("lib/a.c", "// A.\nextern int x;\n")
        self.expect("extern in a .c file")

    def test_no_head(self):
        self.write("lib/a.c", "#define A 1\n")
        self.expect("no comment at the head")

    def test_no_pragma_once(self):
        self.write("lib/a.h", "// A.\nint a(void);\n")
        self.expect("no #pragma once")

    def test_privileged(self):
        self.write("lib/a.c", '// A.\nstatic inline void a(void)\n{\n\t__asm__ volatile("cli");\n}\n')
        self.expect("cli outside kernel/base/cpu.h")

    def test_control_register(self):
        self.write("lib/a.c", '// A.\nstatic inline void a(void)\n{\n\tlong v;\n\n'
                   '\t__asm__("mov %%cr3, %0" : "=r"(v));\n}\n')
        self.expect("outside kernel/base/cpu.h")

    def test_format(self):
        self.write("lib/a.c", "// A.\nint  a ;\n")
        self.expect("not formatted")

    def test_header_alone(self):
        self.write("lib/a.h", "// A.\n#pragma once\nsize_t a(void);\n")
        self.expect("not self-contained")

    def test_long_function(self):
        body = "\treturn;\n" * 100
        self.write("lib/a.c", f"// A.\nstatic inline void a(void)\n{{\n{body}}}\n")
        self.expect("a has 103 lines")
        self.write("lib/a.c", "// A.\n// lint: allow long-function (a table)\n"
                   f"static inline void a(void)\n{{\n{body}}}\n")
        self.assertEqual(self.lint()[0], 0)

    def test_long_file(self):
        self.write("lib/a.c", "// A.\n" * 901)
        self.expect("901 lines")

    def test_broken_script(self):
        self.write("tools/a.sh", "# A.\nif true; then\n")
        self.expect("tools/a.sh")


class Documents(unittest.TestCase):
    def test_links(self):
        names = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, stdout=subprocess.PIPE, text=True,
                               check=True).stdout.split()
        dead = []
        for name in names:
            with open(os.path.join(ROOT, name), encoding="utf-8") as f:
                links = re.findall(r"\]\(([^)#]+)", f.read())
            folder = os.path.dirname(os.path.join(ROOT, name))
            dead += [f"{name}: {link}" for link in links
                     if "://" not in link and not os.path.exists(os.path.join(folder, link))]
        self.assertEqual(dead, [])


class Counting(unittest.TestCase):
    """The runners count what failed, crashed or was not there."""

    def unit(self, script):
        with tempfile.TemporaryDirectory() as d:
            binary = os.path.join(d, "test_x")
            with open(binary, "w", encoding="utf-8") as f:
                f.write("#!/bin/sh\n" + script)
            os.chmod(binary, 0o755)
            p = subprocess.run([sys.executable, os.path.join(ROOT, "tools/unit.py"), "--out", d,
                                "--timeout", "1", binary], stdout=subprocess.PIPE, text=True, check=False)
            return p.returncode, p.stdout.splitlines()[-1]

    XML = 'cat >"$(echo "$CMOCKA_XML_FILE" | sed s/%%g/g/)" <<E\n<testsuites><testsuite>%s</testsuite></testsuites>\nE\n'

    def test_counts(self):
        cases = '<testcase name="a"/><testcase name="b"><failure>no</failure></testcase>' \
                '<testcase name="c"><skipped/></testcase>'
        self.assertEqual(self.unit(self.XML % cases + "exit 1"), (1, "1 passed, 1 failed"))

    def test_all_well(self):
        self.assertEqual(self.unit(self.XML % '<testcase name="a"/>'), (0, "1 passed, 0 failed"))

    def test_crash_without_file(self):
        self.assertEqual(self.unit("kill -SEGV $$"), (1, "0 passed, 1 failed"))

    def test_leak_after_success(self):
        self.assertEqual(self.unit(self.XML % '<testcase name="a"/>' + "exit 23"),
                         (1, "1 passed, 1 failed"))

    def test_hang(self):
        self.assertEqual(self.unit("exec sleep 20"), (1, "0 passed, 1 failed"))

    def check(self, makefile, *steps):
        with tempfile.TemporaryDirectory() as d:
            with open(os.path.join(d, "Makefile"), "w", encoding="utf-8") as f:
                f.write(makefile)
            p = subprocess.run([sys.executable, os.path.join(ROOT, "tools/check.py"), "log", "1", *steps],
                               cwd=d, stdout=subprocess.PIPE, text=True, check=False)
            return p.returncode, p.stdout.splitlines()[-1]

    def test_sum_of_steps(self):
        rules = "a:\n\t@echo '3 passed, 0 failed'\nb:\n\t@echo '4 passed, 2 failed'; false\n" \
                "c:\n\t@true\nd:\n\t@false\n"
        self.assertEqual(self.check(rules, "a", "b", "c", "d"), (1, "8 passed, 3 failed"))
        self.assertEqual(self.check(rules, "a", "c"), (0, "4 passed, 0 failed"))

    def test_step_that_lies(self):
        rules = "a:\n\t@echo '3 passed, 0 failed'; false\n"
        self.assertEqual(self.check(rules, "a"), (1, "3 passed, 1 failed"))

    def test_step_that_is_not_there(self):
        self.assertEqual(self.check("a:\n", "b"), (1, "0 passed, 1 failed"))


def main():
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
