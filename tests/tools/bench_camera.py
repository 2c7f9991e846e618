#!/usr/bin/env python3
"""What a camera's picture costs on its way to the encoder's NV12, beside ffmpeg's decoder and swscale.

    tests/tools/bench_camera.py [--rounds N] [--frames N] CAMERA_PIXELS_EXAMPLE

The buffers are 1080p: baseline JPEGs in 4:2:2 and 4:2:0 of a moving picture with a sensor's noise, some 200 kB each,
and the same picture as YUYV. CPU is user + system time a frame. Of ffmpeg's, what starting costs and what reading the
file costs (the same run with `-c copy`) is taken off; it runs with one thread, which costs it least. Both end with
the same picture, or nothing is compared. The ratios count, the machine decides the rest.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

SIZE = "1920x1080"
WIDTH, HEIGHT = map(int, SIZE.split("x"))
QUIET = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", "-filter_threads", "1"]
JPEG = ["-c:v", "mjpeg", "-q:v", "5", "-huffman", "default", "-f", "mjpeg"]
RAW_INPUT = ["-f", "rawvideo", "-pix_fmt", "yuyv422", "-s", SIZE]
# What ours is called, how ffmpeg makes it, how ffmpeg reads it, how often we convert all buffers.
CASES = {
    "MJPEG 4:2:2": ("mjpeg", ["-pix_fmt", "yuvj422p", *JPEG], ["-f", "mjpeg"], 4),
    "MJPEG 4:2:0": ("mjpeg", ["-pix_fmt", "yuvj420p", *JPEG], ["-f", "mjpeg"], 4),
    "YUYV": ("yuyv", ["-pix_fmt", "yuyv422", "-f", "rawvideo"], RAW_INPUT, 40),
}
# The most that ours may cost, as a share of ffmpeg's.
LIMIT = 1.0
# Rounding, and what each makes of chroma between two rows, in levels on average.
MOST_DIFFERENCE = 1.0


def make_buffers(path, count, output):
    graph = "[0][1]blend=all_mode=average,noise=alls=6:allf=t"
    sources = [f"mandelbrot=size={SIZE}:rate=30:start_scale=0.5", f"testsrc2=size={SIZE}:rate=30"]
    inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
    subprocess.run([*QUIET, *inputs, "-filter_complex", graph, "-frames:v", str(count), *output, str(path)], check=True)


def cpu_ms(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def theirs(path, reading, count):
    def run(frames, how):
        return cpu_ms([*QUIET, *reading, "-i", str(path), "-frames:v", str(frames), *how, "-f", "null", "-"])

    convert, copy = ["-vf", "format=nv12"], ["-c", "copy"]
    return (run(count, convert) - run(1, convert) - run(count, copy) + run(1, copy)) / (count - 1)


def ours(example, path, name, repeats, last, count):
    command = [example, path, name, SIZE, str(repeats), last]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    if told["frames"] != count:
        sys.exit(f"{told['frames']} of {count} buffers were found in {path.name}")
    return told["cpu_ms"]


def check_same(path, reading, count, last):
    """Both made the same picture of the last buffer."""
    wanted = path.with_suffix(".nv12")
    pick = f"select=eq(n\\,{count - 1}),format=nv12"
    subprocess.run([*QUIET, *reading, "-i", str(path), "-vf", pick, "-frames:v", "1", "-f", "rawvideo", str(wanted)], check=True)
    got, want = last.read_bytes(), wanted.read_bytes()
    luma = WIDTH * HEIGHT
    if len(got) != len(want) or len(got) != luma * 3 // 2:
        sys.exit(f"{path.name}: {len(got)} bytes of ours, {len(want)} of ffmpeg's")
    for plane, area in {"luma": slice(0, luma), "chroma": slice(luma, None)}.items():
        difference = statistics.fmean(abs(a - b) for a, b in zip(got[area], want[area]))
        if difference > MOST_DIFFERENCE:
            sys.exit(f"{path.name}: {plane} differs from ffmpeg's by {difference:.2f} levels")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--frames", type=int, default=40)
    options.add_argument("example", type=pathlib.Path)
    args = options.parse_args()
    example, failed = args.example.resolve(), False
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        path, last = pathlib.Path(folder) / "buffers", pathlib.Path(folder) / "last"
        for case, (name, making, reading, repeats) in CASES.items():
            make_buffers(path, args.frames, making)
            kb = path.stat().st_size / args.frames / 1000
            pairs = []
            for _ in range(args.rounds):
                mine = ours(example, path, name, repeats, last, args.frames)
                pairs.append((mine, theirs(path, reading, args.frames)))
            check_same(path, reading, args.frames, last)
            median = statistics.median(mine / other for mine, other in pairs)
            failed |= median > LIMIT
            shown = "  ".join(f"{mine:.2f}/{other:.2f}" for mine, other in pairs)
            print(f"{case:11} ({kb:4.0f} kB) ms CPU a frame to NV12, ours/ffmpeg's: {shown}   median ratio {median:.2f} (limit {LIMIT:.2f})", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
