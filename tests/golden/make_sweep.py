"""Writes what sweeps of probes choose, against which tests/learn/probe_sweep_test.cpp compares.

    python3 make_sweep.py searches|adamw

searches needs scikit-learn (made with 1.9.1): the searches of CoOp and of CLIP, run as published; a row is the seed, log10 of C and right
answers of CoOp's, then of CLIP's. adamw needs torch (2.15.0): coefficients after 20 epochs
of full batches, from the library's first numbers. Both sides make the features: see features(). Prints numbers to copy into the test.
"""

import functools
import sys

import numpy as np

from philox import Philox


def features(n, seed, width=24, classes=3):
    """Row i: uniform numbers, and its class, i modulo 3, in every third of them."""
    random = Philox(seed)
    x = np.array([[2 * random.uniform() - 1 + 0.3 * (j % classes == i % classes) for j in range(width)] for i in range(n)])
    return x, np.arange(n) % classes


def searches():
    from sklearn.linear_model import LogisticRegression

    for seed in (1, 11, 21):
        (x, y), (vx, vy) = features(40, seed), features(300, seed + 1)

        @functools.cache
        def accuracy(exponent):
            fitted = LogisticRegression(C=10.0**exponent, max_iter=100000, tol=1e-10).fit(x, y)
            return float((fitted.predict(vx) == vy).mean())

        exponents = [6, 4, 2, 0, -2, -4, -6]
        best = exponents[int(np.argmax([accuracy(e) for e in exponents]))]
        left, right = best - 1, best + 1
        for _ in range(8):
            a, b = accuracy(left), accuracy(right)
            final, reached = (right, b) if a < b else (left, a)
            if a < b:
                left = 0.5 * (left + right)
            else:
                right = 0.5 * (left + right)
        coop = final, round(300 * reached)

        point = lambda k: accuracy(-6 + k / 8)
        peak = max(range(0, 97, 16), key=point)
        for span in (8, 4, 2, 1):
            peak = max((max(peak - span, 0), peak, min(peak + span, 96)), key=point)
        print(f"{{{seed}, {coop[0]}, {coop[1]}, {-6 + peak / 8}, {round(300 * point(peak))}}},")


def adamw():
    import torch

    x, y = features(30, 3, 6)
    x, y = torch.tensor(x), torch.tensor(y)
    random = Philox(7).fork("start")
    w = np.array([[(2 * random.uniform() - 1) / np.sqrt(6) for _ in range(7)] for _ in range(3)])
    model = torch.nn.Linear(6, 3, dtype=torch.float64)
    with torch.no_grad():
        model.weight.copy_(torch.tensor(w[:, :6]))
        model.bias.copy_(torch.tensor(w[:, 6]))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.3)
    for step in range(20):
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * 0.5 * (1 + np.cos(np.pi * step / 20))
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    print("loss", repr(loss.item()))
    print("weight", [round(v, 12) for v in model.weight.flatten().tolist()])
    print("bias", [round(v, 12) for v in model.bias.tolist()])


if __name__ == "__main__":
    {"searches": searches, "adamw": adamw}[sys.argv[1]]()
