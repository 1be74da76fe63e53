"""The engines: ENGINES[name](part, file, batch, threads, dtype, trimmed) returns a
function from input to features, in NumPy.

    pytorch           open_clip's modules, eager
    pytorch-frozen    torch.compile with frozen weights
    transformers      Hugging Face's CLIP; texts padded to the longest of the batch, as is usual
    onnxruntime       an ONNX file, float or quantised
    openvino          an OpenVINO file, float, bfloat16 or quantised
    clip.cpp          a gguf file, float or half; texts are not padded (clip_cpp.py)

`file` holds the weights in the engine's format (export.py writes it). `trimmed`: open_clip's text tower runs only the
positions that the longest text of the batch needs, instead of all 77.
"""

import clip_cpp
import models


class Trimmed:
    """open_clip's text tower, cut after the longest text."""

    def __init__(self, model):
        self.model = model

    def __call__(self, ids):
        end = ids.argmax(-1)
        n = int(end.max()) + 1
        return self.run(ids[:, :n], self.model.positional_embedding[:n], self.model.attn_mask[:n, :n], end)

    def run(self, ids, positions, mask, end):
        import torch

        m = self.model
        x = m.ln_final(m.transformer(m.token_embedding(ids) + positions, attn_mask=mask))
        return x[torch.arange(len(x)), end] @ m.text_projection  # with gather the compiled tower takes twice as long


def pytorch(part, file, batch, threads, dtype, trimmed, frozen=False):
    import torch

    torch.set_num_threads(threads)
    # Parameters keep requires_grad. Without it, torch computes attention's in-projection as a batched product, which is
    # never packed, and the compiled tower is a third slower.
    model = models.load(file).eval()
    if dtype == "bf16":
        model = model.bfloat16()
        model.attn_mask = model.attn_mask.bfloat16()

    def compiled(f):
        if not frozen:
            return f
        import torch._inductor.config

        torch._inductor.config.freezing = True
        # With dynamic shapes it packs for oneDNN, which uses AVX-512 on every processor; with static ones, for MKL.
        return torch.compile(f, dynamic=True)

    if part == "image":
        tower = compiled(model.visual)
    elif trimmed:
        tower = Trimmed(model)
        tower.run = compiled(tower.run)
    else:
        tower = compiled(model.encode_text)

    def encode(x):
        with torch.inference_mode():
            x = torch.from_numpy(x)
            return tower(x.bfloat16() if dtype == "bf16" and x.is_floating_point() else x).float().numpy()

    return encode


def pytorch_frozen(*settings):
    return pytorch(*settings, frozen=True)


def transformers(part, file, batch, threads, dtype, trimmed):
    import numpy as np
    import torch
    from transformers import CLIPModel

    torch.set_num_threads(threads)
    model = CLIPModel.from_pretrained(file).eval()

    def image(x):
        return model.visual_projection(model.vision_model(pixel_values=torch.from_numpy(x)).pooler_output)

    def text(ids):
        end = ids.argmax(-1)
        n = int(end.max()) + 1
        keep = np.arange(n) <= end[:, None]
        ids = np.where(keep, ids[:, :n], ids.max())
        found = model.text_model(
            input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(keep.astype(np.int64))
        )
        return model.text_projection(found.pooler_output)

    def encode(x):
        with torch.inference_mode():
            return (image if part == "image" else text)(x).numpy()

    return encode


def onnxruntime(part, file, batch, threads, dtype, trimmed):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_free_dimension_override_by_name("n", batch)
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x: session.run(None, {name: x})[0]


def openvino(part, file, batch, threads, dtype, trimmed):
    import openvino

    core = openvino.Core()
    model = core.read_model(str(file))
    form = models.form(models.of_file(file))
    shape = [3, form.image_size, form.image_size] if part == "image" else [form.context]
    model.reshape({model.inputs[0]: [batch, *shape]})
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "bf16" if dtype == "bf16" else "f32",
    }
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    return lambda x: request.infer([x], share_inputs=True, share_outputs=True)[0]


ENGINES = {
    "pytorch": pytorch,
    "pytorch-frozen": pytorch_frozen,
    "transformers": transformers,
    "onnxruntime": onnxruntime,
    "openvino": openvino,
    "clip.cpp": clip_cpp.tower,
}
