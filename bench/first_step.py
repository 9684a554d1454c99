#!/usr/bin/env python3
"""From the command `attune train` to the end of the first step: bench/first_step.py BUILD [BUILD BEFORE]

SCAN at its full size (examples/models/scan.att) on files as SCAN's users have them, made at random
in a temporary folder: train_ims.npy [1000, 36, 2048] and 5,000 captions.  Milliseconds on the wall
clock, for each of BATCHES ("8 128") the least and the median of ROUNDS (5) starts with the files in
the page cache, two builds by turns; beside them the median of the next four steps, which is what a
step itself takes.
"""
import json, os, random, signal, statistics, subprocess, sys, tempfile, time
import numpy as np

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROUNDS = int(os.environ.get("ROUNDS", 5))
BATCHES = [int(n) for n in os.environ.get("BATCHES", "8 128").split()]
STEPS = 5
RUN = """model: {top}/examples/models/scan.att
data:
  reader: scan_precomp(root={root})
task: matching
metrics: [recall]
train:
  epochs: 1
  batch: {batch}
  log_every: 1
seed: 0
"""


def make(root, split, pictures):
    draw = np.random.default_rng(pictures)
    np.save(f"{root}/{split}_ims.npy", draw.random((pictures, 36, 2048), dtype=np.float32))
    words = random.Random(pictures)
    with open(f"{root}/{split}_caps.txt", "w") as f:
        for _ in range(5 * pictures):
            ids = (int(8000 * words.random() ** 4) for _ in range(words.randint(6, 17)))
            f.write(" ".join(f"w{i}" for i in ids) + "\n")


def lines_of(path):
    try:
        with open(path) as f:
            return f.read().count("\n")
    except FileNotFoundError:
        return 0


def start(build, root, batch):
    """Milliseconds to the end of the first step, and those of a later one."""
    run, out = f"{root}/run.yaml", tempfile.mkdtemp(dir=root)
    log = f"{out}/metrics.jsonl"
    with open(run, "w") as f:
        f.write(RUN.format(top=TOP, root=root, batch=batch))
    began, first = time.perf_counter(), None
    p = subprocess.Popen([f"{build}/attune", "train", run, "--out", out, "--threads", "2"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while (n := lines_of(log)) < STEPS:
            if n and first is None:
                first = time.perf_counter() - began
            if p.poll() is not None:
                sys.exit(f"{build}/attune train {run} ended with {p.returncode}")
            time.sleep(0.001)
    finally:
        if p.poll() is None:
            p.send_signal(signal.SIGKILL)  # an interrupted run would write its checkpoint
        p.wait()
    with open(log) as f:
        seconds = [json.loads(next(f))["seconds"] for _ in range(STEPS)]
    step = statistics.median(b - a for a, b in zip(seconds, seconds[1:]))
    return 1000 * first, 1000 * step


def main():
    builds = sys.argv[1:]
    if len(builds) not in (1, 2):
        sys.exit("usage: bench/first_step.py BUILD [BUILD BEFORE]")
    with tempfile.TemporaryDirectory() as root:
        make(root, "train", 1000)
        make(root, "dev", 50)
        for batch in BATCHES:
            got = [[] for _ in builds]
            for r in range(ROUNDS):
                for b in range(len(builds))[:: -1 if r % 2 else 1]:
                    got[b].append(start(builds[b], root, batch))
            for build, g in zip(builds, got):
                first, step = ([x[i] for x in g] for i in (0, 1))
                print(f"first step of scan.att, batch {batch}, {os.path.relpath(build, TOP)}: least "
                      f"{min(first):.0f} ms, median {statistics.median(first):.0f} ms; "
                      f"a step {statistics.median(step):.0f} ms", flush=True)


if __name__ == "__main__":
    main()
