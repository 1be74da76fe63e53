#!/usr/bin/env python3
"""Values and gradients of the training losses in float64, by PyTorch's autograd: tests/golden/losses.safetensors.

    python make_losses.py OUT.safetensors

Tensors are named CASE/INPUT, CASE/loss and CASE/grad/INPUT. logit_scale is a logarithm; features are stored as they are.
"""
import sys
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
tensors = {}


def drawn(name, *shape):
    return torch.from_numpy(np.random.Generator(np.random.PCG64(zlib.crc32(name.encode()))).standard_normal(shape))


def unit(x):
    return F.normalize(x, dim=-1)


def case(name, inputs, run):
    leaves = {k: v.clone().requires_grad_() for k, v in inputs.items()}
    loss = run(**leaves)
    loss.backward()
    for k, v in leaves.items():
        tensors[f"{name}/{k}"] = v.detach()
        tensors[f"{name}/grad/{k}"] = v.grad
    tensors[f"{name}/loss"] = loss.detach()
    print(f"{name:20} {loss.item():18.12f}")


rows, width = 6, 5
image, text, other = drawn("image", rows, width), drawn("text", rows, width), drawn("teacher image", rows, width)
groups = torch.tensor([0, 1, 0, 2, 3, 1])  # of images and of texts
together = torch.tensor([1.0, 0, 1, 0, 0, 1])
scaled = dict(image=image, text=text, logit_scale=torch.tensor(8.0).log())


def similarity(image, text, logit_scale):
    return logit_scale.exp() * unit(image) @ unit(text).T


def infonce(smoothing):
    def run(**x):
        logits, own = similarity(**x), torch.arange(rows)
        return sum(F.cross_entropy(y, own, label_smoothing=smoothing) for y in (logits, logits.T)) / 2
    return run


def positives(**x):
    """The targets are spread evenly over the rows of one group."""
    logits, target = similarity(**x), (groups[:, None] == groups[None]).double()
    target = target / target.sum(1, keepdim=True)
    return sum(F.cross_entropy(y, target) for y in (logits, logits.T)) / 2


def hinge(hardest):
    def run(image, text):
        s = unit(image) @ unit(text).T
        wrong = 1 - torch.eye(rows)
        texts, images = (0.2 + s - s.diag()[:, None]).relu() * wrong, (0.2 + s - s.diag()[None]).relu() * wrong
        return texts.max(1).values.sum() + images.max(0).values.sum() if hardest else texts.sum() + images.sum()
    return run


def supcon(features):
    own = torch.eye(rows, dtype=torch.bool)
    log_p = (unit(features) @ unit(features).T / 0.2).masked_fill(own, -torch.inf).log_softmax(1)
    positive = (groups[:, None] == groups[None]) & ~own
    some = positive.any(1)
    return -(torch.where(positive, log_p, 0.0).sum(1)[some] / positive.sum(1)[some]).mean()


def siamese(a, b):
    d = (a - b).norm(dim=1)
    return (together * d ** 2 + (1 - together) * (2.5 - d).relu() ** 2).mean() / 2


case("contrastive", scaled, infonce(0.0))
case("smoothed", scaled, infonce(0.1))
case("positives", scaled, positives)
case("hinge_all", dict(image=image, text=text), hinge(False))
case("hinge_hardest", dict(image=image, text=text), hinge(True))
case("supervised", dict(features=image), supcon)
case("siamese", dict(a=image, b=text), siamese)
case("triplet", dict(anchor=image, positive=text, negative=other),
     lambda anchor, positive, negative: F.triplet_margin_loss(anchor, positive, negative, margin=1.0))
save_file({k: v.contiguous() for k, v in tensors.items()}, sys.argv[1])
