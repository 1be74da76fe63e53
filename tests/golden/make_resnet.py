"""Writes tiny_resnet.safetensors, a small CLIP with a ModifiedResNet and what it computes in evaluation and in training, and
rn50_names.txt, the names and shapes of everything a stored RN50 holds. README.md lists what the file holds.

    python3 make_resnet.py [--output FOLDER]

Needs numpy, torch and open_clip_torch, whose own modules compute the numbers. Run by hand; the files are committed. Weights,
statistics and inputs are drawn by numpy's seeded generator and are float32 numbers, counters int64; everything computed from
them is in double precision.
"""

import argparse
import math
import pathlib

import numpy as np
import open_clip
import torch

from make_golden import pad, save
from reference_clip import Config, contrastive, equal_captions, single

IMAGE = {"image_size": 64, "layers": [2, 1, 2, 1], "width": 4}
TEXT = {"context_length": 9, "vocab_size": 33, "width": 12, "heads": 2, "layers": 2}
EMBED_DIM = 10
CAPTIONS = [[5, 6], [5, 17], [5, 6, 30], [], [5, 17]]
THIN = 1000  # values above which a gradient is thinned out
SGD = {"learning_rate": single(2e-3), "steps": 2}


def draw(state, rng):
    """Seeded values for a state dict: no gain is one, no bias or mean is zero, no two variances are equal."""
    values = {}
    for name, old in state.items():
        x = rng.standard_normal(tuple(old.shape))
        if name == "logit_scale":
            x = np.array(math.log(1 / 0.07))
        elif name.endswith("num_batches_tracked"):
            values[name] = np.array(3)
            continue
        elif name.endswith("running_var"):
            x = np.exp(0.3 * x)
        elif old.ndim == 1:  # gains near one, biases and means near zero
            gain = name.endswith("weight")
            x = 0.1 * x + (1 if gain else 0)
        elif name.endswith("embedding") or name == "token_embedding.weight":
            x = 0.5 * x
        else:
            x = x / math.sqrt(old.shape[0] if name == "text_projection" else math.prod(old.shape[1:]))
        values[name] = np.asarray(x, np.float32)
    return values


def build(values):
    """open_clip's own module in double precision, with these values."""
    vision = dict(IMAGE, layers=tuple(IMAGE["layers"]))
    model = open_clip.model.CLIP(EMBED_DIM, vision, TEXT, quick_gelu=True).double()
    for module in model.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.eps = single(module.eps)
    if values is not None:
        model.load_state_dict({name: torch.from_numpy(x) for name, x in values.items()})
    return model


def run(model, images, ids):
    """Features of images and captions, and their contrastive loss."""
    image, text = model.encode_image(images), model.encode_text(ids)
    unit = lambda x: x / x.norm(dim=-1, keepdim=True)
    logits = model.logit_scale.exp() * unit(image) @ unit(text).T
    return image, text, contrastive(logits, equal_captions(ids))


def thinned(gradient):
    """Every value of a small gradient, every seventh of a large one: the file stays small, and seven divides no extent here."""
    return gradient.flatten()[::7] if gradient.numel() > THIN else gradient


def golden(seed):
    """Every tensor of the file."""
    rng = np.random.default_rng(seed)
    values = draw(build(None).state_dict(), rng)
    sizes = Config(
        embed_dim=EMBED_DIM,
        image_size=64,
        patch_size=32,
        image_width=4,
        image_heads=2,
        image_layers=4,
        context=TEXT["context_length"],
        vocabulary=TEXT["vocab_size"],
        text_width=TEXT["width"],
        text_heads=TEXT["heads"],
        text_layers=TEXT["layers"],
    )
    ids = pad(CAPTIONS, sizes)
    images = rng.standard_normal((len(ids), 3, 64, 64)).astype(np.float32)
    x, t = torch.from_numpy(images).double(), torch.from_numpy(ids).long()
    out = dict(values) | {"input.images": images, "input.ids": ids}

    for mode in ("evaluation", "training"):
        model = build(values).train(mode == "training")
        states = []
        for part in (
            model.visual.avgpool,
            model.visual.layer1,
            model.visual.layer2,
            model.visual.layer3,
            model.visual.layer4,
        ):
            part.register_forward_hook(lambda module, inputs, y: states.append(y))
        image, text, loss = run(model, x, t)
        loss.backward()
        out |= {f"{mode}.image_features": image, f"{mode}.text_features": text, f"{mode}.loss": loss}
        out |= {f"{mode}.gradient.{name}": thinned(p.grad) for name, p in model.named_parameters()}
        if mode == "evaluation":  # rows by columns: (n, pixels, channels)
            out |= {f"state.{k}": s.flatten(2).transpose(1, 2).contiguous() for k, s in enumerate(states)}

    model, losses = build(values).train(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=SGD["learning_rate"])
    for _ in range(SGD["steps"]):
        optimizer.zero_grad()
        loss = run(model, x, t)[2]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    out["sgd.losses"] = np.array(losses)
    out |= {
        f"sgd.{name}": buffer.double()
        for name, buffer in model.named_buffers()
        if ".bn" in name or "downsample" in name
    }
    with torch.no_grad():
        out["sgd.image_features"] = model.eval().encode_image(x)
    return {name: y.detach().numpy() if isinstance(y, torch.Tensor) else y for name, y in out.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent, help="folder to write to")
    output = parser.parse_args().output
    torch.set_num_threads(1)
    tensors = golden(8)  # no ReLU of either mode sees an input within 1e-5 of its
    # kink, where rounding would decide the slope
    metadata = {"vocabulary": repr(TEXT["vocab_size"])} | {"sgd." + key: repr(value) for key, value in SGD.items()}
    path = output / "tiny_resnet.safetensors"
    save(path, tensors, metadata)
    print(
        f"{path.name}: {len(tensors)} tensors, {path.stat().st_size} bytes, loss {tensors['evaluation.loss']:.9f} in evaluation, "
        f"{tensors['training.loss']:.9f} in training, then {tensors['sgd.losses'][-1]:.9f}"
    )
    names = output / "rn50_names.txt"
    state = open_clip.create_model("RN50", load_weights=False).state_dict()
    names.write_text("".join(" ".join([name, *map(str, x.shape)]) + "\n" for name, x in sorted(state.items())))
    print(f"{names.name}: {len(state)} tensors")


if __name__ == "__main__":
    main()
