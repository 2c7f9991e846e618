#!/usr/bin/env bash
# Packs the release binary with its desktop file, icons, licence and README: dist/gearcast-VERSION-ARCH.tar.gz and a .deb.
#
#   assets/packaging/package.sh BINARY      gearcast-opencv lies beside it
set -euo pipefail
binary=$1
cd "$(dirname "$0")/../.."

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
arch=$(dpkg --print-architecture)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
umask 022
mkdir -p dist

# The same tree for both: what lies below /usr.
usr=$stage/usr
install -D -m 755 "$binary" "$usr/bin/gearcast"
install -D -m 755 "$(dirname "$binary")/gearcast-opencv" -t "$usr/bin"
strip "$usr/bin/gearcast" "$usr/bin/gearcast-opencv"
install -D -m 644 assets/packaging/gearcast.desktop -t "$usr/share/applications"
install -D -m 644 assets/packaging/gearcast.metainfo.xml "$usr/share/metainfo/io.github.gearcast.gearcast.metainfo.xml"
install -D -m 644 assets/gearcast.svg "$usr/share/icons/hicolor/scalable/apps/gearcast.svg"
for size in 64 256; do
    install -D -m 644 "assets/gearcast-$size.png" "$usr/share/icons/hicolor/${size}x$size/apps/gearcast.png"
done
install -D -m 644 README.md LICENSE CHANGELOG.md -t "$usr/share/doc/gearcast"
cat LICENSE - assets/packaging/libjpeg-turbo.txt <<<"" >"$usr/share/doc/gearcast/copyright"

name=gearcast-$version-$arch
tar -C "$stage" --owner=0 --group=0 --sort=name --transform "s,^usr,$name," -czf "dist/$name.tar.gz" usr
echo "dist/$name.tar.gz"

# The C library it was built on is the oldest it runs on.
glibc=$(objdump -T "$usr/bin/gearcast" "$usr/bin/gearcast-opencv" | grep -oE 'GLIBC_[0-9.]+' | sort -Vu | tail -1 | sed 's/GLIBC_//')

# The package of the OpenCV it was built with (libopencv-videoio406): only gearcast-opencv needs it.
opencv=$(objdump -p "$usr/bin/gearcast-opencv" | sed -n 's/^ *NEEDED *\(libopencv_videoio\.so\.\)/\1/p')
opencv=$(dpkg -S "*/$opencv" | sed -n '1s/:.*//p')

# What the program is linked to or opens by name. Debian 13 renamed libasound2.
mkdir -p "$stage/deb/DEBIAN"
cp -a "$usr" "$stage/deb/usr"
cat >"$stage/deb/DEBIAN/control" <<CONTROL
Package: gearcast
Version: $version
Architecture: $arch
Maintainer: The gearcast developers <gearcast@localhost>
Installed-Size: $(du -sk "$usr" | cut -f1)
Section: video
Priority: optional
Depends: ffmpeg, libc6 (>= $glibc), libgcc-s1, libasound2 | libasound2t64, libegl1
Recommends: libgl1-mesa-dri, libfontconfig1, libx11-6, libx11-xcb1, libxcursor1, libxi6, libxkbcommon-x11-0, libwayland-client0, libwayland-egl1, xdg-desktop-portal, $opencv
Description: desktop recorder and live-streamer
 gearcast records a screen, a window, a region or a camera with sound
 into a file, and streams the same picture live, from one encoding.
 The finished file is checked and the verdict is shown.
CONTROL
dpkg-deb --root-owner-group --build "$stage/deb" "dist/gearcast_${version}_$arch.deb" >/dev/null
echo "dist/gearcast_${version}_$arch.deb"
