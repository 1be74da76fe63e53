#!/usr/bin/env python3
"""Kernels of patches brought to another size, for tests/checkpoint/patch_size_test.cpp. Writes tests/checkpoint/files/patches.safetensors.

    python3 make_patches.py

needs numpy, torch, safetensors and timm (made with torch 2.15, timm 1.0.31). FROM.TO.in holds two kernels of FROM by FROM,
FROM.TO.METHOD the result: pseudo_inverse is FlexiViT's formula with the whole matrix of the resize, B (TO², FROM²), whose columns are
PyTorch's bilinear resizes of single pixels: pinv(Bᵀ) w; it must agree with timm's resample_patch_embed, which computes in float.
FROM.TO.resized.in and .out are an image of FROM by FROM and its resize by B. Double precision; values are a formula, not random numbers.
"""
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from timm.layers.patch_embed import resample_patch_embed

FILE = pathlib.Path(__file__).parent.parent / "checkpoint" / "files" / "patches.safetensors"


def resize(x, to, mode):
    return F.interpolate(x[:, None], size=(to, to), mode=mode, align_corners=False)[:, 0]


def main():
    tensors = {}
    for start, end in [(4, 8), (8, 4), (3, 5), (5, 3), (7, 6), (6, 7), (1, 3), (3, 1), (16, 32), (32, 16), (4, 4)]:
        i = torch.arange(2 * start * start, dtype=torch.float64)
        w = torch.sin(1 + i * i * 0.37).reshape(2, start, start)
        pixels = torch.eye(start * start, dtype=torch.float64).reshape(-1, start, start)
        b = resize(pixels, end, "bilinear").reshape(start * start, end * end).T  # (TO², FROM²)
        found = (torch.from_numpy(np.linalg.pinv(b.T.numpy())) @ w.reshape(2, -1).T).T.reshape(2, end, end)
        theirs = resample_patch_embed(w[:, None].float(), [end, end], interpolation="bilinear", antialias=False)[:, 0]
        assert (theirs - found).abs().max() < 2e-4 * max(1.0, found.abs().max()), (start, end, (theirs - found).abs().max())
        image = torch.cos(i[: start * start] * 0.91).reshape(1, start, start)
        tensors |= {f"{start}.{end}.in": w, f"{start}.{end}.pseudo_inverse": found, f"{start}.{end}.bilinear": resize(w, end, "bilinear"),
                    f"{start}.{end}.bicubic": resize(w, end, "bicubic"), f"{start}.{end}.resized.in": image[0],
                    f"{start}.{end}.resized.out": resize(image, end, "bilinear")[0]}
    save_file({name: x.contiguous() for name, x in tensors.items()}, FILE)
    FILE.chmod(0o644)


if __name__ == "__main__":
    main()
