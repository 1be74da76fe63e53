"""Holds reference_clip.py against PyTorch's own attention and against a CLIP trained by other code.

    python3 check_reference.py --twin FOLDER --data FOLDER [--steps 20]

--twin  what `bench/peers/fashion.py --export` writes (initial.safetensors, trained.safetensors, expected.npz, order.npy,
        templates.npy, losses.json); --data  the four .gz files of Fashion-MNIST. Compares the features of 100 test images
and ten prompts, the ten thousand predictions, and the losses of the first steps of training. The twin has a single head;
several heads are compared with torch.nn.MultiheadAttention. The exit status is the verdict.
"""

import argparse
import json
import math
import pathlib
import sys

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from reference_clip import Config, attention, contrastive, encode_image, encode_text, equal_captions, similarity

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "peers"))
from fashion import caption_ids, read_idx  # noqa: E402

TWIN = Config(
    embed_dim=64,
    image_size=28,
    patch_size=7,
    image_width=64,
    image_heads=1,
    image_layers=3,
    context=32,
    vocabulary=514,
    text_width=64,
    text_heads=1,
    text_layers=2,
)


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def double(path):
    return {name: x.double().requires_grad_() for name, x in load_file(path).items()}


def attention_difference(causal, width=18, heads=3, tokens=7):
    """The largest difference from torch.nn.MultiheadAttention on random weights and rows."""
    torch.manual_seed(1)
    peer = torch.nn.MultiheadAttention(width, heads, batch_first=True, dtype=torch.float64)
    for bias in (peer.in_proj_bias, peer.out_proj.bias):
        torch.nn.init.normal_(bias)
    x = torch.randn(5, tokens, width, dtype=torch.float64)
    later = torch.ones(tokens, tokens, dtype=torch.bool).triu(1) if causal else None
    w = {"attn." + name: value for name, value in peer.state_dict().items()}
    with torch.no_grad():
        return (attention(w, "attn", x, heads, causal) - peer(x, x, x, attn_mask=later)[0]).abs().max().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--twin", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=20)
    a = parser.parse_args()
    expected = np.load(a.twin / "expected.npz")
    with safe_open(a.twin / "trained.safetensors", "pt") as file:
        mean, deviation = (float(file.metadata()[key]) for key in ("image_mean", "image_std"))
    prepare = lambda x: torch.from_numpy((x / 255 - mean) / deviation)[:, None].expand(-1, 3, -1, -1)
    ok = True

    def verdict(what, found, limit):
        nonlocal ok
        ok = ok and found <= limit
        print(f"{what}: {found:.3g} (at most {limit:.3g})")

    for causal in (False, True):
        verdict(
            f"attention, {'causal' if causal else 'plain'}, largest difference", attention_difference(causal), 1e-14
        )
    w = double(a.twin / "trained.safetensors")
    test = read_idx(a.data / "t10k-images-idx3-ubyte.gz")
    with torch.no_grad():
        image = torch.cat([unit(encode_image(w, TWIN, prepare(test[k : k + 500]))) for k in range(0, len(test), 500)])
        text = unit(encode_text(w, TWIN, torch.from_numpy(expected["ids"]).long()))
    verdict("image features, largest difference", np.abs(image[:100].numpy() - expected["image"]).max(), 1e-5)
    verdict("text features, largest difference", np.abs(text.numpy() - expected["text"]).max(), 1e-5)
    differing = ((image @ text.T).argmax(1).numpy() != expected["predictions"]).sum()
    verdict("predictions that differ, of 10000", differing, 5)

    w = double(a.twin / "initial.safetensors")
    train = read_idx(a.data / "train-images-idx3-ubyte.gz")
    labels = read_idx(a.data / "train-labels-idx1-ubyte.gz").astype(np.int64)
    order, templates = np.load(a.twin / "order.npy"), np.load(a.twin / "templates.npy").astype(np.int64)
    losses, total = json.loads((a.twin / "losses.json").read_text()), len(order)
    warm = total // 20
    optimizer = torch.optim.AdamW(
        [
            {"params": [x for x in w.values() if x.ndim > 1], "weight_decay": 0.2},
            {"params": [x for x in w.values() if x.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=1e-3,
        betas=(0.9, 0.98),
        eps=1e-6,
    )
    captions = torch.tensor(caption_ids())
    worst = 0.0
    for step in range(min(a.steps, warm)):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * (step + 1) / warm
        at = order[step]
        ids = captions[labels[at], templates[step]]
        logits = similarity(w, encode_image(w, TWIN, prepare(train[at])), encode_text(w, TWIN, ids))
        loss = contrastive(logits, equal_captions(ids))
        worst = max(worst, abs(loss.item() - losses[step]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            w["logit_scale"].clamp_(0, math.log(100))
    verdict(f"losses of the first {min(a.steps, warm)} training steps, largest difference", worst, 1e-4)
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
