"""Writes tiny_mct.safetensors: a small hybrid text tower of MobileCLIP S0's kind under Apple's names, with what its formulas
give: features in evaluation; features in training, gradients of the sum of their squares, and running statistics; features in
evaluation of the same tower fused, and its weights.

    python3 make_mct.py [--output FOLDER]

Needs numpy and torch; the tower is written down here from the formulas of the MobileCLIP paper, because no package has it. Run
by hand; the file is committed. Weights and ids are drawn by numpy's seeded generator and are float32 numbers; everything
computed from them is in double precision.
"""

import argparse
import math
import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from make_golden import save

CONTEXT, VOCABULARY, WIDTH, LAYERS, HEADS, EMBED_DIM, TAPS = 13, 30, 8, 2, 2, 6, 11
END = VOCABULARY - 1


class ConvNorm(nn.Module):
    """Along the text, every channel by itself."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(WIDTH, WIDTH, (1, TAPS), padding=(0, TAPS // 2), groups=WIDTH, bias=False)
        self.bn = nn.BatchNorm2d(WIDTH)

    def forward(self, x):
        return self.bn(self.conv(x))


class Mixer(nn.Module):
    """The branches of a token mixer, or of its norm: a batch norm of the input, and a convolution."""

    def __init__(self, convolves):
        super().__init__()
        self.rbr_skip = nn.BatchNorm2d(WIDTH)
        self.rbr_conv = nn.ModuleList([ConvNorm()] if convolves else [])

    def forward(self, x):
        return self.rbr_skip(x) + sum(conv(x) for conv in self.rbr_conv)


class TokenMixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.mixer = Mixer(False), Mixer(True)
        self.layer_scale = nn.Parameter(torch.zeros(WIDTH, 1, 1))

    def forward(self, x):
        return x + self.layer_scale * (self.mixer(x) - self.norm(x))


class FusedTokenMixer(nn.Module):
    """One convolution that is equal to a token mixer in evaluation."""

    def __init__(self, mixer):
        super().__init__()
        self.reparam_conv = nn.Conv2d(WIDTH, WIDTH, (1, TAPS), padding=(0, TAPS // 2), groups=WIDTH)
        identity = torch.zeros(WIDTH, 1, 1, TAPS, dtype=torch.float64)
        identity[..., TAPS // 2] = 1
        kernel, shift = torch.zeros_like(identity), torch.zeros(WIDTH, dtype=torch.float64)
        branch = mixer.mixer.rbr_conv[0]
        for norm, weight, sign in (
            (branch.bn, branch.conv.weight, 1), (mixer.mixer.rbr_skip, identity, 1), (mixer.norm.rbr_skip, identity, -1)
        ):
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            kernel = kernel + sign * weight * scale[:, None, None, None]
            shift = shift + sign * (norm.bias - norm.running_mean * scale)
        self.reparam_conv.weight = nn.Parameter(identity + mixer.layer_scale[:, None] * kernel)
        self.reparam_conv.bias = nn.Parameter(mixer.layer_scale.flatten() * shift)

    def forward(self, x):
        return self.reparam_conv(x)


class ConvMlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = ConvNorm()
        self.fc1, self.fc2 = nn.Conv2d(WIDTH, 4 * WIDTH, 1), nn.Conv2d(4 * WIDTH, WIDTH, 1)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(self.conv(x))))


class RepMixerBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.token_mixer, self.convffn = TokenMixer(), ConvMlp()
        self.layer_scale = nn.Parameter(torch.zeros(WIDTH, 1, 1))

    def forward(self, x):  # (texts, context, width)
        x = self.token_mixer(x.transpose(1, 2)[:, :, None])
        return (x + self.layer_scale * self.convffn(x))[:, :, 0].transpose(1, 2)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv_proj, self.out_proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        q, k, v = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in self.qkv_proj(x).chunk(3, -1))
        weights = (q @ k.transpose(-1, -2) / math.sqrt(WIDTH // HEADS)).softmax(-1)
        return self.out_proj((weights @ v).transpose(1, 2).flatten(2))


class ResidualBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.pre_norm_mha = nn.Sequential(nn.LayerNorm(WIDTH), Attention())
        self.pre_norm_ffn = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Identity(),
                                          nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        x = x + self.pre_norm_mha(x)
        return x + self.pre_norm_ffn(x)


class TextTower(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding_layer = nn.Embedding(VOCABULARY, WIDTH)
        self.positional_embedding = nn.ParameterDict({"pos_embed": nn.ParameterDict(
            {"pos_embed": nn.Parameter(torch.zeros(1, 1, CONTEXT, WIDTH))})})
        middle = [ResidualBlock() for _ in range(LAYERS)]
        self.transformer = nn.ModuleList([RepMixerBlock(), *middle, RepMixerBlock()])
        self.final_layer_norm = nn.LayerNorm(WIDTH)
        self.projection_layer = nn.Parameter(torch.zeros(WIDTH, EMBED_DIM))

    def forward(self, ids):
        x = self.embedding_layer(ids) + self.positional_embedding["pos_embed"]["pos_embed"][0]
        for block in self.transformer:
            x = block(x)
        pooled = x[torch.arange(len(ids)), ids.argmax(-1)]
        return self.final_layer_norm(pooled) @ self.projection_layer

    def fuse(self):
        for block in (self.transformer[0], self.transformer[-1]):
            block.token_mixer = FusedTokenMixer(block.token_mixer)


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
        elif name.endswith("layer_scale"):
            x = 0.5 + 0.1 * x
        elif old.ndim == 1:
            x = 0.1 * x + (1 if name.endswith("weight") else 0)
        elif name.startswith(("embedding_layer", "positional_embedding")):
            x = 0.5 * x
        else:
            x = x / math.sqrt(math.prod(old.shape[1:]))
        values[name] = np.asarray(x, np.float32)
    return values


def golden():
    """Every tensor of the file."""
    rng = np.random.default_rng(3)
    model = TextTower().double()
    values = draw(model.state_dict(), rng)
    model.load_state_dict({name: torch.from_numpy(np.asarray(x)) for name, x in values.items()})
    ids = np.zeros((4, CONTEXT), np.int64)  # the last text fills its row
    for row, length in zip(ids, (3, 9, 6, CONTEXT)):
        row[:length] = [*rng.integers(1, END, length - 1), END]
    batch = torch.from_numpy(ids)
    file = {"text_encoder." + name: x for name, x in values.items()}
    file["input.ids"] = ids
    with torch.no_grad():
        file["evaluation.features"] = model.eval()(batch).numpy()
    features = model.train()(batch)
    (features * features).sum().backward()
    file["training.features"] = features.detach().numpy()
    for name, weight in model.named_parameters():
        file["gradient.text_encoder." + name] = weight.grad.numpy()
    for name, buffer in model.named_buffers():
        if "running_" in name:
            file["after.text_encoder." + name] = buffer.numpy().copy()
    model.load_state_dict({name: torch.from_numpy(np.asarray(x)) for name, x in values.items()})
    with torch.no_grad():
        model.eval().fuse()
        assert np.allclose(model(batch).numpy(), file["evaluation.features"], rtol=0, atol=1e-12)
    for name, weight in model.state_dict().items():
        if "reparam_conv" in name:
            file["fused.text_encoder." + name] = weight.numpy()
    return {name: np.asarray(x, np.float32) if np.asarray(x).dtype == np.float64 else np.asarray(x)
            for name, x in file.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    save(parser.parse_args().output / "tiny_mct.safetensors", golden(), {})


if __name__ == "__main__":
    main()
