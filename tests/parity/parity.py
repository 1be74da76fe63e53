"""Converts models between PyTorch, OpenCLIP, transformers and this library in every direction and
compares the features. See README.md.
"""

import argparse
import json
import logging
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(1, str(pathlib.Path(__file__).parents[1] / "golden"))

import numpy as np
import open_clip
import torch
import transformers
from safetensors.torch import load_file, save_file

import make_big_vision
import models

TOLERANCE = 2e-5
QUICK = ["ViT-B/32", "RN50"]
# The formats to store each model in. "archive" is TorchScript with OpenAI's types,
# "nested" a training checkpoint with prefixes.
FORMATS = {
    "ViT-B/32": ["archive", "state", "transformers"],
    "ViT-B/16": ["state", "transformers"],
    "RN50": ["archive", "state"],
    "laion/ViT-B-32": ["nested", "safetensors", "transformers"],
    "tinyclip/ViT-8M-16-Text-3M": ["tinyclip", "transformers"],
    "tinyclip/ViT-39M-16-Text-19M": ["tinyclip"],
    "tinyclip/ViT-40M-32-Text-19M": ["tinyclip", "transformers"],
    "tinyclip/ViT-61M-32-Text-29M": ["tinyclip", "transformers"],
    "tinyclip/ResNet-19M-Text-19M": ["tinyclip"],
    "tinyclip/ResNet-30M-Text-29M": ["tinyclip"],
}


class Warnings(logging.Handler):
    """Collects the warnings that a library logs."""

    def __init__(self, library):
        super().__init__(logging.WARNING)
        self.texts, self.logger = [], logging.getLogger(library)

    def emit(self, record):
        self.texts.append(record.getMessage())

    def __enter__(self):
        self.logger.addHandler(self)
        return self

    def __exit__(self, *_):
        self.logger.removeHandler(self)


class Run:
    def __init__(self, program, folder):
        self.program, self.folder, self.rows = program, folder, []

    def ours(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return done.stdout

    def encode(self, model, weights, images, ids):
        np.save(self.folder / "images.npy", images.numpy())
        np.save(self.folder / "ids.npy", ids.numpy())
        self.ours("encode", model, weights, self.folder / "images.npy", self.folder / "ids.npy", self.folder / "out")
        return np.load(self.folder / "out.images.npy"), np.load(self.folder / "out.texts.npy")

    def row(self, model, way, check, spread=None):
        """check() returns distances (image, text) or a bool; an exception is a failure."""
        try:
            found = check()
        except Exception as error:  # noqa: BLE001: a failed row does not end the run
            found, problem = False, f"{type(error).__name__}: {error}"
        else:
            problem = ""
        if isinstance(found, tuple):
            good, told = max(found) <= TOLERANCE, f"{found[0]:.1e} | {found[1]:.1e}"
        else:
            good, told = bool(found), "equal | equal" if found else "differs | differs"
        self.rows.append((model, way, told, "" if spread is None else f"{spread:.3f}", good))
        print(f"{'ok  ' if good else 'FAIL'} {model}: {way}: {told} {problem}", file=sys.stderr, flush=True)

    def table(self):
        lines = ["| model | way | image | text | spread | |", "|---|---|---|---|---|---|"]
        return "\n".join(
            lines + [f"| {m} | {w} | {t} | {s} | {'ok' if g else '**fails**'} |" for m, w, t, s, g in self.rows]
        )


def same_tensors(found, expected):
    """Compares names, types, shapes and bytes."""
    raw = lambda t: t.contiguous().view(torch.uint8) if t.dim() else t.reshape(1).view(torch.uint8)
    wrong = set(found) ^ set(expected)
    wrong |= {
        n
        for n in set(found) & set(expected)
        if found[n].dtype != expected[n].dtype
        or found[n].shape != expected[n].shape
        or not torch.equal(raw(found[n]), raw(expected[n]))
    }
    if wrong:
        raise AssertionError(f"{len(wrong)} tensors, among them {sorted(wrong)[:3]}")
    return True


def check_model(run, name):
    model, config, changed, images, ids = models.make(name)
    folder = run.folder
    named = name
    if changed:
        named = folder / "config.json"
        named.write_text(json.dumps(config))
    state = {k: v for k, v in model.state_dict().items() if k != "attn_mask"}
    wanted = models.features(model, images, ids)
    spread = max(models.spread(f) for f in wanted)
    run.row(name, "features differ between inputs", lambda: spread < 0.99, spread)
    distances = lambda found, expected=wanted: tuple(models.distance(a, b) for a, b in zip(found, expected))
    reads = lambda path, expected=wanted: distances(run.encode(named, path, images, ids), expected)

    def state_dict():
        torch.save(state, folder / "state.pt")
        return folder / "state.pt"

    for kind in FORMATS.get(name, ["state"]):
        if kind == "archive":
            half = models.as_openai(state)
            rounded = models.fresh(config)
            rounded.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in half.items()})
            expected = models.features(rounded, images, ids)
            models.archive(model, half, images, ids, folder / "archive.pt")
            run.row(name, "TorchScript archive, half and float -> here", lambda: reads(folder / "archive.pt", expected))
            run.ours("convert", folder / "archive.pt", folder / "ours.safetensors", "openclip")
            run.row(
                name,
                "TorchScript archive -> converted: bytes",
                lambda: same_tensors(load_file(folder / "ours.safetensors"), half),
            )
        elif kind == "state":
            run.row(name, "state dictionary -> here", lambda: reads(state_dict()))
        elif kind == "nested":
            torch.save({"epoch": 3, "state_dict": {"module." + k: v for k, v in state.items()}}, folder / "nested.pt")
            run.row(name, "training checkpoint, module. -> here", lambda: reads(folder / "nested.pt"))
        elif kind == "tinyclip":
            theirs = {k: v.contiguous() for k, v in models.as_tinyclips(state).items()}
            wrapped = {k.replace(".", ".module.", 1): v for k, v in theirs.items()}
            torch.save({"epoch": 25, "state_dict": wrapped}, folder / "tinyclip.pt")
            run.row(name, "TinyCLIP's checkpoint -> here", lambda: reads(folder / "tinyclip.pt"))
            run.ours("convert", folder / "tinyclip.pt", folder / "ours.safetensors", "tinyclip")
            run.row(
                name,
                "TinyCLIP's checkpoint -> converted: bytes",
                lambda: same_tensors(load_file(folder / "ours.safetensors"), theirs),
            )
        elif kind == "safetensors":
            save_file({k: v.contiguous() for k, v in state.items()}, folder / "open_clip_model.safetensors")
            run.row(name, "OpenCLIP's safetensors -> here", lambda: reads(folder / "open_clip_model.safetensors"))
        elif kind == "transformers":
            theirs = models.transformers_model(config, state)
            theirs.save_pretrained(folder / "theirs")
            run.row(
                name,
                "transformers' folder -> here",
                lambda: reads(folder / "theirs", models.transformers_features(theirs, images, ids)),
            )
            run.ours("convert", folder / "theirs/model.safetensors", folder / "ours.safetensors", "openai")
            run.ours("convert", folder / "ours.safetensors", folder / "back.safetensors", "huggingface")
            run.row(
                name,
                "transformers -> OpenAI's names -> transformers: bytes",
                lambda: same_tensors(
                    load_file(folder / "back.safetensors"), load_file(folder / "theirs/model.safetensors")
                ),
            )

    path = state_dict()

    def to_openclip():
        run.ours("save", named, path, folder / "saved.safetensors", "openclip")
        written = load_file(folder / "saved.safetensors")
        other = models.fresh(config)
        other.load_state_dict(written, strict=True)
        return same_tensors(written, state) and distances(models.features(other, images, ids))

    run.row(name, "here -> load_state_dict(strict=True)", to_openclip)
    run.row(
        name,
        "the file's own self test",
        lambda: tuple(map(float, run.ours("check", named, folder / "saved.safetensors").split())),
    )

    def rounded(dtype):
        run.ours("save", named, path, folder / "rounded.safetensors", "openclip", dtype)
        return bool(run.ours("check", named, folder / "rounded.safetensors"))

    for dtype in ("F16", "BF16"):
        run.row(name, f"saved as {dtype}: its self test", lambda: rounded(dtype))

    def to_create_model():
        run.ours("save", named, path, folder / "openclip", "openclip")
        with Warnings("root") as said:
            other = open_clip.create_model(f"local-dir:{folder / 'openclip'}").eval()
        if said.texts:
            raise AssertionError(f"warnings: {said.texts[:3]}")
        return distances(models.features(other, images, ids))

    run.row(name, "here -> open_clip.create_model(folder)", to_create_model)
    if isinstance(config["vision_cfg"]["layers"], list) or config["vision_cfg"].get("no_ln_pre"):
        refused = subprocess.run(
            [run.program, "convert", path, folder / "no.safetensors", "huggingface"], capture_output=True, text=True
        )
        run.row(
            name,
            "here -> transformers is one clear error",
            lambda: refused.returncode == 1 and "transformers has no such CLIP" in refused.stderr,
        )
        return

    theirs = transformers.MetaClip2Model if config["text_cfg"].get("pool_type") == "eos" else transformers.CLIPModel

    def to_transformers():
        run.ours("save", named, path, folder / "huggingface", "huggingface")
        with Warnings("transformers") as said:
            other, report = theirs.from_pretrained(folder / "huggingface", output_loading_info=True)
        if said.texts or any(
            report.get(k) for k in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")
        ):
            raise AssertionError(f"warnings: {said.texts[:3]} {report}")
        return distances(models.transformers_features(other.eval(), images, ids))

    run.row(name, f"here -> {theirs.__name__}.from_pretrained(folder)", to_transformers)


def check_long(run, name):
    """Long-CLIP: two tables of positions, which OpenCLIP and transformers have as one."""
    model, config, _, images, ids = models.make(name)
    folder, wanted = run.folder, models.features(model, images, ids)
    fold = {k: v for k, v in model.state_dict().items() if k != "attn_mask"}
    two = models.two_tables(fold)
    torch.save(two, folder / "state.pt")
    spread = max(models.spread(f) for f in wanted)
    run.row(name, "features differ between inputs", lambda: spread < 0.99, spread)
    distances = lambda found, expected=wanted: tuple(models.distance(a, b) for a, b in zip(found, expected))
    for named in (name, "-"):
        how = "as the model" if named == name else "as what it states"
        run.row(
            name,
            f"Long-CLIP's state dictionary -> here, {how}",
            lambda: distances(run.encode(named, folder / "state.pt", images, ids)),
        )

    def to_original():
        run.ours("save", name, folder / "state.pt", folder / "saved.safetensors", "openai")
        return same_tensors(load_file(folder / "saved.safetensors"), two)

    run.row(name, "here -> Long-CLIP's names: bytes", to_original)

    def to_openclip():
        run.ours("save", name, folder / "state.pt", folder / "openclip.safetensors", "openclip")
        other = models.fresh(config)
        other.load_state_dict(load_file(folder / "openclip.safetensors"), strict=True)
        return distances(models.features(other, images, ids))

    run.row(name, "here -> load_state_dict(strict=True), folded", to_openclip)

    def to_transformers():
        run.ours("save", name, folder / "state.pt", folder / "huggingface", "huggingface")
        other, report = transformers.CLIPModel.from_pretrained(folder / "huggingface", output_loading_info=True)
        if any(report.get(k) for k in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")):
            raise AssertionError(str(report))
        return distances(models.transformers_features(other.eval(), images, ids))

    run.row(name, "here -> CLIPModel.from_pretrained(folder), folded", to_transformers)
    run.row(
        name,
        "transformers' folder -> here",
        lambda: distances(run.encode("-", folder / "huggingface", images, ids)),
    )


def check_custom(run, name):
    """Models whose towers are timm's, in OpenCLIP's names; SigLIP in transformers', too."""
    model, images, ids = models.custom(name)
    folder, wanted = run.folder, models.features(model, images, ids)
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    spread = max(models.spread(f) for f in wanted)
    run.row(name, "features differ between inputs", lambda: spread < 0.999, spread)
    distances = lambda found, expected=wanted: tuple(models.distance(a, b) for a, b in zip(found, expected))
    named = "-" if name.startswith("siglip") else name  # OpenCLIP computes SigLIP's GELU as the naming says
    theirs = folder / "theirs.safetensors"
    save_file(state, theirs)
    run.row(name, "OpenCLIP's safetensors -> here", lambda: distances(run.encode(named, theirs, images, ids)))

    def to_openclip():
        run.ours("save", named, theirs, folder / "saved.safetensors", "openclip")
        written = load_file(folder / "saved.safetensors")
        other = models.created(name)
        other.load_state_dict(written, strict=True)
        return same_tensors(written, state) and distances(models.features(other, images, ids))

    run.row(name, "here -> load_state_dict(strict=True)", to_openclip)

    def to_create_model():
        run.ours("save", named, theirs, folder / "openclip", "openclip")
        with Warnings("root") as said:
            other = open_clip.create_model(f"local-dir:{folder / 'openclip'}").eval()
        if said.texts:
            raise AssertionError(f"warnings: {said.texts[:3]}")
        return distances(models.features(other, images, ids))

    run.row(name, "here -> open_clip.create_model(folder)", to_create_model)
    if not name.startswith("siglip"):
        return
    image_size, vocabulary = images.shape[-1], state["text.token_embedding.weight"].shape[0]
    config = transformers.SiglipConfig(
        text_config={"vocab_size": vocabulary, "pad_token_id": 0 if vocabulary == 256000 else 1},
        vision_config={"image_size": image_size, "patch_size": 32 if "B-32" in name else 16},
    )
    reference = models.scatter(transformers.SiglipModel(config), images, 2)

    def siglip_features(other):
        with torch.no_grad():
            found = other.get_image_features(images), other.get_text_features(ids.long())
        return tuple(getattr(f, "pooler_output", f).float().numpy() for f in found)

    expected = siglip_features(reference)
    reference.save_pretrained(folder / "reference")
    run.row(
        name,
        "transformers' folder -> here",
        lambda: distances(run.encode("-", folder / "reference", images, ids), expected),
    )

    def to_transformers():
        run.ours("save", "-", folder / "reference", folder / "huggingface", "huggingface")
        with Warnings("transformers") as said:
            other, report = transformers.SiglipModel.from_pretrained(folder / "huggingface", output_loading_info=True)
        if said.texts or any(
            report.get(k) for k in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")
        ):
            raise AssertionError(f"warnings: {said.texts[:3]} {report}")
        return distances(siglip_features(other.eval()), expected)

    run.row(name, "here -> SiglipModel.from_pretrained(folder)", to_transformers)
    arrays = make_big_vision.arrays_of({k: v.numpy() for k, v in reference.state_dict().items()}, heads=12)
    np.savez(folder / "theirs.npz", **arrays)
    run.row(
        name,
        "big_vision's npz -> here",
        lambda: distances(run.encode("-", folder / "theirs.npz", images, ids), expected),
    )

    def to_numpy():
        run.ours("convert", folder / "reference", folder / "ours.npz", "big_vision")
        written = np.load(folder / "ours.npz")
        return set(written) == set(arrays) and all(np.array_equal(written[k], a) for k, a in arrays.items())

    run.row(name, "here -> numpy.load(npz), the same arrays", to_numpy)


def check_torchvision(run, name):
    """Classifiers of torchvision, which open as image towers."""
    model, images = models.torchvision_model(name)
    folder = run.folder
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    with torch.no_grad():
        wanted = model(images).numpy()
    run.row(name, "features differ between inputs", lambda: models.spread(wanted) < 0.999, models.spread(wanted))
    torch.save(state, folder / "state.pth")
    np.save(folder / "images.npy", images.numpy())

    def reads(path):
        run.ours("image", path, folder / "images.npy", folder / "out")
        return models.distance(np.load(folder / "out.images.npy"), wanted), 0.0

    run.row(name, "torchvision's state dictionary -> here", lambda: reads(folder / "state.pth"))

    def written():
        run.ours("save-image", folder / "state.pth", folder / "saved.safetensors", "torchvision")
        found = load_file(folder / "saved.safetensors")
        other = models.torchvision_model(name, 2)[0]
        other.load_state_dict(found, strict=True)
        return same_tensors(found, state)

    run.row(name, "here -> load_state_dict(strict=True): bytes", written)


def check_bert(run, name):
    """Pairs whose text tower is a BERT, in the names of transformers, OpenCLIP and Chinese-CLIP."""
    model, images, ids = models.bert_pair(name, run.folder)
    folder, wanted = run.folder, models.features(model, images, ids)
    state = {k: v.contiguous() for k, v in model.state_dict().items() if not k.endswith("position_ids")}
    spread = max(models.spread(f) for f in wanted)
    run.row(name, "features differ between inputs", lambda: spread < 0.999, spread)
    distances = lambda found: tuple(models.distance(a, b) for a, b in zip(found, wanted))
    save_file(state, folder / "theirs.safetensors")
    chinese = name.startswith("chinese")
    dialect = "huggingface" if chinese else "openclip" if name == "biomedclip" else "openai"
    who = {"huggingface": "transformers'", "openclip": "OpenCLIP's", "openai": "torchvision's and transformers'"}[dialect]
    theirs = folder / "theirs.safetensors"
    run.row(name, f"{who} names -> here", lambda: distances(run.encode(name, theirs, images, ids)))

    def back():
        run.ours("save", name, theirs, folder / "saved.safetensors", dialect)
        return same_tensors(load_file(folder / "saved.safetensors"), state)

    run.row(name, f"here -> {who} names: bytes", back)
    if name == "biomedclip":
        run.row(
            name,
            "OpenCLIP's names -> here, as what they state",
            lambda: distances(run.encode("-", theirs, images, ids)),
        )
    if not chinese:
        return
    model.save_pretrained(folder / "theirs")
    run.row(
        name,
        "transformers' folder -> here, as what it states",
        lambda: distances(run.encode("-", folder / "theirs", images, ids)),
    )

    def to_transformers():
        run.ours("save", name, theirs, folder / "huggingface", "huggingface")
        with Warnings("transformers") as said:
            other, report = transformers.ChineseCLIPModel.from_pretrained(
                folder / "huggingface", output_loading_info=True
            )
        if said.texts or any(
            report.get(k) for k in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")
        ):
            raise AssertionError(f"warnings: {said.texts[:3]} {report}")
        return distances(models.features(models.with_encoders(other.eval()), images, ids))

    run.row(name, "here -> ChineseCLIPModel.from_pretrained(folder)", to_transformers)
    original = models.original_chinese_clip(state)
    pooler = {"bert.pooler.dense.weight": torch.ones(768, 768), "bert.pooler.dense.bias": torch.ones(768)}  # not used
    wrapped = {"module." + k: v for k, v in {**original, **pooler}.items()}
    torch.save({"epoch": 1, "state_dict": wrapped}, folder / "original.pt")
    run.row(
        name,
        "Chinese-CLIP's checkpoint -> here",
        lambda: distances(run.encode(name, folder / "original.pt", images, ids)),
    )

    def to_original():
        run.ours("save", name, folder / "original.pt", folder / "original.safetensors", "openai")
        return same_tensors(load_file(folder / "original.safetensors"), original)

    run.row(name, "here -> Chinese-CLIP's names: bytes", to_original)


def check_text(run, name):
    """The text tower alone, from a whole model's file."""
    model, _, ids = models.custom(name)
    folder = run.folder
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    with torch.no_grad():
        wanted = model.encode_text(ids.long()).numpy()
    run.row(name, "features differ between inputs", lambda: models.spread(wanted) < 0.99, models.spread(wanted))
    save_file(state, folder / "theirs.safetensors")
    np.save(folder / "ids.npy", ids.numpy())

    def reads():
        run.ours("text", folder / "theirs.safetensors", folder / "ids.npy", folder / "out")
        return 0.0, models.distance(np.load(folder / "out.texts.npy"), wanted)

    run.row(name, "OpenCLIP's safetensors, images and texts -> here", reads)

    def written():
        run.ours("save-text", folder / "theirs.safetensors", folder / "saved.safetensors", "openclip")
        own = {k.removeprefix("text."): v for k, v in state.items() if k.startswith("text.")}
        return same_tensors(load_file(folder / "saved.safetensors"), own)

    run.row(name, "here -> OpenCLIP's names of a text tower: bytes", written)


def check_of(name):
    if name in models.CUSTOM:
        return check_custom
    if name in models.TEXTS:
        return check_text
    if name in models.TORCHVISION:
        return check_torchvision
    if name in models.BERTS:
        return check_bert
    return check_long if name in models.LONG else check_model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="built from encode.cpp")
    parser.add_argument("--quick", action="store_true", help=f"only {', '.join(QUICK)}")
    parser.add_argument("--models", nargs="*", help="names of the models to check")
    parser.add_argument("--table", type=pathlib.Path, help="also write the table to this file")
    options = parser.parse_args()
    began = time.time()
    transformers.utils.logging.disable_progress_bar()
    rows = []
    everything = [*models.MODELS, *models.LONG, *models.CUSTOM, *models.TEXTS, *models.TORCHVISION, *models.BERTS]
    for name in options.models or (QUICK if options.quick else everything):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="clip-parity-"))
        try:
            run = Run(options.program, folder)
            check_of(name)(run, name)
            rows += run.rows
        finally:
            shutil.rmtree(folder)
    run.rows = rows
    print(run.table())
    if options.table:
        options.table.write_text(run.table() + "\n")
    print(f"{len(rows)} checks in {time.time() - began:.0f} s", file=sys.stderr)
    sys.exit(0 if all(good for *_, good in rows) else 1)


if __name__ == "__main__":
    main()
