#!/usr/bin/env python3
"""What the engine costs, beside vidgear's WriteGear on the same frames with the same x264 settings.

    tests/tools/bench_engine.py [--rounds N] [--frames N] RAW_FRAMES_EXAMPLE

vidgear comes from PyPI into an environment of its own below the target folder. The frames are 1080p BGR, moving, in
memory; both write libx264 ultrafast crf 23 yuv420p into MP4. CPU is user + system time: `own` is the caller's process
alone, `all` is with ffmpeg. One second is one core's second; compare the ratios.
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
import venv

SIZE = (1920, 1080)
FPS = 30
OPTIONS = ["-vcodec", "libx264", "-preset", "ultrafast", "-crf", "23", "-pix_fmt", "yuv420p"]
# The most that ours may cost, as a share of vidgear's.
LIMITS = {"own": 0.25, "all": 0.75}

VIDGEAR = """
import json, resource, sys
import numpy as np
from vidgear.gears import WriteGear
raw, width, height, fps, out, options = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5], sys.argv[6:]
frames = np.fromfile(raw, np.uint8).reshape(-1, height, width, 3)
before = resource.getrusage(resource.RUSAGE_SELF)
gear = WriteGear(output=out, **{"-input_framerate": fps, **dict(zip(options[::2], options[1::2]))})
for frame in frames:
    gear.write(frame)
gear.close()
after = resource.getrusage(resource.RUSAGE_SELF)
own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps({"frames": len(frames), "own_cpu_s": own}))
"""


def python_with_vidgear(folder):
    python = folder / "bin" / "python"
    if not python.exists():
        print("Fetching vidgear from PyPI ...", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "vidgear[core]", "opencv-python-headless", "numpy"], check=True)
    return python


def make_frames(path, count):
    source = f"testsrc2=size={SIZE[0]}x{SIZE[1]}:rate={FPS},noise=alls=12:allf=t"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-frames:v", str(count),
                    "-pix_fmt", "bgr24", "-f", "rawvideo", str(path)], check=True)


def run(command, out):
    out.unlink(missing_ok=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(result.stdout.strip().splitlines()[-1])
    probe = ["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", str(out)]
    in_file = int(subprocess.run(probe, check=True, stdout=subprocess.PIPE, text=True).stdout.strip().strip(","))
    if in_file != told["frames"]:
        sys.exit(f"{in_file} of {told['frames']} frames are in the file")
    everything = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"own": told["own_cpu_s"], "all": everything, "frames": in_file, "bytes": out.stat().st_size}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--frames", type=int, default=150)
    options.add_argument("--python", type=pathlib.Path, help="a Python that has vidgear")
    options.add_argument("example", type=pathlib.Path)
    args = options.parse_args()
    python = args.python or python_with_vidgear(args.example.resolve().parents[2] / "vidgear")
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        folder = pathlib.Path(folder)
        raw, one, out = folder / "frames.bgr", folder / "one.bgr", folder / "out.mp4"
        make_frames(raw, args.frames)
        make_frames(one, 1)
        width, height = map(str, SIZE)

        def ours(frames):
            return run([args.example, frames, f"{width}x{height}", str(FPS), out, *OPTIONS], out)

        def theirs(frames):
            return run([python, "-c", VIDGEAR, frames, width, height, str(FPS), out, *OPTIONS], out)

        # What starting costs is not a frame's: a Python with numpy and OpenCV takes half a second.
        start = {"ours": ours(one), "theirs": theirs(one)}
        rounds = [{"ours": ours(raw), "theirs": theirs(raw)} for _ in range(args.rounds)]
    failed = False
    for kind in ("own", "all"):
        per_frame = {
            who: [1000 * (r[who][kind] - start[who][kind]) / (r[who]["frames"] - 1) for r in rounds]
            for who in ("ours", "theirs")
        }
        ratios = [a / b for a, b in zip(per_frame["ours"], per_frame["theirs"])]
        median = statistics.median(ratios)
        failed |= median > LIMITS[kind]
        shown = "  ".join(f"{a:.2f}/{b:.2f}" for a, b in zip(per_frame["ours"], per_frame["theirs"]))
        print(f"{kind:4} ms CPU a frame, ours/vidgear's: {shown}   median ratio {median:.2f} (limit {LIMITS[kind]:.2f})")
    sizes = rounds[0]
    print(f"bytes: ours {sizes['ours']['bytes']}, vidgear's {sizes['theirs']['bytes']}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
