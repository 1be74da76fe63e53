#!/usr/bin/env python3
"""Benchmarks the Fashion-MNIST example against the same training in PyTorch, with equal threads.

    python3 bench/compare_fashion.py --ours build/examples/fashion_mnist --python VENV/bin/python

The programs run alternately, --runs times, so that a slow phase of the machine affects all of them.
Standard output: one line of JSON per run, one per program, then a table in Markdown. Exit status: 0; 1 if a
program failed or its results could not be read; 2 for a wrong command line. VENV has
bench/peers/requirements.txt installed; this file needs only Python.

Per run: the mean time of an epoch, top-1 accuracy, and peak memory of the process as the kernel reports it.
Per program: minimum and median of the runs. Ratios are peer over ours: above 1, ours is faster or smaller.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

PEERS = {  # name: options of peers/fashion.py
    "torch": ["--variant", "reference"],
    "torch-unique": ["--variant", "unique"],
    "torch-compile": ["--variant", "reference", "--compile"],
    "torch-unique-compile": ["--variant", "unique", "--compile"],
}


class Failure(Exception):
    """A run that cannot be used; the message names it and the reason."""


def run(name, command, folder, threads):
    """Runs a program to completion. Returns its standard output, seconds and peak memory in MiB."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    out, err = folder / "stdout", folder / "stderr"
    start = time.perf_counter()
    try:
        with out.open("wb") as o, err.open("wb") as e:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=o, stderr=e, env=environment)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    except OSError as error:
        raise Failure(f"{name}: {command[0]}: {error.strerror}") from None
    seconds = time.perf_counter() - start
    if process.returncode:
        last = err.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing on standard error"]
        raise Failure(f"{name}: exit status 0 expected, {process.returncode} found: {last[0]}")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10  # ru_maxrss is in bytes there, in KiB elsewhere
    return out.read_text(errors="replace"), seconds, usage.ru_maxrss / unit


def mean_of(value):
    return statistics.fmean(value) if isinstance(value, list) else float(value)


def run_ours(a, folder):
    results = folder / "results.json"
    results.unlink(missing_ok=True)
    command = [a.ours, "--epochs", a.epochs, "--seed", a.seed, "--threads", a.threads, "--output", folder]
    _, seconds, peak = run("ours", [str(x) for x in command], folder, a.threads)
    try:
        found = json.loads(results.read_text())
        for key, expected in (("seed", a.seed), ("top1_reloaded", found["top1"])):
            if found[key] != expected:
                raise Failure(f"ours: results.json: {key}: expected {expected}, found {found[key]}")
        epoch = mean_of(found["epoch_seconds"])
        return {
            "epoch_seconds": epoch,
            "top1": float(found["top1"]),
            "parameters": int(found["parameters"]),
            "images_per_second": float(found["images_per_second"]),
            "run_seconds": seconds,
            "peak_rss_mib": peak,
        }
    except OSError as error:
        raise Failure(f"ours: results.json: {error.strerror}") from None
    except KeyError as error:
        raise Failure(f"ours: results.json: key {error} expected, none found") from None
    except (ValueError, TypeError) as error:
        raise Failure(f"ours: results.json: {error}") from None


def run_peer(name, a, folder):
    script = pathlib.Path(__file__).resolve().parent / "peers" / "fashion.py"
    command = [a.python, script, *PEERS[name], "--epochs", a.epochs, "--seed", a.seed, "--threads", a.threads]
    command += ["--data", a.data] if a.data else []
    text, seconds, peak = run(name, [str(x) for x in command], folder, a.threads)
    epochs = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    if len(epochs) != a.epochs:
        raise Failure(f"{name}: {a.epochs} lines of JSON expected, {len(epochs)} found")
    mean = lambda key: statistics.fmean(e[key] for e in epochs)
    return {
        "epoch_seconds": mean("epoch_seconds"),
        "top1": epochs[-1]["top1"],
        "parameters": epochs[-1]["parameters"],
        "images_per_second": mean("images_per_second"),
        "run_seconds": seconds,
        "peak_rss_mib": peak,
    }


def summarise(name, runs, ours):
    """Statistics of one program's runs, and its ratios to ours."""
    pick = lambda of, key: [r[key] for r in of]
    median = lambda of, key: statistics.median(pick(of, key))
    return {
        "program": name,
        "runs": len(runs),
        "parameters": runs[0]["parameters"],
        "epoch_seconds_min": min(pick(runs, "epoch_seconds")),
        "epoch_seconds_median": median(runs, "epoch_seconds"),
        "images_per_second_median": median(runs, "images_per_second"),
        "run_seconds_median": median(runs, "run_seconds"),
        "peak_rss_mib_median": median(runs, "peak_rss_mib"),
        "top1_median": median(runs, "top1"),
        "time_ratio": median(runs, "epoch_seconds") / median(ours, "epoch_seconds"),
        "memory_ratio": median(runs, "peak_rss_mib") / median(ours, "peak_rss_mib"),
    }


def markdown(summaries):
    lines = [
        "| program | epoch, min | epoch, median | ratio | images/s | whole run | peak MiB | ratio | top-1 "
        "| parameters |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for s in summaries:
        lines.append(
            f"| {s['program']} | {s['epoch_seconds_min']:.2f} s | {s['epoch_seconds_median']:.2f} s "
            f"| {s['time_ratio']:.2f} "
            f"| {s['images_per_second_median']:.0f} | {s['run_seconds_median']:.2f} s | {s['peak_rss_mib_median']:.0f} "
            f"| {s['memory_ratio']:.2f} | {s['top1_median']:.4f} | {s['parameters']} |"
        )
    return "\n".join(lines)


def round_floats(record):
    return {key: round(x, 4) if isinstance(x, float) else x for key, x in record.items()}


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"at least 1 expected, {value} found")
    return value


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--ours", type=pathlib.Path, required=True, help="our program, fashion_mnist")
    parser.add_argument("--python", default=sys.executable, help="a Python with PyTorch (default: this one)")
    parser.add_argument(
        "--peers",
        nargs="+",
        default=["torch", "torch-unique"],
        choices=PEERS,
        metavar="PEER",
        help="any of " + ", ".join(PEERS) + " (default: the first two)",
    )
    parser.add_argument("--data", type=pathlib.Path, help="folder of Fashion-MNIST for the peers (default: Debian's)")
    for name, value, what in (
        ("runs", 3, "runs of each program"),
        ("epochs", 3, "epochs of each run"),
        ("threads", 2, "threads of every program"),
    ):
        parser.add_argument("--" + name, type=positive, default=value, help=f"{what} (default: {value})")
    parser.add_argument("--seed", type=int, default=1, help="seed of every program (default: 1)")
    return parser.parse_args()


def main():
    a = arguments()
    a.ours = a.ours.resolve()
    runs = {name: [] for name in ["ours", *a.peers]}
    setting = {"threads": a.threads, "epochs": a.epochs, "seed": a.seed}
    with tempfile.TemporaryDirectory(prefix="compare_fashion_") as folder:
        for turn in range(a.runs):
            for name in runs:
                at = pathlib.Path(folder) / name
                at.mkdir(exist_ok=True)
                try:
                    found = run_ours(a, at) if name == "ours" else run_peer(name, a, at)
                except Failure as failure:
                    print(failure, file=sys.stderr)
                    return 1
                runs[name].append(found)
                print(json.dumps({"program": name, "run": turn} | round_floats(found) | setting), flush=True)
    summaries = [summarise(name, of, runs["ours"]) for name, of in runs.items()]
    for s in summaries:
        print(json.dumps({"summary": True} | round_floats(s) | setting))
    print(
        f"\nFashion-MNIST. Epochs: {a.epochs}; threads: {a.threads}; seed: {a.seed}; "
        f"runs of each program, alternating: {a.runs}.\n"
    )
    print(markdown(summaries))
    return 0


if __name__ == "__main__":
    sys.exit(main())
