#!/usr/bin/env bash
# Tells cargo where OpenCV is, as shell lines to evaluate:  eval "$(assets/packaging/opencv-env.sh)"
#
# Prints nothing where nothing is needed: when you set the variables yourself, and when opencv4.pc says it (libopencv-dev has it).
# Debian's smaller libopencv-videoio-dev has the headers and the libraries, but no file that says where.
set -euo pipefail

[ -z "${OPENCV_LINK_LIBS:-}${OPENCV_LINK_PATHS:-}${OPENCV_INCLUDE_PATHS:-}" ] || exit 0
for package in opencv5 opencv4 opencv; do
    ! pkg-config --exists "$package" 2>/dev/null || exit 0
done

triplet=$(gcc -print-multiarch 2>/dev/null || dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || true)
for libraries in ${triplet:+"/usr/lib/$triplet"} /usr/lib64 /usr/lib; do
    [ -e "$libraries/libopencv_videoio.so" ] || continue
    echo "export OPENCV_LINK_LIBS=opencv_videoio,opencv_imgproc,opencv_core"
    echo "export OPENCV_LINK_PATHS=$libraries"
    # The second holds cvconfig.h, without which the crate cannot tell what this OpenCV was built with.
    echo "export OPENCV_INCLUDE_PATHS=/usr/include/opencv4${triplet:+,/usr/include/$triplet/opencv4}"
    exit 0
done
