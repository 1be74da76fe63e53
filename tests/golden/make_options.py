#!/usr/bin/env python3
"""A small CLIPA and a small Meta CLIP 2, and what OpenCLIP computes with them.

    HF_HUB_OFFLINE=1 python3 make_options.py

needs numpy, torch, safetensors and open_clip_torch (made with torch 2.15, open_clip 3.3). Writes, beside itself,

    options/clipa.safetensors        two layers of width 16, images of 32 pixels in patches of 8, 12 positions, 50 ids,
                                     under OpenCLIP's names
    options/metaclip2.safetensors    the same sizes with texts that end with id 2, quick GELU
    options/metaclip2_transformers/  the same numbers as transformers' MetaClip2Model saves them
    options/NAME_expected.safetensors   image, ids, features and the gradients of the sum of the squared features, as
                                     grad/NAME

The features are computed in double precision. Weights are exact in half precision and drawn from a stream with their
name. transformers' features of the same weights are compared with OpenCLIP's.
"""
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import open_clip
import torch
from safetensors.torch import save_file
from torch.func import functional_call
from transformers import MetaClip2Config, MetaClip2Model

from make_longclip import Tower, in_transformers_names, stored
from make_siglip import half, stream, weight

torch.set_num_threads(1)
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "options")
CONTEXT, VOCABULARY, WIDTH = 12, 50, 16
VISION = dict(image_size=32, patch_size=8, width=WIDTH, layers=2, head_width=8)
TEXT = dict(context_length=CONTEXT, vocab_size=VOCABULARY, width=WIDTH, heads=2, layers=2)
MODELS = {
    "clipa": dict(embed_dim=12, vision_cfg=dict(VISION, no_ln_pre=True, pool_type="avg", final_ln_after_pool=True),
                  text_cfg=dict(TEXT, pool_type="last", no_causal_mask=True)),
    "metaclip2": dict(embed_dim=12, quick_gelu=True, vision_cfg=VISION, text_cfg=dict(TEXT, pool_type="eos", eos_id=2)),
}


def write(name, tensors):
    save_file({k: t.detach().contiguous().clone() for k, t in tensors.items()}, os.path.join(FOLDER, name + ".safetensors"))


def texts_of(name):
    """Rows of start, words, end and padding: 40, …, 0 of CLIPA; 0, …, 2, 1 of Meta CLIP 2."""
    start, end, pad = (40, 0, 0) if name == "clipa" else (0, 2, 1)
    random, ids = stream("tokens/" + name), torch.full((3, CONTEXT), pad, dtype=torch.int64)
    for row, length in zip(ids, (CONTEXT, 2, 7)):
        row[:length] = torch.tensor([start, *random.integers(3, VOCABULARY, length - 2).tolist(), end])
    return ids


def save_transformers(weights, image, ids, expected):
    model = MetaClip2Model(MetaClip2Config(
        projection_dim=12,
        vision_config=dict(hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8),
        text_config=dict(hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=CONTEXT,
                         vocab_size=VOCABULARY, bos_token_id=0, eos_token_id=2, pad_token_id=1))).eval()
    model.load_state_dict({k: t.detach().float().contiguous() for k, t in in_transformers_names(weights).items()}, strict=True)
    with torch.no_grad():
        take = lambda out: out if isinstance(out, torch.Tensor) else out.pooler_output
        found = take(model.get_image_features(pixel_values=image)), take(model.get_text_features(input_ids=ids))
    for a, b in zip(found, expected):
        assert (a - b.float()).abs().max() < 1e-5
    model.half().save_pretrained(os.path.join(FOLDER, "metaclip2_transformers"))


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for name, config in MODELS.items():
        model = open_clip.CLIP(**config).double().eval()
        weights = {k: weight(name + "/" + k, t.shape).double().requires_grad_() for k, t in model.state_dict().items() if k != "attn_mask"}
        write(name, stored(weights))
        image, ids = half(stream("image/" + name).standard_normal((2, 3, 32, 32))), texts_of(name)
        inside = {"clip." + k: t for k, t in weights.items()}
        image_features = functional_call(Tower(model, "encode_image"), inside, (image.double(),))
        text_features = functional_call(Tower(model, "encode_text"), inside, (ids,))
        (image_features.square().sum() + text_features.square().sum()).backward()
        expected = dict(image=image, ids=ids.int(), image_features=image_features, text_features=text_features)
        expected.update({"grad/" + k: t.grad for k, t in weights.items() if t.grad is not None})
        write(name + "_expected", {k: t if t.dtype == torch.int32 else t.float() for k, t in expected.items()})
        if name == "metaclip2":
            save_transformers(weights, image, ids, (image_features, text_features))


if __name__ == "__main__":
    main()
