"""A zero-shot head over ImageNet's classes, 80 prompts each.

    python3 head.py --peer pytorch-frozen --file ViT-B-32.safetensors --trimmed --of 40

One class per call, as in CLIP's notebook: normalise the 80 features, then their mean. Runs --of of the 1,000 classes,
evenly spaced, and scales the time to all of them; the prompts are tokenised beforehand. Prints one line of JSON.
"""

import pathlib
import time

import common
import models
from engines import ENGINES

CLASSES = 1000


def main():
    a = common.arguments(
        __doc__,
        ENGINES,
        ("--file", {"type": pathlib.Path, "required": True}),
        ("--of", {"type": int, "default": 40, "help": "number of classes to run"}),
        ("--trimmed", {"action": "store_true"}),
    )
    import numpy as np

    names, templates = common.imagenet(a.data)
    chosen = names[:: CLASSES // a.of][: a.of]
    ids = [models.token_ids(a.data, [t.replace("{}", name) for t in templates]) for name in chosen]
    encode = ENGINES[a.peer]("text", a.file, len(templates), a.threads, "f32", a.trimmed)

    def weight(rows):
        f = encode(rows)
        mean = (f / np.linalg.norm(f, axis=-1, keepdims=True)).mean(0)
        return mean / np.linalg.norm(mean)

    for rows in ids[: a.warm]:
        weight(rows)
    taken = []
    for _ in range(a.repeats):
        start = time.perf_counter()
        for rows in ids:
            weight(rows)
        taken.append(time.perf_counter() - start)
    common.report(taken, CLASSES / len(ids), note=f"{len(ids)} of {CLASSES} classes, scaled")


if __name__ == "__main__":
    common.run(main)
