"""Compares the features of a peer with ours.

    python3 agree.py --peer openvino --part image --file ViT-B-32.image.xml --ours FEATURES.npy INPUT…

FEATURES.npy is the output of `clip embed` for the same images, or the lines of the same text files, with the same
weights. Prints one line of JSON: the smallest cosine between its rows and the peer's.
"""

import json
import pathlib

import common
import models
from engines import ENGINES

OPTIONS = (
    ("--part", {"choices": ["image", "text"], "required": True}),
    ("--file", {"type": pathlib.Path, "required": True}),
    ("--dtype", {"choices": ["f32", "bf16", "int8"], "default": "f32"}),
    ("--trimmed", {"action": "store_true"}),
    ("--ours", {"type": pathlib.Path, "required": True}),
    ("inputs", {"nargs": "+", "type": pathlib.Path}),
)


def main():
    a = common.arguments(__doc__, ENGINES, *OPTIONS)
    import numpy as np

    if a.part == "image":
        from PIL import Image

        name = models.of_file(a.file)
        x = np.stack([models.model_input(Image.open(path).convert("RGB"), name) for path in a.inputs])
    else:
        x = models.token_ids(a.data, [line for path in a.inputs for line in path.read_text().splitlines()])
    theirs = np.asarray(ENGINES[a.peer](a.part, a.file, len(x), a.threads, a.dtype, a.trimmed)(x), np.float64)
    ours = np.load(a.ours).astype(np.float64)
    if ours.shape != theirs.shape:
        raise SystemExit(f"{a.ours.name}: shape {theirs.shape} expected, {ours.shape} found")
    cosine = (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    print(json.dumps({"rows": len(x), "cosine_min": round(float(cosine.min()), 8)}))


if __name__ == "__main__":
    common.run(main)
