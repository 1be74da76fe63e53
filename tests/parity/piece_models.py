"""Trains SentencePiece models on generated text and writes them as tokenizer.json too. Used by pieces.py and by
bench/peers/sentencepiece_peer.py; nothing is downloaded."""

import base64
import io
import json
import random
import struct

import sentencepiece

SPACE = "\u2581"
ENDINGS = ["", "s", "ed", "ing", "er", "ly", "ness", "tion", "ful", "able", "ist", "ous"]
SCRIPTS = [(0x3B1, 0x3C9), (0x430, 0x44F), (0x5D0, 0x5EA), (0x627, 0x64A), (0x905, 0x939), (0xE01, 0xE2E), (0x3042, 0x3093),
           (0x4E00, 0x4E20), (0xAC00, 0xAC10)]


def words(rng, count):
    """Made-up words of consonants and vowels, some in other scripts."""
    consonants = ["b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "th", "ch", "sh", "st", "tr", "pl",
                  "gr"]
    found = set()
    while len(found) < count:
        if rng.random() < 0.1:
            low, high = rng.choice(SCRIPTS)
            found.add("".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 5))))
            continue
        stem = "".join(rng.choice(consonants) + rng.choice("aeiouaeiou\u00e9") for _ in range(rng.randint(1, 3)))
        found.add(stem + rng.choice(["", "n", "r", "t", "l", "ck"]) + rng.choice(ENDINGS))
    return sorted(found)


def sentences(rng, vocabulary, count):
    """Sentences in which few words are frequent, as in captions."""
    common = "a an the of in on with and at photo picture image small large black white red two is to".split()
    for _ in range(count):
        line = [rng.choice(common) if rng.random() < 0.45 else vocabulary[int(len(vocabulary) * rng.random() ** 3)]
                for _ in range(rng.randint(3, 14))]
        if rng.random() < 0.3:
            line[0] = line[0].capitalize()
        if rng.random() < 0.2:
            line.append(str(rng.randint(0, 3000)))
        yield " ".join(line) + rng.choice(["", "", ".", "!", ", etc."])


def train(lines, kind, size, **options):
    """The bytes of a model."""
    blob = io.BytesIO()
    settings = {
        "unigram": dict(pad_id=0, eos_id=1, unk_id=2, bos_id=-1),
        "bpe": dict(pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>",
                    normalization_rule_name="identity", add_dummy_prefix=False, remove_extra_whitespaces=False,
                    split_digits=True, byte_fallback=True, allow_whitespace_only_pieces=True,
                    user_defined_symbols=["<mask>", "\n", SPACE * 2, SPACE * 3]),
    }[kind]
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=blob, num_threads=1,
                                             hard_vocab_limit=False, minloglevel=2, model_type=kind, vocab_size=size,
                                             character_coverage=0.98 if 400 < size < 1000 and len(lines) > 10000 else 0.9995,
                                             **{**settings, **options})
    return blob.getvalue()


def fields(message):
    """The fields of a protocol buffer message: (number, value)."""
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = number()
        if tag & 7 == 0:
            yield tag >> 3, number()
        else:
            size = {1: 8, 5: 4}.get(tag & 7)
            size = number() if size is None else size
            yield tag >> 3, message[at:at + size]
            at += size


def pieces_of(blob):
    """(text, score, kind) of every piece, and the map of characters."""
    pieces, character_map = [], b""
    for key, value in fields(blob):
        if key == 1:
            piece = dict(fields(value))
            pieces.append((piece[1].decode(), struct.unpack("<f", piece.get(2, b"\0\0\0\0"))[0], piece.get(3, 1)))
        elif key == 3:
            character_map = dict(fields(value)).get(2, b"")
    return pieces, character_map


def tokenizer_json(blob, kind):
    """The same model in Hugging Face's form: T5's for unigram, Gemma's for BPE."""
    pieces, character_map = pieces_of(blob)
    added = [dict(id=i, content=text, special=sort != 4, normalized=sort == 4, lstrip=False, rstrip=False, single_word=False)
             for i, (text, _, sort) in enumerate(pieces) if sort in (2, 3, 4)]
    if kind == "unigram":
        steps = [dict(type="Strip", strip_left=False, strip_right=True),
                 dict(type="Replace", pattern=dict(Regex=" {2,}"), content=SPACE)]
        if character_map:
            steps.insert(0, dict(type="Precompiled", precompiled_charsmap=base64.b64encode(character_map).decode()))
        return dict(version="1.0", added_tokens=added, normalizer=dict(type="Sequence", normalizers=steps),
                    pre_tokenizer=dict(type="Metaspace", replacement=SPACE, prepend_scheme="always", split=True),
                    post_processor=None, decoder=None,
                    model=dict(type="Unigram", unk_id=[p[2] for p in pieces].index(2), byte_fallback=False,
                               vocab=[[text, score] for text, score, _ in pieces]))
    ids = {text: i for i, (text, _, _) in enumerate(pieces)}
    merges = [(-score, text[:k], text[k:]) for text, score, sort in pieces if sort == 1
              for k in range(1, len(text)) if text[:k] in ids and text[k:] in ids]
    merges.sort(key=lambda merge: merge[0])
    return dict(version="1.0", added_tokens=added,
                normalizer=dict(type="Replace", pattern=dict(String=" "), content=SPACE),
                pre_tokenizer=dict(type="Split", pattern=dict(String=" "), behavior="MergedWithPrevious", invert=False),
                post_processor=None, decoder=None,
                model=dict(type="BPE", dropout=None, unk_token="<unk>", continuing_subword_prefix=None,
                           end_of_word_suffix=None, fuse_unk=True, byte_fallback=True, ignore_merges=False, vocab=ids,
                           merges=[[left, right] for _, left, right in merges]))


def write(folder, name, blob, kind):
    (folder / f"{name}.model").write_bytes(blob)
    (folder / f"{name}.json").write_text(json.dumps(tokenizer_json(blob, kind), ensure_ascii=False), encoding="utf-8")
    return folder / f"{name}.model", folder / f"{name}.json"


def vocabulary_and_lines(seed, count, distinct):
    rng = random.Random(seed)
    vocabulary = words(rng, distinct)
    rng.shuffle(vocabulary)
    return vocabulary, list(sentences(rng, vocabulary, count))
