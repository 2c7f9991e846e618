#!/usr/bin/env bash
# Proves that a bare Debian needs nothing but `make`, a Rust toolchain and this repository.
#
#   sudo tests/tools/chroot.sh [DIR [COMMAND]]
#
# DIR      where the system is laid (default: $TMPDIR/gearcast-chroot); an existing one is used again, so delete it for a fresh proof
# COMMAND  what to run in the clone inside (default: "make run && make test")
#
# The system is a minimal Debian of SUITE (default: bookworm) with `make` on top. The committed HEAD is cloned into it, this
# machine's Rust toolchain (rustc --print sysroot) is mounted read-only, and package manager, proxy and certificate settings are
# those of this machine. It runs in namespaces of its own: when the command ends, every process and mount it left is gone.
# NETWORK=none cuts the network inside (to show that a second run needs none).
set -euo pipefail

repo=$(cd "$(dirname "$0")/../.." && pwd)
dir=${1:-${TMPDIR:-/tmp}/gearcast-chroot}
command=${2:-make run && make test}
suite=${SUITE:-bookworm}

fail() { echo "chroot.sh: $*" >&2; exit 2; }
[ "$(id -u)" = 0 ] || fail "needs root (debootstrap and chroot); run it with sudo"
for tool in debootstrap unshare git rustc; do
    command -v "$tool" >/dev/null || fail "$tool is not installed"
done
toolchain=$(rustc --print sysroot)

if [ ! -e "$dir/etc/debian_version" ]; then
    debootstrap --variant=minbase --include=make "$suite" "$dir"
fi

# The same package sources as this machine's Debian, and its proxies, if it has any.
for sources in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
    [ -s "$sources" ] && install -D -m 644 "$sources" "$dir$sources"
done
[ -e "$dir/etc/apt/sources.list.d/debian.sources" ] && rm -f "$dir/etc/apt/sources.list"
apt-config dump 2>/dev/null | grep -iE '^Acquire::[a-z]+::Proxy ' >"$dir/etc/apt/apt.conf.d/99host-proxy" || true
cp -L /etc/resolv.conf /etc/hosts "$dir/etc/"

# Settings that decide how crates are reached; a certificate file is handed in under one name.
pass=()
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -n "${!name:-}" ] && pass+=("$name=${!name}")
done
certificates=${CARGO_HTTP_CAINFO:-${SSL_CERT_FILE:-}}
if [ -n "$certificates" ]; then
    install -D -m 644 "$certificates" "$dir/opt/host-certificates.crt"
    pass+=("SSL_CERT_FILE=/opt/host-certificates.crt" "CARGO_HTTP_CAINFO=/opt/host-certificates.crt")
fi
[ -n "${CARGO_BUILD_JOBS:-}" ] && pass+=("CARGO_BUILD_JOBS=$CARGO_BUILD_JOBS")

# A clone of what is committed; its target/ outlives a second run.
if [ -d "$dir/root/gearcast/.git" ]; then
    git -C "$dir/root/gearcast" fetch -q "$repo" HEAD
    git -C "$dir/root/gearcast" reset -q --hard FETCH_HEAD
else
    git clone -q --no-hardlinks "$repo" "$dir/root/gearcast"
fi
git -C "$repo" diff --quiet HEAD || echo "chroot.sh: note: uncommitted changes are not part of the proof" >&2

mkdir -p "$dir/opt/rust"
isolate=(--mount --pid --fork --kill-child --ipc)
[ "${NETWORK:-}" = none ] && isolate+=(--net)
exec unshare "${isolate[@]}" bash -euo pipefail -c '
    dir=$1 toolchain=$2 command=$3; shift 3
    mount --make-rprivate /
    mount --bind "$toolchain" "$dir/opt/rust"
    mount -o remount,bind,ro "$dir/opt/rust"
    mount -t proc proc "$dir/proc"
    mount -t tmpfs tmpfs "$dir/dev"
    for device in null zero full random urandom tty; do
        touch "$dir/dev/$device" && mount --bind "/dev/$device" "$dir/dev/$device"
    done
    mkdir "$dir/dev/pts" "$dir/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$dir/dev/pts"
    ln -s pts/ptmx "$dir/dev/ptmx"
    ln -s /proc/self/fd "$dir/dev/fd"
    mount -t tmpfs tmpfs "$dir/dev/shm"
    mount -t tmpfs tmpfs "$dir/tmp"
    exec chroot "$dir" /usr/bin/env -i HOME=/root TERM=dumb \
        PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" \
        bash -c "cd /root/gearcast && $command"
' bash "$dir" "$toolchain" "$command" "${pass[@]}"
