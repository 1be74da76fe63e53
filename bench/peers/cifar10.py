"""PyTorch twin of the CIFAR-10 example: torchvision's image tower and open_clip's text tower, trained on the batches that
the example recorded.

    cifar10 FOLDER --epochs 1 --record 1000 --output run      # or cifar10_double, for --double
    python3 cifar10.py run/record [--double] [--steps N] [--threads N] [--tolerance X] [--points X]

Begins with the same weights, repeats every recorded step with PyTorch's AdamW and the same schedule, and compares the
losses: in the first 50 steps none may differ by more than the tolerance. Where all steps of the run were recorded, it
also compares the zero-shot accuracy on the validation images at the end. Prints JSON. Exit status: 0; 1 if a difference
is too large.

Pixels are the recorded bytes after augmentation; PyTorch normalises them, in float as the example does.

Training enlarges what float rounding leaves, so that in float PyTorch does not follow even itself for 50 steps. With
--double it computes in double, and is to be compared with a record of the program cifar10_double.
"""

import argparse
import json
import math
import pathlib
import resource
import sys

import numpy as np
import torch
import torch.nn.functional as F
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from safetensors.torch import load_file
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet

FOLLOWED = 50  # steps in which each loss is compared


class ImageTower(ResNet):
    """torchvision's ResNet of another width."""

    def __init__(self, layers, width, embed):
        super().__init__(BasicBlock, layers, num_classes=embed)
        self.inplanes = width
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        for stage, blocks in enumerate(layers):
            made = self._make_layer(BasicBlock, width << stage, blocks, stride=1 if stage == 0 else 2)
            setattr(self, f"layer{stage + 1}", made)
        self.fc = nn.Linear(width << 3, embed)


def build(weights, context):
    """The model with the sizes of the weights."""

    def blocks(prefix):
        return len({name[len(prefix) :].split(".")[0] for name in weights if name.startswith(prefix)})

    vocabulary, width = weights["token_embedding.weight"].shape
    embed = weights["text_projection"].shape[1]
    text = CLIPTextCfg(
        context_length=context,
        vocab_size=vocabulary,
        width=width,
        heads=max(1, width // 64),
        layers=blocks("transformer.resblocks."),
    )
    model = CLIP(embed, CLIPVisionCfg(layers=1, width=64, image_size=64), text, quick_gelu=True)
    model.visual = ImageTower(
        [blocks(f"visual.layer{stage}.") for stage in (1, 2, 3, 4)], len(weights["visual.bn1.weight"]), embed
    )
    missing, unexpected = model.load_state_dict(weights, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ValueError(f"weights: missing {missing}, unexpected {unexpected}")
    return model


def decays(name, parameter):
    """open_clip's groups, as in clip/optim/decay.hpp."""
    return parameter.ndim >= 2 and not any(part in name for part in ("bn", "ln", "bias", "logit_scale"))


def make_optimizer(model, run):
    """AdamW with a linear warm-up over a share of the steps, and cosine decay to zero. Rates are floats, as ours are."""
    named = list(model.named_parameters())
    groups = [
        {"params": [p for name, p in named if decays(name, p)], "weight_decay": run["weight_decay"]},
        {"params": [p for name, p in named if not decays(name, p)], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(
        groups, lr=run["learning_rate"], betas=(run["beta1"], run["beta2"]), eps=run["epsilon"]
    )
    total = run["steps"]
    warm = max(1, int(run["warmup"] * total))

    def rate(step):
        share = (step + 1) / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / (total - warm)))
        return float(np.float32(share * run["learning_rate"])) / run["learning_rate"]

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, rate)


class Batches:
    """The recorded files; pixels are normalised in float, as the example does."""

    def __init__(self, folder, run):
        self.folder = folder
        self.mean, self.deviation = (
            torch.tensor(run[k], dtype=torch.float32)[:, None, None] for k in ("mean", "deviation")
        )

    def read(self, name):
        with np.load(self.folder / name) as file:
            arrays = {key: torch.from_numpy(file[key]) for key in file.files}
        images = (arrays["images"].float() / 255 - self.mean) / self.deviation
        arrays["images"] = images.to(torch.get_default_dtype())
        arrays["texts"] = arrays["texts"].long()
        return arrays


def contrastive(logits, same):
    """Symmetric cross-entropy in which all equal captions are positives."""
    target = same.to(logits.dtype) / same.sum(1, keepdim=True)
    rows, columns = logits.log_softmax(1), logits.T.log_softmax(1)
    return -0.5 * ((target * rows).sum(1).mean() + (target * columns).sum(1).mean())


def loss_of(model, batch):
    """Each distinct caption is encoded once."""
    distinct, where = torch.unique(batch["texts"], dim=0, return_inverse=True)
    image = model.encode_image(batch["images"], normalize=True)
    text = model.encode_text(distinct, normalize=True)[where]
    return contrastive(model.logit_scale.exp() * image @ text.T, where[:, None] == where[None])


@torch.inference_mode()
def zero_shot(model, validation, classes=10):
    """Top-1 by the mean direction of all sentences of a class; caption template · classes + class."""
    model.eval()
    text = model.encode_text(validation["texts"], normalize=True)
    directions = F.normalize(text.view(-1, classes, text.shape[1]).sum(0), dim=-1)
    image = torch.cat([model.encode_image(part, normalize=True) for part in validation["images"].split(500)])
    return ((image @ directions.T).argmax(1) == validation["labels"]).float().mean().item()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("record", type=pathlib.Path, help="folder that --record of the example wrote")
    parser.add_argument("--double", action="store_true", help="compute in double, as cifar10_double does")
    parser.add_argument("--steps", type=int, help="stop after so many steps (default: all recorded ones)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tolerance", type=float, default=1e-3, help="of each of the first 50 losses")
    parser.add_argument("--points", type=float, default=1.0, help="of the accuracy at the end, in percent")
    return parser.parse_args()


def main():
    a = arguments()
    torch.set_num_threads(a.threads)
    if a.double:
        torch.set_default_dtype(torch.float64)  # before the model is made
    run = json.loads((a.record / "run.json").read_text())
    recorded = len(list(a.record.glob("batch-*.npz")))
    steps = min(recorded, len(run["losses"]), a.steps or recorded)
    batches = Batches(a.record, run)
    validation = batches.read("validation.npz")
    model = build(load_file(a.record / "initial.safetensors"), validation["texts"].shape[1])
    optimizer, schedule = make_optimizer(model, run)

    model.train()
    differences, losses = [], []
    for step in range(steps):
        loss = loss_of(model, batches.read(f"batch-{step:06d}.npz"))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        losses.append(loss.item())
        differences.append(abs(losses[-1] - run["losses"][step]))
    used = resource.getrusage(resource.RUSAGE_SELF)
    followed = max(differences[:FOLLOWED])
    result = {
        "peer": "torch " + torch.__version__,
        "computes_in": str(model.logit_scale.dtype).removeprefix("torch."),
        "steps": steps,
        "largest_difference_of_first_50_losses": followed,
        "largest_difference": max(differences),
        "differences": [float(f"{x:.1e}") for x in differences[:FOLLOWED]],
        "last_losses": {"ours": run["losses"][steps - 1], "peer": losses[-1]},
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
    }
    good = followed <= a.tolerance
    if steps == run["steps"]:
        top1 = zero_shot(model, validation)
        result["validation_top1"] = {"ours": run["validation_top1"], "peer": top1}
        good = good and abs(top1 - run["validation_top1"]) <= a.points / 100
    print(json.dumps(result))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
