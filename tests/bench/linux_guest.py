"""The Linux guests that Ouro is compared with (`make bench-linux` builds them): how QEMU starts them, and
what their first file system is made of.
"""
QEMU = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
        "-monitor", "none", "-serial", "stdio", "-no-reboot"]
LINUX_WORDS = ("console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable reboot=t "
               "no_timer_check tsc_early_khz=1000000 lpj=10000000 random.trust_cpu=on")
MINIMAL_WORDS = (" nolapic_timer clearcpuid=erms,fsrm,smap,smep rodata=off"
                 " dhash_entries=512 ihash_entries=512")
MINIMAL_MACHINE = "microvm,acpi=off,pit=on,pic=on,rtc=on,isa-serial=on"


def cpio_member(name, mode, data=b"", rdev=(0, 0), ino=[0]):
    """One member of a cpio "newc" archive."""
    ino[0] += 1
    raw = name.encode() + b"\0"
    fields = (ino[0], mode, 0, 0, 1, 0, len(data), 0, 0, rdev[0], rdev[1], len(raw), 0)
    head = b"070701" + b"".join(b"%08x" % f for f in fields) + raw
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def initramfs(path, programs):
    """An archive with the console, /dev/null and the programs: name to host path."""
    with open(path, "wb") as out:
        out.write(cpio_member("dev", 0o40755))
        out.write(cpio_member("dev/console", 0o20600, rdev=(5, 1)))
        out.write(cpio_member("dev/null", 0o20666, rdev=(1, 3)))
        for name, host in programs.items():
            with open(host, "rb") as f:
                out.write(cpio_member(name, 0o100755, f.read()))
        out.write(cpio_member("TRAILER!!!", 0))
