"""PyTorch baseline of the Fashion-MNIST example: the same small CLIP, trained with the same recipe.

    python3 fashion.py [--variant reference|unique] [--epochs N] [--seed N] [--threads N] [--data DIR] [--export DIR]

Prints one line of JSON per epoch. Captions are the byte ids of OpenAI's tokenizer without
merges (514 ids), padded to the context.

    --variant reference   encodes every caption of the batch, as open_clip does
    --variant unique      encodes each distinct caption of the batch once, as our library does
    --compile             with torch.compile
    --export DIR          also writes the weights before and after training, the order of images and captions, all
                          losses, and the features and predictions of the trained model, as reference values for
                          other programs

Data: the four .gz files of Fashion-MNIST; the default of --data is the folder of
Debian's package dataset-fashion-mnist.
"""

import argparse
import gzip
import json
import math
import pathlib
import re
import resource
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

CLASSES = ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
TEMPLATES = ["a photo of a {}.", "a picture of a {}.", "an image of a {}.", "this is a {}.", "a grey photo of a {}."]
IMAGE, PATCH, CONTEXT, VOCABULARY = 28, 7, 32, 514
SOT, EOT = VOCABULARY - 2, VOCABULARY - 1


# Captions and data


def byte_ids(text):
    """SOT, one id per byte of each word, EOT, zeros. The last byte of a word has its own id, 256 higher."""
    visible = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rank = {byte: k for k, byte in enumerate(visible + sorted(set(range(256)) - set(visible)))}
    ids = [SOT]
    for word in re.findall(r"'s|'t|'re|'ve|'m|'ll|'d|[a-z]+|[0-9]|[^\sa-z0-9]+", text.lower()):
        ids += [rank[byte] for byte in word.encode()]
        ids[-1] += 256
    ids.append(EOT)
    if len(ids) > CONTEXT:
        raise ValueError(f"caption '{text}': at most {CONTEXT} ids expected, {len(ids)} found")
    return ids + [0] * (CONTEXT - len(ids))


def caption_ids():
    """(classes, templates, CONTEXT)."""
    return [[byte_ids(template.format(name)) for template in TEMPLATES] for name in CLASSES]


def read_idx(path):
    """The bytes of an IDX file as an array of its shape."""
    raw = gzip.open(path).read()
    rank = raw[3]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(np.frombuffer(raw, ">u4", rank, 4))


# Model: modules have the names of OpenAI's checkpoints


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.in_proj, self.out_proj = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, causal):
        n, tokens, width = x.shape
        q, k, v = self.in_proj(x).view(n, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.out_proj(mixed.transpose(1, 2).reshape(n, tokens, width))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.c_fc, self.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        h = self.c_fc(x)
        return self.c_proj(h * torch.sigmoid(1.702 * h))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1, self.attn, self.ln_2, self.mlp = (
            nn.LayerNorm(width),
            Attention(width, heads),
            nn.LayerNorm(width),
            Mlp(width),
        )

    def forward(self, x, causal):
        x = x + self.attn(self.ln_1(x), causal)
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width, layers, heads, causal):
        super().__init__()
        self.causal, self.resblocks = causal, nn.ModuleList(Block(width, heads) for _ in range(layers))

    def forward(self, x):
        for block in self.resblocks:
            x = block(x, self.causal)
        return x


class Visual(nn.Module):
    def __init__(self, width, layers, heads, embed):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, PATCH, PATCH, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width) * width**-0.5)
        self.positional_embedding = nn.Parameter(torch.randn((IMAGE // PATCH) ** 2 + 1, width) * width**-0.5)
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.transformer = Transformer(width, layers, heads, causal=False)
        self.proj = nn.Parameter(torch.randn(width, embed) * width**-0.5)

    def forward(self, x):
        x = self.conv1(x).flatten(2).transpose(1, 2)  # (n, patches, width)
        x = torch.cat([self.class_embedding.expand(len(x), 1, -1), x], 1) + self.positional_embedding
        return self.ln_post(self.transformer(self.ln_pre(x))[:, 0]) @ self.proj


class SmallClip(nn.Module):
    """Draws parameters in a fixed order, so that a seed always gives the same model."""

    def __init__(self, width=64, image_layers=3, text_layers=2, heads=1, embed=64):
        super().__init__()
        self.visual = Visual(width, image_layers, heads, embed)
        self.token_embedding = nn.Embedding(VOCABULARY, width)
        self.positional_embedding = nn.Parameter(torch.randn(CONTEXT, width) * 0.01)
        self.transformer = Transformer(width, text_layers, heads, causal=True)
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.randn(width, embed) * width**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        nn.init.normal_(self.token_embedding.weight, std=0.02)
        for block in self.visual.transformer.resblocks:  # otherwise PyTorch's defaults
            nn.init.xavier_uniform_(block.attn.in_proj.weight)
            nn.init.zeros_(block.attn.in_proj.bias)
            nn.init.zeros_(block.attn.out_proj.bias)
        residual = width**-0.5 * (2 * text_layers) ** -0.5
        for block in self.transformer.resblocks:
            nn.init.normal_(block.attn.in_proj.weight, std=width**-0.5)
            nn.init.zeros_(block.attn.in_proj.bias)
            nn.init.normal_(block.attn.out_proj.weight, std=residual)
            nn.init.zeros_(block.attn.out_proj.bias)
            nn.init.normal_(block.mlp.c_fc.weight, std=(2 * width) ** -0.5)
            nn.init.normal_(block.mlp.c_proj.weight, std=residual)

    def encode_image(self, x):
        return F.normalize(self.visual(x), dim=-1)

    def encode_text(self, ids):
        x = self.transformer(self.token_embedding(ids) + self.positional_embedding)
        eot = (ids == EOT).int().argmax(1)
        return F.normalize(self.ln_final(x[torch.arange(len(x)), eot]) @ self.text_projection, dim=-1)

    def checkpoint(self):
        """The weights under OpenAI's names."""
        return {
            name.replace("in_proj.", "in_proj_"): x.detach().clone().contiguous()
            for name, x in self.state_dict().items()
        }


# Training


def contrastive(logits, same):
    """Symmetric cross-entropy in which all equal captions are positives."""
    target = same.float() / same.sum(1, keepdim=True)
    rows, columns = logits.log_softmax(1), logits.T.log_softmax(1)
    return -0.5 * ((target * rows).sum(1).mean() + (target * columns).sum(1).mean())


def make_optimizer(model, total):
    """AdamW as in open_clip, with linear warm-up over a twentieth of the steps and cosine decay to zero."""
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": 0.2},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.98), eps=1e-6)
    warm = max(1, total // 20)

    def rate(step):
        return (step + 1) / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / (total - warm)))

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, rate)


class Data:
    """Both splits; pixels are normalised with mean and deviation of the training images."""

    def __init__(self, folder):
        self.images, self.labels = (read_idx(folder / f"train-{k}-ubyte.gz") for k in ("images-idx3", "labels-idx1"))
        self.test_images, self.test_labels = (
            read_idx(folder / f"t10k-{k}-ubyte.gz") for k in ("images-idx3", "labels-idx1")
        )
        self.mean, self.deviation = self.images.mean() / 255, self.images.std() / 255

    def prepare(self, images):
        """(n, 28, 28) bytes to (n, 3, 28, 28) floats."""
        x = (torch.from_numpy(images.astype(np.float32)) / 255 - self.mean) / self.deviation
        return x[:, None].expand(-1, 3, -1, -1).contiguous()

    def test_features(self, model):
        return torch.cat([model.encode_image(self.prepare(part)) for part in np.split(self.test_images, 10)])


class Record:
    """The record that --export writes; inactive without a folder."""

    def __init__(self, folder, model):
        self.folder, self.images, self.templates, self.losses = folder, [], [], []
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            self.save(model, "initial", {})

    def save(self, model, name, metadata):
        from safetensors.torch import save_file

        save_file(model.checkpoint(), self.folder / f"{name}.safetensors", metadata=metadata)

    def step(self, at, template, loss):
        if self.folder:
            self.images.append(at)
            self.templates.append(template.numpy())
            self.losses.append(loss.item())

    def finish(self, model, data, captions, top1):
        if not self.folder:
            return
        with torch.inference_mode():
            image, text = data.test_features(model), model.encode_text(captions[:, 0])
        self.save(
            model,
            "trained",
            {"image_mean": repr(float(data.mean)), "image_std": repr(float(data.deviation)), "top1": repr(top1)},
        )
        np.save(self.folder / "order.npy", np.array(self.images, np.int32))
        np.save(self.folder / "templates.npy", np.array(self.templates, np.int8))
        (self.folder / "losses.json").write_text(json.dumps(self.losses))
        np.savez(
            self.folder / "expected.npz",
            image=image[:100].numpy(),
            text=text.numpy(),
            ids=captions[:, 0].numpy().astype(np.int32),
            predictions=(image @ text.T).argmax(1).numpy().astype(np.uint8),
        )


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--data",
        type=pathlib.Path,
        default=pathlib.Path("/usr/share/datasets/fashion-mnist"),
        help="folder of the four .gz files",
    )
    parser.add_argument("--variant", default="reference", choices=["reference", "unique"])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true", help="torch.compile both towers")
    parser.add_argument("--steps", type=int, help="steps per epoch (for timing only)")
    parser.add_argument("--export", type=pathlib.Path, help="folder for weights, order, losses and features")
    return parser.parse_args()


def main():
    a = arguments()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)  # order of images, choice of templates
    data = Data(a.data)
    captions = torch.tensor(caption_ids())  # (10, 5, CONTEXT)
    model = SmallClip()
    encode_image, encode_text = model.encode_image, model.encode_text
    if a.compile:
        encode_image, encode_text = torch.compile(encode_image), torch.compile(encode_text)
    per_epoch = len(data.images) // a.batch  # an incomplete last batch is dropped
    optimizer, schedule = make_optimizer(model, per_epoch * a.epochs)
    record = Record(a.export, model)

    for epoch in range(a.epochs):
        order, seen, start = rng.permutation(len(data.images)), 0, time.perf_counter()
        for step in range(min(a.steps or per_epoch, per_epoch)):
            at = order[step * a.batch : (step + 1) * a.batch]
            label = torch.from_numpy(data.labels[at].astype(np.int64))
            template = torch.from_numpy(rng.integers(0, len(TEMPLATES), len(at)))
            caption = label * len(TEMPLATES) + template  # equal numbers: equal captions
            image = encode_image(data.prepare(data.images[at]))
            if a.variant == "unique":
                distinct, where = torch.unique(caption, return_inverse=True)
                text = encode_text(captions.flatten(0, 1)[distinct])[where]
            else:
                text = encode_text(captions[label, template])
            logits = model.logit_scale.exp() * image @ text.T
            loss = contrastive(logits, caption[:, None] == caption[None])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                model.logit_scale.clamp_(0, math.log(100))
            seen += len(at)
            record.step(at, template, loss)
        seconds = time.perf_counter() - start
        with torch.inference_mode():
            guess = (data.test_features(model) @ model.encode_text(captions[:, 0]).T).argmax(1).numpy()
        top1 = float((guess == data.test_labels).mean())
        print(
            json.dumps(
                {
                    "peer": "torch " + torch.__version__,
                    "variant": a.variant,
                    "compile": a.compile,
                    "threads": a.threads,
                    "epoch": epoch,
                    "loss": round(loss.item(), 4),
                    "top1": round(top1, 4),
                    "epoch_seconds": round(seconds, 2),
                    "images_per_second": round(seen / seconds, 1),
                    "parameters": sum(p.numel() for p in model.parameters()),
                    "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                }
            ),
            flush=True,
        )
    record.finish(model, data, captions, top1)


if __name__ == "__main__":
    main()
