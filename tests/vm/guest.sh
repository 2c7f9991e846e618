#!/usr/bin/env bash
# Runs in the virtual machine: every case one after the other, each with its results in a folder of its own.
#
#   guest.sh RESULTS GEARCAST [CASE...]          all cases, or these
#   guest.sh --inside CASE RESULTS GEARCAST      one whose camera is there: what the first form calls
#
# Nothing is judged here. A case records, disturbs and writes down what it saw; the tests read it on the host.
set -u
case=
if [ "$1" = --inside ]; then
    case=$2
    shift 2
fi
results=$1 gearcast=$2
shift 2
# In memory: writing to the shared folder costs the machine more than encoding.
memory=/run/gearcast
# A plain name: another user may not be able to walk to where the program lies.
program=$memory/bin/gearcast
export GEARCAST_HOME=$memory/home
driver=/sys/bus/platform/drivers/vivid
plain_mode='source.mode=640x360@30 yuyv'

uptime_s() { cut -d ' ' -f 1 /proc/uptime; }
note() { echo "$(uptime_s) $*" >>"$results/$case/notes"; }

# The camera as if just bought, with these parameters of vivid beside the ones for a single input.
fresh_camera() {
    modprobe -r vivid || echo "vivid does not unload"
    modprobe vivid n_devs=1 num_inputs=1 "$@"
    wait_until 10 test -e /dev/video0
}

# Tries a command until it succeeds, for this many seconds at most.
wait_until() {
    local tries=$(($1 * 5))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $((tries--)) -gt 0 ] || { note "in vain: $*"; return 1; }
        sleep 0.2
    done
}

# Starts a recording called $1 and returns; the options follow.
begin() {
    local name=$1
    shift
    "$program" record --json --set video.preset=ultrafast --output "$memory/$case-$name.mkv" "$@" \
        >"$results/$case/$name.json" 2>"$results/$case/$name.err" &
    recorder=$!
}

# Until this many pictures were captured, or the recording has ended.
captures() { wait_until 40 captured_or_ended "$@" && kill -0 "$recorder"; }
captured_or_ended() { grep -qE '"captured":('"$2"')' "$results/$case/$1.json" || ! kill -0 "$recorder"; }

# Waits for the recording's end and keeps its film.
finish() {
    wait "$recorder"
    echo $? >"$results/$case/$1.code"
    [ ! -e "$memory/$case-$1.mkv" ] || mv "$memory/$case-$1.mkv" "$results/$case/$1.mkv"
}

record() {
    begin "$@"
    finish "$1"
}

control() { v4l2-ctl -d /dev/video0 --set-ctrl "$1"; }
unplug() { echo vivid.0 >$driver/unbind; }
plug() { echo vivid.0 >$driver/bind; }

# The cases ---------------------------------------------------------------------------------------------------------

# A camera with outputs, metadata, radio and teletext nodes beside the one that captures.
case_devices() {
    "$program" devices --json >"$results/$case/first.json"
    ls /dev/video* >"$results/$case/nodes"
    unplug
    "$program" devices --json >"$results/$case/unplugged.json"
    plug
    "$program" devices --json >"$results/$case/again.json"
    fresh_camera node_types=0x1 input_types=0x3
    "$program" devices --json >"$results/$case/hdmi.json"
}

case_webcam() { record film --source camera --set "$plain_mode" --audio none --duration 8; }

case_fractional() { record film --source camera --set 'source.mode=1280x720@12.5 yuyv' --audio none --duration 4; }

# 720x576, 1000/25000.
case_pal() {
    v4l2-ctl -d /dev/video0 --set-standard pal
    record film --source camera --audio none --duration 4 --set video.fps=25
}

# 720x480, 1001/30000.
case_ntsc() {
    v4l2-ctl -d /dev/video0 --set-standard ntsc
    record film --source camera --audio none --duration 4 --set video.fps=30000/1001
}

# 1280x720 at 60, whose colours are BT.709's.
case_hdmi() {
    v4l2-ctl -d /dev/video0 --get-fmt-video >"$results/$case/format"
    record film --source camera --audio none --duration 4 --set video.size=640x360
}

# Another program left the camera in a format and at a rate that nobody asked for.
case_left_odd() {
    v4l2-ctl -d /dev/video0 -v width=1280,height=720,pixelformat=UYVY -p 12.5
    v4l2-ctl -d /dev/video0 --get-fmt-video --get-parm >"$results/$case/before"
    record film --source camera --set "$plain_mode" --audio none --duration 4
    v4l2-ctl -d /dev/video0 --get-fmt-video --get-parm >"$results/$case/after"
}

# Through nokhwa's types over our reader: how other systems' cameras come in.
case_nokhwa() {
    GEARCAST_CAMERA_READER=nokhwa record film --source camera --set "$plain_mode" --audio none --duration 3
}

# Everything a camera can do to a recording, in one.
case_faults() {
    begin film --source camera --set "$plain_mode" --audio test --duration 28
    captures film '[3-9][0-9]|[0-9]{3,}' || { finish film; return; }
    note damaged
    control inject_v4l2_buf_flag_error=1
    sleep 1
    note stalled
    control percentage_of_dropped_buffers=100
    sleep 3
    note goes on
    control percentage_of_dropped_buffers=0
    sleep 2
    note broken
    control inject_fatal_streaming_error=1
    sleep 3
    note unplugged
    unplug
    sleep 3
    note plugged
    plug
    finish film
}

case_stop_stalled() {
    begin film --source camera --set "$plain_mode" --audio none
    captures film '[3-9][0-9]|[0-9]{3,}' || { finish film; return; }
    control percentage_of_dropped_buffers=100
    wait_until 20 grep -q '"event":"problem".*[Cc]amera' "$results/$case/film.json"
    note asked
    kill -INT "$recorder"
    finish film
    note ended
    control percentage_of_dropped_buffers=0
    timeout 10 v4l2-ctl -d /dev/video0 --stream-mmap --stream-count=5 --stream-to="$memory/after.raw"
    echo $? >"$results/$case/opened.code"
    stat --format %s "$memory/after.raw" >"$results/$case/opened.bytes"
}

case_busy() {
    v4l2-ctl -d /dev/video0 --stream-mmap --stream-count=100000 --stream-to="$memory/busy.raw" &
    local other=$!
    wait_until 10 test -s "$memory/busy.raw"
    record film --source camera --set "$plain_mode" --audio none --duration 2
    kill "$other"
    wait "$other"
    rm -f "$memory/busy.raw"
}

case_denied() {
    chmod 0600 /dev/video0
    mkdir -p "$memory/nobody"
    chown nobody "$memory/nobody"
    local name=film
    (
        cd "$memory/nobody" || exit
        GEARCAST_HOME=$memory/nobody HOME=$memory/nobody setpriv --reuid=nobody --regid=nogroup --clear-groups \
            "$program" record --json --source camera --audio none --duration 2 --output "$memory/nobody/film.mkv"
    ) >"$results/$case/$name.json" 2>"$results/$case/$name.err"
    echo $? >"$results/$case/$name.code"
}

case_absent() {
    unplug
    record film --source camera --audio none --duration 2
    plug
}

case_controls() {
    record film --source camera --set "$plain_mode" --set source.controls.brightness=90 --audio none --duration 2
    v4l2-ctl -d /dev/video0 --get-ctrl brightness >"$results/$case/brightness"
}

case_unknown_control() {
    record film --source camera --set "$plain_mode" --set source.controls.wobble=1 --audio none --duration 2
}

# All of them -------------------------------------------------------------------------------------------------------

# case, how many seconds it may take, and its camera: vivid's node types (1: the picture alone) and inputs
# (0 webcam, 1 television, 3 HDMI)
table() {
    cat <<'TABLE'
devices 90 input_types=0
webcam 90 node_types=1 input_types=0
fractional 90 node_types=1 input_types=0
pal 90 node_types=1 input_types=1
ntsc 90 node_types=1 input_types=1
hdmi 90 node_types=1 input_types=3
left_odd 90 node_types=1 input_types=0
nokhwa 90 node_types=1 input_types=0
faults 150 node_types=1 input_types=0
stop_stalled 120 node_types=1 input_types=0
busy 40 node_types=1 input_types=0
denied 40 node_types=1 input_types=0
absent 40 node_types=1 input_types=0
controls 40 node_types=1 input_types=0
unknown_control 40 node_types=1 input_types=0
TABLE
}

still_running() {
    local name
    for name in gearcast ffmpeg v4l2-ctl; do pgrep -x "$@" "$name"; done
}

# A hanging case ends after its time, and what it left running is told and ended: the next one finds a quiet machine.
run_case() {
    case=$1
    local limit=$2 began process
    shift 2
    mkdir -p "$results/$case"
    began=$(uptime_s)
    fresh_camera "$@" >>"$results/$case/log" 2>&1
    timeout --kill-after=5 "$limit" bash "$0" --inside "$case" "$results" "$gearcast" >>"$results/$case/log" 2>&1
    echo $? >"$results/$case/code"
    still_running --list-full >"$results/$case/left"
    for process in $(still_running); do kill -KILL "$process" 2>/dev/null; done
    rm -rf "${memory:?}"/*.mkv "$memory"/*.raw
    echo "$case: $(awk -v a="$began" -v b="$(uptime_s)" 'BEGIN {printf "%.1f", b - a}') s"
}

# Reads ffmpeg and its libraries into memory and finds its encoders, so that no case waits for that.
warm_up() {
    "$program" record --source test --audio test --duration 1 --set video.preset=ultrafast --output "$memory/warm.mkv" \
        >"$results/warm.log" 2>&1
    rm -f "$memory/warm.mkv"
}

run_cases() {
    local name rest
    mkdir -p "$memory"
    # A small part of it is ever filled; a smaller one would have every recording warn of a full disk.
    mount -t tmpfs -o size=20g memory "$memory"
    mkdir "$memory/bin"
    touch "$program"
    mount --bind "$gearcast" "$program"
    echo "machine: $(uptime_s) s"
    warm_up
    echo "warm: $(uptime_s) s"
    # The table comes in beside standard input, which the cases must not read from.
    while read -r -u 8 name rest; do
        case " ${*:-$name} " in *" $name "*) run_case "$name" $rest ;; esac
    done 8< <(table)
    echo "all: $(uptime_s) s"
}

if [ -n "$case" ]; then
    "case_$case"
else
    run_cases "$@" 2>&1 | tee "$results/times"
fi
