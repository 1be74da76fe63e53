#!/usr/bin/env python3
"""Trains the two small models of this folder and writes what the package sentencepiece answers for 22 texts.

    pip install sentencepiece==0.2.3
    python3 tests/tokenizer/sentencepiece/make_models.py

unigram.model   as T5 and SigLIP: unigram, a space before the text, <pad> 0, </s> 1, <unk> 2. Its map of characters is a
                part of NFKC, so that the file stays small
bpe.model       as Gemma and SigLIP 2: BPE, texts unchanged, digits one by one, byte fallback, user-defined pieces
NAME.tokenizer.json the same as Hugging Face's tokenizers write them; NAME.json texts, ids, normalised and decoded texts
The result is the same everywhere.
"""

import json
import os
import pathlib
import string
import sys
import tempfile
import unicodedata

import sentencepiece

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent.parent / "parity"))
import piece_models  # noqa: E402

SUBJECTS = "cat dog bird horse lighthouse train boat photographer child painting".split()
PLACES = "on the beach|under a bridge|near the old station|in 1998|with 3 friends|at 10 o'clock|behind the caf\u00e9".split("|")
LOOKS = "small|very large|blurry|colourful|black and white|\ufb01ne|na\u00efve|\uff26\uff35\uff2c\uff2c width".split("|")
LINES = [
    f"a {look} photo of a {s} {p}" if (i + j + k) % 3 else f"The {s}s are {look}  {p}, number {i * 37 + j}{k}."
    for i, s in enumerate(SUBJECTS)
    for j, p in enumerate(PLACES)
    for k, look in enumerate(LOOKS)
]
TEXTS = [
    "", " ", "a photo of a cat", "  a   small photo  ", "The lighthouses are colourful on the beach, number 374.", "THE CAF\u00c9",
    "cafe\u0301 naive", "\ufb01ne \uff26\uff35\uff2c\uff2c width", "zebra quiz 12345", "\u732b\u306e\u5199\u771f", "a\u732bb \U0001F600\U0001F600 c",
    "tab\there\nnewline", "a\u00a0b\u3000c\u200bd", "\u2581cat \u2581\u2581dog", "<mask> a <mask>cat", "<pad></s><unk>", "\u00bd \u2460 \u2122 \u2026",
    "x" * 30, "soft\u00adhyphen \u0000nul", "photographers photographed photographs", "o'clock o\u2019clock",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0645\u0631\u062d\u0628\u0627",
]


def rules():
    """Lines of a table of replacements: code points in hexadecimal, a tab, code points."""
    pairs = {chr(c): "" for c in [*range(1, 9), 0xB, *range(0xE, 0x20), 0x7F, 0xAD]}
    pairs |= {chr(c): " " for c in (9, 0xA, 0xC, 0xD, 0xA0, 0x200B, 0x3000, 0xFEFF)}
    for c in [*range(0xA8, 0xC0), *range(0x2000, 0x2030), 0x2122, *range(0x2460, 0x2474), *range(0xFB00, 0xFB07), *range(0xFF01, 0xFF5F)]:
        replacement = unicodedata.normalize("NFKC", chr(c))
        if replacement != chr(c) and chr(c) not in pairs:
            pairs[chr(c)] = replacement
    for letter in "aeiouAEIOU":
        for mark in "\u0300\u0301\u0302\u0308":
            pairs[letter + mark] = unicodedata.normalize("NFC", letter + mark)
    return "".join(" ".join(f"{ord(c):X}" for c in a) + "\t" + " ".join(f"{ord(c):X}" for c in b) + "\n" for a, b in pairs.items())


def siglip(text):
    """transformers' cleaning for SigLIP."""
    text = "".join(c.lower() for c in text).replace("\u2581", " ")
    return " ".join("".join(c for c in text if c not in string.punctuation).split())


def row(ids, end, pad, context=16):
    ids = [*ids[: context - 1], end]
    return ids + [pad] * (context - len(ids))


def write(name, blob, clean, pad):
    (FOLDER / f"{name}.model").write_bytes(blob)
    file = json.dumps(piece_models.tokenizer_json(blob, name), ensure_ascii=False)
    (FOLDER / f"{name}.tokenizer.json").write_text(file, encoding="utf-8")
    model = sentencepiece.SentencePieceProcessor(model_proto=blob)
    answers = []
    for text in TEXTS:
        ids = model.encode(text)
        answers.append(dict(text=text, ids=ids, normal=model.normalize(text), decoded=model.decode(ids),
                            row=row(model.encode(clean(text)), 1, pad)))
    (FOLDER / f"{name}.json").write_text(json.dumps(answers, indent=0) + "\n")
    print(f"{name}: {model.get_piece_size()} pieces, {len(blob)} bytes")


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # the file's name becomes part of the model
        pathlib.Path("rules.tsv").write_text(rules())
        write("unigram", piece_models.train(LINES, "unigram", 160, normalization_rule_tsv="rules.tsv"), siglip, 1)
        os.chdir(FOLDER)
    bpe = piece_models.train(LINES, "bpe", 460, user_defined_symbols=["<mask>", "\u2581\u2581", "\u2581\u2581\u2581"])
    write("bpe", bpe, str.lower, 0)


if __name__ == "__main__":
    main()
