"""Compares the library's resize, byte by byte, with the installed Pillow and, where they are installed, torchvision and
transformers, over random sizes and kinds of pixels. See README.md.
"""

import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import PIL
from PIL import Image

try:
    import torch
    from torchvision.transforms.v2 import functional as tv
except ImportError:
    torch = None
try:
    import transformers
except ImportError:
    transformers = None

FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
CHANNELS = {"gray": 1, "rgb": 3, "rgba": 4, "la": 4, "cmyk": 4, "gray16": 2, "palette": 1}
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


def pillow_resampling():
    return "pillow13" if int(PIL.__version__.split(".")[0]) >= 13 else "pillow12"


def random_size(rng):
    """Small, usual, extreme, and tall sizes."""
    kind = rng.integers(6)
    if kind == 0:
        return int(rng.integers(1, 12)), int(rng.integers(1, 12))
    if kind == 1:
        return int(rng.integers(1, 40)), int(rng.integers(1, 900))
    if kind == 2:
        return int(rng.integers(1, 900)), int(rng.integers(1, 40))
    if kind == 3:
        side = int(rng.integers(100, 400))
        return side, side + int(rng.integers(0, 500))
    return int(rng.integers(50, 700)), int(rng.integers(50, 700))


def random_pixels(rng, kind, width, height):
    """uint8 (height, width, channels): noise, saturated noise, smooth slopes, or noise with a small alpha."""
    shape = (height, width, CHANNELS[kind])
    style = rng.integers(4)
    if style == 2:
        y, x, c = np.meshgrid(*map(np.arange, shape), indexing="ij")
        return ((rng.integers(1, 5) * x + rng.integers(1, 5) * y + 40 * c) % 256).astype(np.uint8)
    pixels = rng.integers(0, 256, shape, np.uint8)
    if style == 1:
        pixels = np.clip(2 * pixels.astype(np.int32) - 128, 0, 255).astype(np.uint8)
    if style == 3 and kind in ("rgba", "la"):
        pixels[..., 3] = rng.integers(0, 9, shape[:2])
    return pixels


class Case:
    """An image for both sides: `image` for Pillow, `kind` and `data` for the library's program."""

    def __init__(self, rng, kind, size):
        self.size, self.kind = size, {"la": "rgba"}.get(kind, kind)
        pixels = random_pixels(rng, kind, *size)
        if kind == "la":
            pixels[..., 1] = pixels[..., 2] = pixels[..., 0]
            self.image = Image.fromarray(pixels[..., ::3].copy(), "LA")
        elif kind == "palette":
            self.image = Image.frombytes("P", size, pixels.tobytes())
            self.image.putpalette([(37 * i + 11 * k) % 256 for i in range(256) for k in range(3)])
            pixels = np.asarray(self.image.convert("RGB"))
        else:
            mode = {"gray": "L", "rgb": "RGB", "rgba": "RGBA", "cmyk": "CMYK", "gray16": "I;16"}[kind]
            self.image = Image.frombytes(mode, size, pixels.tobytes())
        self.pixels = pixels
        self.data = pixels.tobytes()

    def line(self, what, rest):
        return f"{what} {self.kind} {self.size[0]} {self.size[1]} {rest}\n".encode() + self.data


def pillow_bytes(case, size, interpolation):
    resized = case.image.resize(size, FILTERS[interpolation])
    if resized.mode == "LA":
        resized = resized.convert("RGBA")
    return np.frombuffer((resized.convert("RGB") if resized.mode == "P" else resized).tobytes(), np.uint8)


def torchvision_bytes(case, size, interpolation):
    tensor = torch.from_numpy(case.pixels.copy()).permute(2, 0, 1).contiguous()
    resized = tv.resize(tensor, [size[1], size[0]], tv.InterpolationMode(interpolation), antialias=True)
    return resized.permute(1, 2, 0).contiguous().numpy().ravel()


def pillow_floats(case, n, mode, interpolation, order):
    image = case.image.convert("RGB") if order == "huggingface" else case.image
    width, height = image.size
    if mode == "squash":
        image = image.resize((n, n), FILTERS[interpolation])
    else:
        short = min(width, height)
        size = (n * width // short, n * height // short)
        image = image.resize(size, FILTERS[interpolation])
        half = (lambda d: round(d / 2)) if order == "openai" else (lambda d: d // 2)
        left, top = half(size[0] - n), half(size[1] - n)
        image = image.crop((left, top, left + n, top + n))
    pixels = np.asarray(image.convert("RGB"))
    return ((pixels.astype(np.float32) / np.float32(255) - MEAN) / DEVIATION).transpose(2, 0, 1).ravel()


def transformers_floats(case, n, mode, interpolation):
    """The image processor on torchvision: CLIPImageProcessorFast in transformers 4, CLIPImageProcessor in 5."""
    kind = "CLIPImageProcessorFast" if transformers.__version__.startswith("4.") else "CLIPImageProcessor"
    size = {"height": n, "width": n} if mode == "squash" else {"shortest_edge": n}
    processor = getattr(transformers, kind)(
        size=size, crop_size={"height": n, "width": n}, resample=int(FILTERS[interpolation])
    )
    return processor(case.image, return_tensors="pt")["pixel_values"].numpy().ravel()


def computed(skipped, function, *arguments):
    """The function's result, or None where torch itself fails: sides of one pixel meet an assertion of its own."""
    try:
        return function(*arguments)
    except RuntimeError as error:
        if "INTERNAL ASSERT" not in str(error):
            raise
        skipped.append(str(error))
        return None


def cases(rng, count, skipped):
    """(group, input of the program, expected values or None)."""
    pillow = pillow_resampling()
    for turn in range(count):
        kind = list(CHANNELS)[turn % len(CHANNELS)]
        interpolation = str(rng.choice(list(FILTERS)))
        case, size = Case(rng, kind, random_size(rng)), random_size(rng)
        if rng.integers(8) == 0:  # one side stays
            size = (case.size[0], size[1]) if rng.integers(2) else (size[0], case.size[1])
        rest = f"{size[0]} {size[1]} {interpolation}"
        yield f"resize {kind}: {pillow}", case.line("resize", f"{rest} {pillow}"), pillow_bytes(
            case, size, interpolation
        )
        if torch and kind not in ("gray16", "la", "palette"):
            yield (
                f"resize {kind}: torchvision, {interpolation}",
                case.line("resize", f"{rest} torchvision"),
                computed(skipped, torchvision_bytes, case, size, interpolation),
            )
        n, mode = int(rng.integers(1, 256)), str(rng.choice(["shortest", "squash"]))
        if max(case.size) * n // min(case.size) > 20000:
            continue
        for order in ("openai", "huggingface"):
            yield (
                f"preprocess: {pillow}, {order}",
                case.line("preprocess", f"{n} {mode} {interpolation} {order} {pillow}"),
                pillow_floats(case, n, mode, interpolation, order),
            )
        # transformers 5 lays images with alpha on white, as the library does; transformers 4 drops alpha.
        if transformers and not (kind in ("rgba", "la") and transformers.__version__.startswith("4.")):
            yield (
                f"preprocess: torchvision, {interpolation}",
                case.line("preprocess", f"{n} {mode} {interpolation} huggingface torchvision"),
                computed(skipped, transformers_floats, case, n, mode, interpolation),
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="built from resize.cpp")
    parser.add_argument("--count", type=int, default=700, help="images; each is resized in several ways")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    versions = [f"Pillow {PIL.__version__}"]
    if torch:
        versions.append(f"torch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()})")
    if transformers:
        versions.append(f"transformers {transformers.__version__}")
    print(", ".join(versions))

    groups, expected, skipped = [], [], []
    with tempfile.TemporaryFile() as inputs, tempfile.TemporaryFile() as outputs:
        for group, data, values in cases(np.random.default_rng(options.seed), options.count, skipped):
            if values is None:
                continue
            inputs.write(data)
            groups.append((group, data[: data.index(b"\n")].decode()))
            expected.append(values)
        inputs.seek(0)
        subprocess.run([options.program], stdin=inputs, stdout=outputs, check=True)
        outputs.seek(0)
        compared, equal, largest, first = collections.Counter(), collections.Counter(), collections.Counter(), {}
        for (group, line), values in zip(groups, expected):
            found = np.frombuffer(outputs.read(values.nbytes), values.dtype)
            same = found.tobytes() == values.tobytes()
            compared[group] += 1
            equal[group] += same
            if not same:
                distance = float(np.abs(found.astype(np.float64) - values.astype(np.float64)).max())
                largest[group] = max(largest[group], distance)
                first.setdefault(group, line)
        rest = outputs.read()
    for group in sorted(compared):
        told = (
            "" if equal[group] == compared[group] else f"  largest difference {largest[group]:g}, first: {first[group]}"
        )
        print(f"{equal[group]:5} of {compared[group]:5} equal  {group}{told}")
    print(f"{sum(equal.values())} of {sum(compared.values())} equal, {len(skipped)} that torch refuses")
    sys.exit(0 if sum(equal.values()) == sum(compared.values()) and not rest else 1)


if __name__ == "__main__":
    main()
