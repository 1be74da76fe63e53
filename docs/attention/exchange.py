#!/usr/bin/env python3
"""How much of an image's similarity to its text disappears with the patches that a map marks.

    python3 exchange.py CLIP WEIGHTS VOCABULARY [IMAGES] [PATCHES]

Takes the first IMAGES (500) test images of Fashion-MNIST, draws every kind of map with the program CLIP, puts the next image's patches in the place
of the PATCHES (10) of 49 with the largest values, or of as many drawn at random, and prints top-1 and the mean cosine with the
image's own sentence. Needs numpy, and WEIGHTS of a model with patches of 4 pixels.
"""
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

CLASSES = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
PROMPTS = [f"a photo of a {name}." for name in CLASSES]
DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")
clip, weights, vocabulary = sys.argv[1:4]
count, patches = (int(x) for x in (sys.argv[4:] + ["500", "10"][len(sys.argv) - 4 :]))
pixels = np.frombuffer(gzip.open(DATA / "t10k-images-idx3-ubyte.gz").read()[16:], np.uint8).reshape(-1, 28, 28)[:count]
labels = np.frombuffer(gzip.open(DATA / "t10k-labels-idx1-ubyte.gz").read()[8:], np.uint8)[:count]


def run(command, folder, *options):
    words = [clip, command, "--weights", weights, "--json", *options]
    return json.loads(subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout)


def write(folder, images):
    folder.mkdir()
    for i, image in enumerate(images):
        (folder / f"{i:05}.pgm").write_bytes(b"P5 28 28 255\n" + image.tobytes())


def exchanged(values):
    """The images without the patches of the largest values.                                  values : (count, 49)"""
    images, others = pixels.copy(), np.roll(pixels, -1, axis=0)
    for image, other, order in zip(images, others, np.argsort(-values, axis=1, kind="stable")):
        for patch in order[:patches]:
            y, x = divmod(int(patch), 7)
            place = np.s_[4 * y : 4 * y + 4, 4 * x : 4 * x + 4]
            image[place] = other[place]
    return images


def measure(name, images):
    folder = root / name
    write(folder, images)
    (root / "prompts.txt").write_text("\n".join(PROMPTS) + "\n")
    found = run("similarity", root, "--images", name, "--texts", "prompts.txt", "--lines", "--vocabulary", vocabulary, "--top", "1")
    cosines = np.array(found["cosines"])
    print(f"{name:10} top-1 {100 * (cosines.argmax(1) == labels).mean():5.1f} %   cosine {cosines[np.arange(count), labels].mean():.3f}")


with tempfile.TemporaryDirectory() as place:
    root = pathlib.Path(place)
    weights, vocabulary = (str(pathlib.Path(x).resolve()) for x in (weights, vocabulary))
    clip = str(pathlib.Path(clip).resolve())
    measure("all", pixels)
    measure("random", exchanged(np.random.default_rng(1).random((count, 49))))
    for kind in ("last", "rollout", "relevance"):
        text = ["--text", *PROMPTS, "--vocabulary", vocabulary] if kind == "relevance" else []
        found = run("attention", root, "--image", "all", "--kind", kind, *text, "--output", "map.png")
        maps = np.array([image["maps"] for image in found["images"]]).reshape(count, -1, 49)
        measure(kind, exchanged(maps[np.arange(count), labels if kind == "relevance" else 0]))
