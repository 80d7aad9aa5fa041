#!/bin/sh
# Starting points for a fuzzer: seed.sh NAME DIR. Names without a case start from nothing.
set -eu
case $1 in
elf)
	head -c 2048 /bin/true >"$2/seed-dynamic"
	;;
cpio)
	command -v cpio >/dev/null || exit 0
	ls lib/*.h | head -3 | cpio -o -H newc --quiet >"$2/seed-gnu"
	;;
cmdline)
	printf 'quiet ouro.log=mm:debug "ouro.env=A=B C" -- a '"'b c'" >"$2/seed-line"
	;;
esac
