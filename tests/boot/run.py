#!/usr/bin/env python3
"""The boot matrix: every way into the kernel, started as a user would, and what a boot costs.

    tests/boot/run.py [--build DIR] [--jobs N] [NAME-GLOB...]

The program's output must come through each time, and the machine must end by itself; a machine that
does not end in time has failed. A failure shows the console and the command that makes it again.
Last line: "N passed, N failed".
"""
import argparse
import concurrent.futures
import fnmatch
import os
import pty
import re
import select
import shlex
import socket
import subprocess
import sys
import time

import exhaust

QEMU = ["qemu-system-x86_64", "-accel", "tcg", "-nodefaults", "-no-user-config", "-display", "none",
        "-monitor", "none", "-no-reboot", "-chardev", "stdio,id=c,signal=off", "-serial", "chardev:c"]
ECHO = ["/bin/busybox", "echo", "booted", "42"]
MACHINES = ("microvm", "q35", "pc")
OVMF = ("/usr/share/ovmf/OVMF.fd", "/usr/share/OVMF/OVMF_CODE_4M.fd")
MOST_TICKS = 250000  # from the kernel's first instruction to main of a static musl program
MOST_GROWTH = 1.10   # of them, whatever the machine's memory and the image's files
MANY_FILES = 50000


class Failure(Exception):
    pass


class Context:
    def __init__(self, args):
        self.build, self.limit = args.build, args.timeout
        self.dir = os.path.join(args.build, "boot")
        self.ouro = os.path.join(args.build, "ouro")
        os.makedirs(self.dir, exist_ok=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def command(self, command, status=0):
        """What the command wrote (both streams), with its status checked."""
        again = "again: " + shlex.join(command)
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=self.limit, check=False)
        except subprocess.TimeoutExpired as e:
            raise Failure(f"no end after {self.limit} s\n{tail(e.stdout or b'')}\n{again}") from e
        if done.returncode != status:
            raise Failure(f"status {done.returncode}, not {status}\n{tail(done.stdout)}\n{again}")
        return done.stdout.decode(errors="replace").replace("\r", "")

    def expect_line(self, line, command, status=0):
        text = self.command(command, status)
        if line not in text.splitlines():
            raise Failure(f"the line \"{line}\" is missing\n{tail(text.encode())}\n"
                          f"again: {shlex.join(command)}")

    def ouro_run(self, line, *words):
        self.expect_line(line, [self.ouro, "run", "--accel", "tcg", *words])

    def by_hand(self, *words, cpu="max", line="booted 42"):
        """The first UART shows the program's bytes; power-off ends QEMU."""
        self.expect_line(line, [*QEMU, "-cpu", cpu, *words])


def tail(raw):
    lines = raw.decode(errors="replace").replace("\r", "").splitlines()[-15:]
    return "\n".join("  | " + t[:200] for t in lines)


# Each takes a Context and raises Failure. All of TESTS are run, in this order, some at a time.
TESTS = []


def test(name, *args):
    """Registers a function under a name, with arguments: one line of the matrix."""
    def add(function):
        TESTS.append((name, lambda c: function(c, *args)))
        return function
    return add


def boot_iso_uefi(c, firmware):
    c.by_hand("-M", "q35", "-m", "256", "-bios", firmware, "-cdrom", c.path("t.iso"))


def boot_iso_uefi_flash(c, firmware):
    c.by_hand("-M", "q35", "-m", "256", "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={firmware}",
              "-cdrom", c.path("t.iso"))


if os.path.exists(OVMF[1]):
    test("iso-uefi-4m", OVMF[1])(boot_iso_uefi_flash)
if os.path.exists(OVMF[0]):
    test("iso-uefi", OVMF[0])(boot_iso_uefi)


@test("iso-bios")
def boot_iso_bios(c):
    c.by_hand("-M", "q35", "-m", "64", "-cdrom", c.path("t.iso"))


@test("iso-bios-as-disk")
def boot_iso_as_disk(c):
    c.by_hand("-M", "pc", "-m", "64", "-drive",
              f"file={c.path('t.iso')},format=raw,if=ide,snapshot=on")


@test("iso-bios-qemu64")
def boot_iso_baseline(c):
    c.by_hand("-M", "pc", "-m", "64", "-cdrom", c.path("t.iso"), cpu="qemu64")


@test("elf-microvm-acpi-off")
def boot_elf_without_acpi(c):
    c.by_hand("-M", "microvm,acpi=off", "-m", "64", "-kernel", c.path("t.elf"))


def boot_run(c, machine):
    c.ouro_run("booted 42", "--machine", machine, *ECHO)


def boot_run_uart2(c, machine):
    c.ouro_run("booted 42", "--machine", machine, "--ctl", "uart2", *ECHO)


def boot_elf(c, machine):
    c.by_hand("-M", machine, "-m", "64", "-kernel", c.path("t.elf"))


def boot_elf_baseline(c, machine):
    c.by_hand("-M", machine, "-m", "64", "-kernel", c.path("t.elf"), cpu="qemu64")


def boot_elf_64g(c, machine):
    c.by_hand("-M", machine + ",memory-backend=r", "-m", "64G", "-object",
              "memory-backend-ram,id=r,size=64G,reserve=off", "-kernel", c.path("t.elf"))


def boot_image_given_to_run(c, machine):
    c.ouro_run("booted 42", "--machine", machine, c.path("t.elf"))


for _machine in MACHINES:
    test("run-" + _machine, _machine)(boot_run)
    test("run-uart2-" + _machine, _machine)(boot_run_uart2)
    test("run-elf-" + _machine, _machine)(boot_image_given_to_run)
    test("elf-" + _machine, _machine)(boot_elf)
    test("elf-qemu64-" + _machine, _machine)(boot_elf_baseline)
    test("elf-64g-" + _machine, _machine)(boot_elf_64g)


def refuse_cpu(c, cpu, word):
    c.by_hand("-M", "q35", "-m", "64", "-kernel", c.path("t.elf"), cpu=cpu,
              line=f"ouro: the kernel cannot run here: this CPU lacks {word}")


for _cpu, _word in (("qemu32", "long mode (64-bit)"), ("qemu64,-nx", "NX (execute disable)"),
                    ("qemu64,-syscall", "SYSCALL")):
    test("refuses-" + _cpu.replace(",-", "-without-"), _cpu, _word)(refuse_cpu)


@test("refuses-little-memory")
def refuse_little_memory(c):
    text = c.command([*QEMU, "-cpu", "max", "-M", "microvm", "-m", "3", "-kernel", c.path("t.elf")])
    if "not enough memory" not in text:
        raise Failure("no clear line\n" + tail(text.encode()))


@test("static-hello-in-3m")
def boot_hello_in_3_mib(c):
    c.ouro_run("hello", "-m", "3M", c.path("hello"))


@test("dynamic-cxx-ring-in-10m")
def boot_ring_in_10_mib(c):
    c.ouro_run("ring: a byte written through one view is read through the other", "-m", "10M",
               os.path.join(c.build, "examples/ring"))


def exhausted(c, memory, mode):
    """As on Linux: who is killed for it, what the program sees, and no less memory by then."""
    least, want = exhaust.golden()[mode, memory]
    status = want[0].split()[1]
    text = c.command([c.ouro, "run", "--accel", "tcg", "-m", memory, "--log", "error",
                      c.path("exhaust"), mode], int(status))
    amount, got = exhaust.outcome(status, text)
    if got != want or amount < least:
        raise Failure("\n".join(["not as on Linux:", *got, f"with {amount} MiB, where Linux had {least}:", *want]))


def exhausted_with_recovery(c, memory, mode):
    text = c.command([c.ouro, "run", "--accel", "tcg", "-m", memory, "--log", "info",
                      c.path("exhaust"), mode])
    if "\nend: " not in text or "out of memory:" in text:
        raise Failure("not to the end\n" + tail(text.encode()))


for _memory in exhaust.MEMORY:
    for _mode in exhaust.MODES:
        test(f"memory-gone-{_memory.lower()}-by-{_mode}", _memory, _mode)(exhausted)
for _mode in ("cycles", "fds", "mappings", "threads", "memfds", "pipes"):
    test("used-up-" + _mode, "32M", _mode)(exhausted_with_recovery)
test("used-up-processes", "256M", "processes")(exhausted_with_recovery)


@test("panic-report", 1)
@test("panic-report-smp", 2)
def report_panic(c, cpus):
    """The kernel is led astray by gdb; the report must name who called, and the status is ouro's."""
    port = free_port()
    program = ECHO if cpus == 1 else [os.path.join(c.build, "examples", "spsc-test")]
    command = [c.ouro, "run", "--accel", "tcg", "--timeout", "60", "--cpus", str(cpus),
               f"--gdb={port}", *program]
    gdb = ["gdb", "-q", "-batch", "-nx", os.path.join(c.build, "kernel.elf"), "-ex", "set confirm off",
           "-ex", "set tcp connect-timeout 30", "-ex", f"target remote 127.0.0.1:{port}",
           "-ex", "hbreak process_exit_thread", "-ex", "continue", "-ex", "delete",
           "-ex", "set $rip = 0xffffffffff001000", "-ex", "continue"]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        machine = pool.submit(c.command, command, 125)
        c.command(gdb)
        text = machine.result()
    who = r"\bprocess_exit_group\+0x|\bsys_exit_group\+0x" if cpus == 1 else r"CPU \d was at:\n +f"
    for want in ("kernel panic: page fault: execution of kernel memory at ffffffffff001000",
                 "rip ffffffffff001000", who, r"\btrap_syscall_entry\+0x"):
        if not re.search(want, text):
            raise Failure(f"the report lacks {want}\n{tail(text.encode())}")


def type_until(fd, keys, want, seconds=30):
    """Types |keys| and reads until |want| was shown; what was read."""
    seen = ""
    end = time.monotonic() + seconds
    os.write(fd, keys)
    while not re.search(want, seen):
        if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
            raise Failure(f"typed {keys!r}: no {want!r} in\n{tail(seen.encode())}")
        seen += os.read(fd, 4096).decode(errors="replace")
    return seen


def press_until(fd, key, want):
    """A key that comes before the job is in the foreground is the shell's: again until it acts."""
    for _ in range(5):
        os.write(fd, key)
        try:
            return type_until(fd, b"", want, 3)
        except Failure:
            pass
    raise Failure(f"the key {key!r} did nothing")


@test("terminal")
def use_terminal(c):
    """ouro run -t: line editing, keys that signal a program that does not read, job control."""
    master, slave = pty.openpty()
    command = [c.ouro, "run", "--accel", "tcg", "--timeout", "100", "-t", "-i", "/bin/busybox", "sh"]
    p = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    try:
        type_until(master, b"", r"[#$] ")
        type_until(master, b"echo 4\x7f$((40 + 2))\r", r"\n42\r\n.*[#$] ")
        for _ in range(4):  # more than end a machine that does not react
            type_until(master, b"echo run; busybox sleep 60\r", r"\nrun\r\n")
            press_until(master, b"\3", r"[#$] ")
        type_until(master, b"echo run; busybox sleep 60\r", r"\nrun\r\n")
        press_until(master, b"\x1a", r"Stopped.*\n.*[#$] ")
        type_until(master, b"kill -9 %1; busybox sleep 1; jobs\r", r"Killed.*\n.*[#$] ")
        os.write(master, b"exit 7\r")
        status = p.wait(30)
    finally:
        p.kill()
        os.close(master)
        os.close(slave)
    if status != 7:
        raise Failure(f"status {status} of exit 7; again: {shlex.join(command)}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def mask_pid(text):
    return re.sub(r"\bprocess \d+", "process N", text)


def run_example(c, name):
    """The same output as on this Linux, but for the process's number."""
    program = os.path.join(c.build, "examples", name)
    native = c.command([program])
    again = [c.ouro, "run", "--accel", "tcg", program]
    text = c.command(again)
    if mask_pid(text) != mask_pid(native):
        raise Failure(f"not as on Linux:\n{tail(text.encode())}\nagain: {shlex.join(again)}")


for _name in ("hello", "ring", "spsc-test"):
    test("example-" + _name, _name)(run_example)


def ticks_to_main(c, *words):
    """Instructions from the kernel's first one to main of main_tsc."""
    text = c.command([c.ouro, "run", "--icount", "--stats", *words, c.path("main_tsc")])
    found = {k: int(v) for k, v in re.findall(r"^(entry_tsc|main_tsc)=(\d+)$", text, re.M)}
    if len(found) != 2:
        raise Failure("the counters are missing\n" + tail(text.encode()))
    return found["main_tsc"] - found["entry_tsc"]


def make_files(folder, count):
    for i in range(count):
        if i % 100 == 0:
            os.makedirs(f"{folder}/{i // 100}", exist_ok=True)
        with open(f"{folder}/{i // 100}/{i}", "w", encoding="ascii") as f:
            f.write(f"{i}\n")
    return folder


@test("ticks-to-main")
def boot_ticks(c):
    few = make_files(c.path("few"), 10)
    many = make_files(c.path("many"), MANY_FILES)
    ticks = {"512 MiB": ticks_to_main(c, "-m", "512M"), "64 MiB": ticks_to_main(c, "-m", "64M"),
             "8 GiB": ticks_to_main(c, "-m", "8G"),
             "10 files": ticks_to_main(c, "-m", "512M", "--add", few),
             f"{MANY_FILES} files": ticks_to_main(c, "-m", "512M", "--add", many)}
    print("     kernel entry to main: " + ", ".join(f"{k} {v:,}" for k, v in ticks.items()))
    if max(ticks.values()) > MOST_TICKS:
        raise Failure(f"more than {MOST_TICKS:,} ticks")
    if max(ticks.values()) > MOST_GROWTH * min(ticks.values()):
        raise Failure("a boot's cost depends on the memory or the files")


def prepare(c):
    tests = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for program, source in (("main_tsc", "boot/main_tsc.c"), ("hello", "bench/hello.c"),
                            ("exhaust", "boot/exhaust.c")):
        subprocess.run(["musl-gcc", "-O2", "-static", "-s", "-o", c.path(program),
                        os.path.join(tests, source)], check=True)
    for image in ("t.elf", "t.iso"):
        c.command([c.ouro, "build", *ECHO, "-o", c.path(image)])


def run_one(c, name, function):
    start = time.monotonic()
    try:
        function(c)
        error = None
    except Failure as e:
        error = str(e)
    print(f"{'ok  ' if error is None else 'FAIL'} {name} ({time.monotonic() - start:.1f} s)", flush=True)
    if error is not None:
        print("\n".join("     " + t for t in error.splitlines()), flush=True)
    return error is None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=int(os.environ.get("TIMEOUT", "120")))
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    context = Context(args)
    try:
        prepare(context)
    except (Failure, subprocess.CalledProcessError) as e:
        print(f"{e}\n0 passed, 1 failed")
        return 1
    chosen = [t for t in TESTS if not args.names or any(fnmatch.fnmatch(t[0], n) for n in args.names)]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        passed = sum(pool.map(lambda t: run_one(context, *t), chosen))
    failed = len(chosen) - passed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
