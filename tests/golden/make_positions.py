"""Tables of positions stretched by PyTorch, for tests/checkpoint/positions_test.cpp. Writes tests/checkpoint/files/positions.safetensors.

grid.FROM.TO.METHOD holds a table of FROM² + 1 rows as input (".in") and of TO² + 1 rows as output (".out"): the class row is kept, the
rest goes through torch.nn.functional.interpolate as OpenCLIP (antialias), transformers and TinyCLIP (align_corners) call it.
line.FROM.TO holds OpenCLIP's linear stretch of a text's table. Double precision; the table's values are a formula, not random numbers.
"""

import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

folder = pathlib.Path(__file__).parent.parent / "checkpoint" / "files"
METHODS = {
    "openclip": dict(antialias=True, align_corners=False),
    "huggingface": dict(align_corners=False),
    "tinyclip": dict(align_corners=True),
}


def table(rows, width):
    i = torch.arange(rows * width, dtype=torch.float64)
    return torch.sin(1 + i * i * 0.37).reshape(rows, width)


def main():
    tensors = {}
    for start, end in [(7, 8), (14, 7), (7, 16), (9, 4), (1, 3), (5, 1), (3, 3), (2, 11)]:
        x = table(start * start + 1, 3)
        grid = x[1:].reshape(1, start, start, 3).permute(0, 3, 1, 2)
        for method, how in METHODS.items():
            y = F.interpolate(grid, size=(end, end), mode="bicubic", **how).permute(0, 2, 3, 1).reshape(end * end, 3)
            tensors[f"grid.{start}.{end}.{method}.in"] = x.clone()
            tensors[f"grid.{start}.{end}.{method}.out"] = torch.cat([x[:1], y]).contiguous()
    for start, end in [(77, 50), (20, 77), (5, 5), (1, 4), (4, 1)]:
        x = table(start, 3)
        y = F.interpolate(x.T[None], size=end, mode="linear", align_corners=False)[0].T
        tensors[f"line.{start}.{end}.in"] = x
        tensors[f"line.{start}.{end}.out"] = y.contiguous()
    save_file(tensors, folder / "positions.safetensors")
    (folder / "positions.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
