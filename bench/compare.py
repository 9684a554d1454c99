#!/usr/bin/env python3
"""A training step of every model that bench/model_step.py knows, attune beside PyTorch, and the
machine it was measured on, as docs/benchmarks.md.

    bench/compare.py --build build/release --peers ../shared/peers [--rounds 3] [--steps 4]
                     [--threads N] [--models scan,mac] [--out FILE]

The machine should be quiet: the load before and after is written down. What fails is left out, and the exit status
then is 1.
"""
import argparse
import datetime
import os
import platform
import re
import subprocess
import sys

top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODELS = {  # what is measured, and how
    "scan": ("SCAN, 128 pictures of 36 regions, 128 captions", []),
    "mac": ("MAC, 64 questions, 14 x 14 x 1024 features, 4 steps", []),
    "attngan": ("AttnGAN, 8 captions, 64 x 64 and 128 x 128", []),
    "m4c": ("M4C, 16 questions at full lengths", ["--scores", "dot"]),
    "m4c_ragged": ("M4C, 16 questions of drawn lengths", ["--scores", "dot", "--ragged"]),
}

ap = argparse.ArgumentParser()
ap.add_argument("--build", default="build/release")
ap.add_argument("--peers", default="../shared/peers")
ap.add_argument("--python", default="/usr/bin/python3", help="a Python that has torch and numpy")
ap.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
ap.add_argument("--rounds", type=int, default=3)
ap.add_argument("--steps", type=int, default=4)
ap.add_argument("--models", default=",".join(MODELS))
ap.add_argument("--out", default=os.path.join(top, "docs/benchmarks.md"))
args = ap.parse_args()
for m in args.models.split(","):
    if m not in MODELS:
        ap.error("there is no model `%s`; there are %s" % (m, ", ".join(MODELS)))


def first_line(*cmd):
    """Of what a command prints; "unknown" where it cannot be run."""
    try:
        p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return p.stdout.strip().splitlines()[0] if p.returncode == 0 and p.stdout.strip() else "unknown"
    except OSError:
        return "unknown"


def in_file(path, pattern):
    try:
        found = re.search(pattern, open(path).read(), re.M)
        return found.group(1).strip() if found else "unknown"
    except OSError:
        return "unknown"


def machine():
    makefile = os.path.join(args.build, "Makefile")
    compiler = in_file(makefile, r"^CC = (.*)$").split()[0]
    memory = in_file("/proc/meminfo", r"^MemTotal:\s+(\d+) kB")
    return [
        ("processor", in_file("/proc/cpuinfo", r"^model name\s*:\s*(.*)$")),
        ("cores", "%d; %d threads" % (os.cpu_count(), args.threads)),
        ("memory", "%.1f GiB" % (int(memory) / 1048576) if memory.isdigit() else memory),
        ("system", "%s %s" % (platform.system(), platform.release())),
        ("compiler", "%s, `%s`" % (first_line(compiler, "--version"), in_file(makefile, r"^CFLAGS = (.*)$"))),
        ("BLIS", first_line("dpkg-query", "-W", "-f", "${Version}", "libblis-dev")),
        ("PyTorch", first_line(args.python, "-c", "import torch; print(torch.__version__)")),
        ("its BLAS", first_line(args.python, "-c", "import torch; print(torch.__config__.show().split('BLAS_INFO=')[1].split(',')[0])")),
        ("attune", first_line("git", "-C", top, "describe", "--always", "--dirty")),
    ]


def table(name):
    title, options = MODELS[name]
    cmd = [os.path.join(top, "bench/model_step.py"), "--model", name.split("_")[0], "--build", args.build, "--peers",
           args.peers, "--python", args.python, "--threads", str(args.threads), "--rounds", str(args.rounds), "--steps",
           str(args.steps), "--markdown", *options]
    p = subprocess.run([sys.executable, *cmd], stdout=subprocess.PIPE, text=True)
    return (title, p.stdout.strip()) if p.returncode == 0 else (title, None)


load = os.getloadavg()[0]
tables = []
for name in args.models.split(","):
    tables.append(table(name))
    print("%s: %s" % (name, "measured" if tables[-1][1] else "failed"), file=sys.stderr)
with open(args.out, "w") as out:
    print("# A training step beside PyTorch\n", file=out)
    print("Forward, backward, clipping and Adam on made data, alternately in one run: `bench/compare.py --rounds %d --steps %d` "
          "on %s. The load of the machine was %.1f before and %.1f after. Both sides compute the same equations; what the "
          "columns mean is in `bench/model_step.py`.\n" % (args.rounds, args.steps, datetime.date.today(), load, os.getloadavg()[0]),
          file=out)
    print("| | |\n|---|---|", file=out)
    for what, value in machine():
        print("| %s | %s |" % (what, value), file=out)
    for title, text in tables:
        if text:
            print("\n## %s\n\n%s" % (title, text), file=out)
sys.exit(0 if all(text for _, text in tables) else 1)
