#!/usr/bin/env python3
"""Makes sweep_calls.h from syscall/syscalls.def and kinds.def: for each implemented call its number,
name and, per argument, whether it is a pointer (r the kernel reads, w it writes, x either) and what
harmless value it gets otherwise."""
import re

# Calls that end, change or stop the caller, or whose pointer is not memory.
SKIP = {"exit", "exit_group", "pause", "rt_sigreturn", "rt_sigsuspend", "restart_syscall", "execve",
        "execveat", "clone", "clone3", "vmsplice", "mount", "umount2", "fork", "vfork", "kill", "tkill", "tgkill", "brk", "munmap", "mmap",
        "mremap", "mprotect", "pkey_mprotect", "madvise", "sync", "arch_prctl", "set_tid_address",
        "set_robust_list", "rseq", "setrlimit", "close", "close_range", "dup2", "dup3", "alarm",
        "setitimer", "setsid", "setpgid", "umask", "chroot", "rt_sigtimedwait", "mlockall",
        "munlockall", "getrandom_", "futex", "wait4", "waitid", "select", "pselect6", "ppoll", "poll",
        "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
        "setgroups", "capset", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "epoll_wait", "epoll_pwait",
        "epoll_pwait2", "flock", "fcntl", "ioctl", "sched_setaffinity", "sched_setparam",
        "sched_setscheduler", "personality", "prctl", "time", "times"}
VALUES = {"FD": "FILE_FD", "ATFD": "AT_FDCWD", "SIZE": "64", "INT": "0", "UINT": "64", "CLOCK": "0",
          "RLIMIT": "4", "SIG": "10", "SIGHOW": "0", "ADDR": "AREA", "LONG": "0", "PID": "0",
          "MODE": "0600", "UID": "-1"}


def main():
    ways = {}
    for line in open("syscall/kinds.def"):
        m = re.match(r"POINTER\((\w+), (\w)\)", line)
        if m:
            ways[m[1]] = {"I": "r", "O": "w", "X": "x"}[m[2]]
    for line in open("syscall/syscalls.def"):
        m = re.match(r'SYSCALL\((\d+), (\w+), (FULL|PARTIAL), (\d), (.*)"', line)
        if not m or m[2] in SKIP:
            continue
        words = [w.strip() for w in m[5].split(", ") if w.strip(", ")]
        args, paths = [], 0
        for kind, name in zip(words[::2], words[1::2]):
            if kind == "PATH":
                args.append(f"{{ 'r', (long)\"gt-sweep{paths}\" }}")
                paths += 1
            elif kind in ways:
                args.append(f"{{ '{ways[kind]}', 0 }}")
            elif name.strip(",") == "bytes":
                args.append("{ 0, 64 }")
            elif kind == "FD" and m[2].startswith("getdents"):
                args.append("{ 0, DIR_FD }")
            elif name.strip(",") == "set_bytes":
                args.append("{ 0, 8 }")
            else:
                args.append(f"{{ 0, {VALUES.get(kind, '0')} }}")
        if any("'" in a for a in args):
            print(f'{{ {m[1]}, "{m[2]}", {len(args)}, {{ {", ".join(args)} }} }},')


main()
