"""A cold start, from the start of the process to probabilities.

    python3 cold.py --peer openvino-cached --work FOLDER --image IMAGE --text TEXT --threads 2

Loads float ViT-B/32 from FOLDER (export.py writes it), reads an image, tokenises the texts,
prints the softmax. The caller measures the process, so imports count. openvino-cached stores the
compiled model under FOLDER on its first start.
"""

import pathlib

import common

MODEL = "ViT-B-32"


def open_clip(a):
    import open_clip as library
    import torch
    from PIL import Image

    torch.set_num_threads(a.threads)
    model, _, transform = library.create_model_and_transforms(
        MODEL + "-quickgelu", pretrained=str(a.work / f"{MODEL}.safetensors")
    )
    model.eval()
    with torch.inference_mode():
        image, text, scale = model(transform(Image.open(a.image)).unsqueeze(0), library.get_tokenizer(MODEL)(a.text))[
            :3
        ]
        return (scale * image @ text.T).softmax(-1).tolist()[0]


def transformers(a):
    import torch
    from PIL import Image
    from transformers import CLIPModel
    from transformers.models.clip import CLIPImageProcessor

    torch.set_num_threads(a.threads)
    model = CLIPModel.from_pretrained(a.work / f"{MODEL}-huggingface").eval()
    pixels = CLIPImageProcessor()(Image.open(a.image), return_tensors="pt")["pixel_values"]
    ids = torch.from_numpy(token_ids(a))
    with torch.inference_mode():
        return model(input_ids=ids, pixel_values=pixels).logits_per_image.softmax(-1).tolist()[0]


def token_ids(a):
    import numpy as np
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(a.work / "tokenizer.json"))
    ids = np.zeros((len(a.text), 77), np.int64)
    for row, text in zip(ids, a.text):
        text = found.encode(text).ids
        row[: len(text)] = text
    return ids


def light(a, tower):
    """Without torch: Pillow, NumPy, the Rust tokenizer, and an engine's function tower(part, input)."""
    import numpy as np
    from PIL import Image
    from models import model_input

    image, text = tower("image", model_input(Image.open(a.image).convert("RGB"))[None]), tower("text", token_ids(a))
    image, text = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (image, text))
    logits = (image @ text.T)[0] / 0.07
    p = np.exp(logits - logits.max())
    return (p / p.sum()).tolist()


def onnxruntime(a):
    import onnxruntime as library

    options = library.SessionOptions()
    options.intra_op_num_threads = a.threads

    def tower(part, x):
        session = library.InferenceSession(
            str(a.work / f"{MODEL}.{part}.onnx"), options, providers=["CPUExecutionProvider"]
        )
        return session.run(None, {session.get_inputs()[0].name: x})[0]

    return light(a, tower)


def openvino(a, cache=False):
    import openvino as library

    core = library.Core()
    if cache:
        core.set_property({"CACHE_DIR": str(a.work / "openvino-cache")})
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": a.threads, "INFERENCE_PRECISION_HINT": "f32"}
    return light(a, lambda part, x: core.compile_model(str(a.work / f"{MODEL}.{part}.xml"), "CPU", settings)(x)[0])


def openvino_cached(a):
    return openvino(a, cache=True)


PEERS = {
    "open_clip": open_clip,
    "transformers": transformers,
    "onnxruntime": onnxruntime,
    "openvino": openvino,
    "openvino-cached": openvino_cached,
}


def main():
    a = common.arguments(
        __doc__,
        PEERS,
        ("--work", {"type": pathlib.Path, "required": True}),
        ("--image", {"type": pathlib.Path, "required": True}),
        ("--text", {"action": "append", "required": True, "help": "a text; repeat the option for several"}),
    )
    print(PEERS[a.peer](a))


if __name__ == "__main__":
    common.run(main)
