"""Times one tower of one peer on prepared input.

    python3 tower.py --peer openvino --part image --file ViT-B-32.image.xml --batch 8 --threads 2

Prints one line of JSON: minimum and median seconds of a call.
"""

import pathlib

import common
import models
from engines import ENGINES

OPTIONS = (
    ("--part", {"choices": ["image", "text"], "required": True}),
    ("--file", {"type": pathlib.Path, "required": True, "help": "the weights in the peer's format, see export.py"}),
    ("--dtype", {"choices": ["f32", "bf16", "int8"], "default": "f32"}),
    ("--batch", {"type": int, "default": 1}),
    ("--trimmed", {"action": "store_true", "help": "run only the positions that the longest text needs"}),
)


def main():
    a = common.arguments(__doc__, ENGINES, *OPTIONS)
    name = models.of_file(a.file)
    x = (
        models.pixels(a.batch, name)
        if a.part == "image"
        else models.token_ids(a.data, common.prompts(a.data, a.batch), name)
    )
    encode = ENGINES[a.peer](a.part, a.file, a.batch, a.threads, a.dtype, a.trimmed)
    common.report(common.measure(a, lambda: encode(x)))


if __name__ == "__main__":
    common.run(main)
