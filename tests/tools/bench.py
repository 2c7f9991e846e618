#!/usr/bin/env python3
"""What a recording costs, beside `ffmpeg -f x11grab` on the same desktop.

    tests/tools/bench.py [--rounds N] [--seconds S] [BINARY]

Starts a 1920x1080 X server of its own with a fixed desktop, and records it in turn with x11grab and with BINARY
(without BINARY: x11grab alone), all with libx264 superfast crf 23 at 30 fps and without sound, into Matroska:

    moving   a terminal scrolling 80 lines a second and a 640x360 test picture at 30 fps: both at a constant rate
    still    nothing changes: BINARY once at a constant and once at a variable rate, against x11grab's constant one

CPU is user + system time of the recorder with every process it started, plus what the X server spent above its
idle load. Missing frames are holes in the grid of time stamps; distinct ones are those that differ from the one
before. One second of CPU is one core's second; compare the ratios, the machine decides the rest.
"""

import argparse
import contextlib
import glob
import json
import os
import pathlib
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time

FPS = 30
ENCODER = {"encoder": "libx264", "preset": "superfast", "crf": "23"}
# The most that a frame (at a variable rate: a second) may cost, as a share of x11grab's.
LIMITS = {("moving", "cfr"): 0.85, ("still", "cfr"): 0.70, ("still", "vfr"): 0.25}
IDLE_S = 4

SCROLL = (
    "i=0; while :; do for k in 1 2 3 4; do i=$((i+1)); "
    'printf "%06d a line of a log that scrolls by %s\\n" $i $(( (i*7919) % 1000003 )); done; sleep 0.05; done'
)
PAGE = "for i in $(seq 45); do echo line $i of a page that stays; done; exec sleep infinity"


class Desktop:
    """An X server and what is on it, until closed."""

    def __init__(self, folder, kind):
        self.processes = []
        reading, writing = os.pipe()
        self.log = open(folder / "desktop.log", "ab")
        self.env = dict(os.environ, SDL_VIDEODRIVER="x11", SDL_AUDIODRIVER="dummy")
        server = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"]
        self.server = self.start(server, pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as number:
            self.display = ":" + number.readline().strip()
        self.env["DISPLAY"] = self.display
        self.env.pop("WAYLAND_DISPLAY", None)
        subprocess.run(["xsetroot", "-solid", "#335577"], env=self.env, check=True)
        terminal = ["xterm", "-geometry", "130x50+40+40", "-e", "bash", "-c"]
        self.start(terminal + [SCROLL if kind == "moving" else PAGE])
        if kind == "moving":
            picture = ["-f", "lavfi", "-i", f"testsrc2=size=640x360:rate={FPS}"]
            self.start(["ffplay", "-loglevel", "quiet", "-an", "-left", "1200", "-top", "500", "-noborder", *picture])
        time.sleep(2)
        for process in self.processes:
            if process.poll() is not None:
                raise SystemExit(f"bench: {process.args[0]} ended at once; see {folder}/desktop.log")

    def start(self, command, **more):
        process = subprocess.Popen(
            command, env=self.env, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True, **more
        )
        self.processes.append(process)
        return process

    def server_cpu(self):
        """Seconds of CPU the X server has used, from the scheduler's own nanoseconds."""
        return sum(int(pathlib.Path(f).read_text().split()[0]) for f in glob.glob(f"/proc/{self.server.pid}/task/*/schedstat")) / 1e9

    def close(self):
        for process in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.log.close()


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def frames_of(file):
    probe = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time:format=duration", "-of", "json", file]
    found = json.loads(subprocess.run(probe, capture_output=True, text=True, check=True).stdout)
    stamps = sorted(float(packet["pts_time"]) for packet in found["packets"])
    holes = sum(max(0, round((b - a) * FPS) - 1) for a, b in zip(stamps, stamps[1:]))
    return len(stamps), holes, float(found["format"]["duration"])


def distinct_frames(file):
    """How many frames show something new (compared after decoding, outside the measured time)."""
    decimate = ["ffmpeg", "-nostdin", "-v", "info", "-i", file, "-vf", "mpdecimate=hi=128:lo=64:frac=0.0001", "-vsync", "vfr", "-f", "null", "-"]
    words = subprocess.run(decimate, capture_output=True, text=True, check=True).stderr.split("frame=")
    return int(words[-1].split()[0])


def measure(desktop, command, file, seconds, env):
    """Runs one recorder to its own end and tells what it cost."""
    pathlib.Path(file).unlink(missing_ok=True)
    before = desktop.server_cpu()
    time.sleep(IDLE_S)
    idle = (desktop.server_cpu() - before) / IDLE_S
    cpu, server, start = children_cpu(), desktop.server_cpu(), time.monotonic()
    log = file + ".log"
    with open(log, "wb") as output:
        run = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=seconds * 3 + 60)
    elapsed = time.monotonic() - start
    result = {"cpu": children_cpu() - cpu, "server": desktop.server_cpu() - server - idle * elapsed, "exit": run.returncode}
    if run.returncode != 0 or not os.path.exists(file):
        tail = pathlib.Path(log).read_text(errors="replace")[-1500:]
        raise SystemExit(f"bench: exit {run.returncode} of: {' '.join(command)}\n{tail}")
    result["frames"], result["missing"], result["duration"] = frames_of(file)
    result["size"] = os.path.getsize(file)
    result["total"] = result["cpu"] + result["server"]
    return result


def x11grab(display, file, seconds):
    source = ["-f", "x11grab", "-framerate", str(FPS), "-video_size", "1920x1080", "-i", display, "-t", str(seconds)]
    encode = ["-c:v", ENCODER["encoder"], "-preset", ENCODER["preset"], "-crf", ENCODER["crf"], "-pix_fmt", "yuv420p"]
    return ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *source, *encode, file]


def gearcast(binary, file, seconds, timing):
    keys = {**ENCODER, "fps": FPS, "frame_timing": timing, "codec": "h264"}
    sets = [word for key, value in keys.items() for word in ("--set", f"video.{key}={value}")]
    record = ["record", "--source", "screen", "--audio", "none", "--duration", str(seconds), "--output", file, "--overwrite", "--json"]
    return [binary, *record, *sets]


def show(kind, name, round_number, result, distinct):
    spent = f"CPU {result['total']:6.2f} s (recorder {result['cpu']:6.2f}, X server {result['server']:+5.2f})"
    seen = f"{result['frames']} frames, {result['missing']} missing" + (f", {distinct} distinct" if distinct is not None else "")
    per = f"{1000 * result['total'] / result['frames']:5.1f} ms/frame, {100 * result['total'] / result['duration']:5.1f} % of a core"
    print(f"{kind:7s}{name:14s}round {round_number}  {spent}  {per}  {seen}, {result['duration']:.2f} s, {result['size'] / 1e6:.1f} MB", flush=True)


def cost(result, timing):
    return result["total"] / (result["duration"] if timing == "vfr" else result["frames"])


def bench(kind, timings, options, folder):
    """All rounds on one desktop, the recorders in turn; gives {name: [result]}."""
    results = {"x11grab": []} | {f"gearcast {timing}": [] for timing in timings}
    desktop = Desktop(folder, kind)
    try:
        env = dict(desktop.env, GEARCAST_HOME=str(folder / "home"), XDG_CACHE_HOME=str(folder / "cache"))
        for timing in timings:  # the first start tries the encoders and remembers them: not a recording's cost
            measure(desktop, gearcast(options.binary, str(folder / "warm.mkv"), 2, timing), str(folder / "warm.mkv"), 2, env)
        for round_number in range(1, options.rounds + 1):
            for name, runs in results.items():
                file = str(folder / f"{kind}-{name.replace(' ', '-')}.mkv")
                timing = name.split()[-1]
                command = x11grab(desktop.display, file, options.seconds) if name == "x11grab" else gearcast(options.binary, file, options.seconds, timing)
                runs.append(measure(desktop, command, file, options.seconds, env))
                show(kind, name, round_number, runs[-1], distinct_frames(file) if kind == "moving" else None)
    finally:
        desktop.close()
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("binary", nargs="?", metavar="BINARY")
    options = parser.parse_args()
    options.binary = options.binary and os.path.abspath(options.binary)
    summary, busy = [], False
    with tempfile.TemporaryDirectory(prefix="gearcast-bench-") as folder:
        for kind, timings in (("moving", ["cfr"]), ("still", ["cfr", "vfr"])):
            results = bench(kind, timings if options.binary else [], options, pathlib.Path(folder))
            for timing in timings if options.binary else []:
                theirs = statistics.median(cost(run, timing) for run in results["x11grab"])
                ours = statistics.median(cost(run, timing) for run in results[f"gearcast {timing}"])
                missing = {name: sum(run["missing"] for run in runs) for name, runs in results.items()}
                summary.append((kind, timing, ours / theirs, LIMITS[kind, timing], missing))
            lost = sum(run["missing"] for run in results["x11grab"])
            busy |= lost > 0.02 * FPS * options.seconds * options.rounds
    print()
    for kind, timing, ratio, limit, missing in summary:
        unit = "second" if timing == "vfr" else "frame"
        holes = f"; frames missing: {missing['gearcast cfr']}, x11grab {missing['x11grab']}" if timing == "cfr" else ""
        verdict = "within" if ratio <= limit else "OVER"
        print(f"{kind:7s}{timing}  CPU per recorded {unit}: {ratio:.2f} of x11grab's, {verdict} the limit of {limit:.2f}{holes}")
    if busy:
        print("The machine was busy: x11grab itself lost more than 2 % of its frames. Repeat this when nothing else runs.")
    if not options.binary:
        print("x11grab alone: name a gearcast binary to compare")
    sys.exit(0)


if __name__ == "__main__":
    main()
