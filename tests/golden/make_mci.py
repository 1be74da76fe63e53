"""Writes tiny_mci.safetensors and tiny_mci_five.safetensors: small MCi image towers with what timm's FastVit computes with
them: features in evaluation; for the first also in training, with gradients of the sum of squares and running statistics.
tiny_mci_apple.safetensors has the weights of the first under the names of Apple's repository, without the bias of the head.

    python3 make_mci.py [--output FOLDER]

Needs numpy, torch and timm. Run by hand; the files are committed. Weights and inputs are drawn by numpy's seeded generator
and are float32 numbers; everything computed from them is in double precision.
"""

import argparse
import math
import pathlib
import re
from functools import partial

import numpy as np
import torch
from timm.layers import LayerNorm2d
from timm.models.fastvit import FastVit, RepConditionalPosEnc

from make_golden import save

EMBED_DIM = 10
FOUR = {
    "layers": (1, 2, 1, 1),
    "embed_dims": (4, 8, 16, 32),
    "mlp_ratios": (1.5,) * 4,
    "se_downsamples": (False, False, True, True),
    "token_mixers": ("repmixer", "repmixer", "repmixer", "attention"),
}
FIVE = {
    "layers": (1, 1, 1, 1, 1),
    "embed_dims": (4, 8, 16, 32, 64),
    "mlp_ratios": (1.5,) * 5,
    "se_downsamples": (False,) * 5,
    "token_mixers": ("repmixer", "repmixer", "repmixer", "attention", "attention"),
    "norm_layer": partial(LayerNorm2d, eps=1e-5),
    "stem_use_scale_branch": False,
}


def build(sizes):
    positions = partial(RepConditionalPosEnc, spatial_shape=(7, 7))
    return FastVit(
        **sizes,
        downsamples=(False,) + (True,) * (len(sizes["layers"]) - 1),
        pos_embs=tuple(positions if mixer == "attention" else None for mixer in sizes["token_mixers"]),
        lkc_use_act=True,
        num_classes=EMBED_DIM,
    ).double()


def draw(state, rng):
    """Seeded values: no gain is one, no bias or mean is zero, no layer scale is small."""
    values = {}
    for name, old in state.items():
        x = rng.standard_normal(tuple(old.shape))
        if name.endswith("num_batches_tracked"):
            values[name] = np.array(3)
            continue
        if name.endswith("running_var"):
            x = np.exp(0.3 * x)
        elif name.endswith("gamma"):
            x = 0.5 + 0.1 * x
        elif old.ndim == 1:
            x = 0.1 * x + (1 if name.endswith("weight") else 0)
        else:
            x = x / math.sqrt(math.prod(old.shape[1:]))
        values[name] = np.asarray(x, np.float32)
    return values


def golden(sizes, side, images, seed, train):
    """Every tensor of the file."""
    rng = np.random.default_rng(seed)
    model = build(sizes)
    values = draw(model.state_dict(), rng)
    model.load_state_dict({name: torch.from_numpy(np.asarray(x)) for name, x in values.items()})
    pixels = rng.standard_normal((images, 3, side, side)).astype(np.float32)
    batch = torch.from_numpy(pixels).double()
    file = {"visual.trunk." + name: x for name, x in values.items()}
    file["input.images"] = pixels
    with torch.no_grad():
        file["evaluation.features"] = model.eval()(batch).numpy()
    if train:
        features = model.train()(batch)
        (features * features).sum().backward()
        file["training.features"] = features.detach().numpy()
        for name, weight in model.named_parameters():
            file["gradient.visual.trunk." + name] = weight.grad.numpy()
        for name, buffer in model.named_buffers():
            if "running_" in name:
                file["after.visual.trunk." + name] = buffer.numpy()
    return {name: np.asarray(x, np.float32) if np.asarray(x).dtype == np.float64 else np.asarray(x)
            for name, x in file.items()}


# Parts of names: timm's and those of Apple's mobileclip/models/mci.py.
APPLE = (
    (r"^stem\.", "patch_embed."),
    (r"^stages\.(\d)\.blocks\.", lambda m: f"network.{(0, 2, 4, 7)[int(m[1])]}."),
    (r"^stages\.(\d)\.downsample\.", lambda m: f"network.{2 * int(m[1]) - 1}."),
    (r"^stages\.3\.pos_emb\.pos_enc\.", "network.6.pe."),
    (r"^final_conv\.se\.fc1\.", "conv_exp.se.reduce."),
    (r"^final_conv\.se\.fc2\.", "conv_exp.se.expand."),
    (r"^final_conv\.", "conv_exp."),
    (r"\.conv_kxk\.", ".rbr_conv."),
    (r"\.conv_scale\.", ".rbr_scale."),
    (r"\.identity\.", ".rbr_skip."),
    (r"\.large_conv\.", ".lkb_origin."),
    (r"\.mlp\.", ".convffn."),
    (r"\.gamma$", ""),
    (r"^head\.fc\.weight$", "head.proj"),
)


def in_apple_names(file):
    """The weights of a golden file as Apple's repository names them."""
    renamed = {}
    for name, values in file.items():
        if not name.startswith("visual.trunk.") or name == "visual.trunk.head.fc.bias":
            continue
        apple = name.removeprefix("visual.trunk.")
        for pattern, replacement in APPLE:
            apple = re.sub(pattern, replacement, apple)
        renamed["image_encoder.model." + apple] = np.ascontiguousarray(values.T) if apple == "head.proj" else values
    return renamed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    folder = parser.parse_args().output
    four = golden(FOUR, 40, 3, 1, True)
    save(folder / "tiny_mci.safetensors", four, {})
    save(folder / "tiny_mci_apple.safetensors", in_apple_names(four), {})
    save(folder / "tiny_mci_five.safetensors", golden(FIVE, 72, 2, 2, False), {})


if __name__ == "__main__":
    main()
