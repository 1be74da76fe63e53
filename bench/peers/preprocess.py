"""The cases of bench/preprocess.cpp with the reference: Pillow's resize, and the
preprocessing to model input with NumPy.

    python3 bench/peers/preprocess.py [FILTER]

Needs Pillow and NumPy. One line per case: name, microseconds (the best of five rounds).
"""

import sys
import timeit

import models
import numpy as np
from PIL import Image

SIZES = [(640, 480), (1920, 1080), (4000, 3000), (100, 100)]
MODES = {"gray": ("L", 1), "rgb": ("RGB", 3), "rgba": ("RGBA", 4), "cmyk": ("CMYK", 4)}
FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


def random_image(mode, width, height):
    name, channels = MODES[mode]
    return Image.frombytes(
        name, (width, height), np.random.default_rng(1).integers(0, 256, width * height * channels, np.uint8).tobytes()
    )


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    cases = [
        (f"resize_whole/{f}_{m}", m, lambda image, f=f: models.resized(image, 224, FILTERS[f]))
        for f, m in [
            ("bicubic", "rgb"),
            ("bilinear", "rgb"),
            ("bicubic", "gray"),
            ("bicubic", "rgba"),
            ("bilinear", "rgba"),
            ("bicubic", "cmyk"),
        ]
    ]
    cases += [(f"model_input/{m}", m, models.model_input) for m in ("rgb", "gray", "rgba")]
    for name, mode, run in cases:
        for width, height in SIZES:
            full = f"{name}/width:{width}/height:{height}"
            if wanted not in full:
                continue
            image = random_image(mode, width, height)
            count = max(1, int(0.2 / timeit.timeit(lambda: run(image), number=1)))
            best = min(timeit.repeat(lambda: run(image), number=count, repeat=5)) / count
            print(f"{full:60} {best * 1e6:10.1f} us")


if __name__ == "__main__":
    main()
