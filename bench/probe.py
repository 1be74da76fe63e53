"""Linear probes: `clip probe` beside scikit-learn's LogisticRegression, in turns, on the same features.

    python3 bench/probe.py --clip build/release/examples/clip/clip [--rounds 3] [--threads 2] [--output FOLDER]

Needs numpy and scikit-learn. The features are random with the spectrum and the length of CLIP's: standard deviations fall
with the square root of the index, means of classes faster, a mean length of 10. Prints seconds of every round, the ratio
of the minima, both objectives, and the share of equal predictions, also against scikit-learn run to 1e-7 (--converged).
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

CASES = {"50000x512x10": (50000, 512, 10, 1), "10000x1024x100": (10000, 1024, 100, 2)}
C = 0.316


def make(name, folder):
    import numpy as np

    samples, width, classes, seed = CASES[name]
    random = np.random.default_rng(seed)
    spread = np.arange(1, width + 1) ** -0.5
    turn, _ = np.linalg.qr(random.standard_normal((width, width)))
    means = random.standard_normal((classes, width)) * spread**1.5 * 0.45
    labels = random.integers(0, classes, samples)
    features = (means[labels] + random.standard_normal((samples, width)) * spread) @ turn.T
    features += random.standard_normal(width) * 0.2
    features *= 10 / np.linalg.norm(features, axis=1).mean()
    np.save(folder / "features.npy", features.astype(np.float32))
    np.save(folder / "labels.npy", labels.astype(np.int64))


def peer(folder, tolerance):
    """One fit of scikit-learn in this process: prints a JSON object."""
    import time

    import numpy as np
    from sklearn.linear_model import LogisticRegression

    features, labels = np.load(folder / "features.npy"), np.load(folder / "labels.npy")
    model = LogisticRegression(C=C, max_iter=100000, tol=tolerance)
    begin = time.perf_counter()
    model.fit(features, labels)
    seconds = time.perf_counter() - begin
    scores = features.astype(np.float64) @ model.coef_.T.astype(np.float64) + model.intercept_
    top = scores.max(1, keepdims=True)
    losses = np.log(np.exp(scores - top).sum(1)) + top[:, 0] - scores[np.arange(len(labels)), labels]
    np.save(folder / f"predicted_{tolerance}.npy", scores.argmax(1))
    print(json.dumps({"seconds": seconds, "iterations": int(model.n_iter_[0]),
                      "objective": C * losses.sum() + 0.5 * (model.coef_.astype(np.float64) ** 2).sum()}))


def same_predictions(folder, tolerance):
    import numpy as np

    probe = np.load(folder / "probe.npz")
    scores = np.load(folder / "features.npy").astype(np.float64) @ probe["coef_"].T + probe["intercept_"]
    return (scores.argmax(1) == np.load(folder / f"predicted_{tolerance}.npy")).mean()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--clip", help="our program")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--converged", action="store_true", help="also compare predictions with tol=1e-7 (minutes)")
    arguments.add_argument("--output", type=pathlib.Path, help="folder for features and probes (default: temporary)")
    arguments.add_argument("--peer", nargs=2, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.peer:
        return peer(pathlib.Path(options.peer[0]), float(options.peer[1]))
    if not options.clip:
        arguments.error("--clip is required")
    environment = os.environ | {"OMP_NUM_THREADS": str(options.threads), "OPENBLAS_NUM_THREADS": str(options.threads)}

    def run(command):
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)

    with tempfile.TemporaryDirectory() as temporary:
        for name in CASES:
            folder = (options.output or pathlib.Path(temporary)) / name
            folder.mkdir(parents=True, exist_ok=True)
            make(name, folder)
            ours, theirs = [], []
            for _ in range(options.rounds):
                ours.append(run([options.clip, "probe", "--features", folder / "features.npy", "--labels", folder / "labels.npy",
                                 "--C", str(C), "--max-iter", "1000", "--threads", str(options.threads), "--json",
                                 "--output", folder / "probe.npz"]))
                theirs.append(run([sys.executable, __file__, "--peer", folder, "0.0001"]))
                print(f"{name}: {ours[-1]['seconds']:.2f} s, {ours[-1]['evaluations']} passes; "
                      f"scikit-learn {theirs[-1]['seconds']:.2f} s, {theirs[-1]['iterations']} iterations", flush=True)
            best = [min(run["seconds"] for run in runs) for runs in (ours, theirs)]
            print(f"{name}: ratio of minima {best[0] / best[1]:.3f}; objective {ours[-1]['objective']:.4f} against "
                  f"{theirs[-1]['objective']:.4f}; equal predictions {same_predictions(folder, 0.0001):.4%}", flush=True)
            if options.converged:
                run([sys.executable, __file__, "--peer", folder, "1e-07"])
                print(f"{name}: equal predictions to scikit-learn at tol=1e-7: {same_predictions(folder, 1e-07):.4%}")


if __name__ == "__main__":
    main()
