"""Writes texts_cleaned.json.gz: texts, most of them decoded with the wrong encoding, and what the references make of them.

    python3 make_cleaning.py [--output FOLDER]

Needs ftfy 6.3.1 from PyPI and Python 3.11 (Unicode 14). Run by hand; the file is committed.

    [[text, ftfy.fix_text(text), OpenAI's cleaning, OpenCLIP's canonicalize], ...]

The texts are those of ../parity/texts.py that the repair of the encoding changes, 50 of each kind, and 50 others.
"""

import argparse
import collections
import gzip
import json
import pathlib
import random
import sys

import ftfy

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity"))
from texts import REFERENCES, generate, usable


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    options.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    options.add_argument("--seed", type=int, default=20)
    options = options.parse_args()

    rng = random.Random(options.seed)
    counts, texts = collections.Counter(), []
    while len(texts) < 350:
        kind, text = generate(rng)
        if not usable(text) or text in texts:
            continue
        key = kind if ftfy.fix_text(text) != ftfy.fix_text(text, fix_encoding=False) else "left alone"
        if counts[key] < 50:
            counts[key] += 1
            texts.append(text)
    rows = ",\n".join(json.dumps([text, *(reference(text) for reference in REFERENCES.values())]) for text in texts)
    (options.output / "texts_cleaned.json.gz").write_bytes(gzip.compress(f"[{rows}]\n".encode(), 9, mtime=0))
    print(dict(counts))


if __name__ == "__main__":
    main()
