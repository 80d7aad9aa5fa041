#!/bin/sh
# Starts an image under QEMU, stopped, and attaches gdb with the kernel's symbols.
#   gdb.sh KERNEL [PROGRAM [ARG...]]      PROGRAM: what to run in it (default: build/examples/hello)
# The port is free when it is chosen and is QEMU's own; QEMU ends with gdb.
set -eu
kernel=$1
shift
build=$(dirname "$kernel")
[ $# -gt 0 ] || set -- "$build/examples/hello"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$build/ouro" run --gdb="$port" "$@" </dev/null &
qemu=$!
trap 'kill $qemu 2>/dev/null || true' EXIT
sleep 1
gdb -q "$kernel" -ex 'set confirm off' -ex 'set pagination off' \
	-ex "target remote 127.0.0.1:$port" -ex 'hbreak panic_regs'
