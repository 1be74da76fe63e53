"""Baselines of bench_sentencepiece: sentencepiece (C++) and Hugging Face's tokenizers (Rust), alternating with ours.

    python3 piece_tokenizers.py BENCH_SENTENCEPIECE [--repeats N] [--size PIECES] [--lines FILE] [--kinds unigram bpe]

Needs sentencepiece and tokenizers from PyPI. Trains a unigram and a BPE model on generated sentences and tokenises
20,000 others of the same words, a third of which are rare or new; with --lines, trains on two of three lines of a file
and tokenises the others. One thread, ids only, CPU time; ours gives whole batches of padded rows of 64. Each repeat
runs all three; Hugging Face's with a new tokenizer, whose word cache is empty, and ours with a new one ("first") and
with one that has tokenised the same texts before ("again"). Prints one line of JSON per model, peer and such case:
least and median of the ratios of the repeats.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import sentencepiece  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "parity"))
import piece_models  # noqa: E402


def seconds(work):
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--size", type=int, default=32000)
    parser.add_argument("--lines", type=pathlib.Path)
    parser.add_argument("--kinds", nargs="*", default=["unigram", "bpe"])
    a = parser.parse_args()
    if a.lines:
        text = a.lines.read_text(encoding="utf-8").split("\n")
        lines, captions = [t for i, t in enumerate(text) if i % 3 > 0], [t for t in text[::3] if t.strip()]
    else:
        vocabulary, lines = piece_models.vocabulary_and_lines(7, 40000, 30000)
        captions = list(dict.fromkeys(piece_models.sentences(random.Random(8), vocabulary, 20000)))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "captions.txt").write_text("".join(c + "\n" for c in captions), encoding="utf-8")
        for kind in a.kinds:
            model, file = piece_models.write(folder, kind, piece_models.train(lines, kind, a.size), kind)
            package = sentencepiece.SentencePieceProcessor(model_file=str(model))
            environment = {**os.environ, "CLIP_PIECES": str(model), "CLIP_CAPTIONS": str(folder / "captions.txt")}
            ours, peers = {"first": [], "again": []}, {"sentencepiece": [], "huggingface": []}
            for _ in range(a.repeats):
                took, rows = seconds(lambda: package.encode(captions, num_threads=1))
                peers["sentencepiece"].append(took)
                ids = sum(map(len, rows))
                fast = Tokenizer.from_file(str(file))
                took, rows = seconds(lambda: fast.encode_batch_fast(captions))
                peers["huggingface"].append(took)
                command = [a.bench.resolve(), "--benchmark_filter=^tokenize/", "--benchmark_format=json"]
                report = subprocess.run(command, env=environment, check=True, capture_output=True)
                for result in json.loads(report.stdout)["benchmarks"]:
                    ours[result["name"].split("/")[1]].append(result["cpu_time"] / 1000)
                    if result["ids"] != ids or ids != sum(len(row.ids) for row in rows):
                        raise SystemExit(f"{kind}: {ids} ids expected, {result['ids']:.0f} found")
            for peer, times in peers.items():
                for case, mine in ours.items():
                    ratios = [theirs / our for theirs, our in zip(times, mine, strict=True)]
                    print(json.dumps({"model": kind, "pieces": package.get_piece_size(), "captions": len(captions), "ids": ids,
                                      "peer": peer, "case": case, "peer_captions_per_second": round(len(captions) / min(times)),
                                      "clip_captions_per_second": round(len(captions) / min(mine)),
                                      "least_ratio": round(min(ratios), 1),
                                      "median_ratio": round(statistics.median(ratios), 1)}), flush=True)


if __name__ == "__main__":
    main()
