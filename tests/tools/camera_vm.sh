#!/usr/bin/env bash
# Runs a command on a machine that has a camera and a sound loop: a virtual one, thrown away afterwards.
#
#   tests/tools/camera_vm.sh [-t SECONDS] [-m MIB] SHARE COMMAND [ARGUMENT...]
#
# SHARE    a folder, made if need be; the one place where what the command writes is kept, under its own path
# -t       how long the machine may run (default 600)
# -m       its memory (default 2048)
#
# It boots Debian's own kernel in qemu. This system's files are the machine's, at their places and read-only, under a layer in
# memory: every program and library here can be run there. /dev/video0 is the kernel's test driver vivid as a webcam, and what is
# played on sound device hw:Loopback,0 can be recorded from hw:Loopback,1 (snd-aloop). The command runs as root.
#
# Ends with the command's status; 77 when there can be no such machine here (it says what is missing), 124 when the time was
# over, 70 when the machine ended without a word. One machine runs at a time: a second call waits for the first.
#
# The kernel's package (some 70 MB) is fetched once by `apt-get download` and unpacked, never installed, below
# $XDG_CACHE_HOME/gearcast-tests/vm. Where that is not possible, lay a linux-image-*-amd64 package of your own into that folder.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

limit=600 memory=2048
while getopts t:m: option; do
    case $option in
        t) limit=$OPTARG ;;
        m) memory=$OPTARG ;;
        *) exit 64 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -ge 2 ] || { echo "camera_vm.sh: a SHARE and a COMMAND are needed" >&2; exit 64; }
mkdir -p "$1"
share=$(realpath "$1")
shift

cache=${XDG_CACHE_HOME:-$HOME/.cache}/gearcast-tests/vm
scratch=
machine=

impossible() { echo "camera_vm.sh: $*" >&2; exit 77; }

end() {
    [ -z "$machine" ] || kill "$machine" 2>/dev/null || true
    [ -z "$scratch" ] || rm -rf "$scratch"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

look_for_tools() {
    [ "$(uname -sm)" = "Linux x86_64" ] || impossible "this is $(uname -sm); the machine is made for Linux on x86_64"
    local pair missing=()
    for pair in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio depmod:kmod v4l2-ctl:v4l-utils \
        dpkg-deb:dpkg flock:util-linux setpriv:util-linux; do
        command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
    done
    [ ${#missing[@]} -eq 0 ] ||
        impossible "not installed: ${missing[*]}. To get them: apt-get install --no-install-recommends ${missing[*]}"
}

# The kernel's folder appears whole or not at all.
fetch_kernel() {
    [ ! -d "$cache/kernel" ] || return 0
    local package said
    if ! compgen -G "$cache/linux-image-*.deb" >/dev/null; then
        command -v apt-get >/dev/null || impossible "no apt-get to fetch a kernel with; lay a linux-image-*-amd64.deb of Debian into $cache"
        # linux-image-amd64 is empty and depends on the newest; the cloud variants have no cameras.
        package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
        [ -n "$package" ] || impossible "apt knows no linux-image-amd64 (apt-get update?); or lay one into $cache"
        echo "camera_vm.sh: fetching $package (once) ..." >&2
        said=$(cd "$scratch" && timeout 300 apt-get download "$package" 2>&1) ||
            impossible "apt-get download $package failed; or lay it into $cache. It said: $(tail -n 2 <<<"$said" | tr '\n' ' ')"
        mv "$scratch"/linux-image-*.deb "$cache/"
    fi
    package=$(compgen -G "$cache/linux-image-*.deb" | tail -n 1)
    rm -rf "$cache/unpacking"
    dpkg-deb --extract "$package" "$cache/unpacking" || impossible "$package cannot be unpacked; remove it"
    depmod -b "$cache/unpacking" "$(ls "$cache/unpacking/lib/modules")"
    mv "$cache/unpacking" "$cache/kernel"
    rm -f "$package"
}

# What runs first: it lays this system's files under a layer in memory and hands over to the machine's own start.
first_steps() {
    printf '#!/bin/busybox sh\nSHARE=%q\n' "$share"
    cat <<'INIT'
/bin/busybox --install -s /bin
export PATH=/bin
give_up() { echo "camera_vm: $*"; poweroff -f; }
mount -t proc proc /proc
mount -t sysfs sysfs /sys
modprobe -a virtio_pci 9pnet_virtio 9p overlay || give_up "the modules for the shared folders do not load"
shared() { mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,"$1" "$2" "$3" || give_up "no shared folder $2"; }
shared ro,cache=loose system /system
mount -t tmpfs -o mode=0755 layer /layer
mkdir /layer/changes /layer/work
mount -t overlay -o lowerdir=/system,upperdir=/layer/changes,workdir=/layer/work everything /everything || give_up "no layer"
cd /everything
mkdir -p proc sys dev run lib/modules ".$SHARE"
mount -t devtmpfs devices dev
mkdir -p dev/pts dev/shm
mount -t devpts terminals dev/pts
mount -t tmpfs memory dev/shm
mount -t tmpfs -o mode=0755 run run
mount --move /proc proc
mount --move /sys sys
shared ro,cache=loose modules lib/modules
shared rw share ".$SHARE"
exec switch_root . /bin/bash "$SHARE/.vm/start" <dev/console >dev/console 2>&1
INIT
}

pack_initramfs() {
    local root=$scratch/initramfs kernel=$cache/kernel module
    mkdir -p "$root"/{bin,dev,proc,sys,system,layer,everything} "$root/lib/modules/$release"
    cp "$(command -v busybox)" "$root/bin/busybox"
    for module in virtio_pci 9pnet_virtio 9p overlay; do
        modprobe --dirname "$kernel" --set-version "$release" --show-depends "$module"
    done | awk '$1 == "insmod" {print $2}' | sort -u | while read -r module; do
        install -D -m 644 "$module" "$root${module#"$kernel"}"
    done
    cp "$kernel/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$root/lib/modules/$release/"
    depmod -b "$root" "$release"
    first_steps >"$root/init"
    chmod +x "$root/init"
    (cd "$root" && find . -print0 | cpio --null --quiet -o -H newc) >"$scratch/initramfs.cpio"
}

# What the machine runs when its files are there.
write_start() {
    rm -rf "$share/.vm"
    mkdir "$share/.vm"
    {
        printf 'export PATH=%q HOME=%q\n' "$PATH" "$HOME"
        printf 'share=%q folder=%q\n' "$share" "$PWD"
        printf 'command=('
        printf '%q ' "$@"
        printf ')\n'
        cat <<'START'
# Names that the device file system leaves out.
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr
busybox ifconfig lo 127.0.0.1 up
# One node, one input, of the kind of a webcam.
modprobe vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0x0 || echo "camera_vm: no camera"
modprobe snd-aloop || echo "camera_vm: no sound loop"
chmod a+rw /dev/video* /dev/snd/*
cut -d ' ' -f 1 /proc/uptime >"$share/.vm/ready_s"
cd "$folder"
"${command[@]}" </dev/null
echo $? >"$share/.vm/status"
sync
busybox poweroff -f
START
    } >"$share/.vm/start"
}

boot() {
    # /dev/kvm without vmx or svm is a cloud guest's: an ordinary kernel does not come up on it.
    # Emulated, AVX makes programs slower: `ffmpeg -version` takes 1.9 s instead of 1.0.
    local processor=(-accel 'tcg,thread=multi' -cpu Nehalem)
    if grep -qwE 'vmx|svm' /proc/cpuinfo && [ -w /dev/kvm ]; then processor=(-accel kvm -cpu host); fi
    # `system` is the whole of this machine, other file systems included: remap keeps their file numbers apart.
    # A comma in a path is written twice.
    local folder=local,security_model=none,multidevs=remap
    # Whatever kills this script takes the machine along.
    setpriv --pdeathsig TERM timeout --foreground --kill-after=5 "$limit" setpriv --pdeathsig KILL \
        qemu-system-x86_64 "${processor[@]}" -machine q35 -smp 2 -m "$memory" \
        -nodefaults -no-user-config -no-reboot -display none -vga none -serial stdio \
        -kernel "$cache/kernel/boot/vmlinuz-$release" -initrd "$scratch/initramfs.cpio" \
        -append "console=ttyS0 quiet loglevel=0 panic=-1 mitigations=off" \
        -virtfs "$folder,path=/,mount_tag=system,readonly=on" \
        -virtfs "$folder,path=${cache//,/,,}/kernel/lib/modules,mount_tag=modules,readonly=on" \
        -virtfs "$folder,path=${share//,/,,},mount_tag=share" \
        </dev/null > >(tr -d '\r') &
    machine=$!
    local ended=0
    wait "$machine" || ended=$?
    machine=
    [ $ended -ne 124 ] && [ $ended -ne 137 ] || { echo "camera_vm.sh: stopped after $limit s" >&2; exit 124; }
    [ -s "$share/.vm/status" ] || { echo "camera_vm.sh: the machine ended ($ended) before its command did" >&2; exit 70; }
    exit "$(cat "$share/.vm/status")"
}

look_for_tools
mkdir -p "$cache"
exec 9>"$cache/lock"
flock --wait 900 9 || { echo "camera_vm.sh: another machine runs for more than 15 minutes" >&2; exit 75; }
scratch=$(mktemp -d)
fetch_kernel
release=$(ls "$cache/kernel/lib/modules")
pack_initramfs
write_start "$@"
boot
