#!/usr/bin/env python3
"""What attune takes beside PyTorch for the steps that a study is made of, into docs/benchmarks.md.

    bench/compare.py --build build/release --peers ../shared/peers [--rounds 3] [--steps 4]
                     [--threads N] [--rows scan,mac] [--out FILE]

Both sides by turns on the same machine, which should be quiet: its load before and after is written down. Of FILE only what
stands between the two comments "measured" is replaced. A row that fails is named, and the others are written; the exit
status then is 1.
"""
import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile

top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
# What is measured at once, with which options, and in which forms of PyTorch: of each the title of its line, the ratio to
# reach and the share of memory.
ROWS = {
    "scan": (["--model", "scan", "--scores", "dot"], {
        "gram+fastgru": ("SCAN, 128 pairs, ragged captions, against the fastest form", 1.5, 1 / 3),
        "gram": ("the same against the Gram form with PyTorch's own GRU", None, None),
        "vec": ("the same against one product for all scores", None, None),
        "loop": ("SCAN against the reference's loop", 3, 1 / 3)}),
    "mac": (["--model", "mac", "--scores", "dot"], {
        "hoist": ("MAC, 64 questions", 1.5, 1 / 2), "inter": ("the same against the usual form", None, None)}),
    "attngan": (["--model", "attngan", "--scores", "dot"], {"-": ("AttnGAN, 64 and 128 pixels, 8 captions", 1.4, 1 / 2)}),
    "m4c": (["--model", "m4c", "--scores", "dot"], {"-": ("M4C, 16 questions at full lengths", 1.15, 1 / 2)}),
    "m4c_ragged": (["--model", "m4c", "--scores", "dot", "--ragged"],
                   {"-": ("M4C, 16 questions of drawn lengths", 2, 1 / 3)}),
    "evaluation": (None, {"gram": ("evaluation of SCAN, 1,000 x 5,000 pairs, against the fastest form", 3, 1 / 3),
                          "loop": ("the same against the reference's loop", None, None)}),
}

ap = argparse.ArgumentParser()
ap.add_argument("--build", default="build/release")
ap.add_argument("--peers", default="../shared/peers")
ap.add_argument("--python", default="/usr/bin/python3", help="a Python that has torch and numpy")
ap.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
ap.add_argument("--rounds", type=int, default=3)
ap.add_argument("--steps", type=int, default=4)
ap.add_argument("--rows", default=",".join(ROWS))
ap.add_argument("--pictures", type=int, default=1000, help="of the evaluation, with five captions each")
ap.add_argument("--out", default=os.path.join(top, "docs/benchmarks.md"))
args = ap.parse_args()
for r in args.rows.split(","):
    if r not in ROWS:
        ap.error("there is no row `%s`; there are %s" % (r, ", ".join(ROWS)))


# ---- the machine ----

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
        ("its BLAS", first_line("readlink", "-f", "/etc/alternatives/libblas.so.3-%s-linux-gnu" % platform.machine())),
        ("attune", "%s, %s" % (first_line("git", "-C", top, "describe", "--always", "--dirty"),
                               first_line(os.path.join(args.build, "attune"), "--version"))),
    ]


# ---- rows: of each form {attune_s, peer_s, attune_least_s, peer_least_s, attune_mb, peer_mb} ----

def output(cmd, **more):
    print("+ " + " ".join(cmd), file=sys.stderr)
    p = subprocess.run(cmd, stdout=subprocess.PIPE, text=True, **more)
    if p.returncode != 0:
        raise RuntimeError("%s ended with %d" % (cmd[0], p.returncode))
    return p.stdout


def steps(options, forms):
    variants = [] if "-" in forms else ["--variants", ",".join(forms)]
    got = json.loads(output([
        sys.executable, os.path.join(top, "bench/model_step.py"), *options, *variants, "--build", args.build, "--peers",
        args.peers, "--python", args.python, "--threads", str(args.threads), "--rounds", str(args.rounds), "--steps",
        str(args.steps), "--json"]))
    return {r["form"]: r for r in got}


def evaluation(forms):
    """Each side once: it takes long. The reference's loop goes over a part of the pairs."""
    with tempfile.TemporaryDirectory() as data:
        output([args.python, os.path.join(top, "bench/evaluate_data.py"), data, "--pictures", str(args.pictures)])
        run = os.path.join(data, "scan.yaml")
        mine = json.loads(output([os.path.join(args.build, "attune"), "bench", run, "--evaluate", "dev", "--threads",
                                  str(args.threads), "--repeat", "1", "--json"]))
        out = {}
        for form in forms:
            limit = ["--limit", "%dx%d" % (min(200, args.pictures), min(100, 5 * args.pictures))] if form == "loop" else []
            it = json.loads(output([args.python, os.path.join(top, "bench/evaluate_peer.py"), "--peers", args.peers, "--data",
                                    data, "--form", form, "--threads", str(args.threads), *limit]).strip().splitlines()[-1])
            out[form] = {"attune_s": mine["median_s"], "attune_least_s": mine["least_s"], "attune_mb": mine["peak_bytes"] / 1e6,
                         "peer_s": it["seconds"], "peer_least_s": it["seconds"], "peer_mb": it["rss_mb"]}
        return out


def measure(name):
    options, forms = ROWS[name]
    try:
        return steps(options, forms) if options else evaluation(forms)
    except (RuntimeError, ValueError, KeyError) as why:
        print("%s: %s" % (name, why), file=sys.stderr)
        return None


# ---- the table ----

def line(title, r, ratio, share):
    return "| %s | %.2f | %.2f | %.2f (%.2f) | %s | %.0f | %.0f | %.0f %% | %s |" % (
        title, r["attune_s"], r["peer_s"], r["peer_s"] / r["attune_s"], r["peer_least_s"] / r["attune_least_s"],
        ratio or "", r["attune_mb"], r["peer_mb"], 100 * r["attune_mb"] / r["peer_mb"],
        "%.0f %%" % (100 * share) if share else "")


def text(results, load):
    out = ["Measured by `bench/compare.py --rounds %d --steps %d`, %s. Load of the machine: %.1f before, %.1f after."
           % (args.rounds, args.steps, datetime.date.today(), load, os.getloadavg()[0]), "",
           "| | |", "|---|---|", *("| %s | %s |" % m for m in machine()), "",
           "| step | attune s | PyTorch s | ratio (of the least) | to reach | attune MB | PyTorch MB | share | at most |",
           "|---|---|---|---|---|---|---|---|---|"]
    for name, result in results.items():
        for form, (title, ratio, share) in ROWS[name][1].items():
            out.append(line(title, result[form], ratio, share) if result else "| %s | failed | | | | | | | |" % title)
    return "\n".join(out)


def write(new):
    old = open(args.out).read() if os.path.exists(args.out) else "# Beside PyTorch\n\n%s\n%s\n" % (BEGIN, END)
    before, rest = old.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    with open(args.out, "w") as f:
        f.write(before + BEGIN + "\n" + new + "\n" + END + after)


load = os.getloadavg()[0]
results = {name: measure(name) for name in args.rows.split(",")}
write(text(results, load))
sys.exit(0 if all(results.values()) else 1)
