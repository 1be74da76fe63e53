#!/usr/bin/env python3
"""Learned prompts (CoOp, CoCoOp) written from their papers for the text towers of tiny_a and tiny_b.

    python3 make_prompts.py

needs numpy, torch and safetensors (made with torch 2.15). Writes, beside itself, prompts.safetensors, in double precision from inputs
that are exact in single precision. Every prompt is computed alone and padded to the context, as the published code does.

    TOWER.features, TOWER.labels            images of three classes: features, not normalised, and the class of each
    coop.TOWER.PLACE.ctx                    context vectors: (3, width), or (3, 3, width) where PLACE ends with _csc
    coop.TOWER.PLACE.{logits,loss,gradient} exp(logit_scale) · cosines, cross-entropy, its gradient with respect to ctx
    cocoop.TOWER.start.NAME                 ctx and the meta-net's weights before training
    cocoop.TOWER.losses                     before each of five steps of SGD (rate 0.02, momentum 0.9, weight decay 5e-4)
    cocoop.TOWER.end.NAME                   the weights after them

Tokens of the classes: NAMES below; 7 is the full stop.
"""

import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file
from safetensors.torch import save_file

from make_golden import TINY_A, TINY_B
from reference_clip import layer_norm, transformer

FOLDER = pathlib.Path(__file__).resolve().parent
NAMES = [[3], [4, 5], [4, 6]]  # cat, polar bear, polar fox
STOP = 7
M = 3


def numbers(rng, *shape, scale=1.0):
    return torch.from_numpy(rng.normal(0, scale, shape).astype(np.float32)).double()


def prompts(w, config, ctx, place):
    """ctx : (classes, M, width). (classes, context, width) and the positions of the end of text."""
    table = w["token_embedding.weight"]
    rows, ends = [], []
    for c, name in enumerate(NAMES):
        before, after = table[[config.sot]], table[[STOP, config.eot]]
        words, half = table[name], M // 2
        parts = {
            "end": [before, ctx[c], words, after],
            "middle": [before, ctx[c][:half], words, ctx[c][half:], after],
            "front": [before, words, ctx[c], after],
        }[place]
        row = torch.cat(parts)
        ends.append(len(row) - 1)
        rows.append(torch.cat([row, table[[0]].expand(config.context - len(row), -1)]))
    return torch.stack(rows), ends


def text_features(w, config, ctx, place):
    x, ends = prompts(w, config, ctx, place)
    x = x + w["positional_embedding"]
    x = transformer(w, "", x, config.text_layers, config.text_heads, config.epsilon, True, None)
    x = layer_norm(w, "ln_final", x, config.epsilon)
    return x[torch.arange(len(NAMES)), ends] @ w["text_projection"]


def coop(tensors, name, config, w, features, labels, rng):
    for place in ["end", "middle", "front"]:
        for suffix, shape in [("", (M,)), ("_csc", (len(NAMES), M))]:
            ctx = numbers(rng, *shape, config.text_width, scale=0.5).requires_grad_()
            text = text_features(w, config, ctx.expand(len(NAMES), -1, -1), place)
            logits = w["logit_scale"].exp() * F.normalize(features, dim=-1) @ F.normalize(text, dim=-1).T
            loss = F.cross_entropy(logits, labels)
            loss.backward()
            key = f"coop.{name}.{place}{suffix}."
            tensors |= {key + "ctx": ctx.detach().float(), key + "logits": logits.detach(), key + "loss": loss.detach(),
                        key + "gradient": ctx.grad}


def cocoop(tensors, name, config, w, features, labels, rng):
    hidden = 2
    weights = {
        "ctx": numbers(rng, M, config.text_width, scale=0.5),
        "meta_net.linear1.weight": numbers(rng, hidden, config.embed_dim, scale=0.5),
        "meta_net.linear1.bias": numbers(rng, hidden, scale=0.5),
        "meta_net.linear2.weight": numbers(rng, config.text_width, hidden, scale=0.5),
        "meta_net.linear2.bias": numbers(rng, config.text_width, scale=0.5),
    }
    for key, value in weights.items():
        tensors[f"cocoop.{name}.start.{key}"] = value.clone().float()
        value.requires_grad_()
    optimizer = torch.optim.SGD(weights.values(), lr=0.02, momentum=0.9, weight_decay=5e-4)
    losses = []
    for _ in range(5):
        unit = F.normalize(features, dim=-1)
        shift = F.relu(unit @ weights["meta_net.linear1.weight"].T + weights["meta_net.linear1.bias"])
        shift = shift @ weights["meta_net.linear2.weight"].T + weights["meta_net.linear2.bias"]  # (images, width)
        logits = []
        for image, own in zip(unit, shift):
            text = text_features(w, config, (weights["ctx"] + own).expand(len(NAMES), -1, -1), "end")
            logits.append(w["logit_scale"].exp() * F.normalize(text, dim=-1) @ image)
        loss = F.cross_entropy(torch.stack(logits), labels)
        losses.append(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    tensors[f"cocoop.{name}.losses"] = torch.stack(losses)
    for key, value in weights.items():
        tensors[f"cocoop.{name}.end.{key}"] = value.detach()


def main():
    tensors = {}
    for name, config in [("tiny_a", TINY_A), ("tiny_b", TINY_B)]:
        rng = np.random.default_rng(14)
        stored = load_file(FOLDER / f"{name}.safetensors")
        w = {key: torch.from_numpy(value).double() for key, value in stored.items() if not key.startswith(("input.", "output."))}
        features = numbers(rng, 5, config.embed_dim)
        labels = torch.tensor([0, 2, 1, 1, 0])
        tensors |= {f"{name}.features": features.float(), f"{name}.labels": labels.int()}
        coop(tensors, name, config, w, features, labels, rng)
        cocoop(tensors, name, config, w, features, labels, rng)
    save_file({key: value.contiguous() for key, value in tensors.items()}, FOLDER / "prompts.safetensors")
    (FOLDER / "prompts.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
