#!/usr/bin/env python3
"""A small Long-CLIP under two namings, and what OpenCLIP computes with the fold of its two tables of positions.

    HF_HUB_OFFLINE=1 python3 make_longclip.py

needs numpy, torch, safetensors and open_clip_torch (made with torch 2.15, open_clip 3.3). Writes, beside itself,

    longclip/small_original.safetensors      two layers of width 16, images of 32 pixels in patches of 8, 248 positions,
                                             under Long-CLIP's names, with positional_embedding_res
    longclip/small_transformers.safetensors  the same numbers under transformers' names, with the fold as the only table
    longclip/small_expected.safetensors      image, ids, features, the gradients of the sum of the squared features as
                                             grad/NAME, of both tables; and table77, table248: rows of float32, stretched
                                             in float32 as Long-CLIP's load_from_clip does

The features are computed in double precision. Weights are exact in half precision and drawn from a stream with their
name.
"""
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import numpy as np
import open_clip
import torch
from safetensors.torch import save_file
from torch.func import functional_call

from make_siglip import half, stream, weight

torch.set_num_threads(1)
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "longclip")
KEPT, CONTEXT, VOCABULARY, WIDTH = 20, 248, 60, 16
RENAMED = [("visual.class_embedding", "vision_model.embeddings.class_embedding"), ("visual.conv1.", "vision_model.embeddings.patch_embedding."),
           ("visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"), ("visual.ln_pre.", "vision_model.pre_layrnorm."),
           ("visual.ln_post.", "vision_model.post_layernorm."), ("visual.transformer.resblocks.", "vision_model.encoder.layers."),
           ("visual.proj", "visual_projection.weight"), ("token_embedding.", "text_model.embeddings.token_embedding."),
           ("positional_embedding", "text_model.embeddings.position_embedding.weight"), ("ln_final.", "text_model.final_layer_norm."),
           ("transformer.resblocks.", "text_model.encoder.layers."), ("text_projection", "text_projection.weight")]
BLOCKS = [("ln_1", "layer_norm1"), ("ln_2", "layer_norm2"), ("mlp.c_fc", "mlp.fc1"), ("mlp.c_proj", "mlp.fc2"), ("attn.out_proj", "self_attn.out_proj")]


def fold(first, second):
    return torch.cat([first[:KEPT], second[KEPT:]])


def in_transformers_names(weights):
    out = {}
    for name, t in weights.items():
        ours, theirs = next((pair for pair in RENAMED if name.startswith(pair[0])), (name, name))
        name = theirs + name.removeprefix(ours)
        for a, b in BLOCKS:
            name = name.replace("." + a + ".", "." + b + ".")
        if "attn.in_proj_" in name:
            for part, third in zip("qkv", t.chunk(3)):
                out[name.replace("attn.in_proj_", f"self_attn.{part}_proj.")] = third
        else:
            out[name] = t.T if name.endswith("projection.weight") else t
    return out


def write(name, tensors):
    save_file({k: t.detach().contiguous().clone() for k, t in tensors.items()}, os.path.join(FOLDER, "small_" + name + ".safetensors"))


def stored(tensors):
    return {k: t.half() if t.ndim >= 2 else t.float() for k, t in tensors.items()}


def stretched(p):
    """Statement by statement as the original, in float32."""
    n, q = len(p), torch.empty(4 * len(p) - 3 * KEPT, p.shape[1])
    q[:KEPT] = p[:KEPT]
    for i in range(n - 1 - KEPT):
        for k in range(4):
            q[KEPT + 4 * i + k] = (4 - k) * p[KEPT + i] / 4 + k * p[KEPT + i + 1] / 4
    for k in range(4):
        q[4 * n - 3 * KEPT - 4 + k] = p[n - 1] + k * (p[n - 1] - p[n - 2]) / 4
    return q


class Tower(torch.nn.Module):
    """A tower of a CLIP without the normalisation of its forward()."""

    def __init__(self, clip, method):
        super().__init__()
        self.clip, self.method = clip, method

    def forward(self, x):
        return getattr(self.clip, self.method)(x)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    model = open_clip.CLIP(embed_dim=12, quick_gelu=True,
                           vision_cfg=dict(image_size=32, patch_size=8, width=WIDTH, layers=2, head_width=8),
                           text_cfg=dict(context_length=CONTEXT, vocab_size=VOCABULARY, width=WIDTH, heads=2, layers=2)).double().eval()
    weights = {k: weight("longclip/" + k, t.shape).double() for k, t in model.state_dict().items() if k != "attn_mask"}
    weights["positional_embedding_res"] = weight("longclip/positional_embedding_res", (CONTEXT, WIDTH)).double()
    for t in weights.values():
        t.requires_grad_()
    folded = {k: t for k, t in weights.items() if k != "positional_embedding_res"}
    folded["positional_embedding"] = fold(weights["positional_embedding"], weights["positional_embedding_res"])
    write("original", stored(weights))
    write("transformers", in_transformers_names(stored(folded)))

    image = half(stream("image/longclip").standard_normal((2, 3, 32, 32)))
    random, ids = stream("tokens/longclip"), torch.zeros(3, CONTEXT, dtype=torch.int64)
    for row, length in zip(ids, (CONTEXT, 5, 40)):
        row[:length] = torch.tensor([VOCABULARY - 2, *random.integers(1, VOCABULARY - 2, length - 2).tolist(), VOCABULARY - 1])
    inside = {"clip." + k: t for k, t in folded.items()}
    image_features = functional_call(Tower(model, "encode_image"), inside, (image.double(),))
    text_features = functional_call(Tower(model, "encode_text"), inside, (ids,))
    (image_features.square().sum() + text_features.square().sum()).backward()
    p = torch.from_numpy(stream("table").standard_normal((77, 4)).astype(np.float32))
    expected = dict(image=image, ids=ids.int(), image_features=image_features, text_features=text_features)
    expected.update({"grad/" + k: t.grad for k, t in weights.items() if t.grad is not None})
    expected.update(table77=p, table248=stretched(p))
    write("expected", {k: t if t.dtype == torch.int32 else t.float() for k, t in expected.items()})


if __name__ == "__main__":
    main()
