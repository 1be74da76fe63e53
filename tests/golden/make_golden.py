"""Writes tiny_a.safetensors and tiny_b.safetensors: two small models with their features, logits, loss, gradients and
ten steps of training, against which the C++ tests compare. README.md lists what a file holds.

    python3 make_golden.py [--output FOLDER]

Needs numpy and torch. Run by hand; the files are committed. Weights and inputs are drawn by numpy's seeded generator and
are float32 numbers; everything computed from them is in double precision.
"""

import argparse
import json
import math
import pathlib
from dataclasses import asdict

import numpy as np
import torch

from reference_clip import Config, contrastive, encode_image, encode_text, equal_captions, shapes, similarity, single

TINY_A = Config(
    embed_dim=20,
    image_size=16,
    patch_size=4,
    image_width=18,
    image_heads=2,
    image_layers=3,
    context=16,
    vocabulary=60,
    text_width=15,
    text_heads=3,
    text_layers=2,
)
TINY_B = Config(
    embed_dim=10,
    image_size=21,
    patch_size=7,
    image_width=20,
    image_heads=4,
    image_layers=2,
    context=9,
    vocabulary=33,
    text_width=12,
    text_heads=2,
    text_layers=3,
)

# The words of six captions between SOT and EOT: 1 and 4 are equal, 0 begins 2, 1 begins with two words of 0, one fills
# the context, and one of each set has a word with id 0, which is also what pads. B has a caption without words too.
CAPTIONS_A = [
    [7, 12, 3, 40],
    [7, 12, 9],
    [7, 12, 3, 40, 22, 5],
    [31, 0, 8],
    [7, 12, 9],
    [7, 50, 1, 2, 3, 4, 5, 6, 8, 57, 10, 11, 13, 14],
]
CAPTIONS_B = [[5, 6], [5, 17], [5, 6, 30], [], [5, 17], [21, 0, 21, 4, 5, 6, 7]]

ADAMW = {
    "learning_rate": single(1e-3),
    "beta1": single(0.9),
    "beta2": single(0.98),
    "epsilon": single(1e-6),
    "weight_decay": single(0.2),
    "steps": 10,
    "logit_scale_max": math.log(100),
}


def draw_weights(config, logit_scale, rng):
    """Seeded float32 weights, none of them at a value that would hide a gradient (no zero bias, no gain of one)."""
    weights = {}
    for name, shape in shapes(config).items():
        x = rng.standard_normal(shape)
        if name == "logit_scale":
            x = np.array(logit_scale)
        elif ".ln_" in name or name.startswith("ln_"):
            x = 0.1 * x + (1 if name.endswith("weight") else 0)
        elif name.endswith("bias"):
            x = 0.1 * x
        elif name.endswith("embedding") or name == "token_embedding.weight":
            x = 0.5 * x
        else:  # a matrix: its inputs are rows of a raw projection
            fan_in = shape[0] if name.endswith("proj") or name == "text_projection" else math.prod(shape[1:])
            x = x / math.sqrt(fan_in)
        weights[name] = np.asarray(x, np.float32)
    return weights


def pad(captions, config):
    """SOT, the words, EOT, zeros.                                                   result : (n, context) int32"""
    ids = np.zeros((len(captions), config.context), np.int32)
    for row, words in zip(ids, captions):
        row[: len(words) + 2] = [config.sot, *words, config.eot]
    return ids


def adamw(weights, loss_of):
    """Ten steps of AdamW on one batch: the loss before each step and logit_scale after it."""
    p = {name: torch.tensor(x, dtype=torch.float64, requires_grad=True) for name, x in weights.items()}
    decayed, plain = [x for x in p.values() if x.ndim > 1], [x for x in p.values() if x.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": ADAMW["weight_decay"]}, {"params": plain, "weight_decay": 0.0}],
        lr=ADAMW["learning_rate"],
        betas=(ADAMW["beta1"], ADAMW["beta2"]),
        eps=ADAMW["epsilon"],
    )
    losses, scales = [], []
    for _ in range(ADAMW["steps"]):
        optimizer.zero_grad()
        loss = loss_of(p)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            p["logit_scale"].clamp_(0, ADAMW["logit_scale_max"])
        losses.append(loss.item())
        scales.append(p["logit_scale"].item())
    return np.array(losses), np.array(scales)


def golden(config, captions, logit_scale, seed, with_states):
    """Every tensor of one file."""
    rng = np.random.default_rng(seed)
    weights = draw_weights(config, logit_scale, rng)
    ids = pad(captions, config)
    images = rng.standard_normal((len(ids), 3, config.image_size, config.image_size)).astype(np.float32)
    x, t = torch.from_numpy(images).double(), torch.from_numpy(ids).long()
    same = equal_captions(t)

    p = {name: torch.tensor(w, dtype=torch.float64, requires_grad=True) for name, w in weights.items()}
    image_states, text_states = [], []
    image, text = encode_image(p, config, x, image_states), encode_text(p, config, t, text_states)
    logits = similarity(p, image, text)
    loss = contrastive(logits, same)
    loss.backward()
    losses, scales = adamw(
        weights, lambda w: contrastive(similarity(w, encode_image(w, config, x), encode_text(w, config, t)), same)
    )

    out = dict(weights) | {"input.images": images, "input.ids": ids}
    out |= {"output.image_features": image, "output.text_features": text, "output.logits": logits, "output.loss": loss}
    out |= {"gradient." + name: w.grad for name, w in p.items()}
    out |= {"adamw.losses": losses, "adamw.logit_scale": scales}
    if with_states:
        out |= {f"state.image.{k}": s for k, s in enumerate(image_states)}
        out |= {f"state.text.{k}": s for k, s in enumerate(text_states)}
    return {name: x.detach().numpy() if isinstance(x, torch.Tensor) else x for name, x in out.items()}


def save(path, tensors, metadata):
    """A safetensors file: doubles first so that all are aligned, then by name; the same input gives the same bytes."""
    kinds = {"float64": "F64", "int64": "I64", "float32": "F32", "int32": "I32"}
    order = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))
    header, at = {"__metadata__": metadata}, 0
    for name in order:
        x = tensors[name]
        header[name] = {"dtype": kinds[x.dtype.name], "shape": list(x.shape), "data_offsets": [at, at + x.nbytes]}
        at += x.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(tensors[name].tobytes() for name in order))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent, help="folder to write to")
    output = parser.parse_args().output
    torch.set_num_threads(1)
    cases = {
        "tiny_a": (TINY_A, CAPTIONS_A, math.log(1 / 0.07), 1, True),
        "tiny_b": (TINY_B, CAPTIONS_B, 0.0005, 2, False),
    }  # b: step one is cut off at logit_scale 0
    for name, case in cases.items():
        tensors = golden(*case)
        metadata = {key: repr(value) for key, value in asdict(case[0]).items()} | {"activation": "quick_gelu"}
        metadata |= {"adamw." + key: repr(value) for key, value in ADAMW.items()}
        path = output / f"{name}.safetensors"
        save(path, tensors, metadata)
        losses, scales = tensors["adamw.losses"], tensors["adamw.logit_scale"]
        print(
            f"{path.name}: {len(tensors)} tensors, {path.stat().st_size} bytes, loss {tensors['output.loss']:.12f}, "
            f"after ten steps {losses[-1]:.12f}, logit_scale {scales[0]:.9f} .. {scales[-1]:.9f}"
        )


if __name__ == "__main__":
    main()
