"""CLIP with a vision transformer, written out plainly in PyTorch: the source of the reference numbers.

The forward passes follow section 2 and figure 3 of the CLIP paper. Weights are a dictionary under the names of OpenAI's
checkpoints; every function works in the type of what it is given. Nothing here is meant to be fast.
"""

from dataclasses import dataclass

import numpy as np
import torch

# Options are rounded to float32: a program that keeps them as floats and computes in double finds the same numbers.
single = lambda value: float(np.float32(value))


@dataclass(frozen=True)
class Config:
    """The sizes of one model."""

    embed_dim: int
    image_size: int
    patch_size: int
    image_width: int
    image_heads: int
    image_layers: int
    context: int
    vocabulary: int
    text_width: int
    text_heads: int
    text_layers: int
    epsilon: float = single(1e-5)

    @property
    def tokens(self):
        return (self.image_size // self.patch_size) ** 2 + 1

    @property
    def sot(self):
        return self.vocabulary - 2

    @property
    def eot(self):
        return self.vocabulary - 1


def shapes(config):
    """The name and shape of every weight, image tower first."""
    c, out = config, {}

    def blocks(prefix, width, layers):
        for k in range(layers):
            at = f"{prefix}transformer.resblocks.{k}."
            out[at + "ln_1.weight"] = out[at + "ln_1.bias"] = (width,)
            out[at + "attn.in_proj_weight"], out[at + "attn.in_proj_bias"] = (3 * width, width), (3 * width,)
            out[at + "attn.out_proj.weight"], out[at + "attn.out_proj.bias"] = (width, width), (width,)
            out[at + "ln_2.weight"] = out[at + "ln_2.bias"] = (width,)
            out[at + "mlp.c_fc.weight"], out[at + "mlp.c_fc.bias"] = (4 * width, width), (4 * width,)
            out[at + "mlp.c_proj.weight"], out[at + "mlp.c_proj.bias"] = (width, 4 * width), (width,)

    out["visual.class_embedding"] = (c.image_width,)
    out["visual.positional_embedding"] = (c.tokens, c.image_width)
    out["visual.conv1.weight"] = (c.image_width, 3, c.patch_size, c.patch_size)
    out["visual.ln_pre.weight"] = out["visual.ln_pre.bias"] = (c.image_width,)
    blocks("visual.", c.image_width, c.image_layers)
    out["visual.ln_post.weight"] = out["visual.ln_post.bias"] = (c.image_width,)
    out["visual.proj"] = (c.image_width, c.embed_dim)
    out["token_embedding.weight"] = (c.vocabulary, c.text_width)
    out["positional_embedding"] = (c.context, c.text_width)
    blocks("", c.text_width, c.text_layers)
    out["ln_final.weight"] = out["ln_final.bias"] = (c.text_width,)
    out["text_projection"] = (c.text_width, c.embed_dim)
    out["logit_scale"] = ()
    return out


def layer_norm(w, name, x, epsilon):
    """(x - mean) / sqrt(variance + epsilon) * gain + bias over the last dimension, with the biased variance."""
    centred = x - x.mean(-1, keepdim=True)
    variance = (centred * centred).mean(-1, keepdim=True)
    return centred / (variance + epsilon).sqrt() * w[name + ".weight"] + w[name + ".bias"]


def attention(w, name, x, heads, causal):
    """Multi-head self-attention.                                                    x, result : (n, tokens, width)"""
    n, tokens, width = x.shape
    size = width // heads
    qkv = x @ w[name + ".in_proj_weight"].T + w[name + ".in_proj_bias"]  # (n, tokens, 3 * width)
    q, k, v = (part.reshape(n, tokens, heads, size).transpose(1, 2) for part in qkv.split(width, -1))
    scores = (q * size**-0.5) @ k.transpose(-1, -2)  # (n, heads, tokens, tokens)
    if causal:
        later = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
        scores = scores.masked_fill(later, float("-inf"))
    mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, tokens, width)
    return mixed @ w[name + ".out_proj.weight"].T + w[name + ".out_proj.bias"]


def mlp(w, name, x):
    """Two linear maps with quick GELU, h s(1.702 h), between."""
    h = x @ w[name + ".c_fc.weight"].T + w[name + ".c_fc.bias"]
    return (h * torch.sigmoid(1.702 * h)) @ w[name + ".c_proj.weight"].T + w[name + ".c_proj.bias"]


def transformer(w, prefix, x, layers, heads, epsilon, causal, states):
    """Residual blocks; the rows after each one are appended to `states` when a list is given."""
    for k in range(layers):
        at = f"{prefix}transformer.resblocks.{k}."
        x = x + attention(w, at + "attn", layer_norm(w, at + "ln_1", x, epsilon), heads, causal)
        x = x + mlp(w, at + "mlp", layer_norm(w, at + "ln_2", x, epsilon))
        if states is not None:
            states.append(x)
    return x


def encode_image(w, config, images, states=None):
    """Image features before normalisation.                          images : (n, 3, s, s), result : (n, embed_dim)"""
    c, n = config, len(images)
    side, patch = c.image_size // c.patch_size, c.patch_size
    patches = images.reshape(n, 3, side, patch, side, patch).permute(0, 2, 4, 1, 3, 5).reshape(n, side * side, -1)
    x = patches @ w["visual.conv1.weight"].flatten(1).T  # (n, side * side, width)
    x = torch.cat([w["visual.class_embedding"].expand(n, 1, -1), x], 1) + w["visual.positional_embedding"]
    x = layer_norm(w, "visual.ln_pre", x, c.epsilon)
    x = transformer(w, "visual.", x, c.image_layers, c.image_heads, c.epsilon, False, states)
    return layer_norm(w, "visual.ln_post", x[:, 0], c.epsilon) @ w["visual.proj"]


def encode_text(w, config, ids, states=None):
    """Text features before normalisation, taken where EOT stands.   ids : (n, context), result : (n, embed_dim)"""
    c = config
    x = w["token_embedding.weight"][ids] + w["positional_embedding"]
    x = transformer(w, "", x, c.text_layers, c.text_heads, c.epsilon, True, states)
    eot = (ids == c.eot).int().argmax(1)
    return layer_norm(w, "ln_final", x[torch.arange(len(x)), eot], c.epsilon) @ w["text_projection"]


def similarity(w, images, texts):
    """exp(logit_scale) times the cosine of every image with every text.             result : (images, texts)"""
    unit = lambda x: x / x.norm(dim=-1, keepdim=True)
    return w["logit_scale"].exp() * unit(images) @ unit(texts).T


def contrastive(logits, same):
    """Symmetric cross entropy; `same` marks the positives of a row, which share its target equally. same : (n, n) bool"""
    target = same.to(logits.dtype) / same.sum(1, keepdim=True)
    rows = lambda x: -(target * x.log_softmax(1)).sum(1).mean()
    return (rows(logits) + rows(logits.T)) / 2


def equal_captions(ids):
    """Which captions are the same text.                                             ids : (n, context), result : (n, n)"""
    return (ids[:, None] == ids[None]).all(-1)
