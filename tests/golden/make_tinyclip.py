#!/usr/bin/env python3
"""Small TinyCLIPs: a vision transformer, a residual network and a model whose blocks pruning made unequal.

    HF_HUB_OFFLINE=1 python3 make_tinyclip.py

needs numpy, torch, safetensors and open_clip_torch (made with torch 2.15, open_clip 3.3). Writes, beside itself,

    tinyclip/vit.safetensors            two layers of width 16, under TinyCLIP's names
    tinyclip/vit_ddp.safetensors        the same under the names of a wrapped model, with the parameters of its masks
    tinyclip/resnet.safetensors         images of 64 pixels, width 4, stages of 1, 2, 1, 1 blocks
    tinyclip/auto.safetensors           three layers of widths 20 and 12 with heads of 64: heads 1, 0, 2 and 1, 1, 0, MLPs of
                                        24, 0, 10 and 7, 16, 12
    tinyclip/NAME_expected.safetensors  image, ids, features, and the gradients of the sum of the squared features as grad/NAME,
                                        with batch statistics in the residual network, whose running statistics are then after/NAME

Computed in double precision: the first two by OpenCLIP's CLIP, which loads TinyCLIP's names without their first component, the
third by the functions below, to which OpenCLIP's model holds on equal blocks. Weights are exact in half precision and drawn from a
stream with their name.
"""
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from make_siglip import half, stream, weight

torch.set_num_threads(1)
torch.backends.mkldnn.enabled = False
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tinyclip")
CONTEXT, VOCABULARY = 12, 50


def value(name, shape):
    leaf = name.rsplit(".", 1)[-1]
    if leaf == "num_batches_tracked":
        return torch.tensor(3)
    if leaf == "running_var":
        return half(np.exp(0.3 * stream(name).standard_normal(tuple(shape))))
    if leaf == "running_mean":
        return half(0.1 * stream(name).standard_normal(tuple(shape)))
    if leaf in ("proj", "text_projection"):
        return half(stream(name).standard_normal(tuple(shape)) / shape[0] ** 0.5)
    return weight(name, shape) if 0 not in shape else torch.zeros(tuple(shape))


def tinyclip_name(name):
    before = "_logit_scale." if name == "logit_scale" else "_image_encoder." if name.startswith("visual.") else "_text_encoder."
    return before + name


def wrapped_name(name):
    first, rest = tinyclip_name(name).split(".", 1)
    return f"module.{first}.module.{rest}"


def write(name, tensors):
    def stored(t):
        t = t.detach().contiguous().clone()
        if not t.is_floating_point():
            return t
        return t.half() if t.ndim >= 2 and t.numel() >= 256 and "expected" not in name else t.float()

    save_file({k: stored(t) for k, t in tensors.items()}, os.path.join(FOLDER, name + ".safetensors"))


def inputs(name, side):
    random, rows = stream("tokens/" + name), []
    for length in (CONTEXT, 3, 9):
        ids = [VOCABULARY - 2, *random.integers(1, VOCABULARY - 2, length - 2).tolist(), VOCABULARY - 1]
        rows.append(ids + [0] * (CONTEXT - length))
    return half(stream("image/" + name).standard_normal((2, 3, side, side))), torch.tensor(rows)


def make(name, side, leaves, encode_image, encode_text, model=torch.nn.Module()):
    """Writes what the functions of images and ids compute, and the gradients of the leaves by their names."""
    image, ids = inputs(name, side)
    with torch.no_grad():
        features = dict(image_features=encode_image(image.double()), text_features=encode_text(ids))
    model.train()
    i, t = encode_image(image.double()), encode_text(ids)
    ((i**2).sum() + (t**2).sum()).backward()
    gradients = {"grad/" + k: torch.zeros_like(p) if p.grad is None else p.grad for k, p in leaves.items() if k != "logit_scale"}
    statistics = {"after/" + k: b for k, b in model.named_buffers() if "running_" in k}
    write(name + "_expected", dict(image=image, ids=ids.int(), **features, **gradients, **statistics))
    model.eval()


def openclip(name, side, vision, text):
    model = open_clip.CLIP(embed_dim=12, quick_gelu=False, vision_cfg=dict(image_size=side, **vision),
                           text_cfg=dict(context_length=CONTEXT, vocab_size=VOCABULARY, width=16, heads=2, **text)).double().eval()
    tensors = {k: value(f"tinyclip/{name}/{k}", t.shape) for k, t in model.state_dict().items()}
    model.load_state_dict(tensors)
    make(name, side, dict(model.named_parameters()), model.encode_image, model.encode_text, model)
    return model, tensors


def norm(x, w, name):
    return F.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"], 1e-5)


def blocks(x, w, prefix, head, causal):
    """Pre-norm blocks with heads of `head` columns, as many as the shapes say."""
    for n in range(64):
        b = f"{prefix}{n}."
        if b + "ln_2.weight" not in w:
            return x
        if b + "attn.in_proj_weight" in w:
            qkv = F.linear(norm(x, w, b + "ln_1"), w[b + "attn.in_proj_weight"], w[b + "attn.in_proj_bias"])
            q, k, v = (p.unflatten(-1, (-1, head)).transpose(1, 2) for p in qkv.chunk(3, -1))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2).flatten(2)
            x = x + F.linear(y, w[b + "attn.out_proj.weight"], w[b + "attn.out_proj.bias"])
        hidden = F.gelu(F.linear(norm(x, w, b + "ln_2"), w[b + "mlp.c_fc.weight"], w[b + "mlp.c_fc.bias"]))
        x = x + F.linear(hidden, w[b + "mlp.c_proj.weight"], w[b + "mlp.c_proj.bias"])


def encode_image(w, image, head):
    x = F.conv2d(image, w["visual.conv1.weight"], stride=w["visual.conv1.weight"].shape[-1]).flatten(2).transpose(1, 2)
    x = torch.cat([w["visual.class_embedding"].expand(len(x), 1, -1), x], 1) + w["visual.positional_embedding"]
    x = blocks(norm(x, w, "visual.ln_pre"), w, "visual.transformer.resblocks.", head, False)
    return norm(x[:, 0], w, "visual.ln_post") @ w["visual.proj"]


def encode_text(w, ids, head):
    x = blocks(w["token_embedding.weight"][ids] + w["positional_embedding"], w, "transformer.resblocks.", head, True)
    return norm(x, w, "ln_final")[torch.arange(len(ids)), ids.argmax(-1)] @ w["text_projection"]


def shapes_of_pruned(sides, embedding, head, towers):
    shapes = {"logit_scale": (), "visual.class_embedding": (towers[0][0],), "visual.conv1.weight": (towers[0][0], 3, 16, 16),
              "visual.positional_embedding": (sides * sides + 1, towers[0][0]), "visual.proj": (towers[0][0], embedding),
              "token_embedding.weight": (VOCABULARY, towers[1][0]), "positional_embedding": (CONTEXT, towers[1][0]),
              "text_projection": (towers[1][0], embedding)}
    for name, width in (("visual.ln_pre", towers[0][0]), ("visual.ln_post", towers[0][0]), ("ln_final", towers[1][0])):
        shapes |= {name + ".weight": (width,), name + ".bias": (width,)}
    for prefix, (width, heads, mlps) in zip(("visual.", ""), towers):
        for n, (h, m) in enumerate(zip(heads, mlps)):
            b = f"{prefix}transformer.resblocks.{n}."
            if h > 0:
                shapes |= {b + "ln_1.weight": (width,), b + "ln_1.bias": (width,), b + "attn.in_proj_weight": (3 * head * h, width),
                           b + "attn.in_proj_bias": (3 * head * h,), b + "attn.out_proj.weight": (width, head * h),
                           b + "attn.out_proj.bias": (width,)}
            shapes |= {b + "ln_2.weight": (width,), b + "ln_2.bias": (width,), b + "mlp.c_fc.weight": (m, width),
                       b + "mlp.c_fc.bias": (m,), b + "mlp.c_proj.weight": (width, m), b + "mlp.c_proj.bias": (width,)}
    return shapes


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    model, tensors = openclip("vit", 32, dict(layers=2, width=16, patch_size=8, head_width=8), dict(layers=3))
    write("vit", {tinyclip_name(k): t for k, t in tensors.items()})
    masks = {"module._image_encoder.l0_module." + k: torch.zeros(s) for k, s in dict(hidden_loga=(16,), lambda_1=()).items()}
    write("vit_ddp", {wrapped_name(k): t for k, t in tensors.items()} | masks)
    image, ids = inputs("vit", 32)
    double = {k: t.double() for k, t in tensors.items()}
    for ours, theirs in ((encode_image(double, image.double(), 8), model.encode_image(image.double())),
                         (encode_text(double, ids, 8), model.encode_text(ids))):
        assert (ours - theirs).abs().max() < 1e-12

    _, tensors = openclip("resnet", 64, dict(layers=[1, 2, 1, 1], width=4, patch_size=None), dict(layers=1))
    write("resnet", {tinyclip_name(k): t for k, t in tensors.items()})

    shapes = shapes_of_pruned(2, 12, 64, ((20, (1, 0, 2), (24, 0, 10)), (12, (1, 1, 0), (7, 16, 12))))
    tensors = {k: value("tinyclip/auto/" + k, s) for k, s in shapes.items()}
    write("auto", {tinyclip_name(k): t for k, t in tensors.items()})
    leaves = {k: t.double().requires_grad_() for k, t in tensors.items()}
    make("auto", 32, leaves, lambda image: encode_image(leaves, image, 64), lambda ids: encode_text(leaves, ids, 64))
