"""The open_clip models of the comparison: their inputs, their preprocessing, and the models with random weights.

A name is open_clip's, followed by -fused for an image tower whose branches are merged into one convolution each, as
timm does it for inference.
"""

import dataclasses
import logging

MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


@dataclasses.dataclass(frozen=True)
class Form:
    """What a model reads. The defaults are those of OpenAI's models, with QuickGELU."""

    image_size: int = 224
    context: int = 77
    pieces: int = 0  # size of a SentencePiece vocabulary; 0: OpenAI's vocabulary
    suffix: str = ""
    mean: tuple = MEAN
    deviation: tuple = DEVIATION
    interpolation: str = "bicubic"
    squash: bool = False


OPENAI = Form(suffix="-quickgelu")
MOBILE = Form(image_size=256, mean=(0, 0, 0), deviation=(1, 1, 1), interpolation="bilinear")
HALF = (0.5, 0.5, 0.5)
FORMS = {
    "ViT-B-16-SigLIP": Form(context=64, pieces=32000, mean=HALF, deviation=HALF, squash=True),
    "MobileCLIP-S2": MOBILE,
    "MobileCLIP2-S0": MOBILE,
    "TinyCLIP-ViT-39M-16-Text-19M": Form(),
    "ResNet-34-BERT": Form(context=16, pieces=30522, mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225)),
}


def tiny_clip():
    """TinyCLIP-ViT-39M-16-Text-19M: open_clip's class, as microsoft/Cream builds it."""
    import open_clip

    image = open_clip.CLIPVisionCfg(layers=12, width=512, patch_size=16, image_size=224)
    return open_clip.CLIP(512, image, open_clip.CLIPTextCfg(width=512, heads=8, layers=6))


def resnet_bert():
    """torchvision's ResNet-34 and transformers' BERT-base, whose first token a linear layer projects."""
    import torch
    from torchvision.models import resnet34
    from transformers import BertConfig, BertModel

    class Pair(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.visual = resnet34(num_classes=512)
            self.text = BertModel(BertConfig(attn_implementation="sdpa"), add_pooling_layer=False)
            self.projection = torch.nn.Linear(768, 512, bias=False)

        def encode_text(self, ids):
            return self.projection(self.text(input_ids=ids).last_hidden_state[:, 0])

    return Pair()


OWN = {"TinyCLIP-ViT-39M-16-Text-19M": tiny_clip, "ResNet-34-BERT": resnet_bert}


def of_file(path):
    """The name of the model in a file's or folder's name."""
    return path.name.split(".")[0].removesuffix("-huggingface")


def form(name):
    return FORMS.get(name.removesuffix("-fused"), OPENAI)


def create(name):
    """open_clip's model of that name with random weights from a fixed seed."""
    import open_clip
    import torch

    logging.disable(logging.WARNING)
    torch.manual_seed(0)
    if name in OWN:
        return OWN[name]().eval()
    base = name.removesuffix("-fused")
    model = open_clip.create_model(base + form(name).suffix, pretrained=None).eval()
    if base != name:
        from timm.utils.model import reparameterize_model

        model.visual.trunk = reparameterize_model(model.visual.trunk)
    return model.eval()


def load(path):
    """The model with the weights of a .safetensors file."""
    from safetensors.torch import load_file

    model = create(of_file(path))
    model.load_state_dict(load_file(str(path)))
    return model


def pixels(count, name="ViT-B-32"):
    """(n, 3, size, size) standard-normal values; the time does not depend on the image."""
    import numpy as np

    size = form(name).image_size
    return np.random.default_rng(0).standard_normal((count, 3, size, size), dtype=np.float32)


def token_ids(data, texts, name="ViT-B-32"):
    """(n, context) ids: OpenAI's, zeros after the end of text; or random pieces, as all positions are read anyway."""
    import numpy as np

    shape = form(name)
    if shape.pieces:
        return np.random.default_rng(0).integers(0, shape.pieces, (len(texts), shape.context), np.int64)
    from open_clip.tokenizer import SimpleTokenizer

    return SimpleTokenizer(bpe_path=str(data / "bpe_simple_vocab_16e6.txt.gz"))(texts).numpy()


def resized(image, size, interpolation):
    """The image with a shorter side of `size` pixels, by Pillow."""
    shorter = min(image.size)
    return image.resize((size * image.width // shorter, size * image.height // shorter), interpolation)


def model_input(image, name="ViT-B-32"):
    """The image as the model's input, by Pillow."""
    import numpy as np
    from PIL import Image

    shape = form(name)
    size, kind = shape.image_size, Image.Resampling[shape.interpolation.upper()]
    if shape.squash:
        image = image.resize((size, size), kind)
    else:
        image = resized(image, size, kind)
        left, top = (image.width - size) // 2, (image.height - size) // 2
        image = image.crop((left, top, left + size, top + size))
    x = np.asarray(image.convert("RGB")).astype(np.float32) / np.float32(255)
    x = (x - np.array(shape.mean, np.float32)) / np.array(shape.deviation, np.float32)
    return np.ascontiguousarray(x.transpose(2, 0, 1))
