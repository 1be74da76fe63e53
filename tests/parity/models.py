"""OpenCLIP models with seeded random weights, their inputs, and their weights in other layouts."""

import copy
import math
import warnings

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
import torchvision
import transformers
from transformers import CLIPConfig, CLIPModel


def tiny(embed_dim, text_width, text_layers, **vision):
    """A TinyCLIP as OpenCLIP's class computes it, which has no configuration of it."""
    return dict(
        embed_dim=embed_dim,
        vision_cfg=dict(image_size=224, **vision),
        text_cfg=dict(context_length=77, vocab_size=49408, width=text_width, heads=text_width // 64, layers=text_layers),
    )


# name here -> (OpenCLIP's configuration, layers of the image tower, layers of the text tower); None: as published
MODELS = {
    "ViT-B/32": ("ViT-B-32-quickgelu", None, None),
    "ViT-B/16": ("ViT-B-16-quickgelu", None, None),
    "RN50": ("RN50-quickgelu", None, None),
    "laion/ViT-B-32": ("ViT-B-32", None, None),
    "ViT-L/14@336px": ("ViT-L-14-336-quickgelu", 3, 2),
    "RN50x4": ("RN50x4-quickgelu", [2, 1, 2, 1], 2),
    "laion/ViT-H-14": ("ViT-H-14", 3, 2),
    "laion/ViT-g-14": ("ViT-g-14", 2, 2),
    "laion/ViT-bigG-14": ("ViT-bigG-14", 2, 2),
    "datacomp/ViT-B-32-256": ("ViT-B-32-256", None, None),
    "laion400m/ViT-B-16-plus-240": ("ViT-B-16-plus-240", None, None),
    "clipa/ViT-L-14": ("ViT-L-14-CLIPA", 3, 2),
    "metaclip2/ViT-H-14": ("ViT-H-14-worldwide-quickgelu", 3, 2),
    "tinyclip/ViT-8M-16-Text-3M": (tiny(512, 256, 3, width=256, layers=10, patch_size=16), None, None),
    "tinyclip/ViT-39M-16-Text-19M": (tiny(512, 512, 6, width=512, layers=12, patch_size=16), None, None),
    "tinyclip/ViT-40M-32-Text-19M": (tiny(512, 512, 6, width=512, layers=12, patch_size=32), None, None),
    "tinyclip/ViT-61M-32-Text-29M": (tiny(512, 512, 9, width=640, layers=12, patch_size=32), None, None),
    "tinyclip/ResNet-19M-Text-19M": (tiny(1024, 512, 6, width=44, layers=[3, 4, 6, 3], patch_size=None), None, None),
    "tinyclip/ResNet-30M-Text-29M": (tiny(1024, 512, 9, width=56, layers=[3, 4, 6, 3], patch_size=None), None, None),
}

# Models whose towers are timm's: name here -> OpenCLIP's configuration
CUSTOM = {
    "siglip/ViT-B-16": "ViT-B-16-SigLIP",
    "siglip2/ViT-B-32-256": "ViT-B-32-SigLIP2-256",
    "mobileclip/S1": "MobileCLIP-S1",
    "mobileclip/S2": "MobileCLIP-S2",
    "mobileclip2/S0": "MobileCLIP2-S0",
    "mobileclip2/S3": "MobileCLIP2-S3",
    "mobileclip/B": "MobileCLIP-B",
    "mobileclip2/L-14": "MobileCLIP2-L-14",
    "jettclip/S0": "MobileCLIP2-S0",
    "jettclip/S2": "MobileCLIP-S2",
    "jettclip/B": "MobileCLIP-B",
}

# Models of which the text tower alone is built: name here -> OpenCLIP's configuration
TEXTS = {"pe_core::B_16": "PE-Core-B-16"}


# Long-CLIP: name here -> OpenCLIP's configuration of the model that it was made of
LONG = {"longclip/B": "ViT-B-16-quickgelu", "longclip/L": "ViT-L-14-quickgelu"}
LONG_CONTEXT, LONG_KEPT = 248, 20


# Ids of those whose token table alone has more bytes than a whole ViT-L.
VOCABULARY = {"metaclip2/ViT-H-14": 20000}


# Classifiers of torchvision, as image towers alone
TORCHVISION = ["resnet18", "resnet34", "resnet50"]

# Pairs whose text tower is a BERT: name here -> the context and vocabulary of the texts
BERTS = {"chinese-clip/ViT-B-16": (52, 21128), "biomedclip": (256, 30522), "experiment/ResNet-34-BERT": (77, 30522)}


def config_of(name):
    """OpenCLIP's model_cfg, and whether it differs from the published one."""
    theirs, image_layers, text_layers = (LONG[name], None, None) if name in LONG else MODELS[name]
    config = copy.deepcopy(theirs if isinstance(theirs, dict) else open_clip.get_model_config(theirs))
    if name in LONG:
        config["text_cfg"]["context_length"] = LONG_CONTEXT
    if image_layers is not None:
        config["vision_cfg"]["layers"] = image_layers
    if text_layers is not None:
        config["text_cfg"]["layers"] = text_layers
    if name in VOCABULARY:
        config["text_cfg"]["vocab_size"] = VOCABULARY[name]
    return config, image_layers is not None


def inputs_of(config, seed):
    """Four smooth images, so that their features differ, and six texts: short, long, one that fills the context."""
    random = torch.Generator().manual_seed(seed)
    size, context, vocabulary = (
        config["vision_cfg"]["image_size"],
        config["text_cfg"]["context_length"],
        config["text_cfg"]["vocab_size"],
    )
    coarse = torch.randn(4, 3, 5, 5, generator=random)
    images = F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=False) + 0.3 * torch.randn(
        4, 3, size, size, generator=random
    )
    pool = config["text_cfg"].get("pool_type")
    start, end, pad = {"eos": (0, 2, 1), "last": (101, 0, 0)}.get(pool, (vocabulary - 2, vocabulary - 1, 0))
    ids = torch.full((6, context), pad, dtype=torch.int32)
    for i, length in enumerate([2, 3, 9, 20, context - 1, context]):  # 32 or more
        ids[i, 0] = start
        ids[i, 1 : length - 1] = torch.randint(3 if pool == "eos" else 1, vocabulary - 2, (length - 2,), generator=random)
        ids[i, length - 1] = end
    return images, ids


def set_statistics(norms, pass_images, normal, uniform):
    """Running statistics from front to back, each of what its layer gets once those before it are set, then perturbed.
    Taken from one pass in training, the perturbations multiply: after the 44 blocks of MCi2 values reach 1e9, gates of
    squeeze-and-excitation become steps, and PyTorch's float differs from its double by 4e-3."""

    def measure(module, inputs):
        variance, mean = torch.var_mean(inputs[0], (0, 2, 3))
        module.running_mean.copy_(mean + normal(mean, 0.1) * variance.sqrt())
        module.running_var.copy_(variance * (0.7 + 0.6 * uniform(variance)))
        module.num_batches_tracked.fill_(1234)

    hooks = [m.register_forward_pre_hook(measure) for m in norms]
    pass_images()
    for hook in hooks:
        hook.remove()


def scatter(model, images, seed, in_order=False):
    """Draws weights such that every part of the model affects the features. in_order: see set_statistics."""
    random = torch.Generator().manual_seed(seed)
    normal = lambda t, scale: torch.randn(t.shape, generator=random) * scale
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.LayerNorm):
                module.weight.copy_(1 + normal(module.weight, 0.2))
                module.bias.copy_(normal(module.bias, 0.2))
            elif isinstance(module, torch.nn.BatchNorm2d):
                module.weight.copy_(0.5 + torch.rand(module.weight.shape, generator=random))
                module.bias.copy_(normal(module.bias, 0.3))
                module.momentum = 1.0
            elif isinstance(module, torch.nn.Linear) and module.bias is not None:
                module.bias.copy_(normal(module.bias, 0.1))
        for name, p in model.named_parameters():
            if name.endswith("in_proj_bias"):
                p.copy_(normal(p, 0.1))
            elif name.endswith("in_proj_weight"):
                p.copy_(normal(p, 1.5 / math.sqrt(p.shape[1])))
            elif name.endswith("positional_embedding") or name.endswith("class_embedding"):
                p.copy_(normal(p, 0.5 if p.shape[0] > 64 and name.startswith("pos") else 0.1))
            elif name == "token_embedding.weight":
                p.copy_(normal(p, 0.5))
        # Batch statistics of these images, then perturbed.
        norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        if norms and in_order:
            uniform = lambda t: torch.rand(t.shape, generator=random)
            set_statistics(norms, lambda: model.eval().encode_image(images), normal, uniform)
        elif norms:
            model.train()
            model.encode_image(images)
            for m in norms:
                m.running_mean += normal(m.running_mean, 0.1) * m.running_var.sqrt()
                m.running_var *= 0.7 + 0.6 * torch.rand(m.running_var.shape, generator=random)
                m.num_batches_tracked.fill_(1234)
    return model.eval()


def make(name, seed=1):
    config, changed = config_of(name)
    torch.manual_seed(seed)
    model = open_clip.CLIP(**config)
    config["text_cfg"].setdefault("context_length", 77)
    config["text_cfg"].setdefault("vocab_size", 49408)
    images, ids = inputs_of(config, seed)
    return scatter(model, images, seed), config, changed, images, ids


def context_of(name):
    """The places of texts where they are not those of the configuration: JettCLIP's, and otherwise None."""
    return LONG_CONTEXT if name.startswith("jettclip/") else None


def created(name):
    """A model of CUSTOM or TEXTS as OpenCLIP makes it."""
    return open_clip.create_model(
        {**CUSTOM, **TEXTS}[name], pretrained=None, force_context_length=context_of(name)
    ).eval()


def custom(name, seed=1):
    """A model of CUSTOM or TEXTS with seeded weights, and its inputs. Rows of SigLIP have neither start nor end of text."""
    torch.manual_seed(seed)
    model = created(name)
    config = copy.deepcopy(open_clip.get_model_config({**CUSTOM, **TEXTS}[name]))
    config["text_cfg"]["context_length"] = context_of(name) or config["text_cfg"].get("context_length", 77)
    config["text_cfg"].setdefault("vocab_size", 49408)
    images, ids = inputs_of(config, seed)
    if name.startswith("siglip"):
        ids = torch.randint(2, config["text_cfg"]["vocab_size"], ids.shape, dtype=torch.int32)
    with torch.no_grad():
        for parameter_name, p in model.named_parameters():
            if parameter_name.endswith("gamma"):  # of layer scales
                p.copy_(0.3 + 0.1 * torch.rand(p.shape))
    return scatter(model, images, seed, in_order="/S" in name), images, ids


def torchvision_model(name, seed=1):
    """A classifier with seeded weights and statistics, and images for it."""
    torch.manual_seed(seed)
    images, _ = inputs_of(dict(vision_cfg=dict(image_size=224), text_cfg=dict(context_length=30, vocab_size=99)), seed)
    model = getattr(torchvision.models, name)(weights=None)
    model.encode_image = model.forward
    return scatter(model, images, seed), images


class ResNetBert(torch.nn.Module):
    """torchvision's ResNet-34 and the first token of transformers' BERT, projected."""

    def __init__(self):
        super().__init__()
        self.visual = torchvision.models.resnet34(weights=None, num_classes=512)
        self.bert = transformers.BertModel(transformers.BertConfig(), add_pooling_layer=False)
        self.text_projection = torch.nn.Parameter(torch.randn(768, 512) / 768**0.5)
        self.logit_scale = torch.nn.Parameter(torch.tensor(2.6592))

    def encode_image(self, images):
        return self.visual(images)

    def encode_text(self, ids):
        return self.bert(ids, attention_mask=(ids != 0).long()).last_hidden_state[:, 0] @ self.text_projection


def chinese_clip():
    settings = dict(vocab_size=21128, max_position_embeddings=512)
    config = transformers.ChineseCLIPConfig(
        text_config=settings, vision_config=dict(patch_size=16), projection_dim=512
    )
    return with_encoders(transformers.ChineseCLIPModel(config))


def with_encoders(model):
    """A ChineseCLIPModel with OpenCLIP's functions."""
    take = lambda out: out if isinstance(out, torch.Tensor) else out.pooler_output
    model.encode_image = lambda images: take(model.get_image_features(pixel_values=images))
    model.encode_text = lambda ids: take(model.get_text_features(input_ids=ids, attention_mask=(ids != 0).long()))
    return model


def biomedclip(folder):
    """OpenCLIP's class with the sizes of its configuration; PubMedBERT's stand in a folder, so that nothing is downloaded."""
    bert = str(folder / "pubmedbert")
    transformers.BertConfig().save_pretrained(bert)
    return open_clip.CustomTextCLIP(
        embed_dim=512,
        vision_cfg=dict(
            timm_model_name="vit_base_patch16_224", timm_model_pretrained=False, timm_pool="", timm_proj="linear", image_size=224
        ),
        text_cfg=dict(
            hf_model_name=bert,
            hf_model_pretrained=False,
            hf_proj_type="mlp",
            hf_pooler_type="cls_last_hidden_state_pooler",
            context_length=256,
        ),
    )


def bert_pair(name, folder, seed=1):
    """A model of BERTS with seeded weights, and its inputs: rows of several lengths, padded with 0."""
    torch.manual_seed(seed)
    context, vocabulary = BERTS[name]
    images, _ = inputs_of(dict(vision_cfg=dict(image_size=224), text_cfg=dict(context_length=30, vocab_size=99)), seed)
    ids = torch.zeros(6, context, dtype=torch.int32)
    for i, length in enumerate([2, 3, 9, 20, context - 1, context]):
        ids[i, :length] = torch.randint(1, vocabulary, (length,))
    model = chinese_clip() if name.startswith("chinese") else biomedclip(folder) if name == "biomedclip" else ResNetBert()
    return scatter(model, images, seed), images, ids


def original_chinese_clip(state):
    """The weights of transformers' ChineseCLIPModel under the names of Chinese-CLIP's repository."""
    found, blocks = {}, {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
                         "self_attn.out_proj": "attn.out_proj"}  # fmt: skip
    known = {
        "vision_model.embeddings.class_embedding": "visual.class_embedding",
        "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
        "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
        "visual_projection.weight": "visual.proj",
        "text_projection.weight": "text_projection",
        "logit_scale": "logit_scale",
    }
    for name, value in state.items():
        if name.startswith("text_model."):
            found["bert." + name.removeprefix("text_model.")] = value
        elif name in known:
            found[known[name]] = value.T if name.endswith("projection.weight") else value
        elif name.startswith("vision_model.encoder.layers."):
            number, module, kind = *name.removeprefix("vision_model.encoder.layers.").split(".", 1)[:1], *name.split(".", 4)[4].rsplit(".", 1)
            place = f"visual.transformer.resblocks.{number}."
            if module.startswith("self_attn.") and module[-6] in "qkv":
                if module[-6] == "q":
                    parts = [state[name.replace("q_proj", letter + "_proj")] for letter in "qkv"]
                    found[f"{place}attn.in_proj_{kind}"] = torch.cat(parts)
            else:
                found[f"{place}{blocks[module]}.{kind}"] = value
        else:
            found[name.replace("vision_model.pre_layrnorm", "visual.ln_pre").replace("vision_model.post_layernorm", "visual.ln_post")] = value
    return {k: v.contiguous() for k, v in found.items()}


def as_tinyclips(state):
    """The same weights under the names of TinyCLIP's repository."""

    def component(name):
        if name == "logit_scale":
            return "_logit_scale"
        return "_image_encoder" if name.startswith("visual.") else "_text_encoder"

    return {f"{component(name)}.{name}": value for name, value in state.items()}


def two_tables(state):
    """The state of a Long-CLIP whose fold is this one; the rows that are not read are other numbers."""
    first = state["positional_embedding"].clone()
    second = first.clone()
    first[LONG_KEPT:] += 1
    second[:LONG_KEPT] -= 1
    return {**state, "positional_embedding": first, "positional_embedding_res": second}


def fresh(config):
    return open_clip.CLIP(**copy.deepcopy(config)).eval()


def features(model, images, ids):
    with torch.no_grad():
        return model.encode_image(images).float().numpy(), model.encode_text(ids.long()).float().numpy()


def spread(features):
    """The largest cosine between two different inputs."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    return max(float(cosine) for i, row in enumerate(unit @ unit.T) for j, cosine in enumerate(row) if i != j)


def distance(a, b):
    unit = lambda x: x.astype(np.float64) / np.linalg.norm(x.astype(np.float64), axis=1, keepdims=True)
    worst = np.abs(unit(a) - unit(b)).max() if a.shape == b.shape else np.inf
    return float(worst) if np.isfinite(worst) else math.inf


# ---------------------------------------------------------------- layouts of other libraries
HALVES = ("conv", "attn.in_proj", "out_proj", "c_fc", "c_proj", "q_proj", "k_proj", "v_proj", "downsample.0")


def as_openai(state):
    """The element types of OpenAI's archives: products in half, norms, tables and the temperature in float."""
    half = lambda name: name in ("visual.proj", "text_projection") or any(part in name for part in HALVES)
    return {name: value.half() if half(name) else value for name, value in state.items()}


def archive(model, types, images, ids, path):
    """Writes a traced model with the three integers of OpenAI's archives and with weights of the given types."""
    model = copy.deepcopy(model)
    mask = model._buffers.pop("attn_mask")
    model.attn_mask = mask  # in OpenAI's archives a constant of the code, not a tensor
    for note, value in [
        ("input_resolution", images.shape[-1]),
        ("context_length", ids.shape[1]),
        ("vocab_size", 49408),
    ]:
        if hasattr(model, note):
            delattr(model, note)
        model.register_buffer(note, torch.tensor(value))
    warnings.simplefilter("ignore", FutureWarning)  # TorchScript is deprecated, but OpenAI's files use it
    traced = torch.jit.trace(model, (images[:1], ids[:1].long()), check_trace=False)
    for name, p in list(traced.named_parameters()) + list(traced.named_buffers()):
        if name in types:
            p.data = types[name]
    torch.jit.save(traced, path)


def transformers_model(config, state):
    """A CLIPModel with the same weights."""
    vision, text = config["vision_cfg"], config["text_cfg"]
    act = "quick_gelu" if config.get("quick_gelu") else "gelu"
    settings = CLIPConfig(
        projection_dim=config["embed_dim"],
        vision_config=dict(
            hidden_size=vision["width"],
            intermediate_size=int(vision["width"] * vision.get("mlp_ratio", 4)),
            num_hidden_layers=vision["layers"],
            num_attention_heads=vision["width"] // vision.get("head_width", 64),
            image_size=vision["image_size"],
            patch_size=vision["patch_size"],
            hidden_act=act,
            projection_dim=config["embed_dim"],
        ),
        text_config=dict(
            hidden_size=text["width"],
            intermediate_size=4 * text["width"],
            num_hidden_layers=text["layers"],
            num_attention_heads=text["heads"],
            max_position_embeddings=text["context_length"],
            vocab_size=text["vocab_size"],
            hidden_act=act,
            bos_token_id=text["vocab_size"] - 2,
            eos_token_id=text["vocab_size"] - 1,
            projection_dim=config["embed_dim"],
        ),
    )
    model = CLIPModel(settings).eval()
    theirs = {}
    blocks = {
        "ln_1": "layer_norm1",
        "ln_2": "layer_norm2",
        "mlp.c_fc": "mlp.fc1",
        "mlp.c_proj": "mlp.fc2",
        "attn.out_proj": "self_attn.out_proj",
    }
    for name, value in state.items():
        tower = "vision_model" if name.startswith("visual.") else "text_model"
        short = name.removeprefix("visual.")
        if short.startswith("transformer.resblocks."):
            number, rest = short.removeprefix("transformer.resblocks.").split(".", 1)
            place = f"{tower}.encoder.layers.{number}."
            if rest.startswith("attn.in_proj_"):
                for part, letter in zip(value.chunk(3), "qkv"):
                    theirs[f"{place}self_attn.{letter}_proj.{rest.removeprefix('attn.in_proj_')}"] = part
            else:
                module, kind = rest.rsplit(".", 1)
                theirs[f"{place}{blocks[module]}.{kind}"] = value
            continue
        known = {
            "visual.class_embedding": "vision_model.embeddings.class_embedding",
            "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
            "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
            "visual.proj": "visual_projection.weight",
            "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
            "positional_embedding": "text_model.embeddings.position_embedding.weight",
            "text_projection": "text_projection.weight",
            "logit_scale": "logit_scale",
        }
        norms = {
            "visual.ln_pre": "vision_model.pre_layrnorm",
            "visual.ln_post": "vision_model.post_layernorm",
            "ln_final": "text_model.final_layer_norm",
        }
        if name in known:
            theirs[known[name]] = value.T if name in ("visual.proj", "text_projection") else value
        else:
            module, kind = name.rsplit(".", 1)
            theirs[f"{norms[module]}.{kind}"] = value
    model.load_state_dict({name: value.contiguous() for name, value in theirs.items()}, strict=True)
    return model


def transformers_features(model, images, ids):
    take = lambda out: (out if isinstance(out, torch.Tensor) else out.pooler_output).float().numpy()
    with torch.no_grad():
        return take(model.get_image_features(pixel_values=images)), take(model.get_text_features(input_ids=ids.long()))
