#!/bin/sh
# Proves that an empty Debian 12 needs nothing but the clone: makes one with debootstrap under DIR,
# clones HEAD into it, runs tools/setup, make run and make check there. Needs root and debootstrap.
#   fresh.sh DIR
set -eu
dir=$1
root=$dir/root
[ "$(id -u)" = 0 ] || { echo "check-fresh: needs root (chroot and mounts)"; exit 1; }
command -v debootstrap >/dev/null || { echo "check-fresh: apt-get install debootstrap"; exit 1; }
# The machine's own mirror, so that proxies and local mirrors work; else debootstrap's default.
mirror=$(apt-get indextargets --format '$(SITE)' 2>/dev/null | grep -v security | head -1)
mkdir -p "$dir"
if [ ! -e "$dir/base.tar" ]; then
	rm -rf "$root.new"
	debootstrap --variant=minbase bookworm "$root.new" $mirror >"$dir/debootstrap.log" 2>&1 ||
		{ tail -20 "$dir/debootstrap.log"; exit 1; }
	tar -C "$root.new" -cf "$dir/base.tar.new" .
	rm -rf "$root.new"
	mv "$dir/base.tar.new" "$dir/base.tar"
fi
rm -rf "$root"
mkdir -p "$root"
tar -C "$root" -xf "$dir/base.tar"
# The machine's sources too, but only Debian's own: the keys of others are not in a fresh Debian.
cp -r /etc/apt/apt.conf.d "$root/etc/apt/" 2>/dev/null || true
for f in $(grep -ls debian-archive-keyring /etc/apt/sources.list /etc/apt/sources.list.d/*); do
	cp "$f" "$root/etc/apt/sources.list.d/"
	: >"$root/etc/apt/sources.list"
done
cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
git clone -q --no-hardlinks . "$root/ouro"
# A mount namespace of its own: nothing stays mounted, however this ends.
exec unshare --mount --pid --fork --kill-child sh -eu -c '
	mount --make-rprivate /
	mount -t proc proc "$1/proc"
	mount -t tmpfs tmpfs "$1/dev"
	for d in null zero full random urandom tty; do
		touch "$1/dev/$d"
		mount --bind "/dev/$d" "$1/dev/$d"
	done
	mkdir "$1/dev/shm" "$1/dev/pts"
	mount -t tmpfs tmpfs "$1/dev/shm"
	ln -s /proc/self/fd "$1/dev/fd"
	exec chroot "$1" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		http_proxy="${http_proxy-}" https_proxy="${https_proxy-}" sh -eu -c "
			cd /ouro
			apt-get -qq update
			apt-get -qq install -y --no-install-recommends make git ca-certificates >/dev/null
			make run
			make check"
' sh "$root"
