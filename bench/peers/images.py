"""Preprocessing of one image to model input.

    python3 images.py --peer pillow --size 640x480 [--file PHOTO.jpg]

Resizes the shorter side to 224 (bicubic, antialiased), crops the centre, normalises to (3, 224, 224) float. Without a
file the image is decoded already; with one, its bytes are in memory and decoding is measured too. pillow is
open_clip's own transform and exact; torchvision differs in the last bits, and its uint8 images are channels-last, its
fastest layout. Prints one line of JSON.
"""

import io
import pathlib

import common
import models


def pillow(a):
    from open_clip import image_transform
    from PIL import Image

    transform = image_transform(224, is_train=False, mean=models.MEAN, std=models.DEVIATION)
    if a.file:
        data = a.file.read_bytes()
        return lambda: transform(Image.open(io.BytesIO(data)))
    image = random_image(a.size)
    return lambda: transform(image)


def torchvision(a):
    import numpy as np
    import torch
    from torchvision.io import decode_jpeg
    from torchvision.transforms import InterpolationMode, v2

    torch.set_num_threads(a.threads)
    transform = v2.Compose(
        [
            v2.Resize(224, InterpolationMode.BICUBIC, antialias=True),
            v2.CenterCrop(224),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(models.MEAN, models.DEVIATION),
        ]
    )
    if a.file:
        data = torch.frombuffer(bytearray(a.file.read_bytes()), dtype=torch.uint8)
        return lambda: transform(decode_jpeg(data))
    image = torch.from_numpy(np.array(random_image(a.size))).permute(2, 0, 1)
    return lambda: transform(image)


def opencv(a):
    import cv2
    import numpy as np

    cv2.setNumThreads(a.threads)
    scale = (1 / (255 * np.array(models.DEVIATION))).astype(np.float32)
    shift = (-np.array(models.MEAN) / np.array(models.DEVIATION)).astype(np.float32)

    def transform(image):
        height, width = image.shape[:2]
        size = (224 * width // min(width, height), 224 * height // min(width, height))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        y, x = (small.shape[0] - 224) // 2, (small.shape[1] - 224) // 2
        return np.ascontiguousarray((small[y : y + 224, x : x + 224] * scale + shift).transpose(2, 0, 1))

    if a.file:
        data = np.frombuffer(a.file.read_bytes(), np.uint8)
        return lambda: transform(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB))
    image = np.array(random_image(a.size))
    return lambda: transform(image)


def random_image(size):
    import preprocess

    return preprocess.random_image("rgb", *map(int, size.split("x")))


PEERS = {"pillow": pillow, "torchvision": torchvision, "opencv": opencv}


def main():
    a = common.arguments(
        __doc__, PEERS, ("--size", {"default": "640x480"}), ("--file", {"type": pathlib.Path, "help": "a JPEG file"})
    )
    common.report(common.measure(a, PEERS[a.peer](a)))


if __name__ == "__main__":
    common.run(main)
