#!/usr/bin/env python3
"""PyTorch twins of the modules between and after residual blocks, and what they compute.

    python3 make_modules.py

needs numpy, torch and safetensors (made with torch 2.15). Writes, beside itself, modules.safetensors:

    pos_cnn.CASE.…    PosCNN with 16 channels: strides 2 and 1, without the last norm, on a single patch
    register.CASE.…   the Register module with 8 columns, 5 registers: without a mask, with each form of mask, without ReLU

with input.x, weight.NAME, output.y, and the gradients of Σ y · input.dy: gradient.x and gradient.NAME. Computed in double precision
of weights and inputs that are exact in single precision.
"""
import os
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

FOLDER = os.path.dirname(os.path.abspath(__file__))


class QuickGelu(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class PosCNN(nn.Module):
    """x : (1 + n, batch, channels), n a square."""

    def __init__(self, channels, stride, final_ln):
        super().__init__()
        self.proj = nn.Sequential(nn.Conv2d(channels, channels, 3, stride, 1, groups=channels // 8))
        self.mlp = nn.Sequential(nn.Linear(channels, channels), QuickGelu(), nn.LayerNorm(channels))
        if final_ln:
            self.ln_1 = nn.LayerNorm(channels)

    def forward(self, x):
        x = x.permute(1, 0, 2)
        first, patches = x[:, :1], x[:, 1:]
        batch, n, channels = patches.shape
        side = int(n**0.5)
        t = self.proj(patches.transpose(1, 2).reshape(batch, channels, side, side)).flatten(2).transpose(1, 2)
        t = t + self.mlp(t * torch.sigmoid(t.mean(-1, keepdim=True)))
        y = torch.cat([first, t], 1)
        if hasattr(self, "ln_1"):
            y = self.ln_1(y)
        return y.permute(1, 0, 2)


class Register(nn.Module):
    """x : (batch, length, width), shared : (registers, shared width)."""

    def __init__(self, width, inner, registers, shared_width, relu, scale):
        super().__init__()
        self.store_info = nn.Parameter(torch.zeros(registers, width))
        self.linear = nn.Linear(width, inner)
        self.base_down = nn.Linear(width, inner // 2)
        self.share_down = nn.Linear(shared_width, inner // 2)
        self.ln_2 = nn.LayerNorm(inner)
        self.ffn = nn.Sequential(nn.Linear(inner, 4 * inner), QuickGelu(), nn.Linear(4 * inner, width))
        self.scale = nn.Parameter(torch.tensor(scale))
        self.relu = relu

    def forward(self, x, shared, mask=None):
        residual, x = x, self.linear(x)
        info = torch.cat([self.base_down(self.store_info), self.share_down(shared)], -1)
        x, info = F.normalize(x, dim=-1, eps=1e-12), F.normalize(info, dim=-1, eps=1e-12)
        scores = self.scale * x @ info.T
        if mask is not None:
            hidden = torch.broadcast_to(mask, scores.shape) == 1
            none = hidden.all(-1, keepdim=True)  # such a row would be softmax of -inf alone, and its gradients NaN
            weights = torch.softmax(scores.masked_fill(hidden & ~none, -torch.inf), -1).masked_fill(none, 0)
        else:
            weights = torch.softmax(scores, -1)
        y = self.ffn(self.ln_2(weights @ info)) + residual
        return F.relu(y) if self.relu else y


def numbers(name, shape, scale=1.0):
    drawn = np.random.default_rng(zlib.crc32(name.encode())).normal(0, scale, shape)
    return torch.from_numpy(drawn.astype(np.float32))


def case(tensors, name, module, x_shape, inputs=(), **given):
    module = module.double()
    for key, p in module.named_parameters():
        if p.ndim > 0:
            around = 1.0 if key.startswith(("ln_", "mlp.2")) and key.endswith("weight") else 0.0
            p.data = (around + numbers(f"{name}.{key}", p.shape, 0.3)).float().double()
        tensors[f"{name}.weight.{key}"] = p.data.float()
    x = numbers(f"{name}.x", x_shape).double().requires_grad_()
    others = {key: value.double().requires_grad_() for key, value in inputs}
    y = module(x, *others.values(), **given)
    dy = numbers(f"{name}.dy", y.shape).double()
    (y * dy).sum().backward()
    tensors |= {f"{name}.input.x": x.detach().float(), f"{name}.input.dy": dy.float(), f"{name}.output.y": y.detach(),
                f"{name}.gradient.x": x.grad}
    for key, value in others.items():
        tensors[f"{name}.input.{key}"] = value.detach().float()
        tensors[f"{name}.gradient.{key}"] = value.grad
    for key, p in module.named_parameters():
        tensors[f"{name}.gradient.{key}"] = p.grad if p.grad is not None else torch.zeros_like(p.data)
    for key, value in given.items():
        if value is not None:
            tensors[f"{name}.input.{key}"] = value.to(torch.int32)
    return tensors


def masks():
    """One mask of every form for 3 sequences of 4 rows and 5 registers; the last has a row that sees no register."""
    drawn = torch.from_numpy(np.random.default_rng(5).integers(0, 2, (3, 4, 5)))
    drawn[:, :, 2] = 0
    whole = drawn.clone()
    whole[1, 2] = 1
    return {"of_registers": drawn[0, 0], "of_rows": drawn[0], "of_sequences": drawn[:, :1], "of_all": whole}


def main():
    torch.set_default_dtype(torch.float64)
    tensors = {}
    for name, stride, final_ln, patches in [("halved", 2, True, 25), ("even", 2, True, 16), ("kept", 1, True, 9), ("without_ln", 2, False, 16),
                                            ("single", 2, True, 1)]:
        case(tensors, f"pos_cnn.{name}", PosCNN(16, stride, final_ln), (1 + patches, 3, 16))
    for name, relu, scale, mask in [("plain", True, 1.0, None), ("scaled", False, 10.0, None)] + [(k, True, 1.0, m) for k, m in masks().items()]:
        shared = numbers(f"register.{name}.shared", (5, 6), 0.5)
        case(tensors, f"register.{name}", Register(8, 8, 5, 6, relu, scale), (3, 4, 8), [("shared_info", shared)], mask=mask)
    save_file({key: value.contiguous() for key, value in tensors.items()}, os.path.join(FOLDER, "modules.safetensors"))
    os.chmod(os.path.join(FOLDER, "modules.safetensors"), 0o644)


if __name__ == "__main__":
    main()
