"""Writes the small files of tests/checkpoint/files with PyTorch: run by hand, from anywhere, with torch and safetensors installed.

A CLIP with OpenAI's names, every weight a different number, and the same weights in the formats people keep them in:
  state.pt        torch.save of the state dict, float; one matrix is stored as its columns
  half.pt         the same in half, bfloat16.pt in bfloat16
  script.pt       torch.jit.save of the module: an archive as OpenAI's are, halves and floats, with the three integers
  nested.pt       a training checkpoint: {"state_dict": {"module....": ...}, "optimizer": ..., and other things beside}
  legacy.pt       the format before 1.6
  huggingface/    a folder in two shards with an index and config.json, by the names of transformers' CLIPModel
  wanted.safetensors  the weights, as every one of these files holds them
"""

import argparse
import json
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn

EMBED, WIDTH, LAYERS, PATCH, SIZE, CONTEXT, VOCABULARY = 8, 16, 1, 4, 8, 5, 12
folder = pathlib.Path(__file__).resolve().parent.parent / "checkpoint" / "files"


class Attention(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        return self.out_proj(x)


class Mlp(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.c_fc = nn.Linear(width, 2 * width)
        self.c_proj = nn.Linear(2 * width, width)

    def forward(self, x):
        return self.c_proj(self.c_fc(x))


class Block(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.attn = Attention(width)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = Mlp(width)
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x):
        return self.mlp(self.attn(x))


class Transformer(nn.Module):
    def __init__(self, width: int, layers: int):
        super().__init__()
        self.resblocks = nn.Sequential(*[Block(width) for _ in range(layers)])

    def forward(self, x):
        return self.resblocks(x)


class Vision(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTH, PATCH, PATCH, bias=False)
        self.class_embedding = nn.Parameter(torch.empty(WIDTH))
        self.positional_embedding = nn.Parameter(torch.empty((SIZE // PATCH) ** 2 + 1, WIDTH))
        self.ln_pre = nn.LayerNorm(WIDTH)
        self.transformer = Transformer(WIDTH, LAYERS)
        self.ln_post = nn.LayerNorm(WIDTH)
        self.proj = nn.Parameter(torch.empty(WIDTH, EMBED))

    def forward(self, x):
        return self.transformer(x) @ self.proj


class Clip(nn.Module):
    def __init__(self):
        super().__init__()
        self.visual = Vision()
        self.transformer = Transformer(WIDTH, LAYERS)
        self.token_embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.positional_embedding = nn.Parameter(torch.empty(CONTEXT, WIDTH))
        self.ln_final = nn.LayerNorm(WIDTH)
        self.text_projection = nn.Parameter(torch.empty(WIDTH, EMBED))
        self.logit_scale = nn.Parameter(torch.empty([]))

    def forward(self, x):
        return self.transformer(self.visual(x) @ self.text_projection.t())


def made():
    """Weights that halves and bfloat16s hold exactly: small multiples of 1/16, another pattern in every tensor."""
    model = Clip().requires_grad_(False)
    for k, p in enumerate(model.parameters()):
        p.copy_(((torch.arange(p.numel()) * 7 + 13 * k) % 97 - 48).div(16).reshape(p.shape))
    return model


def huggingface(state):
    """The weights by CLIPModel's names (transformers, models/clip/modeling_clip.py)."""
    out = {}
    for name, value in state.items():
        for a, b in [("visual.proj", "visual_projection.weight"), ("text_projection", "text_projection.weight")]:
            if name == a:
                out[b] = value.t().contiguous()
                break
        else:
            tower = "vision_model" if name.startswith("visual.") else "text_model"
            name = name.removeprefix("visual.")
            if name == "logit_scale":
                out[name] = value
            elif name.startswith("transformer.resblocks."):
                _, _, number, rest = name.split(".", 3)
                layer = f"{tower}.encoder.layers.{number}."
                kind = rest.rsplit("_" if "in_proj" in rest else ".", 1)[1]
                if "in_proj" in rest:
                    for letter, part in zip("qkv", value.chunk(3)):
                        out[f"{layer}self_attn.{letter}_proj.{kind}"] = part.contiguous()
                else:
                    for a, b in [
                        ("attn.out_proj", "self_attn.out_proj"),
                        ("ln_1", "layer_norm1"),
                        ("ln_2", "layer_norm2"),
                        ("mlp.c_fc", "mlp.fc1"),
                        ("mlp.c_proj", "mlp.fc2"),
                    ]:
                        rest = rest.replace(a, b)
                    out[layer + rest] = value
            else:
                for a, b in [
                    ("class_embedding", "embeddings.class_embedding"),
                    ("conv1", "embeddings.patch_embedding"),
                    ("ln_pre", "pre_layrnorm"),
                    ("ln_post", "post_layernorm"),
                    ("token_embedding", "embeddings.token_embedding"),
                    ("ln_final", "final_layer_norm"),
                ]:
                    if name.startswith(a):
                        name = name.replace(a, b)
                        break
                if name == "positional_embedding":
                    name = "embeddings.position_embedding.weight"
                out[f"{tower}.{name}"] = value
    return out


def main():
    folder.mkdir(parents=True, exist_ok=True)
    model = made()
    state = dict(model.state_dict())
    save_file({k: v.contiguous() for k, v in state.items()}, folder / "wanted.safetensors", {"format": "pt"})

    shown = dict(state)
    key = "visual.transformer.resblocks.0.mlp.c_fc.weight"
    shown[key] = state[key].t().contiguous().t()
    torch.save(shown, folder / "state.pt")
    torch.save({k: v.half() for k, v in state.items()}, folder / "half.pt")
    torch.save({k: v.bfloat16() for k, v in state.items()}, folder / "bfloat16.pt")
    torch.save({k: v for k, v in list(state.items())[:3]}, folder / "legacy.pt", _use_new_zipfile_serialization=False)

    small = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(small.parameters())
    small(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    torch.save(
        {
            "epoch": 3,
            "name": "run",
            "args": argparse.Namespace(rate=1e-3, sizes=[1, 2]),
            "optimizer": optimizer.state_dict(),
            "shape": torch.Size([2, 3]),
            "big": 2**70,
            "state_dict": {"module." + k: v.half() for k, v in state.items()},
        },
        folder / "nested.pt",
    )

    script = made()
    for name, p in script.named_parameters():  # as OpenAI's archives mix them
        if ("conv1" in name or "proj" in name or "c_fc" in name) and "embedding" not in name:
            p.data = p.data.half()
    script.register_buffer("input_resolution", torch.tensor(SIZE))
    script.register_buffer("context_length", torch.tensor(CONTEXT))
    script.register_buffer("vocab_size", torch.tensor(VOCABULARY))
    torch.jit.script(script).save(str(folder / "script.pt"))

    names = huggingface(state)
    shards = [{k: v.half() for k, v in names.items() if ("text" in k) == text} for text in (False, True)]
    there = folder / "huggingface"
    there.mkdir(exist_ok=True)
    files = [f"model-{i + 1:05}-of-00002.safetensors" for i in range(2)]
    for shard, file in zip(shards, files):
        save_file(shard, there / file, {"format": "pt"})
    index = {
        "metadata": {"total_size": sum(v.numel() * 2 for v in names.values())},
        "weight_map": {k: f for s, f in zip(shards, files) for k in s},
    }
    (there / "model.safetensors.index.json").write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")
    tower = {
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "intermediate_size": 2 * WIDTH,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-5,
    }
    config = {
        "model_type": "clip",
        "projection_dim": EMBED,
        "vision_config": {**tower, "image_size": SIZE, "patch_size": PATCH},
        "text_config": {
            **tower,
            "num_attention_heads": 2,
            "max_position_embeddings": CONTEXT,
            "vocab_size": VOCABULARY,
        },
    }
    (there / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    for file in folder.rglob("*.*"):
        file.chmod(0o644)


if __name__ == "__main__":
    main()
