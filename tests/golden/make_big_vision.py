#!/usr/bin/env python3
"""The small SigLIP of make_siglip.py as big_vision stores it: an archive of numpy arrays in Flax's layouts.

    python3 make_big_vision.py

needs numpy, ml_dtypes and safetensors (made with numpy 2.4, ml_dtypes 0.6). Reads siglip/siglip_transformers.safetensors
and writes, beside it,

    siglip/siglip_big_vision.npz           the same numbers in the same element types, every block of its own
    siglip/siglip_big_vision_scanned.npz   as a training program may save them: below params/ beside the state of an
                                           optimiser, deflated, blocks stacked, bfloat16, one array column-major
    ../tower/siglip_vit/names_siglip_ViT-B-16_big_vision.txt   names and shapes of the published model, from
                                           transformers' list
"""
import os
import re

import numpy as np

FOLDER = os.path.dirname(os.path.abspath(__file__))
NAMES = os.path.join(FOLDER, "..", "tower", "siglip_vit")
TOWERS = {"vision_model": ("img", "img/Transformer"), "text_model": ("txt", "txt/Encoder_0")}


def kernel(w):
    """(out, in) as (in, out), OIHW as HWIO."""
    return np.ascontiguousarray(w.transpose(2, 3, 1, 0) if w.ndim == 4 else w.T)


def arrays_of(tensors, heads):
    """big_vision's arrays, one by one, of the tensors of transformers' SiglipModel."""
    out = {}

    def attention(to, q, k, v, proj):
        for name, (w, b) in dict(query=q, key=k, value=v).items():
            out[f"{to}/{name}/kernel"] = kernel(w).reshape(w.shape[1], heads, -1)
            out[f"{to}/{name}/bias"] = b.reshape(heads, -1)
        w, b = proj
        out[f"{to}/out/kernel"] = kernel(w).reshape(heads, -1, w.shape[0])
        out[f"{to}/out/bias"] = b

    def both(name):
        return tensors[name + ".weight"], tensors[name + ".bias"]

    def dense(to, name):
        w, b = both(name)
        out[to + "/kernel"], out[to + "/bias"] = kernel(w), b

    def norm(to, name):
        out[to + "/scale"], out[to + "/bias"] = both(name)

    for tower, (top, encoder) in TOWERS.items():
        out[top + "/pos_embedding"] = tensors[tower + ".embeddings.position_embedding.weight"][None]
        blocks = {int(m[1]) for m in (re.match(tower + r"\.encoder\.layers\.(\d+)\.", n) for n in tensors) if m}
        for i in sorted(blocks):
            theirs, ours = f"{tower}.encoder.layers.{i}.", f"{encoder}/encoderblock_{i}/"
            norm(ours + "LayerNorm_0", theirs + "layer_norm1")
            norm(ours + "LayerNorm_1", theirs + "layer_norm2")
            attention(ours + "MultiHeadDotProductAttention_0",
                      *[both(f"{theirs}self_attn.{x}_proj") for x in ("q", "k", "v", "out")])
            dense(ours + "MlpBlock_0/Dense_0", theirs + "mlp.fc1")
            dense(ours + "MlpBlock_0/Dense_1", theirs + "mlp.fc2")
    dense("img/embedding", "vision_model.embeddings.patch_embedding")
    norm("img/Transformer/encoder_norm", "vision_model.post_layernorm")
    out["img/MAPHead_0/probe"] = tensors["vision_model.head.probe"]
    parts = zip(*[np.split(tensors[f"vision_model.head.attention.in_proj_{end}"], 3) for end in ("weight", "bias")])
    attention("img/MAPHead_0/MultiHeadDotProductAttention_0", *parts, both("vision_model.head.attention.out_proj"))
    norm("img/MAPHead_0/LayerNorm_0", "vision_model.head.layernorm")
    dense("img/MAPHead_0/MlpBlock_0/Dense_0", "vision_model.head.mlp.fc1")
    dense("img/MAPHead_0/MlpBlock_0/Dense_1", "vision_model.head.mlp.fc2")
    out["txt/Embed_0/embedding"] = tensors["text_model.embeddings.token_embedding.weight"]
    norm("txt/Encoder_0/encoder_norm", "text_model.final_layer_norm")
    dense("txt/head", "text_model.head")
    out["t"], out["b"] = tensors["logit_scale"], tensors["logit_bias"]
    return out


def scanned(arrays):
    """The same with one array for all blocks of a tower."""
    stacks, out = {}, {}
    for name, a in arrays.items():
        m = re.fullmatch(r"(.*/encoderblock)_(\d+)/(.*)", name)
        if m:
            stacks.setdefault(f"{m[1]}/{m[3]}", {})[int(m[2])] = a
        else:
            out[name] = a
    for name, blocks in stacks.items():
        out[name] = np.stack([blocks[i] for i in sorted(blocks)])
    return out


def write_names():
    """Shapes alone: an array of one stored element stands for each tensor. Blocks are one line, with their number."""
    tensors = {}
    with open(os.path.join(NAMES, "names_siglip_ViT-B-16_transformers.txt")) as lines:
        for name, extents, *count in map(str.split, lines):
            for i in range(int(count[0]) if count else 1):
                shape = [int(n) for n in extents.split("x")]
                tensors[name.replace("#", str(i))] = np.broadcast_to(np.float32(0), shape)
    lines = []
    for name, a in scanned(arrays_of(tensors, heads=12)).items():
        shape, count = list(a.shape), ""
        if "/encoderblock/" in name:
            name, count = name.replace("/encoderblock/", "/encoderblock_#/"), f" {shape.pop(0)}"
        lines.append(f"{name} {'x'.join(map(str, shape))}{count}\n")
    with open(os.path.join(NAMES, "names_siglip_ViT-B-16_big_vision.txt"), "w") as out:
        out.writelines(sorted(lines))


if __name__ == "__main__":
    import ml_dtypes
    from safetensors.numpy import load_file

    folder = os.path.join(FOLDER, "siglip")
    arrays = arrays_of(load_file(os.path.join(folder, "siglip_transformers.safetensors")), heads=2)
    np.savez(os.path.join(folder, "siglip_big_vision.npz"), **arrays)
    saved = {"opt/0/count": np.int32(7), "opt/0/mu/t": np.zeros(1, np.float32)}
    for key, a in scanned(arrays).items():
        saved["params/" + key] = a.astype(ml_dtypes.bfloat16)
    key = "params/img/Transformer/encoderblock/MultiHeadDotProductAttention_0/out/kernel"
    saved[key] = np.asfortranarray(saved[key])
    np.savez_compressed(os.path.join(folder, "siglip_big_vision_scanned.npz"), **saved)
    write_names()
