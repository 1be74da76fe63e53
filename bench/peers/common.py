"""Shared code of the peers: command line, inputs, timing and report.

Heavy libraries are imported only after the thread count is set in the environment, since some read it on import.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

NOT_INSTALLED = 3  # exit status


def arguments(doc, peers, *options):
    """Parses the command line of a peer. `options`: (name, settings) of the script's own options."""
    parser = argparse.ArgumentParser(description=doc.split("\n\n")[0])
    parser.add_argument("--peer", required=True, choices=list(peers))
    for name, settings in options:
        parser.add_argument(name, **settings)
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        default=os.environ.get("CLIP_TEST_DATA"),
        help="folder with vocabulary, ImageNet's names, images (default: $CLIP_TEST_DATA)",
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--warm", type=int, default=2, help="calls before the measured ones")
    parser.add_argument("--repeats", type=int, default=5, help="minimum number of measured calls")
    parser.add_argument("--seconds", type=float, default=3.0, help="repeat until this time has been measured")
    a = parser.parse_args()
    for library in ("OMP", "MKL", "RAYON"):
        os.environ[library + "_NUM_THREADS"] = str(a.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if a.threads > 1 else "false"
    os.environ["HF_HUB_OFFLINE"] = "1"
    return a


def run(main):
    """Calls main(). If a library is not installed, prints its name and exits with status 3."""
    try:
        main()
    except ModuleNotFoundError as missing:
        print(f"{missing.name} is not installed", file=sys.stderr)
        sys.exit(NOT_INSTALLED)


def measure(a, f, most=2000):
    """The seconds of every measured call."""
    for _ in range(a.warm):
        f()
    taken = []
    while len(taken) < a.repeats or (sum(taken) < a.seconds and len(taken) < most):
        start = time.perf_counter()
        f()
        taken.append(time.perf_counter() - start)
    return taken


def report(taken, scale=1.0, **more):
    """Prints one line of JSON. `scale`: factor of the times, if only a part of the work was run."""
    line = {
        "seconds_min": min(taken) * scale,
        "seconds_median": statistics.median(taken) * scale,
        "repeats": len(taken),
    }
    print(json.dumps(line | more), flush=True)


def imagenet(data):
    """The 1,000 class names and the 80 templates with {}."""
    return tuple(json.loads((data / f"imagenet_{name}.json").read_text()) for name in ("classes", "templates"))


def prompts(data, count):
    """`count` prompts "a photo of a {label}.", cycling through the labels."""
    names = imagenet(data)[0]
    return [f"a photo of a {names[i % len(names)]}." for i in range(count)]
