#!/bin/sh
# Builds the Linux guests that `make bench` compares with, under $1 (default build/bench):
#   linux-minimal/vmlinux  Debian's linux-source, `make tinyconfig` plus the fragments beside this
#                          script: no modules, no SMP, no mitigations, no network but AF_UNIX,
#                          -O3; booted through PVH. Built again when a fragment changes
#   linux-cloud/vmlinux    Debian's linux-image-cloud-amd64 as shipped (unpacked, not installed)
# Nothing is installed and nothing outside $1 is written. Takes about ten minutes on two cores, once.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-build/bench}
jobs=${JOBS:-2}
mkdir -p "$out"
out=$(cd "$out" && pwd)

need() {
	for tool in "$@"; do
		command -v "$tool" >/dev/null 2>&1 || missing="${missing:-} $tool"
	done
	if [ -n "${missing:-}" ]; then
		echo "bench-linux: missing:$missing. Install them with: apt-get install flex bison bc xz-utils lz4 zstd libelf-dev" >&2
		exit 1
	fi
}

# Fetches the newest version of package $1 as Debian's archive has it and unpacks it into $2.
fetch() {
	[ -e "$2/.unpacked" ] && return
	mkdir -p "$2"
	(cd "$2" && apt-get download "$1" >/dev/null && dpkg-deb -x "$1"_*.deb . && rm -f "$1"_*.deb && touch .unpacked)
}

newest_cloud() {
	apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1
}

build_minimal() {
	dest=$out/linux-minimal
	fragments=$(cat "$here"/*.frag | cksum)
	[ -e "$dest/vmlinux" ] && [ "$fragments" = "$(cat "$dest/fragments" 2>/dev/null)" ] && return
	fetch linux-source-6.1 "$dest/package"
	mkdir -p "$dest/source"
	[ -e "$dest/source/Makefile" ] ||
		tar -C "$dest/source" --strip-components=1 -xf "$dest"/package/usr/src/linux-source-6.1.tar.xz
	make -s -C "$dest/source" tinyconfig
	(cd "$dest/source" && scripts/kconfig/merge_config.sh -m .config \
		"$here/tiny.frag" "$here/fast.frag" "$here/fast2.frag" >/dev/null && make -s olddefconfig)
	make -s -C "$dest/source" -j"$jobs" vmlinux \
		KCFLAGS="-O3 -march=x86-64-v3 -mstringop-strategy=libcall" >"$dest/build.log" 2>&1 || {
		tail -20 "$dest/build.log" >&2
		echo "bench-linux: the kernel did not build; whole log in $dest/build.log" >&2
		exit 1
	}
	cp "$dest/source/vmlinux" "$dest/vmlinux"
	strip "$dest/vmlinux"
	echo "$fragments" >"$dest/fragments"
}

build_cloud() {
	dest=$out/linux-cloud
	[ -e "$dest/vmlinuz" ] && return
	fetch "$(newest_cloud)" "$dest/package"
	cp "$dest"/package/boot/vmlinuz-* "$dest/vmlinuz"
}

need apt-get dpkg-deb flex bison bc xz make gcc
build_cloud
build_minimal
echo "bench-linux: $out/linux-minimal/vmlinux and $out/linux-cloud/vmlinuz are ready"
