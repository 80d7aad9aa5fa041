#!/usr/bin/env python3
"""Differential fuzzer: the same random operations on the host's Linux and in a machine, compared.

    run.py --seed S --ops N          N operations from episode 0 on
    run.py --seed S --seconds T      as many as fit
    run.py --seed S --episode E [--keep LIST] --show    one episode, both sides, the differences

A divergence is shrunk to the fewest operations that still differ and printed with the command
that shows it again. Exit status 1 if there was one. Calls left out by --off are unfinished ones;
deliberate differences are filtered in the generator and named in docs/differences.md.
"""
import argparse
import contextlib
import fcntl
import subprocess
import sys
import time

EPISODE_OPS = 1000
COUNTERS = 999999999  # "episode" of the threads' shared counters
POOL = "/proc/sys/vm/nr_hugepages"
POOL_LOCK = "/tmp/.ouro-hugepool"  # as tests/guest/t.h


@contextlib.contextmanager
def huge_pool(frames):
    """A pool of so many huge pages on the host for as long as this runs; False: none to be had."""
    if not frames:
        yield True
        return
    with open(POOL_LOCK, "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            set_pool(frames)
            with open(POOL, encoding="ascii") as f:
                yield int(f.read()) == frames
        except OSError:
            yield False
        finally:
            with contextlib.suppress(OSError):
                set_pool(0)


def set_pool(frames):
    with open(POOL, "w", encoding="ascii") as f:
        f.write(f"{frames}\n")


class Sides:
    """Runs the program on both kernels."""

    def __init__(self, args):
        self.program = args.program
        self.timeout = args.timeout + 60
        off = args.off
        # Where each thread's outcome must not hang on the others: nothing of the whole process.
        if args.threads:
            off += ",brk,rlimit,noexec"
        self.more = [f"--off={off}"]
        self.more += [f"--threads={args.threads}"] if args.threads else []
        self.more += [f"--huge={args.huge}"] if args.huge else []
        # Settings and segments of System V shared memory of its own, where that may be had.
        self.host_prefix = ["unshare", "--pid", "--ipc", "--mount", "--fork", "--kill-child",
                            "sh", "-c", "mount -t tmpfs tmpfs /dev/shm && exec \"$@\"", "sh"]
        if subprocess.run(self.host_prefix + ["true"], capture_output=True, check=False).returncode:
            self.host_prefix = []
            self.more[0] += ",noexec,shmget"
        self.guest_prefix = [args.ouro, "run", "--timeout", str(args.timeout), "-m", args.memory]
        self.guest_prefix += ["--cpus", str(args.cpus)]
        if args.kernel:
            self.guest_prefix += ["--kernel", args.kernel]

    def run(self, guest, words, stdin=""):
        cmd = [self.program, *map(str, words), *self.more]
        cmd = (self.guest_prefix if guest else self.host_prefix) + cmd
        cmd = ["timeout", "-s", "KILL", str(self.timeout)] + cmd
        done = subprocess.run(cmd, input=stdin, capture_output=True, text=True, errors="replace",
                              check=False)
        if done.returncode:
            tail = done.stderr[-3000:]
            return done.stdout.splitlines() + [f"status {done.returncode}: {tail}"]
        return done.stdout.splitlines()

    def both(self, words, stdin=""):
        return self.run(False, words, stdin), self.run(True, words, stdin)


def first_difference(host, guest):
    for i, (a, b) in enumerate(zip(host, guest)):
        if a != b:
            return i
    return min(len(host), len(guest)) if len(host) != len(guest) else None


def ranges(ops):
    out, i = [], 0
    while i < len(ops):
        j = i
        while j + 1 < len(ops) and ops[j + 1] == ops[j] + 1:
            j += 1
        out.append(str(ops[i]) if i == j else f"{ops[i]}-{ops[j]}")
        i = j + 1
    return ",".join(out)


def parse_ranges(text):
    ops = []
    for part in text.split(","):
        a, _, b = part.partition("-")
        ops += range(int(a), int(b or a) + 1)
    return ops


class Shrinker:
    def __init__(self, sides, seed, episode):
        self.sides, self.words = sides, [seed, episode, "-", EPISODE_OPS]

    def differing(self, candidates):
        """Which of the lists of operations still differ: one start of each side."""
        if not candidates:
            return []
        host, guest = self.sides.both(self.words, "".join(ranges(c) + "\n" for c in candidates))
        guest += [""] * (len(host) - len(guest))
        bad = [i for i in range(len(candidates)) if host[i] != guest[i]]
        # After a machine died, later candidates say nothing.
        dead = next((i for i, g in enumerate(guest) if g.startswith("status")), None)
        return [i for i in bad if dead is None or i <= dead]

    def show(self, ops):
        return self.sides.both(self.words + ["--show"], ranges(ops) + "\n")

    def cut(self, ops):
        """Drops what follows the first difference."""
        host, guest = self.show(ops)
        at = first_difference(host, guest)
        if at is None or at >= len(host) or not host[at].split(" ")[0].isdigit():
            return ops
        last = int(host[at].split(" ")[0])
        return [op for op in ops if op <= last]

    def shrink(self, ops, rounds=60):
        if not self.differing([ops]):
            return ops
        ops = self.cut(ops)
        chunk = max(1, len(ops) // 2)
        for _ in range(rounds):
            starts = list(range(0, len(ops), chunk))
            shorter = [ops[:s] + ops[s + chunk:] for s in starts]
            bad = [i for i in self.differing(shorter) if shorter[i]]
            if bad:
                # Try all removable pieces at once, then halves, before taking just one.
                ops = self.combine(ops, [starts[i] for i in bad], chunk)
            elif chunk == 1:
                break
            else:
                chunk = max(1, min(chunk // 2, len(ops) // 2))
        return ops

    def combine(self, ops, starts, chunk):
        tries = []
        n = len(starts)
        while n >= 1:
            for pick in (starts[:n], starts[-n:]):
                gone = {i for s in pick for i in range(s, s + chunk)}
                left = [op for i, op in enumerate(ops) if i not in gone]
                if left:
                    tries.append(left)
            n //= 2
        bad = self.differing(tries)
        return tries[bad[0]] if bad else ops[:starts[0]] + ops[starts[0] + chunk:]


def report(args, sides, episode, ops):
    shrinker = Shrinker(sides, args.seed, episode)
    host, guest = shrinker.show(ops)
    at = first_difference(host, guest)
    off = f" --off={args.off}" if args.off else ""
    off += f" --huge={args.huge}" if args.huge else ""
    off += f" --threads={args.threads} --cpus {args.cpus}" if args.threads else ""
    print(f"# tests/fuzz/diff/run.py --seed {args.seed} --episode {episode} --keep {ranges(ops)}"
          f"{off} --show")
    if at is None:
        print("  the same by itself: it hangs on the episodes before it, or on chance", flush=True)
        return
    for line in host[max(0, at - 40):at]:
        print(f"  {line[:args.width]}")
    show_difference(host[at], guest[at] if at < len(guest) else "(nothing)", args.width)


def show_difference(a, b, width):
    """Both lines; of long ones only the words around the first that differ."""
    x, y = a.split(" "), b.split(" ")
    i = next((i for i, (p, q) in enumerate(zip(x, y)) if p != q), min(len(x), len(y)))
    start = max(0, i - 6) if len(a) > width else 0
    head = f"{x[0]} (word {start}) " if start else ""
    print(f"L {head}{' '.join(x[start:])[:width]}")
    print(f"O {head}{' '.join(y[start:])[:width]}", flush=True)


def divergent_episodes(host, guest):
    there = dict(l.split()[1:] for l in guest if l.startswith("E ") and len(l.split()) == 3)
    for line in host:
        _, episode, value = line.split()
        if there.get(episode) != value:
            yield int(episode)
            if episode not in there:
                return  # the machine died here


def fuzz(args, sides):
    start, episode, found, ops = time.time(), args.first, 0, 0
    while (time.time() - start < args.seconds) if args.seconds else (ops < args.ops):
        host, guest = sides.both([args.seed, episode, args.batch, EPISODE_OPS])
        bad = list(divergent_episodes(host, guest))
        if bad:
            print(f"# episodes that differ: {' '.join(map(str, bad))}", flush=True)
        for e in bad[:args.most]:
            if e == COUNTERS:
                print("  what the shared counters are at the end")
            elif not args.no_shrink:
                shrinker = Shrinker(sides, args.seed, e)
                report(args, sides, e, shrinker.shrink(list(range(EPISODE_OPS))))
        found += len(bad)
        ops += args.batch * EPISODE_OPS * max(args.threads, 1)
        episode += args.batch
        print(f"# {time.strftime('%H:%M:%S')} seed {args.seed}: {ops} operations, "
              f"{found} of {episode - args.first} episodes differ", flush=True)
        if found and not args.go_on:
            break
    seconds = time.time() - start
    print(f"diff fuzz: seed {args.seed} episodes {args.first}-{episode - 1}: {ops} operations in "
          f"{seconds:.0f} s, {found} divergences")
    return 1 if found else 0


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default="build/fuzz/difffuzz")
    p.add_argument("--ouro", default="build/ouro")
    p.add_argument("--kernel")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--ops", type=int, default=100000)
    p.add_argument("--seconds", type=int)
    p.add_argument("--first", type=int, default=0)
    p.add_argument("--batch", type=int, default=100, help="episodes of a machine")
    p.add_argument("--memory", default="512M")
    p.add_argument("--timeout", type=int, default=120)
    p.add_argument("--off", default="remapfile", help="remap_file_pages is ENOSYS by decision")
    p.add_argument("--huge", type=int, default=0, help="a pool of so many huge pages, on both (root)")
    p.add_argument("--threads", type=int, default=0, help="so many at once, each on its own")
    p.add_argument("--cpus", type=int, default=1)
    p.add_argument("--most", type=int, default=3, help="divergences to shrink in a batch")
    p.add_argument("--go-on", action="store_true")
    p.add_argument("--no-shrink", action="store_true")
    p.add_argument("--episode", type=int)
    p.add_argument("--keep")
    p.add_argument("--shrink", action="store_true")
    p.add_argument("--show", action="store_true")
    p.add_argument("--width", type=int, default=400)
    args = p.parse_args()
    with huge_pool(args.huge) as there:
        if not there:
            print("# no pool of huge pages on this host: without them")
            args.huge = 0
        return run(args, Sides(args))


def run(args, sides):
    if args.episode is None:
        return fuzz(args, sides)
    ops = parse_ranges(args.keep) if args.keep else list(range(EPISODE_OPS))
    if args.shrink:
        ops = Shrinker(sides, args.seed, args.episode).shrink(ops)
    report(args, sides, args.episode, ops)
    return 0


if __name__ == "__main__":
    sys.exit(main())
