"""Baseline of bench_tokenizer: Hugging Face's tokenizer (Rust) on the same captions, alternating with ours.

    python3 huggingface_tokenizer.py DATA BENCH_TOKENIZER [--repeats N]

Needs tokenizers from PyPI. DATA is the folder of test data, BENCH_TOKENIZER the program. Two sets of about 80,000
distinct captions: ImageNet's prompts, and sentences of random words of the vocabulary, of which one in seven is made
up. One thread, ids only, CPU time; each repeat uses a new tokenizer with an empty word cache. Prints one line of
JSON per set, with the best of the repeats.
"""

import argparse
import gzip
import json
import os
import pathlib
import random
import subprocess
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: E402


def read_merges(data):
    lines = gzip.open(data / "bpe_simple_vocab_16e6.txt.gz", "rt", encoding="utf-8").read().split("\n")
    return [tuple(line.split(" ")) for line in lines[1 : 49152 - 256 - 2 + 1]]


def vocabulary(merges):
    visible = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    characters = [chr(b) for b in visible] + [chr(0x100 + n) for n in range(256 - len(visible))]
    names = (
        characters
        + [c + "</w>" for c in characters]
        + [a + b for a, b in merges]
        + ["<|startoftext|>", "<|endoftext|>"]
    )
    return {name: i for i, name in enumerate(names)}


def new_tokenizer(names, merges):
    """A tokenizer configured like transformers' CLIPTokenizer."""
    tokenizer = Tokenizer(
        models.BPE(names, merges, unk_token="<|endoftext|>", continuing_subword_prefix="", end_of_word_suffix="</w>")
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    pattern = Regex(r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(pattern, behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", 49407), ("<|startoftext|>", 49406), False, False
    )
    tokenizer.enable_truncation(77)
    return tokenizer


def imagenet(data):
    classes, templates = (json.loads((data / f"imagenet_{name}.json").read_text()) for name in ("classes", "templates"))
    return [t.replace("{}", c) for t in templates for c in classes]


def sentences(merges, count=80000, seed=1):
    r = random.Random(seed)
    words = [(a + b)[:-4] for a, b in merges if b.endswith("</w>") and (a + b[:-4]).isalpha() and (a + b).isascii()]

    def word():
        return r.choice(words) if r.random() < 6 / 7 else r.choice(words)[:4] + r.choice(words)[:4] + r.choice(words)

    return [
        " ".join(word() for _ in range(r.randint(5, 14))).capitalize()
        + r.choice([".", "", "!", f", {r.randrange(2000)}"])
        for _ in range(count)
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("--repeats", type=int, default=5)
    a = parser.parse_args()
    merges = read_merges(a.data)
    names = vocabulary(merges)
    for kind, captions in (("ImageNet prompts", imagenet(a.data)), ("random sentences", sentences(merges))):
        captions = list(dict.fromkeys(captions))
        ours, theirs = [], []
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
            file.write("".join(caption + "\n" for caption in captions))
            file.flush()
            environment = {**os.environ, "CLIP_TEST_DATA": str(a.data), "CLIP_CAPTIONS": file.name}
            for _ in range(a.repeats):
                tokenizer = new_tokenizer(names, merges)
                begin = time.process_time()
                encoded = tokenizer.encode_batch_fast(captions)
                theirs.append(time.process_time() - begin)
                ids = sum(len(row.ids) for row in encoded)
                report = subprocess.run(
                    [a.bench.resolve(), "--benchmark_filter=^tokenize$", "--benchmark_format=json"],
                    env=environment,
                    check=True,
                    capture_output=True,
                )
                result = json.loads(report.stdout)["benchmarks"][0]
                ours.append(result["cpu_time"] / 1000)
                if result["ids"] != ids:
                    raise SystemExit(f"{kind}: {ids} ids expected, {result['ids']:.0f} found")
        print(
            json.dumps(
                {
                    "captions": kind,
                    "count": len(captions),
                    "ids": ids,
                    "huggingface_captions_per_second": round(len(captions) / min(theirs)),
                    "clip_captions_per_second": round(len(captions) / min(ours)),
                    "times_faster": round(min(theirs) / min(ours), 1),
                }
            )
        )


if __name__ == "__main__":
    main()
