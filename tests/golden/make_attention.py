#!/usr/bin/env python3
"""Attention maps of small models, by PyTorch: attention.safetensors.

    python3 make_attention.py [--output FOLDER]

needs numpy, torch, safetensors, timm and open_clip_torch (made with torch 2.15, timm 1.0.31, open_clip 3.3). The weights are
those of tiny_a.safetensors (a class token), siglip/siglip_transformers.safetensors (pooled by a probe) and
tiny_resnet.safetensors (pooled by one layer of attention, after convolutions), whose towers are written out plainly, and those
of mobileclip/b_open_clip.safetensors (a class token after a stem of convolutions), tiny_mci.safetensors (attention between
convolutions) and tiny_mci_five.safetensors (in two stages), which timm computes. The texts are what these files say their
texts' features are; the last two have none, and random ones are used. Every number is computed in double precision; attention
probabilities are tensors of the graph, so that their gradients are autograd's.

Of each NAME: NAME.texts (texts, width) and NAME.scale, exp(logit_scale); on the grid of patches, row by row, NAME.last and
NAME.rollout (images, patches), NAME.heads (images, heads, patches), NAME.relevance (images, texts, patches); and, with more
than one layer of attention, NAME.first_heads, the heads of layer 0, and NAME.rollout_1, NAME.relevance_1, from layer 1 on,
which are all that there is if layer 0 has other patches. tiny_a.tokens (texts, images, context) is the relevance of the
texts' tokens.
Rollout: Abnar & Zuidema 2020. Relevance: Chefer, Gur & Wolf 2021, of scale times the cosine.
"""

import argparse
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import load_file

import make_mci
import make_mobileclip
import make_resnet
from make_golden import single
from reference_clip import layer_norm, mlp

FOLDER = pathlib.Path(__file__).parent
unit = lambda x: x / x.norm(dim=-1, keepdim=True)


class Attention:
    """Softmax attention that keeps its probabilities, (n, heads, queries, keys) for every layer."""

    def __init__(self):
        self.layers = []

    def __call__(self, q, k, v, heads, causal=False):
        split = lambda x: x.reshape(len(x), -1, heads, x.shape[-1] // heads).transpose(1, 2)
        scores = split(q) @ split(k).transpose(-1, -2) / (q.shape[-1] // heads) ** 0.5
        if causal:
            scores = scores.masked_fill(torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1), float("-inf"))
        p = scores.softmax(-1)
        p.retain_grad()
        self.layers.append(p)
        return (p @ split(v)).transpose(1, 2).flatten(2)


def patches_of(images, patch):
    n, side = len(images), images.shape[-1] // patch
    whole = images[..., : side * patch, : side * patch].reshape(n, 3, side, patch, side, patch)
    return whole.permute(0, 2, 4, 1, 3, 5).reshape(n, side * side, -1)


def vit(w, images, keep):
    """tiny_a: 2 heads, 3 layers, patches of 4."""
    x = patches_of(images, 4) @ w["visual.conv1.weight"].flatten(1).T
    x = torch.cat([w["visual.class_embedding"].expand(len(x), 1, -1), x], 1) + w["visual.positional_embedding"]
    epsilon = single(1e-5)
    x = layer_norm(w, "visual.ln_pre", x, epsilon)
    for i in range(3):
        at = f"visual.transformer.resblocks.{i}."
        y = layer_norm(w, at + "ln_1", x, epsilon) @ w[at + "attn.in_proj_weight"].T + w[at + "attn.in_proj_bias"]
        y = keep(*y.chunk(3, -1), 2)
        x = x + y @ w[at + "attn.out_proj.weight"].T + w[at + "attn.out_proj.bias"]
        x = x + mlp(w, at + "mlp", layer_norm(w, at + "ln_2", x, epsilon))
    return layer_norm(w, "visual.ln_post", x[:, 0], epsilon) @ w["visual.proj"]


def text(w, ids, keep):
    """tiny_a's texts up to and including the end of text: 3 heads, 2 layers.            ids : (1, tokens)"""
    x, epsilon = w["token_embedding.weight"][ids] + w["positional_embedding"][: ids.shape[1]], single(1e-5)
    x = x.requires_grad_()
    for i in range(2):
        at = f"transformer.resblocks.{i}."
        y = layer_norm(w, at + "ln_1", x, epsilon) @ w[at + "attn.in_proj_weight"].T + w[at + "attn.in_proj_bias"]
        y = keep(*y.chunk(3, -1), 3, causal=True)
        x = x + y @ w[at + "attn.out_proj.weight"].T + w[at + "attn.out_proj.bias"]
        x = x + mlp(w, at + "mlp", layer_norm(w, at + "ln_2", x, epsilon))
    return layer_norm(w, "ln_final", x[:, -1], epsilon) @ w["text_projection"]


def siglip(w, images, keep):
    """2 heads, 2 layers, patches of 8, GELU by tanh."""
    epsilon, at = single(1e-6), "vision_model."
    linear = lambda name, x: x @ w[at + name + ".weight"].flatten(1).T + w[at + name + ".bias"]
    norm = lambda name, x: layer_norm(w, at + name, x, epsilon)
    feed = lambda name, x: linear(name + ".fc2", torch.nn.functional.gelu(linear(name + ".fc1", x), approximate="tanh"))
    pixels = patches_of(images, 8)
    x = linear("embeddings.patch_embedding", pixels) + w[at + "embeddings.position_embedding.weight"]
    for i in range(2):
        block = f"encoder.layers.{i}."
        y = norm(block + "layer_norm1", x)
        y = keep(*(linear(f"{block}self_attn.{part}_proj", y) for part in "qkv"), 2)
        x = x + linear(block + "self_attn.out_proj", y)
        x = x + feed(block + "mlp", norm(block + "layer_norm2", x))
    x = norm("post_layernorm", x)
    stacked, bias = w[at + "head.attention.in_proj_weight"], w[at + "head.attention.in_proj_bias"]
    q = w[at + "head.probe"].expand(len(x), 1, -1)
    q, k, v = (y @ a.T + b for y, a, b in zip((q, x, x), stacked.chunk(3), bias.chunk(3)))
    y = linear("head.attention.out_proj", keep(q, k, v, 2))
    return (y + feed("head.mlp", norm("head.layernorm", y)))[:, 0]


def resnet(w, images, keep):
    """OpenCLIP's convolutions, then attention pooling with the mean of the pixels as first token and query."""
    visual = make_resnet.build({name: x.numpy() for name, x in w.items()}).eval().visual
    x = visual.layer4(visual.layer3(visual.layer2(visual.layer1(visual.stem(images)))))
    x = x.flatten(2).transpose(1, 2)
    pool = visual.attnpool
    x = torch.cat([x.mean(1, keepdim=True), x], 1) + pool.positional_embedding
    return pool.c_proj(keep(pool.q_proj(x[:, :1]), pool.k_proj(x), pool.v_proj(x), pool.num_heads))[:, 0]


def timms(model):
    """A tower of timm in double precision; the probabilities are what its attention gives to its dropout."""
    kept = []
    for module in model.modules():
        if hasattr(module, "fused_attn"):
            module.fused_attn = False
            module.attn_drop.register_forward_hook(lambda _, __, p: kept[-1].layers.append(p) or p.retain_grad())

    def encode(images, keep):
        kept.append(keep)
        return model(images)

    return encode


def of_timm(model, w):
    """The model with the weights of a file of OpenCLIP's."""
    model.load_state_dict({k.removeprefix("visual.trunk."): x for k, x in w.items() if k.startswith("visual.trunk.")})
    return timms(model.double().eval())


def product(layers, token, own, other):
    """The feature's row of L_n … L_1, L = own I + other A; without a token or a query of its own, the mean of all rows.
    layers : list of (queries, keys)"""
    r = torch.eye(layers[0].shape[-1], dtype=torch.float64)
    for a in layers:
        if len(a) == 1:  # the pooled query
            return a[0] @ r if token is None else own * r[token] + other * a[0] @ r
        r = own * r + other * a @ r
    return r.mean(0) if token is None else r[token]


def maps(encode, images, texts, scale, token, whole):
    """Every map of a model. `token`: the row that becomes the feature. `whole`: the last layer has queries of all tokens."""
    out, first = {}, 0 if token is None else 1
    add = lambda name, x: out.setdefault(name, []).append(x.detach().numpy())
    of_feature = lambda p: p[:, 0] if not whole else p.mean(1) if token is None else p[:, token]
    for image in images:
        for t, text in enumerate(texts):
            keep = Attention()
            (scale * (unit(encode(image[None].clone().requires_grad_(), keep)) * unit(text)).sum()).backward()
            layers = [p[0] for p in keep.layers]
            gradients = [p.grad[0] for p in keep.layers]
            positive = [(p * g).clamp(min=0).mean(0) for p, g in zip(layers, gradients)]
            alike = len({p.shape[-1] for p in layers}) == 1
            if alike:
                add("relevance", product(positive, token, 1, 1)[first:])
            if len(layers) > 1:
                add("relevance_1", product(positive[1:], token, 1, 1)[first:])
            if t > 0:
                continue
            mean = [p.mean(0) for p in layers]
            add("heads", of_feature(layers[-1])[:, first:])
            add("last", of_feature(layers[-1]).mean(0)[first:])
            if alike:
                add("rollout", product(mean, token, 0.5, 0.5)[first:])
            if len(layers) > 1:
                add("first_heads", (layers[0].mean(1) if token is None else layers[0][:, token])[:, first:])
                add("rollout_1", product(mean[1:], token, 0.5, 0.5)[first:])
    stacked = {name: np.stack(x) for name, x in out.items()}
    for name in ("relevance", "relevance_1"):
        if name in stacked:
            stacked[name] = stacked[name].reshape(len(images), len(texts), -1)
    return stacked | {"texts": texts.numpy(), "scale": np.array(scale.item())}


def token_relevance(w, ids, images, scale):
    """The relevance of every token to every image, zero behind the end of text.    result : (texts, images, context)"""
    out = np.zeros((len(ids), len(images), ids.shape[1]))
    for t, row in enumerate(ids):
        length = int(row.argmax()) + 1  # the end of text is the largest id
        for i, image in enumerate(images):
            keep = Attention()
            (scale * (unit(text(w, row[None, :length].long(), keep)) * unit(image)).sum()).backward()
            positive = [(p * p.grad).clamp(min=0)[0].mean(0) for p in keep.layers]
            out[t, i, :length] = product(positive, length - 1, 1, 1).detach().numpy()
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--output", type=pathlib.Path, default=FOLDER, help="folder to write to")
    output = parser.parse_args().output
    torch.set_num_threads(1)
    double = lambda x: x.double() if x.is_floating_point() else x
    read = lambda name: {k: double(x) for k, x in load_file(FOLDER / f"{name}.safetensors").items()}
    tiny, resnet_file = read("tiny_a"), read("tiny_resnet")
    weights, expected = read("siglip/siglip_transformers"), read("siglip/siglip_expected")
    stem, of_stem = read("mobileclip/b_open_clip"), read("mobileclip/b_expected")
    mci = {name: read(name) for name in ("tiny_mci", "tiny_mci_five")}
    drawn = torch.from_numpy(np.random.default_rng(5).standard_normal((2, make_mci.EMBED_DIM)))
    of_resnet = {k: x for k, x in resnet_file.items() if not k.startswith(("input.", "evaluation.", "training.", "state.", "sgd."))}
    results = {
        "tiny_a": maps(lambda x, keep: vit(tiny, x, keep), tiny["input.images"], tiny["output.text_features"],
                       tiny["logit_scale"].exp(), 0, True),
        "siglip": maps(lambda x, keep: siglip(weights, x, keep), expected["image"], expected["text_features"],
                       weights["logit_scale"].exp(), None, False),
        "tiny_resnet": maps(lambda x, keep: resnet(of_resnet, x, keep), resnet_file["input.images"],
                            resnet_file["evaluation.text_features"], resnet_file["logit_scale"].exp(), 0, False),
        "mobileclip_b": maps(of_timm(make_mobileclip.small_b(), stem), of_stem["image"], of_stem["text_features"],
                             stem["logit_scale"].exp(), 0, True),
    }
    for name, sizes in (("tiny_mci", make_mci.FOUR), ("tiny_mci_five", make_mci.FIVE)):
        encode = of_timm(make_mci.build(sizes), mci[name])
        results[name] = maps(encode, mci[name]["input.images"], drawn, torch.tensor(2.0).double().exp(), None, True)
    results["tiny_a"]["tokens"] = token_relevance(
        tiny, tiny["input.ids"], tiny["output.image_features"], tiny["logit_scale"].exp())
    save_file({f"{model}.{name}": np.ascontiguousarray(x, np.float64) for model, found in results.items() for name, x in found.items()},
              output / "attention.safetensors")


if __name__ == "__main__":
    main()
