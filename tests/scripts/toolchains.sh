#!/bin/sh
# Builds the kernel with every toolchain and configuration that is not the default, and boots each one:
# the program's output and exit status must come through. Last line: "N passed, N failed".
#   toolchains.sh BUILD
set -u
build=$1
passed=0
failed=0

# report NAME STATUS
report() {
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
		echo "ok   $1"
	else
		failed=$((failed + 1))
		echo "FAIL $1"
	fi
}

# try NAME MAKE-VARIABLES...
try() {
	name=$1
	shift
	dir=$build/with-$name
	make --no-print-directory "BUILD=$dir" "$@" "$dir/kernel.elf"
	status=$?
	report "build $name" $status
	[ $status = 0 ] || return
	out=$("$build/ouro" run --timeout 60 --kernel "$dir/kernel.elf" /bin/busybox sh -c \
		'echo booted; exit 42' </dev/null)
	status=$?
	[ "$out" = booted ] && [ $status = 42 ]
	report "boot $name (status $status, output \"$out\")" $?
}

make --no-print-directory "BUILD=$build" "$build/ouro" || exit 1
try clang CC=clang
try elf CROSS_COMPILE=x86_64-elf-
try debug DEBUG=1
echo "$passed passed, $failed failed"
[ $failed = 0 ]
