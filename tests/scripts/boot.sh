#!/bin/sh
# The boot matrix: every way into the kernel, started as a user would. The program's output must come
# through each time, and the machine must end by itself. Last line: "N passed, N failed".
#   boot.sh BUILD
set -u
build=$1
dir=$build/boot
limit=${TIMEOUT:-120}
passed=0
failed=0
mkdir -p "$dir"

# expect NAME OUTPUT-FILE STATUS: the line "booted 42" (on a serial line: with a carriage return).
expect() {
	if [ "$3" = 0 ] && tr -d '\r' <"$2" | grep -qx 'booted 42'; then
		passed=$((passed + 1))
		echo "ok   $1"
	else
		failed=$((failed + 1))
		echo "FAIL $1 (status $3)"
		tail -5 "$2" | cut -c1-200 | sed 's/^/     | /'
	fi
}

# Started by hand: the first UART shows the program's bytes; power-off ends QEMU.
by_hand() {
	name=$1
	shift
	timeout "$limit" qemu-system-x86_64 -accel tcg -cpu max -nodefaults -no-user-config -display none \
		-monitor none -no-reboot -chardev stdio,id=c,signal=off -serial chardev:c "$@" \
		</dev/null >"$dir/$name.out" 2>&1
	expect "$name" "$dir/$name.out" $?
}

"$build/ouro" build /bin/busybox echo booted 42 -o "$dir/t.elf" &&
	"$build/ouro" build /bin/busybox echo booted 42 -o "$dir/t.iso" || {
	echo "0 passed, 1 failed"
	exit 1
}
for machine in microvm q35 pc; do
	timeout "$limit" "$build/ouro" run --accel tcg --machine $machine /bin/busybox echo booted 42 \
		</dev/null >"$dir/run-$machine.out" 2>&1
	expect "run-$machine" "$dir/run-$machine.out" $?
	by_hand elf-$machine -M $machine -m 64 -kernel "$dir/t.elf"
done
by_hand elf-microvm-acpi-off -M microvm,acpi=off -m 64 -kernel "$dir/t.elf"
by_hand elf-qemu64 -M q35 -cpu qemu64 -m 64 -kernel "$dir/t.elf"
by_hand elf-64g -M q35,memory-backend=r -object memory-backend-ram,id=r,size=64G,reserve=off -m 64G \
	-kernel "$dir/t.elf"
by_hand iso-bios -M q35 -m 64 -cdrom "$dir/t.iso"
by_hand iso-bios-as-disk -M pc -m 64 -drive "file=$dir/t.iso,format=raw,if=ide,snapshot=on"
if [ -e /usr/share/ovmf/OVMF.fd ]; then
	by_hand iso-uefi -M q35 -m 256 -bios /usr/share/ovmf/OVMF.fd -cdrom "$dir/t.iso"
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
