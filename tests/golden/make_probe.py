"""Logistic regressions of scikit-learn, for tests/learn/. Writes tests/learn/files/probe.npz.

NAME.x, NAME.y: features and labels; NAME.coef_, NAME.intercept_ and NAME.objective: the minimum of C Σ v CE + ½ ‖W‖², found
to 1e-12 in double precision. The options of each stand in tests/learn/linear_probe_test.cpp. Made with scikit-learn 1.9.1.
"""

import pathlib

import numpy as np
from sklearn.linear_model import LogisticRegression

CASES = {
    "three": dict(C=0.316),
    "two": dict(C=2.0),
    "flat": dict(C=10.0, fit_intercept=False),
    "weighted": dict(C=1.0, class_weight={-3: 0.5, 7: 2.0}),
    "balanced": dict(C=1.0, class_weight="balanced"),
    "separable": dict(C=100.0),
    "few": dict(C=0.5),
}
CLASSES = {"three": [0, 1, 2], "two": [4, 9], "flat": [0, 1, 2, 3], "weighted": [-3, 5, 7], "balanced": [0, 1, 2],
           "separable": [1, 2, 3], "few": [0, 1, 2, 3, 4]}


def data(name, rng):
    n, d = (15, 24) if name == "few" else (120, 6)
    labels = np.array(CLASSES[name])
    y = rng.choice(labels, n, p=np.arange(1, len(labels) + 1) / np.arange(1, len(labels) + 1).sum())
    y[: len(labels)] = labels
    means = rng.standard_normal((len(labels), d)) * (8 if name == "separable" else 0.7)
    x = means[np.searchsorted(labels, y)] + rng.standard_normal((n, d)) * np.geomspace(1, 0.05, d)
    return (x + np.array([3.0] + [0.0] * (d - 1))).astype(np.float32), y.astype(np.int64)


def main():
    rng = np.random.default_rng(20)
    arrays = {}
    for name, options in CASES.items():
        x, y = data(name, rng)
        model = LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000, **options).fit(x.astype(np.float64), y)
        z = model.decision_function(x.astype(np.float64))
        z = np.stack([np.zeros_like(z), z], 1) if z.ndim == 1 else z
        own = np.searchsorted(model.classes_, y)
        weights = np.ones(len(model.classes_))
        if options.get("class_weight") == "balanced":
            weights = len(y) / (len(weights) * np.bincount(own))
        else:
            for label, weight in (options.get("class_weight") or {}).items():
                weights[np.searchsorted(model.classes_, label)] = weight
        top = z.max(1, keepdims=True)
        losses = np.log(np.exp(z - top).sum(1)) + top[:, 0] - z[np.arange(len(y)), own]
        arrays |= {f"{name}.x": x, f"{name}.y": y, f"{name}.coef_": model.coef_, f"{name}.intercept_": model.intercept_,
                   f"{name}.objective": np.array([options["C"] * (weights[own] * losses).sum() + 0.5 * (model.coef_**2).sum()])}
    np.savez(pathlib.Path(__file__).parent.parent / "learn" / "files" / "probe.npz", **arrays)


if __name__ == "__main__":
    main()
