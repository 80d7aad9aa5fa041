# Python threads, signals, mmap, memfd and ctypes callbacks: prints results only.
import ctypes
import mmap
import os
import signal
import threading

total = 0
lock = threading.Lock()


def add():
    global total
    for _ in range(1000):
        with lock:
            total += 1


ts = [threading.Thread(target=add) for _ in range(8)]
for t in ts:
    t.start()
for t in ts:
    t.join()
print("threads", total)

signal.signal(signal.SIGUSR1, lambda sig, frame: print("signal", sig))
os.kill(os.getpid(), signal.SIGUSR1)

m = mmap.mmap(-1, 4096)
m[:2] = b"hi"
print("mmap", m[:2])

fd = os.memfd_create("x")
os.write(fd, b"hello")
print("memfd", os.pread(fd, 5, 0))

CMP = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
a = (ctypes.c_int * 5)(5, 1, 9, 3, 2)
ctypes.CDLL(None).qsort(a, 5, 4, CMP(lambda x, y: x[0] - y[0]))
print("ctypes", list(a))
