#!/usr/bin/env python3
"""A PyTorch twin of gated adapters in the image tower of tiny_a, for tests/learn/.

    python3 make_gated_adapter.py

needs numpy, torch and safetensors (made with torch 2.15). Writes tests/learn/files/gated_adapter.npz, in double precision of
inputs that are exact in single precision. After each block x + g · W2 quick_gelu(W1 ln(x)); all other weights are tiny_a's.

    images, labels, texts     six images of three classes, and text features of these
    start.P, end.P            parameter P before and after five steps of AdamW (rate 1/64, no decay, half a cosine by steps)
    losses                    cross-entropy of 10 · cosines, before each step
"""

import pathlib

import numpy as np
import torch
from safetensors.numpy import load_file
from torch.nn import functional as F

from make_golden import TINY_A
from reference_clip import attention, layer_norm, mlp

FOLDER = pathlib.Path(__file__).resolve().parent
STEPS, CLASSES, IMAGES = 5, 3, 6


def adapter(w, at, x):
    hidden = layer_norm(w, at + "ln", x, TINY_A.epsilon) @ w[at + "down.weight"].T
    return x + w[at + "gate"] * ((hidden * torch.sigmoid(1.702 * hidden)) @ w[at + "up.weight"].T)


def encode(w, images):
    c, n = TINY_A, len(images)
    side, patch = c.image_size // c.patch_size, c.patch_size
    patches = images.reshape(n, 3, side, patch, side, patch).permute(0, 2, 4, 1, 3, 5).reshape(n, side * side, -1)
    x = patches @ w["visual.conv1.weight"].flatten(1).T
    x = torch.cat([w["visual.class_embedding"].expand(n, 1, -1), x], 1) + w["visual.positional_embedding"]
    x = layer_norm(w, "visual.ln_pre", x, c.epsilon)
    for k in range(c.image_layers):
        at = f"visual.transformer.resblocks.{k}."
        x = x + attention(w, at + "attn", layer_norm(w, at + "ln_1", x, c.epsilon), c.image_heads, False)
        x = x + mlp(w, at + "mlp", layer_norm(w, at + "ln_2", x, c.epsilon))
        x = adapter(w, at + "adapter.", x)
    return layer_norm(w, "visual.ln_post", x[:, 0], c.epsilon) @ w["visual.proj"]


def main():
    rng = np.random.default_rng(14)
    exact = lambda *shape: torch.from_numpy(rng.standard_normal(shape).astype(np.float32)).double()
    stored = load_file(FOLDER / "tiny_a.safetensors")
    w = {key: torch.from_numpy(value).double() for key, value in stored.items() if not key.startswith(("input.", "output."))}
    width, inner = TINY_A.image_width, TINY_A.image_width // 4
    trained = {}
    for k in range(TINY_A.image_layers):
        at = f"visual.transformer.resblocks.{k}.adapter."
        trained |= {at + "ln.weight": torch.ones(width).double(), at + "ln.bias": torch.zeros(width).double(),
                    at + "down.weight": exact(inner, width) / 4, at + "up.weight": exact(width, inner) / 4,
                    at + "gate": torch.tensor(0.125 * (k - 1)).double()}  # one begins at 0, as all do
    images, texts = exact(IMAGES, 3, TINY_A.image_size, TINY_A.image_size), exact(CLASSES, TINY_A.embed_dim)
    labels = torch.arange(IMAGES) % CLASSES
    arrays = {"images": images.reshape(IMAGES, -1).numpy(), "labels": labels.numpy(), "texts": texts.numpy()}
    arrays |= {f"start.{name}": p.numpy().copy() for name, p in trained.items()}
    for p in trained.values():
        p.requires_grad_()
    optimizer = torch.optim.AdamW(trained.values(), lr=1 / 64, weight_decay=0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    losses = []
    for _ in range(STEPS):
        logits = 10 * F.normalize(encode(w | trained, images), dim=-1) @ F.normalize(texts, dim=-1).T
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    arrays["losses"] = np.array(losses)
    arrays |= {f"end.{name}": p.detach().numpy() for name, p in trained.items()}
    np.savez_compressed(FOLDER.parent / "learn" / "files" / "gated_adapter.npz", **arrays)
    print(losses)


if __name__ == "__main__":
    main()
