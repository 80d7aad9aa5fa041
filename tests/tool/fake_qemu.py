#!/usr/bin/env python3
"""Stands in for QEMU in tests of ouro's relay: speaks the guest's side of lib/ctlproto.h.

What the "guest" does is the environment variable FAKE_GUEST:
  cat         copies its input to its output; asks for input in small credits
  exit:N      ends with status N        signal:N    is killed by signal N
  status:K:N  the exit record of kind K and code N
  die         QEMU exits with status 0 and no record
  crash       QEMU complains on its standard error and fails
  hang        never ends                trap        ends with 128 + the signal that it is sent
  garbage     noise between records     both        standard output and error, interleaved
  flood:N     N bytes of output         silent      exits at once, not even ready
"""
import os
import re
import socket
import struct
import sys
import time

MAGIC = 0x4F75
READY, STDOUT, STDERR, LOG, CREDIT, EXIT = 1, 2, 3, 4, 5, 6
STDIN, STDIN_EOF, WINSIZE, SIGNAL, DUMP = 64, 65, 66, 67, 68


class Guest:
    def __init__(self):
        fd = next(int(m.group(1)) for a in sys.argv if (m := re.search(r"id=ctl,fd=(\d+)", a)))
        self.sock = socket.socket(fileno=fd)
        self.buf = b""

    def send(self, kind, data=b""):
        self.sock.sendall(struct.pack("<HHI", MAGIC, kind, len(data)) + data)

    def exit(self, kind, code):
        self.send(EXIT, struct.pack("<II", kind, code))
        time.sleep(10)  # the power-off: ouro need not wait for it

    def need(self, n):
        while len(self.buf) < n:
            got = self.sock.recv(65536)
            if not got:
                sys.exit(0)
            self.buf += got
        head, self.buf = self.buf[:n], self.buf[n:]
        return head

    def receive(self):
        magic, kind, length = struct.unpack("<HHI", self.need(8))
        assert magic == MAGIC
        return kind, self.need(length)


def do_cat(g):
    credit = 0
    while True:
        if credit == 0:
            credit = 8192
            g.send(CREDIT, struct.pack("<I", credit))
        kind, data = g.receive()
        if kind == STDIN_EOF:
            g.exit(0, 0)
        if kind == STDIN:
            assert len(data) <= credit
            credit -= len(data)
            g.send(STDOUT, data)


def do_both(g):
    for i in range(1000):
        g.send(STDOUT, b"out %d\n" % i)
        g.send(STDERR, b"err %d\n" % i)
    g.exit(0, 0)


def do_trap(g):
    while True:
        kind, data = g.receive()
        if kind == SIGNAL:
            g.exit(1, struct.unpack("<I", data)[0])


def do_garbage(g):
    for noise in (b"x", b"uO", b"\x75", b"\x75\x4f", os.urandom(100).replace(b"\x75", b"")):
        g.sock.sendall(noise + b"\0" * 8)
        g.send(200, b"unknown")
        g.send(STDOUT, b"kept\n")
    g.exit(0, 0)


def do_flood(g, n):
    block = bytes(range(256)) * 256
    while n > 0:
        g.send(STDOUT, block[: min(n, len(block))])
        n -= len(block)
    g.exit(0, 0)


def main():
    what, *args = os.environ["FAKE_GUEST"].split(":")
    if what == "silent":
        sys.exit(0)
    if what == "crash":
        print("qemu: something is wrong", file=sys.stderr)
        sys.exit(1)
    g = Guest()
    g.send(READY, struct.pack("<I", 1))
    if what == "exit":
        g.exit(0, int(args[0]))
    if what == "signal":
        g.exit(1, int(args[0]))
    if what == "status":
        g.exit(int(args[0]), int(args[1]))
    if what == "hang":
        time.sleep(3600)
    if what == "die":
        sys.exit(0)
    {"cat": do_cat, "both": do_both, "trap": do_trap, "garbage": do_garbage,
     "flood": lambda g: do_flood(g, int(args[0]))}[what](g)


main()
