"""PyTorch twins of CLIP-Adapter, Tip-Adapter-F and the multi-modal MLP, and Tip-Adapter in numpy, for tests/learn/.

    python3 make_adapters.py

needs numpy and torch (made with torch 2.15). Writes tests/learn/files/adapters.npz, all in double precision, of inputs that
are exact in single precision:

    texts, x, y               text features of three classes, image features and their labels
    NAME.start.P, NAME.end.P  parameter P before and after five steps on all images; NAME.losses: the loss of each step
    tip.pass.I                features of three passes of augmentation; tip.keys: the cache that they make
    tip.x, tip.y              a validation set; tip.logits: at alpha 1 and beta 3; tip.found: the same after the search
    tip.correct               right predictions for every beta, then every alpha, of the published grid; tip.best: beta, alpha

The recipes: CLIP-Adapter by SGD with CoOp's schedule, the others by AdamW with half a cosine by steps; rates are so large that
five steps change every digit that is compared.
"""

import math
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

WIDTH, CLASSES, IMAGES, STEPS = 12, 3, 10, 5


class ClipAdapter(nn.Module):
    """Gao et al. 2021, section 3.2, with the ratio 0.2."""

    def __init__(self, texts):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(WIDTH, WIDTH // 4, bias=False), nn.ReLU(),
                                nn.Linear(WIDTH // 4, WIDTH, bias=False), nn.ReLU())
        self.texts = F.normalize(texts, dim=-1)

    def forward(self, x):
        mixed = 0.2 * self.fc(x) + 0.8 * x
        return 100 * F.normalize(mixed, dim=-1) @ self.texts.T


class TipAdapterF(nn.Module):
    """Zhang et al. 2022, equations 4 to 8, with alpha 1 and beta 3."""

    def __init__(self, texts, keys, labels):
        super().__init__()
        self.keys = nn.Parameter(keys.clone())
        self.values = F.one_hot(labels, CLASSES).double()
        self.texts = F.normalize(texts, dim=-1)

    def forward(self, x):
        f = F.normalize(x, dim=-1)
        affinity = torch.exp(-3 * (1 - f @ self.keys.T))
        return 100 * f @ self.texts.T + affinity @ self.values


class MultimodalMlp(nn.Module):
    """One hidden layer over the image's features and its similarities with the texts, each layer-normalised."""

    def __init__(self, texts, hidden=7):
        super().__init__()
        self.ln_image, self.ln_text = nn.LayerNorm(WIDTH), nn.LayerNorm(CLASSES)
        self.hidden, self.output = nn.Linear(WIDTH + CLASSES, hidden), nn.Linear(hidden, CLASSES)
        self.texts = F.normalize(texts, dim=-1)

    def forward(self, x):
        f = F.normalize(x, dim=-1)
        both = torch.cat([self.ln_image(f), self.ln_text(100 * f @ self.texts.T)], -1)
        return self.output(F.relu(self.hidden(both)))


def coop(step):
    """CoOp's schedule with one step in each epoch; the warm-up rate is 1e-5 of a peak of 2e-3."""
    return 1e-5 / 2e-3 if step == 0 else 0.5 * (1 + math.cos(math.pi * (step - 1) / STEPS))


def train(arrays, name, twin, optimizer, schedule, x, y, names):
    def keep(when):
        for theirs, ours in names.items():
            arrays[f"{name}.{when}.{ours}"] = dict(twin.named_parameters())[theirs].detach().numpy().copy()

    keep("start")
    losses = []
    for _ in range(STEPS):
        loss = F.cross_entropy(twin(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    keep("end")
    arrays[f"{name}.losses"] = np.array(losses)


def tip_adapter(arrays, texts, keys, labels, x, y):
    """Tip-Adapter without training: logits, and the grid search of the published code."""
    f = x / np.linalg.norm(x, axis=1, keepdims=True)
    zero_shot = 100 * f @ (texts / np.linalg.norm(texts, axis=1, keepdims=True)).T
    values, cosines = np.eye(CLASSES)[labels], f @ keys.T

    def logits(alpha, beta):
        return zero_shot + alpha * (np.exp(-beta * (1 - cosines)) @ values)

    betas = [i * (12 - 0.1) / 200 + 0.1 for i in range(200)]
    alphas = [i * (5 - 0.1) / 20 + 0.1 for i in range(20)]
    correct = np.array([[(logits(a, b).argmax(1) == y).sum() for a in alphas] for b in betas])
    best = np.unravel_index(correct.argmax(), correct.shape)
    beta, alpha = betas[best[0]], alphas[best[1]]
    arrays |= {"tip.logits": logits(1, 3), "tip.found": logits(alpha, beta), "tip.correct": correct.astype(np.int64),
               "tip.best": np.array([beta, alpha])}


def main():
    rng = np.random.default_rng(14)
    exact = lambda *shape: rng.standard_normal(shape).astype(np.float32).astype(np.float64)
    texts = (2 * exact(1, WIDTH) + 0.25 * exact(CLASSES, WIDTH)).astype(np.float32).astype(np.float64)
    y = np.arange(IMAGES) % CLASSES
    x = (texts[y] + 2 * exact(IMAGES, WIDTH)).astype(np.float32).astype(np.float64)
    arrays = {"texts": texts, "x": x, "y": y}

    passes = [(x + 0.3 * exact(IMAGES, WIDTH)).astype(np.float32).astype(np.float64) for _ in range(3)]
    keys = np.mean(passes, 0)
    keys /= np.linalg.norm(keys, axis=1, keepdims=True)
    arrays |= {f"tip.pass.{i}": p for i, p in enumerate(passes)} | {"tip.keys": keys}
    more = rng.integers(CLASSES, size=60)
    near = (x[more] + 1.5 * exact(60, WIDTH)).astype(np.float32).astype(np.float64)
    arrays |= {"tip.x": near, "tip.y": y[more]}
    tip_adapter(arrays, texts, keys, y, near, y[more])

    torch.manual_seed(14)
    torch.set_default_dtype(torch.float64)
    t_texts, t_x, t_y = torch.tensor(texts), torch.tensor(x), torch.tensor(y)

    twin = ClipAdapter(t_texts)
    optimizer = torch.optim.SGD(twin.parameters(), lr=1.0, momentum=0.9, weight_decay=5e-4)
    train(arrays, "clip_adapter", twin, optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, coop), t_x, t_y,
          {"fc.0.weight": "adapter.fc.0.weight", "fc.2.weight": "adapter.fc.2.weight"})

    twin = TipAdapterF(t_texts, torch.tensor(keys), t_y)
    optimizer = torch.optim.AdamW(twin.parameters(), lr=0.125, eps=1e-4)
    train(arrays, "tip_adapter", twin, optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS), t_x, t_y,
          {"keys": "cache.keys"})

    twin = MultimodalMlp(t_texts)
    optimizer = torch.optim.AdamW(twin.parameters(), lr=0.03125)
    train(arrays, "multimodal_mlp", twin, optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS), t_x, t_y,
          {n: n for n in ("ln_image.weight", "ln_image.bias", "ln_text.weight", "ln_text.bias", "output.weight", "output.bias")}
          | {"hidden.weight": "hidden.weight", "hidden.bias": "image.bias"})
    for when in ("start", "end"):  # the halves under their own names
        both = arrays.pop(f"multimodal_mlp.{when}.hidden.weight")
        arrays[f"multimodal_mlp.{when}.image.weight"] = both[:, :WIDTH]
        arrays[f"multimodal_mlp.{when}.text.weight"] = both[:, WIDTH:]
    arrays = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    np.savez_compressed(pathlib.Path(__file__).parent.parent / "learn" / "files" / "adapters.npz", **arrays)


if __name__ == "__main__":
    main()
