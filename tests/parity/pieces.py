"""Compares SentencePiece ids, normalised forms and decodings with those of the package. See README.md."""

import argparse
import pathlib
import random
import string
import subprocess
import sys
import tempfile

import sentencepiece

import piece_models

ODD = ["\u00a0", "\u3000", "\u200b", "\u00ad", "\t", "\r\n", "\x00", "\x07", "\ufeff", "e\u0301", "A\u030a", "\ufb01", "\uff26\uff35", "\u00bd", "\u2122",
       "\u2026", "\ufffd", "\u2581", "\u2581\u2581", "  ", "   ", "<mask>", "</s>", "<eos>", "<0x41>", "\u732b", "\U0001F600", "\u0130", "\u1e9e", "\u03a3",
       "\u0e2a\u0e27", "\u0645\u0631", "\u0928\u092e\u0938\u094d", "\uac01", "\u1100\u1161\u11a8", "12345", "o'clock", "\u2019", "--", "_"]


def strings(rng, lines, count):
    letters = string.printable + "".join(ODD)
    for _ in range(count):
        kind = rng.random()
        if kind < 0.45:
            yield rng.choice(lines)
        elif kind < 0.75:
            line = list(rng.choice(lines))
            for _ in range(rng.randint(1, 4)):
                line.insert(rng.randint(0, len(line)), rng.choice(ODD))
            yield "".join(line)
        elif kind < 0.9:
            yield "".join(rng.choice(letters) for _ in range(rng.randint(0, 40)))
        elif kind < 0.97:
            yield "".join(chr(c) for c in (rng.choice([rng.randrange(0x20, 0x3000), rng.randrange(0xE000, 0x20000)])
                                           for _ in range(rng.randint(1, 12))))
        else:
            yield rng.choice(lines).replace(" ", "") * rng.randint(1, 8)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("program", type=pathlib.Path)
    options.add_argument("--count", type=int, default=10000, help="strings per model")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--sizes", type=int, nargs="*", default=[500, 2000, 8000, 32000])
    options.add_argument("--show", type=int, default=10, help="differences to print")
    options = options.parse_args()

    rng = random.Random(options.seed)
    _, lines = piece_models.vocabulary_and_lines(options.seed, 60000, 40000)
    cases = [(kind, size, {}) for kind in ("unigram", "bpe") for size in options.sizes]
    small = options.sizes[:1]
    cases += [("unigram", s, dict(user_defined_symbols=["<mask>", "photo", "th"], byte_fallback=True)) for s in small]
    cases += [("unigram", s, dict(treat_whitespace_as_suffix=True, normalization_rule_name="nfkc_cf")) for s in small]
    cases += [("unigram", s, dict(remove_extra_whitespaces=False, split_by_whitespace=False)) for s in small]
    cases += [("bpe", s, dict(normalization_rule_name="nmt_nfkc", add_dummy_prefix=True, byte_fallback=False,
                              remove_extra_whitespaces=True, user_defined_symbols=[])) for s in small]
    cases += [("bpe", s, dict(split_by_whitespace=False, user_defined_symbols=["a photo", "er"])) for s in small]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for kind, size, extra in cases:
            blob = piece_models.train(lines, kind, size, **extra)
            files = piece_models.write(pathlib.Path(folder), f"{kind}-{size}", blob, kind)
            reference = sentencepiece.SentencePieceProcessor(model_proto=blob)
            texts = list(strings(rng, lines, options.count))
            expected = [(ids := reference.encode(t), reference.normalize(t), reference.decode(ids)) for t in texts]
            for file in files[:1] if extra else files:
                answer = subprocess.run([options.program, file], input="".join(t.encode().hex() + "\n" for t in texts),
                                        text=True, check=True, stdout=subprocess.PIPE).stdout.splitlines()
                equal = 0
                for text, (ids, normal, decoded), line in zip(texts, expected, answer, strict=True):
                    ours, ours_normal, ours_decoded = line.split("\t")
                    ours = [int(i) for i in ours.split()]
                    same = ours == ids and bytes.fromhex(ours_normal) == normal.encode()
                    same = same and bytes.fromhex(ours_decoded) == decoded.encode()
                    equal += same
                    if not same and options.show > 0:
                        options.show -= 1
                        print(f"{text!r}\n  expected {ids} {normal!r} {decoded!r}\n  found    {ours} "
                              f"{bytes.fromhex(ours_normal)!r} {bytes.fromhex(ours_decoded)!r}")
                print(f"{kind:8} {reference.get_piece_size():6} pieces {file.suffix:7} {equal} of {len(texts)} equal  {extra or ''}",
                      flush=True)
                failed = failed or equal != len(texts)
    sys.exit(failed)


if __name__ == "__main__":
    main()
