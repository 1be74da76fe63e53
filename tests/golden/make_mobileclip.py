#!/usr/bin/env python3
"""Small models of MobileCLIP-B and MobileCLIP 2 L-14, and what timm, OpenCLIP and Apple's code compute with them.

    HF_HUB_OFFLINE=1 python3 make_mobileclip.py

needs numpy, torch, safetensors, timm and open_clip_torch (made with torch 2.15, timm 1.0.31, open_clip 3.3). Writes, beside
itself,

    mobileclip/b_open_clip.safetensors    two layers of width 32, images of 64 pixels, under OpenCLIP's and timm's names
    mobileclip/b_apple.safetensors        the same numbers under Apple's names, without the bias of the head
    mobileclip/l14_open_clip.safetensors  two layers of width 16, images of 32 pixels in patches of 8
    mobileclip/NAME_expected.safetensors  image, ids, features, and the gradients of the sum of the squared features as
                                          grad/NAME, with batch statistics where there are batch norms, whose running
                                          statistics are then after/NAME; image_features_apple: with Apple's stem,
                                          padded by one pixel, and its epsilon, without the bias of the head

Computed in double precision. Weights are exact in half precision and drawn from a stream with their name.
"""
import os
from functools import partial

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import numpy as np
import torch
from open_clip.transformer import TextTransformer
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer
from timm.models.vision_transformer_hybrid import ConvStem, HybridEmbed

from make_siglip import half, stream, weight

torch.set_num_threads(1)
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mobileclip")
BLOCKS = [("norm1", "pre_norm_mha.0"), ("attn.qkv", "pre_norm_mha.1.qkv_proj"), ("attn.proj", "pre_norm_mha.1.out_proj"),
          ("norm2", "pre_norm_ffn.0"), ("mlp.fc1", "pre_norm_ffn.1"), ("mlp.fc2", "pre_norm_ffn.4")]
TEXT = [("ln_1.", "pre_norm_mha.0."), ("attn.in_proj_", "pre_norm_mha.1.qkv_proj."), ("attn.out_proj.", "pre_norm_mha.1.out_proj."),
        ("ln_2.", "pre_norm_ffn.0."), ("mlp.c_fc.", "pre_norm_ffn.1."), ("mlp.c_proj.", "pre_norm_ffn.4.")]
WHOLE = {"visual.trunk.cls_token": "image_encoder.model.cls_token", "text.text_projection": "text_encoder.projection_layer",
         "text.token_embedding.weight": "text_encoder.embedding_layer.weight"}
BEGINNINGS = [("visual.trunk.norm.", "image_encoder.model.post_transformer_norm."), ("text.ln_final.", "text_encoder.final_layer_norm.")]


def apple_name(name):
    if name in WHOLE:
        return WHOLE[name]
    for ours, apples in BEGINNINGS:
        if name.startswith(ours):
            return apples + name.removeprefix(ours)
    if name.startswith("visual.trunk.patch_embed.backbone."):
        number, rest = name.removeprefix("visual.trunk.patch_embed.backbone.").split(".", 1)
        return f"image_encoder.model.patch_emb.{number}.block.{rest.replace('bn.', 'norm.')}"
    if name.startswith("visual.trunk.blocks."):
        number, rest = name.removeprefix("visual.trunk.blocks.").split(".", 1)
        return f"image_encoder.model.transformer.{number}.{dict(BLOCKS)[rest.rsplit('.', 1)[0]]}.{rest.rsplit('.', 1)[1]}"
    if name.startswith("text.transformer.resblocks."):
        number, rest = name.removeprefix("text.transformer.resblocks.").split(".", 1)
        ours, apples = next(pair for pair in TEXT if rest.startswith(pair[0]))
        return f"text_encoder.transformer.{number}.{apples}{rest.removeprefix(ours)}"
    return name


def in_apples_names(tensors):
    out = {}
    for name, t in tensors.items():
        if name == "visual.trunk.head.weight":
            out["image_encoder.model.classifier.proj"] = t.T
        elif name == "visual.trunk.pos_embed":
            out["image_encoder.model.pos_embed.pos_embed.pos_embed"] = t[None]
        elif name == "text.positional_embedding":
            out["text_encoder.positional_embedding.pos_embed.pos_embed"] = t[None, None]
        elif name != "visual.trunk.head.bias":
            out[apple_name(name)] = t
    return out


def write(name, tensors):
    def stored(t):
        t = t.detach().contiguous().clone()
        if not t.is_floating_point():
            return t
        return t.half() if t.ndim >= 2 and "expected" not in name else t.float()

    save_file({k: stored(t) for k, t in tensors.items()}, os.path.join(FOLDER, name + ".safetensors"))


def token_rows(name, context, vocabulary):
    random, out = stream("tokens/" + name), []
    for length in (context, 3, 9):
        ids = [vocabulary - 2, *random.integers(1, vocabulary - 2, length - 2).tolist(), vocabulary - 1]
        out.append(ids + [0] * (context - length))
    return torch.tensor(out)


def make(name, trunk, side, causal):
    text = TextTransformer(context_length=16, vocab_size=60, width=16, heads=2, layers=1, output_dim=12, no_causal_mask=not causal,
                           act_layer=torch.nn.GELU)
    model = torch.nn.ModuleDict({"trunk": trunk, "text": text}).double().eval()
    public = lambda k: ("visual." if k.startswith("trunk.") else "") + k
    with torch.no_grad():
        for k, t in model.state_dict().items():
            if k.endswith("num_batches_tracked"):
                t.fill_(3)
            elif k.endswith("running_var"):
                t.copy_(half(np.exp(0.3 * stream(f"{name}/{k}").standard_normal(tuple(t.shape)))))
            elif k.endswith("running_mean"):
                t.copy_(half(0.1 * stream(f"{name}/{k}").standard_normal(tuple(t.shape))))
            else:
                t.copy_(weight(f"{name}/{k}", t.shape))
    tensors = {public(k): t.clone() for k, t in model.state_dict().items() if k != "text.attn_mask"}
    tensors["logit_scale"] = torch.tensor(2.0)
    write(name + "_open_clip", tensors)
    image = half(stream("image/" + name).standard_normal((2, 3, side, side)))
    ids = token_rows(name, 16, 60)
    with torch.no_grad():
        expected = dict(image=image, ids=ids.int(), image_features=trunk(image.double()), text_features=text(ids))
    if name == "b":
        write("b_apple", in_apples_names(tensors))
        conv = trunk.patch_embed.backbone[0].conv
        norms = [m for m in trunk.modules() if isinstance(m, torch.nn.LayerNorm)]
        epsilon, conv.padding = norms[0].eps, (1, 1)
        for m in norms:
            m.eps = 1e-5
        with torch.no_grad():
            expected["image_features_apple"] = trunk(image.double()) - trunk.head.bias
        conv.padding = (0, 0)
        for m in norms:
            m.eps = epsilon
    model.train()
    ((trunk(image.double()) ** 2).sum() + (text(ids) ** 2).sum()).backward()
    expected |= {"grad/" + public(k): p.grad for k, p in model.named_parameters()}
    expected |= {"after/" + public(k): b for k, b in model.named_buffers() if "running_" in k}
    write(name + "_expected", expected)


def small_b():
    stem = ConvStem(channels=(32, 32, 32), stride=(4, 2, 2), kernel_size=(4, 2, 2), padding=0, act_layer=torch.nn.GELU)
    return VisionTransformer(img_size=64, patch_size=1, embed_dim=32, depth=2, num_heads=4, no_embed_class=True, num_classes=12,
                             embed_layer=partial(HybridEmbed, backbone=stem, proj=False))


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    make("b", small_b(), 64, True)
    make("l14", VisionTransformer(img_size=32, patch_size=8, embed_dim=16, depth=2, num_heads=2, pre_norm=True, num_classes=12,
                                  global_pool="token", norm_layer=partial(torch.nn.LayerNorm, eps=1e-5)), 32, False)
