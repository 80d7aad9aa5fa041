#!/usr/bin/env python3
"""Tests of build/ouro: tests/tool/run.py OURO [--kernel KERNEL] [NAME...]

Packing and messages need no machine; the relay is tested against fake_qemu.py; with --kernel the same
is done with the real kernel in the real QEMU. A test is a function test_*; one that needs the kernel
is named test_machine_*. Closing line: "N passed, N failed".
"""
import argparse
import hashlib
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FAKE_QEMU = os.path.join(HERE, "fake_qemu.py")
BUSYBOX = "/bin/busybox"
GLIBC_FLAGS = ["gcc", "-O1"]


class Context:
    def __init__(self, ouro, kernel, folder):
        self.ouro, self.real_kernel, self.dir = ouro, kernel, folder
        self.fake_kernel = os.path.join(folder, "fake-kernel.elf")
        subprocess.run([sys.executable, os.path.join(HERE, "fake_kernel.py"), self.fake_kernel],
                       check=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, data, mode=0o644):
        with open(self.path(name), "wb") as f:
            f.write(data)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def compile(self, name, source, *flags):
        src = self.write(name + ".c", source.encode())
        subprocess.run([*GLIBC_FLAGS, "-o", self.path(name), src, *flags], check=True, cwd=self.dir)
        return self.path(name)

    def call(self, *args, guest=None, stdin=b"", timeout=30, env=None, cwd=None):
        e = dict(os.environ, **(env or {}))
        e.pop("SOURCE_DATE_EPOCH", None) if not env or "SOURCE_DATE_EPOCH" not in env else None
        if guest:
            e.update(OURO_QEMU=FAKE_QEMU, FAKE_GUEST=guest)
        return subprocess.run([self.ouro, *args], input=stdin, capture_output=True, timeout=timeout,
                              env=e, cwd=cwd or self.dir)

    def build(self, *args, out="out.cpio", **more):
        r = self.call("build", "--kernel", self.fake_kernel, "-o", self.path(out), *args, **more)
        return r

    def run(self, *args, guest, **more):
        return self.call("run", "--accel", "tcg", "--kernel", self.fake_kernel, *args, guest=guest,
                         **more)

    def machine(self, *args, **more):
        return self.call("run", "--accel", "tcg", "--kernel", self.real_kernel, "--timeout", "20",
                         *args, **more)


def expect(what, condition, detail=""):
    if not condition:
        raise AssertionError(f"{what}\n{detail}")


def expect_fail(r, status, *words):
    text = r.stderr.decode(errors="replace")
    expect(f"status {status}, not {r.returncode}", r.returncode == status, text)
    expect("no message", text.startswith("ouro: "), text)
    for w in words:
        expect(f"the message lacks '{w}'", w in text, text)


def expect_ok(r, status=0):
    expect(f"status {status}, not {r.returncode}", r.returncode == status,
           r.stderr.decode(errors="replace"))
    return r


def cpio_list(path):
    """GNU cpio's listing."""
    with open(path, "rb") as f:
        r = subprocess.run(["cpio", "-it", "--quiet"], stdin=f, capture_output=True, check=True)
    expect("cpio complains", not r.stderr, r.stderr.decode())
    return r.stdout.decode().split("\n")[:-1]


def qemu_children(pid):
    r = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True)
    return [int(x) for x in r.stdout.split()]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_gone(pids, seconds=3):
    end = time.time() + seconds
    while time.time() < end and any(alive(p) for p in pids):
        time.sleep(0.02)
    return not any(alive(p) for p in pids)


# What cannot be run

def test_not_found(c):
    expect_fail(c.build("./nothing"), 127, "./nothing", "no such file")
    expect_fail(c.build("no-such-program-anywhere"), 127, "PATH")


def test_not_an_elf(c):
    c.write("text", b"just words\n", 0o755)
    expect_fail(c.build("./text"), 126, "/text", "not an ELF program")


def test_empty_file(c):
    c.write("empty", b"", 0o755)
    expect_fail(c.build("./empty"), 126, "not an ELF program")


def test_directory(c):
    expect_fail(c.build("/tmp"), 126, "/tmp", "directory")


def test_device(c):
    expect_fail(c.build("/dev/null"), 126, "not a regular file")


def test_not_executable(c):
    shutil.copy(BUSYBOX, c.path("plain"))
    os.chmod(c.path("plain"), 0o644)
    expect_fail(c.build("./plain"), 126, "not executable", "chmod")


def test_unreadable(c):
    shutil.copy(BUSYBOX, c.path("secret"))
    os.chmod(c.path("secret"), 0o111)
    if os.geteuid() == 0:  # root reads everything: become somebody else for this one
        os.chmod(c.dir, 0o755)
        r = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", c.ouro, "build", "--kernel",
                            c.fake_kernel, "-o", "/tmp/never.cpio", c.path("secret")],
                           capture_output=True)
    else:
        r = c.build("./secret")
    expect_fail(r, 126, "secret", "Permission denied")


def elf_variant(c, name, change):
    data = bytearray(open(BUSYBOX, "rb").read())
    change(data)
    return c.write(name, bytes(data), 0o755)


def test_32_bit(c):
    head = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\1\1\1".ljust(16, b"\0"), 2, 3, 1, 0, 52, 0, 0, 52,
                       32, 0, 0, 0, 0)
    c.write("elf32", head, 0o755)
    expect_fail(c.build("./elf32"), 126, "32-bit")


def test_other_machines(c):
    for machine, name in ((183, "ARM64"), (243, "RISC-V"), (21, "PowerPC")):
        elf_variant(c, "other", lambda d: d.__setitem__(slice(18, 20), struct.pack("<H", machine)))
        expect_fail(c.build("./other"), 126, name)
    elf_variant(c, "big", lambda d: (d.__setitem__(5, 2),
                                     d.__setitem__(slice(18, 20), struct.pack(">H", 22))))
    expect_fail(c.build("./big"), 126, "IBM Z")


def test_object_file(c):
    elf_variant(c, "obj", lambda d: d.__setitem__(slice(16, 18), struct.pack("<H", 1)))
    expect_fail(c.build("./obj"), 126, "object file")


def test_truncated(c):
    data = open(BUSYBOX, "rb").read()
    for n in (5, 40, 63, 100, 5000, len(data) // 2):
        c.write("cut", data[:n], 0o755)
        expect_fail(c.build("./cut"), 126, "truncated")


def test_random_damage(c):
    """Damaged headers give a message and no crash, whatever is wrong."""
    data = open(c.compile("victim", "int main(void) { return 0; }"), "rb").read()
    rng = random.Random(7)
    for _ in range(60):
        d = bytearray(data)
        for _ in range(rng.randrange(1, 6)):
            d[rng.randrange(0, 1024)] = rng.randrange(256)
        c.write("damaged", bytes(d), 0o755)
        r = c.build("./damaged")
        expect(f"crashed: {r.returncode}", r.returncode in (0, 125, 126, 127), r.stderr)


# Libraries

def make_library(c, name="libneeded.so", folder=".", body="int needed(void) { return 7; }"):
    os.makedirs(c.path(folder), exist_ok=True)
    return c.compile(os.path.join(folder, name), body, "-shared", "-fPIC", f"-Wl,-soname,{name}")


PROGRAM = "int needed(void); int main(void) { return needed(); }"


def test_missing_library(c):
    make_library(c)
    c.compile("prog", PROGRAM, "-L.", "-lneeded")
    expect_fail(c.build("./prog"), 125, "libneeded.so", "/prog needs it", "/etc/ld.so.cache",
                "LD_LIBRARY_PATH")


def test_library_needs_missing_library(c):
    make_library(c, "libdeep.so", body="int deep(void) { return 1; }")
    c.compile("libneeded.so", "int deep(void); int needed(void) { return deep(); }", "-shared", "-fPIC",
              "-L.", "-ldeep", "-Wl,-soname,libneeded.so")
    c.compile("prog", PROGRAM, "-L.", "-lneeded", "-Wl,-rpath,$ORIGIN", "-Wl,--enable-new-dtags",
              "-Wl,--allow-shlib-undefined")
    # RUNPATH of the program does not serve its libraries: as the dynamic linker.
    expect_fail(c.build("./prog"), 125, "libdeep.so", "libneeded.so needs it")
    c.compile("prog", PROGRAM, "-L.", "-lneeded", "-Wl,-rpath,$ORIGIN", "-Wl,--disable-new-dtags",
              "-Wl,--allow-shlib-undefined")
    expect_ok(c.build("./prog"))  # RPATH does


def test_search_paths(c):
    make_library(c, folder="sub/lib")
    os.makedirs(c.path("bin"), exist_ok=True)
    for dtags in ("--enable-new-dtags", "--disable-new-dtags"):
        c.compile("bin/prog", PROGRAM, "-Lsub/lib", "-lneeded", "-Wl,-rpath,${ORIGIN}/../sub/$LIB",
                  f"-Wl,{dtags}")
        expect_ok(c.build("bin/prog"))
        expect("library is in the image",
               any(p.endswith("sub/lib/libneeded.so") for p in cpio_list(c.path("out.cpio"))))
    c.compile("bin/prog", PROGRAM, "-Lsub/lib", "-lneeded")
    expect_ok(c.build("-e", f"LD_LIBRARY_PATH={c.path('sub/lib')}", "bin/prog"))


def test_library_of_other_class_is_passed_over(c):
    make_library(c, folder="good")
    os.makedirs(c.path("bad"), exist_ok=True)
    c.write("bad/libneeded.so", struct.pack("<16sHH", b"\x7fELF\1\1\1".ljust(16, b"\0"), 3, 3) + b"\0" * 64)
    c.compile("prog", PROGRAM, "-Lgood", "-lneeded")
    r = c.build("-e", f"LD_LIBRARY_PATH={c.path('bad')}:{c.path('good')}", "./prog")
    expect_ok(r)
    r = c.build("-e", f"LD_LIBRARY_PATH={c.path('bad')}", "./prog")
    expect_fail(r, 125, "32-bit")


def test_libraries_as_ldd(c):
    """The same set of files as ldd finds."""
    for prog in (sys.executable, "/bin/ls", c.ouro):
        ldd = subprocess.run(["ldd", prog], capture_output=True, text=True)
        want = {w for line in ldd.stdout.split("\n") for w in line.split() if w.startswith("/")}
        got = {line.split()[1] for line in
               expect_ok(c.call("inspect", prog)).stdout.decode().split("\n")[1:] if line}
        got -= {p for p in got if "libgcc_s" in p} - want  # see test_unwinder
        expect(f"libraries of {prog}", got == want, f"only ldd: {want - got}, only ouro: {got - want}")


def test_unwinder(c):
    """glibc opens libgcc_s itself when a thread ends by pthread_exit."""
    c.compile("ends", "#include <pthread.h>\nint main(void) { pthread_exit(0); }", "-pthread")
    expect_ok(c.build("./ends"))
    expect("libgcc_s", any("libgcc_s.so.1" in n for n in cpio_list(c.path("out.cpio"))))
    c.compile("plain", "int main(void) { return 0; }")
    expect_ok(c.build("./plain"))
    expect("no libgcc_s", not any("libgcc_s" in n for n in cpio_list(c.path("out.cpio"))))


def test_musl(c):
    src = c.write("m.c", b"int main(void) { return 0; }")
    if not shutil.which("musl-gcc"):
        return
    subprocess.run(["musl-gcc", "-o", c.path("m"), src], check=True)
    expect_ok(c.build("./m"))
    names = cpio_list(c.path("out.cpio"))
    expect("musl's linker", any("ld-musl-x86_64.so.1" in n for n in names))
    expect("no glibc cache", "etc/ld.so.cache" not in names)


def test_added_programs_bring_their_libraries(c):
    """--add of a program, or of a folder with one, brings what it needs; what is missing is left out."""
    make_library(c, folder="sub/lib")
    os.makedirs(c.path("given"), exist_ok=True)
    c.compile("given/prog", PROGRAM, "-Lsub/lib", "-lneeded", "-Wl,-rpath,$ORIGIN/../sub/lib")
    for added in (c.path("given"), c.path("given/prog"), c.path("given") + ":/elsewhere"):
        expect_ok(c.build("--add", added, BUSYBOX))
        names = cpio_list(c.path("out.cpio"))
        expect(f"library of {added}", any(n.endswith("sub/lib/libneeded.so") for n in names))
        expect(f"linker of {added}", any("ld-linux-x86-64.so.2" in n for n in names))
        expect(f"cache of {added}", "etc/ld.so.cache" in names)
    shutil.rmtree(c.path("sub"))
    expect_ok(c.build("--add", c.path("given"), BUSYBOX))
    expect("what is missing is left out", not any("libneeded" in n for n in cpio_list(c.path("out.cpio"))))


def test_script(c):
    c.write("script", b"#!/bin/busybox sh\necho hi\n", 0o755)
    expect_ok(c.build("./script"))
    names = cpio_list(c.path("out.cpio"))
    expect("interpreter", "usr/bin/busybox" in names or "bin/busybox" in names)
    c.write("script", b"#!/no/such/interpreter\n", 0o755)
    expect_fail(c.build("./script"), 127, "/no/such/interpreter")


# Images

def parse_cpio(path):
    data, at, members = open(path, "rb").read(), 0, []
    expect("whole pages", len(data) % 4096 == 0)
    while True:
        h = data[at:at + 110]
        expect(f"header at {at}", h[:6] == b"070701")
        f = [int(h[6 + 8 * i:14 + 8 * i], 16) for i in range(13)]
        name = data[at + 110:at + 110 + f[11]]
        expect("name is terminated", name.endswith(b"\0") and f[11] <= 4096)
        start = (at + 110 + f[11] + 3) & ~3
        name = name.split(b"\0")[0].decode()
        if name == "TRAILER!!!":
            return members
        members.append((name, f, start, data[start:start + f[6]]))
        at = (start + f[6] + 3) & ~3


def check_index(path):
    """The index of lib/image.h agrees with the archive."""
    members = parse_cpio(path)
    expect("index first", members[0][0] == ".ouro/index" and members[1][0] == ".ouro/config")
    index = members[0][3]
    magic, version, n, names_bytes, _ = struct.unpack_from("<QIIQQ", index)
    expect("magic", magic == 0x31584449554F5221 and version == 1)
    names = index[32 + 64 * n:]
    expect("length", len(names) == names_bytes)
    entries = []
    for i in range(n):
        e = struct.unpack_from("<QQIHHIIIIIIIIII", index, 32 + 64 * i)
        entries.append(e + (names[e[2]:e[2] + e[3]],))
    by_path = {}
    for i, e in enumerate(entries):
        path_of = "." if i == 0 else e[-1].decode()
        p = e[13]
        while i and p:
            path_of = entries[p][-1].decode() + "/" + path_of
            p = entries[p][13]
        by_path[path_of] = e
        if e[5] & 0o170000 == 0o040000:
            kids = [entries[k][-1] for k in range(e[9], e[9] + e[10])]
            expect(f"children of {path_of} are sorted", kids == sorted(kids))
            expect("children know their parent",
                   all(entries[k][13] == i for k in range(e[9], e[9] + e[10])))
    data = open(path, "rb").read()
    seen = set()
    for name, f, start, content in members[2:]:
        expect(f"{name} is in the index", name in by_path)
        e = by_path[name]
        expect(f"mode of {name}", e[5] == f[1])
        if content:
            expect(f"place of {name}", e[0] == start and e[1] == len(content))
        if f[1] & 0o170000 == 0o100000 and content:
            expect(f"{name} is page aligned", start % 4096 == 0)
            expect("data", data[e[0]:e[0] + e[1]] == content)
        seen.add(name)
    expect("nothing is missing", seen == set(by_path), set(by_path) ^ seen)
    return by_path, members


def make_tree(c):
    root = c.path("tree")
    os.makedirs(root + "/a/b", exist_ok=True)
    for i, n in enumerate((0, 1, 4095, 4096, 4097, 100000)):
        c.write(f"tree/a/f{i}", os.urandom(n))
    c.write("tree/a/" + "n" * 255, b"long name")
    deep = root + "/" + "/".join(["d" * 200] * 12)
    os.makedirs(deep)
    open(deep + "/leaf", "w").write("deep")
    os.link(root + "/a/f1", root + "/a/b/link-of-f1")
    os.link(root + "/a/f5", root + "/zz-link-of-f5")
    os.symlink("f1", root + "/a/soft")
    os.symlink("/nowhere", root + "/a/dangling")
    os.chmod(root + "/a/f2", 0o4755)
    return root


def test_image_format(c):
    root = make_tree(c)
    expect_ok(c.build("--add", f"{root}:/data", BUSYBOX))
    entries, members = check_index(c.path("out.cpio"))
    expect("mode is kept", entries["data/a/f2"][5] == 0o104755)
    one, two = entries["data/a/f5"], entries["data/zz-link-of-f5"]
    expect("hard links share inode and data", one[12 - 1] == two[12 - 1] and one[0] == two[0] and one[4] == 1)
    out = c.path("extracted")
    os.makedirs(out)
    with open(c.path("out.cpio"), "rb") as f:
        subprocess.run(["cpio", "-id", "--quiet"], stdin=f, cwd=out, check=True, capture_output=True)
    r = subprocess.run(["diff", "-r", "--no-dereference", root, out + "/data"], capture_output=True)
    expect("extracted tree is the same", r.returncode == 0, r.stdout.decode())
    expect("hard link survives", os.stat(out + "/data/a/f1").st_nlink == 2)


def test_reproducible(c):
    root = make_tree(c)
    sums = set()
    for i in range(2):
        expect_ok(c.build("--add", f"{root}:/data", BUSYBOX, "x", out=f"o{i}.elf"))
        sums.add(hashlib.sha256(open(c.path(f"o{i}.elf"), "rb").read()).hexdigest())
    expect("same bytes", len(sums) == 1)


def test_source_date_epoch(c):
    c.write("young", b"x")
    expect_ok(c.build("--add", c.path("young") + ":/young", BUSYBOX, env={"SOURCE_DATE_EPOCH": "1000"}))
    entries, _ = check_index(c.path("out.cpio"))
    expect("times are clamped", all(e[8] <= 1000 for e in entries.values()))


def test_symlinks_are_kept(c):
    shutil.copy(BUSYBOX, c.path("real"))
    os.makedirs(c.path("links"))
    os.symlink("../real", c.path("links/one"))
    os.symlink(c.path("links/one"), c.path("links/two"))
    expect_ok(c.build("links/two"))
    names = cpio_list(c.path("out.cpio"))
    for n in ("links/two", "links/one", "real"):
        expect(n, (c.dir + "/" + n).lstrip("/") in names, names)


def test_symlink_loop(c):
    os.symlink("loop", c.path("loop"))
    expect_fail(c.build("./loop"), 126, "loop")


def test_many_files(c):
    root = c.path("many")
    os.makedirs(root)
    for i in range(20000):
        if i % 1000 == 0:
            os.makedirs(f"{root}/{i}")
        open(f"{root}/{i // 1000 * 1000}/file{i}", "w").close()
    start = time.time()
    expect_ok(c.build("--add", f"{root}:/many", BUSYBOX))
    expect(f"took {time.time() - start:.1f} s", time.time() - start < 5)
    expect("all listed", len(cpio_list(c.path("out.cpio"))) > 20000)


def test_elf_output(c):
    expect_ok(c.build(BUSYBOX, "a", out="x.elf"))
    r = expect_ok(c.call("inspect", "--list", c.path("x.elf")))
    expect("configuration", b"arg=a" in r.stdout and b"/usr/bin/busybox" in r.stdout, r.stdout)
    h = subprocess.run(["readelf", "-lW", c.path("x.elf")], capture_output=True, text=True, check=True)
    expect("readelf is content", "Warning" not in h.stderr, h.stderr)
    data = open(c.path("x.elf"), "rb").read()
    at = data.index(struct.pack("<Q", 0x746F6C73214F5255))
    pa, size = struct.unpack_from("<QQ", data, at + 8)
    expect("slot", pa % 4096 == 0 and pa >= 0x203000 and size % 4096 == 0)


def test_outputs_that_come_later(c):
    for out in ("x.qcow2", "x.img", "x.tar", "x", "x.zip"):
        expect_fail(c.build(BUSYBOX, out=out), 125, "later")
        expect("nothing is left", not os.path.exists(c.path(out)))


def test_output_cannot_be_written(c):
    expect_fail(c.build(BUSYBOX, out="no/such/folder.elf"), 125, "no/such/folder.elf")


def test_rootfs(c):
    root = c.path("root")
    os.makedirs(root + "/bin")
    shutil.copy(BUSYBOX, root + "/bin/busybox")
    os.symlink("busybox", root + "/bin/sh")
    tar = c.path("root.tar.gz")
    subprocess.run(["tar", "czf", tar, "-C", root, "."], check=True)
    for fs in (root, tar):
        expect_ok(c.build("--rootfs", fs, "sh", "-c", "true"))
        entries, _ = check_index(c.path("out.cpio"))
        expect("symbolic link", entries["bin/sh"][5] & 0o170000 == 0o120000)
        expect("file", entries["bin/busybox"][1] == os.path.getsize(BUSYBOX))
        r = expect_ok(c.call("inspect", c.path("out.cpio")))
        expect("found along PATH", b"exe=/bin/sh" in r.stdout, r.stdout)
    expect_fail(c.build("--rootfs", "/nonexistent", "sh"), 125, "/nonexistent")
    c.write("bad.tar", b"this is not an archive")
    expect_fail(c.build("--rootfs", c.path("bad.tar"), "sh"), 125, "bad.tar")


def make_oci(c, layers):
    """An OCI archive of layers, each a dict of path -> bytes, gzipped."""
    import gzip
    import io
    import json
    import tarfile

    def tar_of(files):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as t:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size, info.mode = len(data), 0o755
                t.addfile(info, io.BytesIO(data))
        return out.getvalue()

    blobs = {}

    def blob(data):
        digest = hashlib.sha256(data).hexdigest()
        blobs["blobs/sha256/" + digest] = data
        return {"mediaType": "x", "digest": "sha256:" + digest, "size": len(data)}

    manifest = {"schemaVersion": 2, "config": blob(b'{"layers": "not these"}'),
                "layers": [blob(gzip.compress(tar_of(files))) for files in layers]}
    index = {"schemaVersion": 2, "annotations": {"a": "x]}\\\"y"},
             "manifests": [blob(json.dumps(manifest, indent=1).encode())]}
    blobs["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    blobs["index.json"] = json.dumps(index).encode()
    return c.write("image.oci", tar_of(blobs))


def test_oci_archive(c):
    busybox = open(BUSYBOX, "rb").read()
    oci = make_oci(c, [{"bin/busybox": busybox, "etc/gone": b"x", "opt/a": b"1", "opt/b": b"2"},
                       {"etc/.wh.gone": b"", "opt/.wh..wh..opq": b"", "opt/c": b"3"}])
    expect_ok(c.build("--rootfs", oci, "/bin/busybox", "true"))
    entries, _ = check_index(c.path("out.cpio"))
    expect("first layer", "bin/busybox" in entries)
    expect("whiteouts", "etc/gone" not in entries and "opt/a" not in entries and "opt/c" in entries)
    expect("no blobs", "blobs" not in entries and "index.json" not in entries)
    broken = make_oci(c, [])
    expect_fail(c.build("--rootfs", broken, "/bin/busybox"), 125, "OCI archive")


def test_iso(c):
    if not c.real_kernel or not shutil.which("grub-mkrescue"):
        return
    sums = set()
    for i in range(2):
        r = c.call("build", "--kernel", c.real_kernel, "-o", c.path(f"{i}.iso"), BUSYBOX, timeout=120)
        expect_ok(r)
        sums.add(hashlib.sha256(open(c.path(f"{i}.iso"), "rb").read()).hexdigest())
    expect("same bytes", len(sums) == 1)


# Options

def test_options(c):
    for args, words in (
            (["run", "--nonsense", "x"], ["--nonsense", "--help"]),
            (["run", "-m", "lots", "x"], ["--memory", "lots"]),
            (["run", "-m"], ["--memory", "value"]),
            (["run", "--cpus", "65", "x"], ["at most 64"]),
            (["run", "-v", "/a:/b", "x"], ["later", "--add"]),
            (["run", "-p", "80:80", "x"], ["later"]),
            (["run", "--accel", "xen", "x"], ["--accel", "kvm"]),
            (["run", "--timeout", "soon", "x"], ["--timeout"]),
            (["run", "-w", "rel", "x"], ["absolute"]),
            (["run", "--stats=1", "x"], ["no value"]),
            (["run"], ["needs a program"]), (["frob"], ["frob"]),
            (["build", "x"], ["-o"])):
        expect_fail(c.call(*args), 125, *words)
    for args in (["help"], ["--help"], ["run", "--help"], ["version"], ["--version"]):
        expect("text", expect_ok(c.call(*args)).stdout)


def test_dry_run(c):
    r = expect_ok(c.run("-m", "64M", "--icount", "--machine", "q35", "--gdb=4321", "--dry-run", BUSYBOX,
                        guest="hang"))
    for w in (b"-icount shift=0,sleep=off", b"-M q35", b"tcp:127.0.0.1:4321", b"-m 65536k", b"-nodefaults"):
        expect(w.decode(), w in r.stdout, r.stdout)


def test_too_little_memory(c):
    c.write("large", b"x" * (8 << 20))
    r = c.run("-m", "8M", "--add", c.path("large"), BUSYBOX, guest="hang")
    expect_fail(r, 125, "too few", "-m")


def test_kernel_missing(c):
    expect_fail(c.call("run", "--kernel", "/nonexistent", BUSYBOX), 125, "/nonexistent")
    expect_fail(c.call("run", "--kernel", BUSYBOX, BUSYBOX), 125, "not an Ouro kernel")


def test_no_qemu(c):
    r = c.call("run", "--accel", "tcg", "--kernel", c.fake_kernel, BUSYBOX,
               env={"OURO_QEMU": "/no/such/qemu"})
    expect_fail(r, 125, "/no/such/qemu")


# The relay, against the stand-in

def test_relay_status(c):
    for guest, status in (("exit:0", 0), ("exit:1", 1), ("exit:42", 42), ("exit:255", 255),
                          ("signal:11", 139), ("signal:9", 137), ("status:2:0", 127),
                          ("status:3:13", 126), ("status:4:1", 125)):
        r = c.run(BUSYBOX, guest=guest)
        expect(f"{guest} gives {r.returncode}", r.returncode == status)


def test_relay_failures(c):
    expect_fail(c.run(BUSYBOX, guest="die"), 125, "without saying")
    expect_fail(c.run(BUSYBOX, guest="silent"), 125, "kernel did not start")
    expect_fail(c.run(BUSYBOX, guest="crash"), 125, "status 1", "something is wrong")


def test_relay_bytes(c):
    data = os.urandom(1 << 20)
    r = expect_ok(c.run(BUSYBOX, guest="cat", stdin=data))
    expect("bytes are the same", r.stdout == data)
    expect("nothing else", r.stderr == b"")
    expect("empty input", expect_ok(c.run(BUSYBOX, guest="cat")).stdout == b"")


def test_relay_streams_apart(c):
    r = expect_ok(c.run(BUSYBOX, guest="both"))
    expect("out", r.stdout == b"".join(b"out %d\n" % i for i in range(1000)))
    expect("err", r.stderr == b"".join(b"err %d\n" % i for i in range(1000)))


def test_relay_garbage(c):
    expect("records are found again", expect_ok(c.run(BUSYBOX, guest="garbage")).stdout == b"kept\n" * 5)


def test_relay_timeout(c):
    start = time.time()
    r = c.run("--timeout", "300ms", BUSYBOX, guest="hang")
    expect_fail(r, 124, "time limit")
    expect("at once", time.time() - start < 5)


def start_hanging(c, guest):
    p = subprocess.Popen([c.ouro, "run", "--accel", "tcg", "--kernel", c.fake_kernel, BUSYBOX],
                         env=dict(os.environ, OURO_QEMU=FAKE_QEMU, FAKE_GUEST=guest),
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.time() + 5
    while not qemu_children(p.pid) and time.time() < end:
        time.sleep(0.02)
    time.sleep(0.4)  # until the stand-in has said that it is ready
    return p, qemu_children(p.pid)


def test_relay_signals(c):
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        p, children = start_hanging(c, "trap")
        p.send_signal(sig)
        expect(f"{sig.name} reaches the program", p.wait(5) == 128 + sig)
        expect("no QEMU is left", wait_gone(children))


def test_relay_killed(c):
    p, children = start_hanging(c, "hang")
    p.kill()
    p.wait()
    expect("there was a QEMU", children)
    expect("no QEMU is left", wait_gone(children))


def test_relay_sigterm_ends_a_deaf_program(c):
    p, children = start_hanging(c, "hang")
    p.terminate()
    expect("status", p.wait(10) == 128 + signal.SIGTERM)
    expect("no QEMU is left", wait_gone(children))


def test_relay_closed_output(c):
    p = subprocess.Popen([c.ouro, "run", "--accel", "tcg", "--kernel", c.fake_kernel, BUSYBOX],
                         env=dict(os.environ, OURO_QEMU=FAKE_QEMU, FAKE_GUEST="flood:10000000"),
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    p.stdout.read(10)
    p.stdout.close()
    expect("SIGPIPE", p.wait(10) == 128 + signal.SIGPIPE)


def test_relay_slow_reader(c):
    p = subprocess.Popen([c.ouro, "run", "--accel", "tcg", "--kernel", c.fake_kernel, BUSYBOX],
                         env=dict(os.environ, OURO_QEMU=FAKE_QEMU, FAKE_GUEST="flood:3000000"),
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    time.sleep(0.5)
    with open(f"/proc/{p.pid}/status") as f:
        rss = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
    expect(f"holds back: {rss} KiB", rss < 20000)
    expect("all comes", len(p.stdout.read()) == 3000000 and p.wait(10) == 0)


# The real machine

def test_machine_hello(c):
    for machine in ("microvm", "q35", "pc"):
        r = expect_ok(c.machine("--machine", machine, BUSYBOX, "echo", "hello"))
        expect(machine, r.stdout == b"hello\n" and r.stderr == b"", r.stderr.decode())


def test_machine_status(c):
    for n in (0, 1, 42, 255):
        r = c.machine(BUSYBOX, "sh", "-c", f"exit {n}")
        expect(f"exit {n} gives {r.returncode}", r.returncode == n, r.stderr.decode())


def test_machine_bytes(c):
    data = os.urandom(1 << 20)
    for ctl in ("virtio",):
        r = expect_ok(c.machine("--ctl", ctl, BUSYBOX, "cat", stdin=data))
        expect("bytes are the same", r.stdout == data)
    r = expect_ok(c.machine("--ctl", "uart2", BUSYBOX, "cat", stdin=data[:5000]))
    expect("bytes are the same on the UART", r.stdout == data[:5000])


def test_machine_streams(c):
    r = expect_ok(c.machine(BUSYBOX, "sh", "-c", "echo out; echo err >&2"))
    expect("out", r.stdout == b"out\n")
    expect("err", r.stderr == b"err\n", r.stderr)


def test_machine_signal(c):
    r = c.machine(BUSYBOX, "sh", "-c", "kill -9 $$")
    expect(f"status {r.returncode}", r.returncode == 137)


def test_machine_timeout_dumps_threads(c):
    r = c.call("run", "--accel", "tcg", "--kernel", c.real_kernel, "--timeout", "3", BUSYBOX, "sleep", "60")
    text = r.stderr.decode()
    expect("status", r.returncode == 124, text)
    expect("dump", "thread 2 busybox" in text, text)


def test_machine_host_signal(c):
    p = subprocess.Popen([c.ouro, "run", "--accel", "tcg", "--kernel", c.real_kernel, BUSYBOX, "cat"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    p.stdin.write(b"x")
    p.stdin.flush()
    expect("the program runs", p.stdout.read(1) == b"x")
    p.send_signal(signal.SIGINT)
    expect("SIGINT ends it", p.wait(10) == 130)


def test_machine_closed_output(c):
    p = subprocess.Popen([c.ouro, "run", "--accel", "tcg", "--kernel", c.real_kernel, BUSYBOX, "yes"],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    p.stdout.read(10)
    p.stdout.close()
    expect("SIGPIPE", p.wait(10) == 128 + signal.SIGPIPE)


def test_machine_least_memory(c):
    """What ouro says is enough is enough for the kernel to start, on each machine."""
    for machine in ("microvm", "q35", "pc"):
        r = c.machine("--machine", machine, "-m", "1M", BUSYBOX, "true")
        expect_fail(r, 125, "at least")
        words = r.stderr.decode().split()
        need = words[words.index("least") + 1]
        r = c.machine("--machine", machine, "-m", need + "K", BUSYBOX, "true")
        expect(f"{machine} with {need} KiB: {r.returncode}", r.returncode in (0, 137), r.stderr.decode())


def test_machine_environment(c):
    r = expect_ok(c.machine("-e", "NAME=a b", "-w", "/tmp", BUSYBOX, "sh", "-c", 'echo "$NAME" $PWD $HOME'))
    expect("environment", r.stdout == b"a b /tmp /root\n", r.stdout)


def test_machine_images(c):
    r = c.call("build", "--kernel", c.real_kernel, "-o", c.path("m.elf"), BUSYBOX, "echo", "image")
    expect_ok(r)
    for machine in ("microvm", "q35", "pc"):
        r = c.call("run", "--accel", "tcg", "--timeout", "20", "--machine", machine, c.path("m.elf"))
        expect(machine, r.stdout == b"image\n" and r.returncode == 0, r.stderr.decode())
    expect_ok(c.call("build", "-o", c.path("m.cpio"), BUSYBOX, "echo", "image"))
    for words, text in (((), b"image\n"), (("echo", "other"), b"other\n")):
        r = c.machine(c.path("m.cpio"), *words)
        expect("cpio", r.stdout == text and r.returncode == 0, r.stderr.decode())
    if shutil.which("grub-mkrescue"):
        expect_ok(c.call("build", "--kernel", c.real_kernel, "-o", c.path("m.iso"), BUSYBOX, "echo",
                         "image", timeout=120))
        for machine in ("q35", "pc"):
            r = c.call("run", "--accel", "tcg", "--timeout", "60", "--machine", machine, c.path("m.iso"),
                       timeout=90)
            expect(machine + " iso", r.stdout == b"image\n" and r.returncode == 0, r.stderr.decode())


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("ouro")
    ap.add_argument("--kernel")
    ap.add_argument("names", nargs="*")
    a = ap.parse_intermixed_args()
    tests = [(n, f) for n, f in globals().items() if n.startswith("test_") and callable(f)]
    if a.names:
        tests = [t for t in tests if any(n in t[0] for n in a.names)]
    if not a.kernel:
        tests = [t for t in tests if not t[0].startswith("test_machine_")]
    failed = 0
    for name, fn in tests:
        folder = tempfile.mkdtemp(prefix="ouro-test.")
        try:
            fn(Context(os.path.abspath(a.ouro), a.kernel and os.path.abspath(a.kernel), folder))
        except Exception as e:  # whatever went wrong is that test's failure
            failed += 1
            print(f"FAIL {name}: {e}\n     again: {sys.argv[0]} {a.ouro} "
                  f"{'--kernel ' + a.kernel if a.kernel else ''} {name}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
