"""Writes checksums of resized and preprocessed images, against which the C++ tests compare.

    python3 make_resize.py RESAMPLING IMAGES [--output FILE]

RESAMPLING is one of the library's, and says which program computes: pillow13 writes resize_pillow13.txt and needs Pillow 13 (made
with 13.0.0); pillow12 writes resize_pillow12.txt and needs Pillow 12.1 or older (made with 12.1.1), because 12.2 and 12.3 go
vertically first in images more than a hundred times as tall as wide; torchvision writes resize_torchvision.txt and needs torchvision and
transformers 5 (made with torch 2.15.0, torchvision 0.29.2, transformers 5.24.0). All need numpy. IMAGES is a folder of image
files, named in the lines that begin with "file"; the others use patterns that both sides draw. Run by hand; the files are committed.

    resize KIND PATTERN W H W' H' FILTER            CRC-32 of the bytes, in the image's own channels
    preprocess KIND PATTERN W H N MODE FILTER ORDER   of the floats (3, N, N), OpenAI's mean and deviation
    file NAME N MODE FILTER ORDER                     likewise

torchvision has no palettes and no 16-bit images to resize, and its lines of preprocessing, transformers' image processor, are all of
the order huggingface. Cases in which torch meets an assertion of its own (sides of one pixel) are left out.
"""

import argparse
import pathlib
import zlib

import numpy as np
import PIL
from PIL import Image

FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
CHANNELS = {"gray": 1, "rgb": 3, "rgba": 4, "palette": 1, "cmyk": 4, "gray16": 2}
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


def pattern(name, width, height, channels):
    """uint8 (height, width, channels). noise: every byte on its own, a quarter each 0 and 255; waves: slopes and steps."""
    y, x, c = np.meshgrid(
        np.arange(height, dtype=np.uint32),
        np.arange(width, dtype=np.uint32),
        np.arange(channels, dtype=np.uint32),
        indexing="ij",
    )
    if name == "waves":
        return (7 * x + 13 * y + 29 * c + 5 * ((x * y) % 17)).astype(np.uint8)
    h = x * np.uint32(0x9E3779B1) + y * np.uint32(0x85EBCA77) + c * np.uint32(0xC2B2AE3D)
    h ^= h >> 15
    h *= np.uint32(0x2C1B3C6D)
    h ^= h >> 12
    h *= np.uint32(0x297A2D39)
    value = (h >> 23).astype(np.int32)  # 0 ... 511
    return np.clip(value - 128, 0, 255).astype(np.uint8)


def pattern_image(kind, name, width, height):
    pixels = pattern(name, width, height, CHANNELS[kind])
    if kind == "cmyk":
        return Image.frombytes("CMYK", (width, height), pixels.tobytes())
    if kind == "gray16":  # lower byte first
        return Image.frombytes("I;16", (width, height), pixels.tobytes())
    if kind != "palette":
        return Image.fromarray(pixels[..., 0] if kind == "gray" else pixels)
    image = Image.frombytes("P", (width, height), pixels.tobytes())
    image.putpalette([(37 * i + 11 * k) % 256 for i in range(256) for k in range(3)])
    return image


def checksum(array):
    return f"{zlib.crc32(np.ascontiguousarray(array).tobytes()):08x}"


def preprocessed(image, n, mode, interpolation, order):
    """The floats of a model's input, by the rules of torchvision (openai) or of transformers (huggingface)."""
    if order == "huggingface":
        image = image.convert("RGB")
    width, height = image.size
    if mode == "squash":
        image = image.resize((n, n), FILTERS[interpolation])
    else:
        short, long = sorted(image.size)
        longer = int(n * long / short)
        size = (n, longer) if width <= height else (longer, n)
        if image.size != size:
            image = image.resize(size, FILTERS[interpolation])
        half = (lambda d: round(d / 2)) if order == "openai" else (lambda d: d // 2)
        left, top = half(size[0] - n), half(size[1] - n)
        image = image.crop((left, top, left + n, top + n))
    pixels = np.asarray(image.convert("RGB"))
    return ((pixels.astype(np.float32) / np.float32(255) - MEAN) / DEVIATION).transpose(2, 0, 1)


def torchvision_bytes(image, size, interpolation):
    import torch
    from torchvision.transforms.v2 import functional

    pixels = np.array(image)
    tensor = torch.from_numpy(pixels.reshape(*pixels.shape[:2], -1)).permute(2, 0, 1).contiguous()
    resized = functional.resize(tensor, size[::-1], functional.InterpolationMode(interpolation), antialias=True)
    return resized.permute(1, 2, 0).contiguous().numpy().tobytes()


def torchvision_floats(image, n, mode, interpolation):
    """The image processor of transformers 5, which is on torchvision."""
    import transformers

    processor = transformers.CLIPImageProcessor(
        size={"height": n, "width": n} if mode == "squash" else {"shortest_edge": n},
        crop_size={"height": n, "width": n},
        resample=int(FILTERS[interpolation]),
    )
    return processor(image, return_tensors="pt")["pixel_values"].numpy()


def resize_cases():
    """Both filters, up and down and mixed, one side alone, the same size, from one pixel to twelve million."""
    sizes = [
        (1, 1),
        (1, 1000),
        (1000, 1),
        (2, 3),
        (3, 500),
        (37, 53),
        (50, 40),
        (64, 64),
        (223, 225),
        (225, 223),
        (300, 200),
        (640, 427),
    ]
    turn = 0
    for w, h in sizes:
        for W, H in [
            (w, h),
            (1, 1),
            (224, 224),
            (w, 7),
            (7, h),
            (33, 129),
            (2 * w + 1, h),
            (w, 2 * h + 1),
            (-(-w // 3), -(-h // 2)),
        ]:
            for kind in ("gray", "rgb", "rgba"):
                yield kind, ("noise", "waves")[turn % 5 == 0], w, h, W, H, ("bicubic", "bilinear")[turn % 2]
                turn += 1
            yield "palette", "noise", w, h, W, H, "bicubic"
    for w, h, W, H in [(4000, 3000, 298, 224), (4000, 3000, 5, 224), (3000, 4000, 224, 4000), (61, 47, 1200, 900)]:
        for interpolation in FILTERS:
            yield "rgb", "noise", w, h, W, H, interpolation
    yield "gray", "noise", 4096, 1024, 224, 224, "bicubic"
    yield "rgba", "noise", 2048, 1100, 417, 224, "bicubic"
    for kind in ("cmyk", "gray16"):
        for turn, (w, h) in enumerate([(1, 1), (1, 300), (300, 1), (2, 3), (37, 53), (50, 40), (223, 225), (640, 427)]):
            for W, H in [(w, h), (224, 224), (w, 7), (7, h), (33, 129)]:
                yield kind, ("noise", "waves")[turn % 3 == 0], w, h, W, H, ("bicubic", "bilinear")[turn % 2]
    for turn, kind in enumerate(
        ("gray", "rgb", "rgba", "cmyk", "gray16")
    ):  # the height loses more than twice what the width does
        for w, h, W, H in [(248, 620, 224, 560), (100, 131, 115, 130), (90, 98, 88, 94)]:  # the last: exactly twice
            yield kind, "noise", w, h, W, H, ("bicubic", "bilinear")[turn % 2]


def preprocess_cases():
    turn = 0
    for w, h in [
        (1, 1),
        (1, 1000),
        (1000, 1),
        (2, 3),
        (33, 32),
        (32, 35),
        (37, 53),
        (50, 40),
        (223, 225),
        (224, 224),
        (225, 224),
        (227, 224),
        (224, 231),
        (300, 200),
        (427, 640),
        (640, 427),
        (800, 601),
    ]:
        for kind in ("gray", "rgb", "rgba", "palette"):
            for mode in ("shortest", "squash"):
                for order in ("openai", "huggingface"):
                    yield kind, ("waves", "noise")[turn % 3 > 0], w, h, (224, 32, 55)[turn % 7 % 3], mode, (
                        "bicubic",
                        "bilinear",
                    )[turn % 5 % 2], order
                    turn += 1
    for kind in ("cmyk", "gray16"):
        for w, h, n in [(1, 1, 32), (2, 3, 32), (50, 40, 32), (33, 32, 32), (223, 225, 224), (427, 640, 224)]:
            for mode, interpolation, order in [
                ("shortest", "bicubic", "openai"),
                ("squash", "bilinear", "openai"),
                ("shortest", "bicubic", "huggingface"),
            ]:
                yield kind, "waves", w, h, n, mode, interpolation, order
    for turn, kind in enumerate(("gray", "rgb", "rgba", "cmyk", "gray16")):
        for w, h, n in [(248, 620, 224), (257, 700, 224), (60, 33, 32)]:
            for order in ("openai", "huggingface"):
                yield kind, "noise", w, h, n, "shortest", ("bicubic", "bilinear")[turn % 2], order


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("resampling", choices=["pillow13", "pillow12", "torchvision"])
    parser.add_argument("images", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path)
    arguments = parser.parse_args()
    version = tuple(map(int, PIL.__version__.split(".")[:2]))
    if (
        arguments.resampling == "pillow12"
        and version > (12, 1)
        or arguments.resampling == "pillow13"
        and version < (13, 0)
    ):
        raise SystemExit(f"{arguments.resampling} cannot be made with Pillow {PIL.__version__}")
    torchvision = arguments.resampling == "torchvision"

    def floats(image, n, mode, interpolation, order):
        return (
            torchvision_floats(image, n, mode, interpolation)
            if torchvision
            else preprocessed(image, n, mode, interpolation, order)
        )

    lines = []

    def add(beginning, compute):
        try:
            lines.append(f"{beginning} {compute()}")
        except RuntimeError as error:
            if "INTERNAL ASSERT" not in str(error):
                raise

    def resized(image, size, interpolation):
        if torchvision:
            return torchvision_bytes(image, size, interpolation)
        image = image.resize(size, FILTERS[interpolation])
        return (image.convert("RGB") if image.mode == "P" else image).tobytes()

    for kind, name, w, h, W, H, interpolation in resize_cases():
        if not torchvision or kind not in ("palette", "gray16"):
            add(
                f"resize {kind} {name} {w} {h} {W} {H} {interpolation}",
                lambda: f"{zlib.crc32(resized(pattern_image(kind, name, w, h), (W, H), interpolation)):08x}",
            )
    for kind, name, w, h, n, mode, interpolation, order in preprocess_cases():
        if not torchvision or order == "huggingface":
            add(
                f"preprocess {kind} {name} {w} {h} {n} {mode} {interpolation} {order}",
                lambda: checksum(floats(pattern_image(kind, name, w, h), n, mode, interpolation, order)),
            )
    for path in sorted(arguments.images.glob("*.png")):
        for n, mode, interpolation, order in [
            (224, "shortest", "bicubic", "openai"),
            (224, "shortest", "bicubic", "huggingface"),
            (224, "squash", "bicubic", "openai"),
            (64, "shortest", "bilinear", "openai"),
            (17, "squash", "bilinear", "huggingface"),
            (336, "shortest", "bicubic", "openai"),
        ]:
            if torchvision and order != "huggingface":
                continue
            image = Image.open(path)
            image.load()
            add(
                f"file {path.name} {n} {mode} {interpolation} {order}",
                lambda: checksum(floats(image, n, mode, interpolation, order)),
            )
    output = arguments.output or pathlib.Path(__file__).with_name(f"resize_{arguments.resampling}.txt")
    output.write_text("".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main()
