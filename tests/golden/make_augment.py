"""Writes crops and checksums of augmented images, against which the C++ tests compare.

    python3 make_augment.py [--output FILE]

Needs numpy, torchvision and Pillow 13 (made with torchvision 0.29.2 and Pillow 13.0.0). torchvision's own transforms run on Pillow
images; only what they draw from torch is replaced by the library's generator (Philox4x32-10), in the order in which they ask for it.
Run by hand; the output, augment.txt, is committed.

    crop W H SEED SCALE SCALE RATIO RATIO   left, top, width, height
    augment PATTERN W H N SEED SCALE FLIP BRIGHTNESS CONTRAST SATURATION HUE   CRC-32 of the bytes (N, N, 3)
    hue SHIFT, and adjust FACTOR   CRC-32 of every 61st of all 2^24 colours in a row (hue; brightness, contrast, saturation)
"""

import argparse
import pathlib
import zlib

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import ColorJitter, InterpolationMode, RandomHorizontalFlip, RandomResizedCrop
from torchvision.transforms import functional as F

from make_resize import pattern
from philox import Philox

random = None


def uniform_(self, least, most):
    return self.fill_(np.float32(float(least) + (float(most) - float(least)) * random.uniform()))


def permutation(n):
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = random.below(i + 1)
        order[i], order[j] = order[j], order[i]
    return torch.tensor(order)


torch.Tensor.uniform_ = uniform_
torch.randint = lambda low, high, size: torch.tensor([low + random.below(high - low)])
torch.rand = lambda n: torch.tensor([random.uniform()], dtype=torch.float64)
torch.randperm = permutation

SIZES = [(1, 1), (2, 3), (17, 9), (64, 64), (100, 30), (30, 100), (211, 157), (640, 7), (7, 640), (375, 500)]
JITTERS = [(0, 0, 0, 0), (0.4, 0, 0, 0), (0, 0.4, 0, 0), (0, 0, 0.4, 0), (0, 0, 0, 0.1), (0.4, 0.4, 0.4, 0.1), (1.5, 2, 1, 0.5)]


def lines():
    global random
    seed = 0
    for width, height in SIZES:
        image = Image.new("RGB", (width, height))
        for scale, ratio in [((0.08, 1.0), (3 / 4, 4 / 3)), ((0.9, 1.0), (3 / 4, 4 / 3)), ((0.5, 1.0), (1.0, 1.0)), ((0.01, 2.0), (0.2, 6.0))]:
            for _ in range(5):
                seed += 1
                random = Philox(seed)
                top, left, h, w = RandomResizedCrop.get_params(image, list(scale), list(ratio))
                yield f"crop {width} {height} {seed} {scale[0]!r} {scale[1]!r} {ratio[0]!r} {ratio[1]!r} {left} {top} {w} {h}"
    for width, height in SIZES:
        for k, (b, c, s, h) in enumerate(JITTERS):
            for name in ("noise", "waves"):
                seed += 1
                n, scale, flip = (32, 224, 8)[k % 3], (0.08, 0.5, 0.9)[k % 3], (0.5, 1, 0)[seed % 3]
                random = Philox(seed)
                image = Image.fromarray(pattern(name, width, height, 3))
                image = RandomResizedCrop(n, scale=(scale, 1.0), interpolation=InterpolationMode.BICUBIC)(image)
                if flip > 0:
                    image = RandomHorizontalFlip(flip)(image)
                if any((b, c, s, h)):
                    image = ColorJitter(b, c, s, h)(image)
                yield f"augment {name} {width} {height} {n} {seed} {scale} {flip} {b} {c} {s} {h} {zlib.crc32(image.tobytes()):08x}"
    i = np.arange(0, 1 << 24, 61, dtype=np.uint32)
    colors = Image.fromarray(np.stack([i >> 16, (i >> 8) & 255, i & 255], -1).astype(np.uint8)[None])
    for shift in (0.0, 0.1, -0.3, 0.5, -0.5, 0.037, 0.499):
        yield f"hue {shift} {zlib.crc32(F.adjust_hue(colors, shift).tobytes()):08x}"
    for factor in (0.0, 0.3, 0.6, 1.0, 1.4, 2.7, 0.1234567, 1.9876543):
        changed = [f(colors, float(np.float32(factor))) for f in (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation)]
        yield f"adjust {factor} {zlib.crc32(b''.join(image.tobytes() for image in changed)):08x}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent / "augment.txt")
    options = arguments.parse_args()
    options.output.write_text("".join(line + "\n" for line in lines()))


if __name__ == "__main__":
    main()
