"""The cases of the comparison: the work, the peers, and the goals for our time and memory.

A case is named by its work, the type of the numbers, b and the batch, t and the threads. In the arguments, {work} is
the folder of exported files; programs.py lists the other names in braces.
"""

import dataclasses

DEFAULT_ROUNDS = 3
FEW = ("--warm", "1", "--repeats", "3")  # if a call takes seconds
ONCE = ("--warm", "0", "--repeats", "2")  # if a call takes many seconds


@dataclasses.dataclass(frozen=True)
class Goal:
    """A limit for our result. of:

    time          our time over the peer's, at most               (the named peer, or the fastest)
    memory        our peak memory over the peer's, at most
    share         of the processor's peak, at least
    extra memory  MiB above our case of that name, at most
    """

    limit: float
    against: str = ""
    of: str = "time"


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    script: str  # in bench/peers, or a program
    arguments: tuple
    files: tuple = ()  # that export.py writes for it


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    ours: tuple  # command of the tool; "demo": the demo
    threads: int
    peers: tuple
    goals: tuple = ()
    rounds: int = DEFAULT_ROUNDS
    whole: bool = False  # measures the whole process
    line: str = ""  # a word in the name of the tool's case
    files: tuple = ()  # that our program reads


MODELS = {  # names of bench/peers/models.py: ours
    "ViT-B-32": "ViT-B/32",
    "ViT-L-14": "ViT-L/14",
    "RN50": "RN50",
    "ViT-B-16-SigLIP": "siglip/ViT-B-16",
    "MobileCLIP2-S0-fused": "mobileclip2/S0",
    "MobileCLIP-S2-fused": "mobileclip/S2",
    "TinyCLIP-ViT-39M-16-Text-19M": "tinyclip/ViT-39M-16-Text-19M",
    "ResNet-34-BERT": "experiment/ResNet-34-BERT",
}
FORMS = {
    "pytorch": "{m}.safetensors",
    "pytorch-frozen": "{m}.safetensors",
    "transformers": "{m}-huggingface",
    "onnxruntime": "{m}.{part}.onnx",
    "openvino": "{m}.{part}.xml",
    "onnxruntime int8": "{m}.{part}.int8.onnx",
    "openvino-ptq int8": "{m}.{part}.ptq.xml",
    "openvino-weights int8": "{m}.{part}.weights.xml",
    "clip.cpp": "{m}.gguf",
    "clip.cpp-f16": "{m}.f16.gguf",
}
FLOAT = ("openvino", "onnxruntime", "pytorch-frozen", "pytorch")


def tower(name, part, dtype, *more, model="ViT-B-32", trimmed=False):
    """A peer that runs one tower; its name is the engine's, with the kind of quantisation."""
    form = FORMS[f"{name} int8" if dtype == "int8" else name].format(m=model, part=part)
    engine = name.removesuffix("-ptq").removesuffix("-weights").removesuffix("-f16")
    cut = ("--trimmed",) if trimmed else ()
    return Peer(
        name + "-trimmed" * trimmed,
        "tower.py",
        ("--peer", engine, "--part", part, "--dtype", dtype, "--file", "{work}/" + form, *cut, *more),
        (form,),
    )


def head(name, classes, trimmed=False):
    """A peer that runs the head for `classes` of ImageNet's classes."""
    form = FORMS[name].format(m="ViT-B-32", part="text")
    cut = ("--trimmed",) if trimmed else ()
    arguments = (
        "--peer",
        name,
        "--file",
        "{work}/" + form,
        *cut,
        "--of",
        str(classes),
        "--warm",
        "3",
        "--repeats",
        "2",
    )
    return Peer(name + "-trimmed" * trimmed, "head.py", arguments, (form,))


def bench(part, threads, *more, model="ViT-B-32", dtype="f32"):
    weights = ("--weights", "{work}/" + f"{model}.safetensors") if model.endswith("-fused") else ()
    return (
        "bench",
        "--model",
        MODELS[model],
        *weights,
        "--part",
        part,
        "--dtype",
        dtype,
        "--threads",
        str(threads),
        *more,
        "--json",
    )


def image(batch, threads, goals, dtype="f32", model="ViT-B-32", peers=FLOAT, more=()):
    what = "image" if model == "ViT-B-32" else f"{model.replace('ViT-', '')} image"
    return Case(
        f"{what} {dtype} b{batch} t{threads}",
        bench("image", threads, "--batch", str(batch), model=model, dtype=dtype),
        threads,
        tuple(tower(p, "image", dtype, "--batch", str(batch), *more, model=model) for p in peers),
        goals,
        files=(f"{model}.safetensors",) if model.endswith("-fused") else (),
    )


def text(
    batch, threads, goals, more=(), padded=("openvino", "onnxruntime", "pytorch"), padded_more=(), rounds=DEFAULT_ROUNDS
):
    """`padded`: the peers that run all 77 positions."""
    peers = [
        tower("pytorch-frozen", "text", "f32", "--batch", str(batch), *more, trimmed=True),
        *(tower(p, "text", "f32", "--batch", str(batch), *more) for p in ("transformers", "clip.cpp")),
        *(tower(p, "text", "f32", "--batch", str(batch), *more, *padded_more) for p in padded),
    ]
    return Case(
        f"text f32 b{batch} t{threads}",
        bench("text", threads, "--batch", str(batch), *PROMPTS),
        threads,
        tuple(peers),
        goals,
        rounds,
    )


QUESTIONS = ("a photo of a cat", "a photo of a dog", "a diagram")
PROMPTS = ("--labels", "{labels}", "--vocabulary", "{vocabulary}")
OPENVINO_F32 = (Goal(0.92, "openvino"), Goal(0.90, of="share"))


def images():
    for threads in 1, 2:
        yield image(1, threads, (Goal(0.85, "openvino"),), peers=(*FLOAT, "clip.cpp"))
        yield image(8, threads, OPENVINO_F32 if threads == 1 else (Goal(0.95, "openvino"), Goal(0.90, of="share")))
        yield image(32, threads, OPENVINO_F32, more=FEW)
    for batch, half in (1, ("clip.cpp-f16",)), (32, ()):
        yield image(batch, 2, (Goal(0.85, "openvino"),), "bf16", peers=("openvino", "pytorch-frozen", "pytorch", *half))
        yield image(batch, 2, (Goal(0.90),), "int8", peers=("openvino-ptq", "openvino-weights", "onnxruntime"))
    for threads in 1, 2:
        yield image(1, threads, (Goal(0.90, "openvino"),), model="ViT-L-14")
        yield image(1, threads, (Goal(1.0, "onnxruntime"),), model="RN50")
        yield image(32, threads, (Goal(1.0, "onnxruntime"),), model="RN50", more=FEW)


def texts():
    trimmed = "pytorch-frozen-trimmed"
    for threads in 1, 2:
        yield text(1, threads, (Goal(1.0, trimmed),))
        yield text(64, threads, (Goal(0.35, trimmed),), FEW)
    yield text(1000, 2, (Goal(0.17, trimmed),), FEW, ("openvino", "pytorch"), ONCE, rounds=2)
    alone = tower("pytorch-frozen", "text", "f32", trimmed=True)  # in float, the base of the goal
    yield Case(
        "text bf16 b1 t2",
        bench("text", 2, "--batch", "1", *PROMPTS, dtype="bf16"),
        2,
        (alone, dataclasses.replace(tower("pytorch", "text", "bf16", trimmed=True), name="pytorch-bf16-trimmed")),
        (Goal(0.55, trimmed),),
    )
    peers = (head("pytorch-frozen", 40, trimmed=True), head("transformers", 40), head("pytorch", 10))
    yield Case(
        "head f32 t2",
        bench("head", 2, *PROMPTS, "--templates", "{templates}"),
        2,
        peers,
        (Goal(0.28, trimmed), Goal(0.016, "pytorch"), Goal(1024, "text f32 b1 t2", of="extra memory")),
        rounds=1,
    )


def families():
    """Models that are not OpenAI's: SigLIP, MobileCLIP with merged branches, TinyCLIP, ResNet-34 and BERT."""
    for threads in 1, 2:
        for batch, more in (1, ()), (32, FEW):
            yield image(batch, threads, (Goal(1.0),), model="ViT-B-16-SigLIP", more=more)
            yield Case(
                f"B-16-SigLIP text f32 b{batch} t{threads}",
                bench("text", threads, "--batch", str(batch), model="ViT-B-16-SigLIP"),
                threads,
                tuple(tower(p, "text", "f32", "--batch", str(batch), *more, model="ViT-B-16-SigLIP") for p in FLOAT),
                (Goal(1.0),),
            )
    for model in "MobileCLIP2-S0-fused", "MobileCLIP-S2-fused":
        for batch in 1, 32:
            yield image(batch, 2, (Goal(0.90),), model=model)
    for model in "TinyCLIP-ViT-39M-16-Text-19M", "ResNet-34-BERT":
        yield image(1, 2, (Goal(1.0),), model=model)
    yield Case(  # no padding on either side
        "BERT-base text of 16 tokens f32 b1 t2",
        bench("text", 2, "--batch", "1", "--tokens", "16", model="ResNet-34-BERT"),
        2,
        tuple(tower(p, "text", "f32", "--batch", "1", model="ResNet-34-BERT") for p in FLOAT),
        (Goal(1.0),),
    )


def training():
    for dtype, limit in ("f32", 0.33), ("bf16", 0.60):
        peers = tuple(
            Peer(p, "train.py", ("--peer", p, "--dtype", dtype, "--batch", "32", *FEW))
            for p in ("pytorch-compiled", "pytorch")
        )
        yield Case(
            f"train {dtype} b32 t2",
            bench("train", 2, "--batch", "32", *PROMPTS, dtype=dtype),
            2,
            peers,
            (Goal(limit, "pytorch-compiled"), Goal(0.75, "pytorch-compiled", of="memory")),
            rounds=2,
        )
    peers = (
        Peer("pytorch-compiled-trimmed", "prompt.py", ("--peer", "pytorch-compiled", "--trimmed", *FEW)),
        Peer("pytorch", "prompt.py", ("--peer", "pytorch", *FEW)),
    )
    yield Case(
        "prompt f32 100 classes t2",
        bench("prompt", 2, "--classes", "100", "--context", "16", *PROMPTS),
        2,
        peers,
        (Goal(0.10, "pytorch-compiled-trimmed"), Goal(0.025, "pytorch")),
        rounds=2,
    )
    yield Case(
        "epoch of the demo t2",
        ("demo", "--epochs", "1", "--seed", "1", "--threads", "2", "--output", "{scratch}"),
        2,
        (Peer("pytorch-unique", "fashion.py", ("--variant", "unique", "--epochs", "1")),),
        (Goal(0.5, "pytorch-unique"),),
    )


def starting():
    towers = tuple(f"ViT-B-32.{part}.{form}" for part in ("image", "text") for form in ("onnx", "xml"))
    questions = tuple(word for text in QUESTIONS for word in ("--text", text))
    peers = tuple(
        Peer(p, "cold.py", ("--peer", p, "--work", "{work}", "--image", "{image}", *questions))
        for p in ("openvino-cached", "openvino", "onnxruntime", "transformers", "open_clip")
    )
    peers += tuple(
        Peer(
            p,
            "{clip_cpp}/static/bin/zsl",
            ("-m", "{work}/" + file, "-t", "2", "-v", "0", "--image", "{image}", *questions),
            (file,),
        )
        for p in ("clip.cpp", "clip.cpp-f16")
        for file in (FORMS[p].format(m="ViT-B-32"),)
    )
    ours = (
        "classify",
        "--model",
        "ViT-B/32",
        "--weights",
        "{work}/ViT-B-32.safetensors",
        "--threads",
        "2",
        "--vocabulary",
        "{vocabulary}",
        "--labels",
        "{questions}",
        "--templates",
        "{bare}",
        "{image}",
    )
    goals = (Goal(0.27, "openvino-cached"), Goal(0.5, "clip.cpp"), Goal(0.75, "openvino-cached", of="memory"))
    yield Case(
        "cold start f32 t2",
        ours,
        2,
        peers,
        goals,
        rounds=5,
        whole=True,
        files=("ViT-B-32.safetensors", "ViT-B-32-huggingface", "tokenizer.json", *towers),
    )


def inputs():
    for size in "640x480", "1920x1080":
        peers = tuple(Peer(p, "images.py", ("--peer", p, "--size", size)) for p in ("pillow", "torchvision", "opencv"))
        yield Case(
            f"preprocess {size} t1",
            bench("preprocess", 1),
            1,
            peers,
            (Goal(0.20, "pillow"), Goal(1.0, "torchvision")),
            line=size,
        )
    for size, goals in ("640x480", (Goal(0.9, "torchvision"),)), ("1920x1080", (Goal(1.0, "torchvision"),)):
        photo = f"photo-{size}.jpg"
        peers = tuple(
            Peer(p, "images.py", ("--peer", p, "--file", "{work}/" + photo), (photo,))
            for p in ("pillow", "torchvision", "opencv")
        )
        yield Case(
            f"JPEG + preprocess {size} t1",
            bench("preprocess", 1, "--images", "{work}/" + photo),
            1,
            peers,
            goals,
            line="jpeg",
            files=(photo,),
        )
    peers = tuple(Peer(p, "texts.py", ("--peer", p)) for p in ("huggingface-tokenizers", "open_clip"))
    yield Case(
        "tokenize t1",
        bench("tokenize", 1, *PROMPTS, "--templates", "{templates}"),
        1,
        peers,
        (Goal(0.10, "huggingface-tokenizers"),),
    )


def every():
    return [*images(), *texts(), *families(), *training(), *starting(), *inputs()]
