"""clip.cpp as a peer: writes its model file and runs its towers through its C interface.

$CLIP_CPP is its folder, built as README.md describes. Texts and images are
encoded one by one, since it batches no texts.
"""

import ctypes
import os
import pathlib

import models

PARTS = (
    ("ln_pre", "pre_ln"),
    ("ln_post", "post_ln"),
    ("ln_final", "post_ln"),
    ("conv1", "patch_embd"),
    ("class_embedding", "class_embd"),
    ("token_embedding", "token_embd"),
    ("positional_embedding", "position_embd.weight"),
    ("transformer.resblocks", "blk"),
    (".ln_", ".ln"),
    ("attn.in_proj_", "attn_qkv."),
    ("attn.out_proj", "attn_out"),
    ("mlp.c_fc", "ffn_down"),
    ("mlp.c_proj", "ffn_up"),
)


def tensors(state):
    """Pairs of clip.cpp's tensor name and an array."""
    import numpy as np

    for name, value in state.items():
        x = value.numpy()
        if name == "logit_scale":
            continue
        if name in ("visual.proj", "text_projection"):
            yield ("visual" if name.startswith("v") else "text") + "_projection.weight", np.ascontiguousarray(x.T)
            continue
        name = "v." + name.removeprefix("visual.") if name.startswith("visual.") else "t." + name
        for ours, theirs in PARTS:
            name = name.replace(ours, theirs)
        if "attn_qkv" in name:
            yield from ((name.replace("qkv", which), part) for which, part in zip("qkv", np.split(x, 3)))
        else:
            yield name, x


def write(path, data):
    """Writes the model file. Matrices are float16 if the file name says so; the patch
    convolution always, as it supports no other.
    """
    import gguf
    import numpy as np
    import open_clip
    from huggingface_tokenizer import read_merges, vocabulary

    model, half = path.name.split(".")[0], path.suffixes[:-1] == [".f16"]
    config = open_clip.get_model_config(model)
    image, text = config["vision_cfg"], config["text_cfg"]
    file = gguf.GGUFWriter(path, arch="clip")
    file.add_file_type(1 if half else 0)
    file.add_name(model)
    file.add_description("random weights")
    for key, value in (("has_text_encoder", True), ("has_vision_encoder", True), ("use_gelu", False)):
        file.add_bool(f"clip.{key}", value)
    for tower, of, heads in (("vision", image, image["width"] // 64), ("text", text, text["heads"])):
        sizes = {
            "embedding_length": of["width"],
            "feed_forward_length": 4 * of["width"],
            "projection_dim": config["embed_dim"],
            "attention.head_count": heads,
            "block_count": of["layers"],
        }
        for key, value in sizes.items():
            file.add_uint32(f"clip.{tower}.{key}", value)
        file.add_float32(f"clip.{tower}.attention.layer_norm_epsilon", 1e-5)
    file.add_uint32("clip.vision.image_size", image["image_size"])
    file.add_uint32("clip.vision.patch_size", image["patch_size"])
    file.add_uint32("clip.text.context_length", text["context_length"])
    file.add_array("clip.vision.image_mean", models.MEAN)
    file.add_array("clip.vision.image_std", models.DEVIATION)
    file.add_token_list(list(vocabulary(read_merges(data))))
    for name, x in tensors(models.create(model).state_dict()):
        file.add_tensor(name, x.astype(np.float16) if x.ndim == 4 or (half and x.ndim == 2) else x)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


class Tokens(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_size_t))


class Image(ctypes.Structure):
    _fields_ = (("width", ctypes.c_int), ("height", ctypes.c_int), ("data", ctypes.c_void_p), ("size", ctypes.c_size_t))


def library():
    path = pathlib.Path(os.environ.get("CLIP_CPP") or "$CLIP_CPP") / "shared" / "libclip.so"
    if not path.exists():
        raise ModuleNotFoundError(name=str(path))
    found = ctypes.CDLL(str(path))
    found.clip_model_load.restype = ctypes.c_void_p
    found.clip_get_vision_hparams.argtypes = (ctypes.c_void_p,)
    found.clip_get_vision_hparams.restype = ctypes.POINTER(ctypes.c_int32)
    for encode, kind in (found.clip_text_encode, Tokens), (found.clip_image_encode, Image):
        encode.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(kind), ctypes.c_void_p, ctypes.c_bool)
        encode.restype = ctypes.c_bool
    return found


def tower(part, file, batch, threads, dtype, trimmed):
    import numpy as np

    clip = library()
    model = clip.clip_model_load(str(file).encode(), 0)
    if not model:
        raise SystemExit(f"{file}: clip.cpp cannot read it")
    width = clip.clip_get_vision_hparams(model)[4]

    def encode_text(ids, features):
        ids = np.ascontiguousarray(ids[: ids.argmax() + 1], np.int32)
        return clip.clip_text_encode(model, threads, Tokens(ids.ctypes.data, ids.size), features.ctypes.data, False)

    def encode_image(x, features):
        x = np.ascontiguousarray(x.transpose(1, 2, 0))
        return clip.clip_image_encode(
            model, threads, Image(x.shape[1], x.shape[0], x.ctypes.data, x.size), features.ctypes.data, False
        )

    encode = encode_image if part == "image" else encode_text

    def every(x):
        features = np.empty((len(x), width), np.float32)
        if not all(encode(row, of) for row, of in zip(x, features)):
            raise SystemExit("clip.cpp failed to encode the input")
        return features

    return every
