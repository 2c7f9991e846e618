#!/usr/bin/env bash
# Installs the Debian packages that a step needs and that are not there yet, and says which and why.
#
#   assets/packaging/needs.sh STEP...      STEP: build | run | test | lint | package | bench
#
# Does nothing, quickly and without network, when all of them are installed. Without root it uses sudo.
# NO_INSTALL=1 only tells what is missing (and fails). On a system without dpkg it tells what to install and goes on.
set -euo pipefail

# step · package · what it is for
needs() {
    cat <<'TABLE'
build   ca-certificates            cargo fetches crates over HTTPS
build   gcc                        links the program
build   libc6-dev                  the C library's headers and start files
build   pkg-config                 finds the ALSA library
build   libasound2-dev             sound devices (cpal)
build   libclang1-*                reads the kernel's camera headers (bindgen, for nokhwa)
build   cmake                      builds libjpeg-turbo, which decodes cameras' pictures (turbojpeg)
build   make                       ... for cmake
build   nasm                       ... with its SIMD code
build   libopencv-videoio-dev      OpenCV's video writer (gearcast-opencv; its run-time library comes along)
build   clang                      reads OpenCV's headers (the opencv crate)
build   g++                        compiles the calls into OpenCV
run     ffmpeg                     encodes, records and streams
run     libegl1                    the window draws with OpenGL
run     libgl1-mesa-dri            ... and this draws it where there is no graphics card
run     libx11-6                   the window under X11
run     libx11-xcb1                the window under X11
run     libxcursor1                the window under X11
run     libxi6                     the window under X11
run     libxkbcommon-x11-0         the keyboard under X11
run     libwayland-client0         the window under Wayland
run     libwayland-egl1            the window under Wayland
run     libfontconfig1             finds the system's fonts
test    xvfb                       a screen for the tests
test    openbox                    a window manager, as a desktop has
test    xterm                      a window to record
test    xdotool                    moves windows and the pointer
test    x11-utils                  asks the X server what is on it
test    x11-xserver-utils          changes the test screen's size
test    pulseaudio                 a sound server for the tests
test    pulseaudio-utils           makes and removes sound devices
test    gstreamer1.0-plugins-base  pipelines for OpenCV's writer
test    qemu-system-x86            a virtual machine with a camera
test    busybox-static             starts that machine
test    cpio                       packs what it starts from
test    kmod                       finds the camera driver's modules
test    v4l-utils                  disturbs the camera, and asks it
test    alsa-utils                 plays into and records from that machine's sound loop
lint    git                        fetches the advisory database
package binutils                   strips the program
package dpkg                       builds the .deb
bench   python3                    measures
bench   python3-venv               holds vidgear, to be measured beside
TABLE
}

steps_of() { # a step stands on others
    case $1 in
        build) echo build ;;
        run) echo build run ;;
        test) echo build run test ;;
        lint) echo build lint ;;
        package) echo build package ;;
        bench) echo build run test bench ;;
        *) echo "needs.sh: unknown step '$1'" >&2; exit 2 ;;
    esac
}

wanted=" $(for step in "$@"; do steps_of "$step"; done | tr '\n' ' ') "
missing=() reasons=()
command -v dpkg-query >/dev/null && debian=yes || debian=
if [ -n "$debian" ]; then
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
fi
while read -r step package reason; do
    case $wanted in *" $step "*) ;; *) continue ;; esac
    if [ -n "$debian" ]; then
        # A pattern is satisfied by any version: libclang1-* by libclang1-14 or libclang1-19.
        grep -qx -- "${package//\*/[0-9]*}" <<<"$installed" && continue
    fi
    missing+=("$package") reasons+=("$(printf '  %-26s %s' "$package" "$reason")")
done < <(needs)

if ! command -v cargo >/dev/null; then
    echo "gearcast is built with Rust 1.95 or newer, and there is no cargo here. Install it: https://rustup.rs" >&2
    exit 1
fi
[ ${#missing[@]} -gt 0 ] || exit 0

if [ -z "$debian" ]; then
    # No package list to ask: only speak up when something that can be looked for is not there.
    lost=()
    for tool in gcc g++ clang cmake make nasm pkg-config ffmpeg; do command -v "$tool" >/dev/null || lost+=("$tool"); done
    [ ${#lost[@]} -eq 0 ] && exit 0
    echo "Not found: ${lost[*]}. This is no Debian, so install by hand what these Debian packages hold:" >&2
    printf '%s\n' "${reasons[@]}" >&2
    exit 0
fi

echo "gearcast needs ${#missing[@]} packages that are not installed:" >&2
printf '%s\n' "${reasons[@]}" >&2
[ -z "${NO_INSTALL:-}" ] || exit 1

as_root=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Not root, and no sudo: as root, run  apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "Installing them (apt-get) ..." >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1; }
apt update || echo "apt-get update failed; trying with the package lists there are" >&2
for i in "${!missing[@]}"; do
    if [[ ${missing[i]} == libclang1-\* ]]; then
        # The distribution's own version is the one libclang-dev points to.
        version=$(apt-cache depends libclang-dev 2>/dev/null | sed -n 's/.*Depends: libclang-\([0-9]*\)-dev/\1/p' | head -1)
        missing[i]=libclang1-${version:-14}
    fi
done
if ! apt install -y --no-install-recommends "${missing[@]}"; then
    tail -n 15 "$log" >&2
    echo "apt-get could not install them (see above). By hand:  apt-get install ${missing[*]}" >&2
    exit 1
fi
