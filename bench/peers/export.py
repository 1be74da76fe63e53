"""Writes the model files of the peers, all from one open_clip model with random weights.

    python3 export.py --work FOLDER NAME…

The name selects the content; existing files are kept.

    ViT-B-32.safetensors      open_clip's state dict              (any model of models.py, as MobileCLIP2-S0-fused)
    ViT-B-32.image.onnx       one tower with dynamic batch        (image or text)
    ViT-B-32.image.int8.onnx  products quantised by ONNX Runtime, activations dynamically
    ViT-B-32.image.xml        the same tower for OpenVINO
    ViT-B-32.image.ptq.xml    fully quantised, calibrated on 16 random images
    ViT-B-32.image.weights.xml   only the weights quantised
    ViT-B-32.gguf             both towers for clip.cpp            (or .f16.gguf: matrices in half precision)
    tokenizer.json            Hugging Face's tokenizer
    photo-640x480.jpg         an image of that size, quality 90
"""

import argparse
import os
import pathlib

import clip_cpp
import common
import models

BATCH = 2  # of the traced example


def safetensors(path):
    from safetensors.torch import save_file

    state = models.create(models.of_file(path)).state_dict()
    save_file({name: value.contiguous().clone() for name, value in state.items()}, str(path))


def onnx(path, data):
    import torch

    name, part = path.name.split(".")[:2]
    torch.backends.mha.set_fastpath_enabled(False)  # ONNX has no equivalent of the fused operations
    model = models.create(name)

    class Text(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, ids):
            return self.model.encode_text(ids)

    tower, example = (
        (model.visual, models.pixels(BATCH, name))
        if part == "image"
        else (Text(), models.token_ids(data, common.prompts(data, BATCH), name))
    )
    program = torch.onnx.export(
        tower.eval(),
        (torch.from_numpy(example),),
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("n")},),
        input_names=["x"],
        output_names=["y"],
        optimize=True,
        verbose=False,
    )
    program.save(str(path))


def onnx_int8(path, source):
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    clean = path.with_suffix(".clean")
    quant_pre_process(str(source), str(clean), skip_symbolic_shape=True)
    quantize_dynamic(
        str(clean), str(path), weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gemm"]
    )
    clean.unlink()


def openvino(path, source, form):
    import openvino

    name = models.of_file(path)
    model = openvino.Core().read_model(str(source))
    if form:
        import nncf
    if form == "ptq":
        model.reshape({model.inputs[0]: [1, *models.pixels(1, name).shape[1:]]})
        images = nncf.Dataset([models.pixels(16, name)[i : i + 1] for i in range(16)])
        model = nncf.quantize(model, images, subset_size=16, model_type=nncf.ModelType.TRANSFORMER)
    if form == "weights":
        model = nncf.compress_weights(model)
    openvino.save_model(model, str(path), compress_to_fp16=False)


def tokenizer(path, data):
    from huggingface_tokenizer import new_tokenizer, read_merges, vocabulary

    merges = read_merges(data)
    new_tokenizer(vocabulary(merges), merges).save(str(path))


def photo(path, data):
    from PIL import Image

    size = tuple(map(int, path.stem.split("-")[1].split("x")))
    Image.open(data / "images" / "rocket.jpg").convert("RGB").resize(size, Image.Resampling.BICUBIC).save(
        path, quality=90
    )


def make(path, data):
    """Makes the file, after the files that it is made from."""
    if path.exists():
        return path
    parts = path.name.split(".")
    if path.suffix == ".safetensors":
        safetensors(path)
    elif parts[2:] == ["onnx"]:
        onnx(path, data)
    elif parts[2:] == ["int8", "onnx"] or path.suffix == ".xml":
        source = make(path.with_name(".".join([*parts[:2], "onnx"])), data)
        (
            onnx_int8(path, source)
            if path.suffix == ".onnx"
            else openvino(path, source, parts[2] if len(parts) == 4 else "")
        )
    elif path.suffix == ".gguf":
        clip_cpp.write(path, data)
    elif path.name == "tokenizer.json":
        tokenizer(path, data)
    elif path.suffix == ".jpg":
        photo(path, data)
    else:
        raise SystemExit(f"{path.name}: unknown file name; see --help")
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for the files")
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("CLIP_TEST_DATA"))
    parser.add_argument("names", nargs="+", metavar="NAME")
    a = parser.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    missing = []
    for name in a.names:
        try:
            make(a.work / name, a.data)
        except ModuleNotFoundError as error:
            missing.append(f"{name}: {error.name} is not installed")
    if missing:
        raise SystemExit("\n".join(missing))


if __name__ == "__main__":
    main()
