#!/usr/bin/env bash
# Starts gearcast for `make run`: opens the window; where there is no display, says so and records ten seconds of the test pattern.
#
#   assets/packaging/run.sh BINARY [ARGS...]      with ARGS, they alone decide: BINARY ARGS...
set -euo pipefail
binary=$1
shift
[ $# -eq 0 ] || exec "$binary" "$@"

# A display counts when its socket is there: a variable left over from a closed session does not.
wayland_socket() {
    [ -n "${WAYLAND_DISPLAY:-}" ] || return 1
    case $WAYLAND_DISPLAY in
        /*) [ -S "$WAYLAND_DISPLAY" ] ;;
        *) [ -S "${XDG_RUNTIME_DIR:-/nonexistent}/$WAYLAND_DISPLAY" ] ;;
    esac
}
x11_socket() {
    local number
    case ${DISPLAY:-} in
        "") return 1 ;;
        :* | unix:*)
            number=${DISPLAY##*:}
            [ -S "/tmp/.X11-unix/X${number%%.*}" ] || grep -qsF "@/tmp/.X11-unix/X${number%%.*}" /proc/net/unix
            ;;
        *) true ;; # another machine's display, an ssh tunnel: gearcast itself finds out
    esac
}

if wayland_socket || x11_socket || [ "$(uname)" != Linux ]; then
    exec "$binary"
fi

folder=${GEARCAST_DEMO_FOLDER:-$HOME/Videos}
cat >&2 <<TEXT
There is no display here (DISPLAY='${DISPLAY:-}', WAYLAND_DISPLAY='${WAYLAND_DISPLAY:-}'), so the window cannot open.
Instead, the same engine records its test pattern and test tone for 10 seconds, without a window:

    gearcast record --source test --audio test --duration 10 --output $folder

TEXT
mkdir -p "$folder"
exec "$binary" record --source test --audio test --duration 10 --output "$folder"
