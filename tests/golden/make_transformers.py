"""Writes transformers.txt: what transformers 5 makes of images, against which the C++ tests compare.

    python3 make_transformers.py

Needs transformers 5, torch, torchvision and Pillow (made with 5.23.0, 2.15.0, 0.29.2 and 12.1.1). Reads the files of images/, which
make_images.py writes. Run by hand; the file is committed.

    white NAME                          CRC-32 of the RGB pixels that its image processors make of a file: on white, where it has alpha, a
                                        transparent colour or a transparent palette
    rescale BACKEND FACTOR NORMALIZE    of the floats (3, 32, 32) of an image of noise; BACKEND torchvision or pillow, FACTOR as it is in
                                        a file (0: do_rescale is false), NORMALIZE 1 or 0
"""

import pathlib
import zlib

import transformers
from PIL import Image
from transformers.image_transforms import convert_to_rgb
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from make_resize import checksum, pattern_image


def rescaled(backend, factor, normalize):
    processor = (transformers.CLIPImageProcessor if backend == "torchvision" else CLIPImageProcessorPil)(
        size={"shortest_edge": 32},
        crop_size={"height": 32, "width": 32},
        do_rescale=factor != 0,
        rescale_factor=factor or 1 / 255,
        do_normalize=normalize,
    )
    image = pattern_image("rgb", "noise", 32, 32)
    return checksum(processor(image, return_tensors="np")["pixel_values"].astype("float32"))


def main():
    here = pathlib.Path(__file__).parent
    lines = []
    for path in sorted((here / "images").iterdir()):
        image = Image.open(path)
        image.load()
        if image.mode != "I;16":  # which Pillow converts to nothing with alpha
            pixels = convert_to_rgb(image, return_numpy=True)
            lines.append(f"white {path.name} {zlib.crc32(pixels.tobytes()):08x}")
    for backend in ("torchvision", "pillow"):
        for factor in (1 / 255, 1 / 127.5, 0.0039, 0.00392157, 1.0, 0):
            for normalize in (True, False):
                lines.append(f"rescale {backend} {factor!r} {int(normalize)} {rescaled(backend, factor, normalize)}")
    (here / "transformers.txt").write_text("".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main()
