#!/usr/bin/env python3
"""Small SigLIP models under two namings, and what transformers and OpenCLIP compute with them.

    HF_HUB_OFFLINE=1 python3 make_siglip.py

needs numpy, torch, safetensors, transformers, timm and open_clip_torch (made with torch 2.15, transformers 5.23, timm
1.0.31, open_clip 3.3). Writes, beside itself,

    siglip/NAME_transformers.safetensors   a SiglipModel of two layers, width 16, images of 36 pixels in patches of 8
    siglip/siglip_open_clip.safetensors    the same numbers under OpenCLIP's and timm's names
    siglip/NAME_expected.safetensors       image, ids, features with GELU by tanh and by erf, logits, the gradients of
                                           sum(image_features²) + sum(text_features²) as grad/NAME

for NAME siglip (40 ids, rows filled with 1) and siglip2 (70 ids, rows filled with 0). Every weight is exact in half
precision and drawn from a stream with its name, so that the files do not depend on torch's generator.
"""
import math
import os
import zlib
from functools import partial

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import numpy as np
import torch
from open_clip.transformer import TextTransformer
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer
from transformers import SiglipConfig, SiglipModel

torch.set_num_threads(1)
torch.backends.mkldnn.enabled = False
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "siglip")
BLOCKS = [("layer_norm1", "norm1", "ln_1"), ("layer_norm2", "norm2", "ln_2"), ("mlp.fc1", "mlp.fc1", "mlp.c_fc"),
          ("mlp.fc2", "mlp.fc2", "mlp.c_proj"), ("self_attn.out_proj", "attn.proj", "attn.out_proj")]
IMAGE = [("vision_model.embeddings.patch_embedding", "patch_embed.proj"), ("vision_model.post_layernorm", "norm"),
         ("vision_model.head.attention.out_proj", "attn_pool.proj"), ("vision_model.head.layernorm", "attn_pool.norm"),
         ("vision_model.head.mlp.fc1", "attn_pool.mlp.fc1"), ("vision_model.head.mlp.fc2", "attn_pool.mlp.fc2")]
TEXT = [("text_model.final_layer_norm", "ln_final"), ("text_model.head", "text_projection")]


def stream(name):
    return np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))


def half(values):
    return torch.from_numpy(np.asarray(values).astype(np.float16).astype(np.float32))


def weight(name, shape):
    z = stream(name).standard_normal(tuple(shape))
    leaf = name.rsplit(".", 1)[-1].rsplit("/", 1)[-1]
    if leaf == "logit_scale":
        return half(np.full(tuple(shape), 2.0))
    if leaf == "logit_bias":
        return half(np.full(tuple(shape), -3.0))
    if leaf == "weight" and len(shape) == 1:
        return half(1 + 0.2 * z)
    if leaf.endswith("bias"):
        return half(0.1 * z)
    if "embed" in name or leaf == "probe":
        return half(0.3 * z)
    return half(z / math.sqrt(math.prod(shape[1:])))


def in_openclips_names(tensors, layers):
    out = {n: tensors[n].reshape(()) for n in ("logit_scale", "logit_bias")}

    def copy(to, name):
        for end in ("weight", "bias"):
            out[f"{to}.{end}"] = tensors[f"{name}.{end}"]

    for name, timm in IMAGE:
        copy("visual.trunk." + timm, name)
    for name, own in TEXT:
        copy("text." + own, name)
    out["visual.trunk.pos_embed"] = tensors["vision_model.embeddings.position_embedding.weight"][None]
    out["visual.trunk.attn_pool.latent"] = tensors["vision_model.head.probe"]
    out["text.positional_embedding"] = tensors["text_model.embeddings.position_embedding.weight"]
    out["text.token_embedding.weight"] = tensors["text_model.embeddings.token_embedding.weight"]
    for end in ("weight", "bias"):
        stacked = tensors[f"vision_model.head.attention.in_proj_{end}"]
        width = stacked.shape[0] // 3
        out[f"visual.trunk.attn_pool.q.{end}"], out[f"visual.trunk.attn_pool.kv.{end}"] = stacked[:width], stacked[width:]
    for i in range(layers):
        image, text = f"vision_model.encoder.layers.{i}.", f"text_model.encoder.layers.{i}."
        for name, timm, own in BLOCKS:
            copy(f"visual.trunk.blocks.{i}.{timm}", image + name)
            copy(f"text.transformer.resblocks.{i}.{own}", text + name)
        for end in ("weight", "bias"):
            parts = [[tensors[f"{tower}self_attn.{x}_proj.{end}"] for x in "qkv"] for tower in (image, text)]
            out[f"visual.trunk.blocks.{i}.attn.qkv.{end}"] = torch.cat(parts[0])
            out[f"text.transformer.resblocks.{i}.attn.in_proj_{end}"] = torch.cat(parts[1])
    return out


def token_rows(name, rows, context, vocabulary, pad):
    random, out = stream("tokens/" + name), []
    for i in range(rows):
        length = context if i == rows - 1 else int(random.integers(3, context - 1))
        out.append(random.integers(3, vocabulary - 2, length - 1).tolist() + [1] + [pad] * (context - length))
    return torch.tensor(out)


def write(name, tensors, narrow=False):
    def stored(t):
        t = t.detach().contiguous().clone()
        return t.half() if narrow and t.is_floating_point() and t.ndim >= 2 and t.numel() >= 256 else t

    save_file({k: stored(t) for k, t in tensors.items()}, os.path.join(FOLDER, name + ".safetensors"))


def make(name, vocabulary, pad):
    sizes = dict(hidden_size=16, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2,
                 hidden_act="gelu_pytorch_tanh")
    model = SiglipModel(SiglipConfig(
        text_config=dict(sizes, vocab_size=vocabulary, max_position_embeddings=8, pad_token_id=pad, bos_token_id=None,
                         eos_token_id=1),
        vision_config=dict(sizes, image_size=36, patch_size=8))).eval()
    with torch.no_grad():
        for k, t in model.state_dict().items():
            t.copy_(weight(f"{name}/{k}", t.shape))
    tensors = {k: t.clone() for k, t in model.state_dict().items()}
    image = half(stream("image/" + name).standard_normal((2, 3, 36, 36)))
    ids = token_rows(name, 3, 8, vocabulary, pad)
    image_features, text_features = model.vision_model(image).pooler_output, model.text_model(ids).pooler_output
    ((image_features**2).sum() + (text_features**2).sum()).backward()

    openclip = in_openclips_names(tensors, 2)
    trunk = VisionTransformer(img_size=36, patch_size=8, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2.5,
                              class_token=False, global_pool="map", num_classes=0, act_layer="gelu")
    text = TextTransformer(context_length=8, vocab_size=vocabulary, width=16, heads=2, layers=2, output_dim=16,
                           mlp_ratio=2.5, no_causal_mask=True, proj_bias=True, pool_type="last",
                           norm_layer=partial(torch.nn.LayerNorm, eps=1e-6), act_layer=torch.nn.GELU)
    for module, prefix in ((trunk, "visual.trunk."), (text, "text.")):
        module.load_state_dict({k[len(prefix):]: t for k, t in openclip.items() if k.startswith(prefix)})
        module.eval()
    with torch.no_grad():
        logits = model(input_ids=ids, pixel_values=image).logits_per_image
        erf = trunk(image), text(ids)
    write(name + "_transformers", tensors, narrow=True)
    if name == "siglip":
        write(name + "_open_clip", openclip, narrow=True)
    write(name + "_expected", dict(
        image=image, ids=ids.int(), image_features=image_features, text_features=text_features,
        logits_per_image=logits, image_features_erf=erf[0], text_features_erf=erf[1],
        **{"grad/" + k: p.grad for k, p in model.named_parameters() if p.grad is not None}))


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    make("siglip", 40, 1)
    make("siglip2", 70, 0)
