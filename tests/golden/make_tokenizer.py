"""Writes texts.json.gz, texts_repaired.json.gz and texts_datasets.json: ids of the reference tokenizers, against which the C++ tests compare.

    python3 make_tokenizer.py DATA [--output FOLDER]

Needs open_clip_torch, ftfy 6.3, regex and transformers from PyPI, and Python 3.11 (Unicode 14, the library's version). DATA is the
folder of test data. Run by hand; the files are committed.

    texts.json.gz           {rules: [[text, id, id, ...], ...]} for the rules openai, open_clip and huggingface, without SOT and EOT
    texts_repaired.json.gz  [[text, ftfy.fix_text(text), id, ...], ...] under OpenAI's rules: texts that were decoded with the wrong
                            encoding at some time, which the library repairs only where its user brings the repair
    texts_datasets.json     {dataset: [texts, ids, CRC-32 of the ids]} under OpenAI's rules, SOT and EOT included, ids as
                            little-endian 32-bit integers one after the other; texts in the order class by class, template by template

OpenAI's rules are open_clip's SimpleTokenizer with OpenAI's two special strings and its way to collapse white space; the
vocabulary and everything else is the same code. Strings are random with a fixed seed. Those that ftfy takes for wrongly decoded
are left out of the first file, and so are characters that Unicode 14 does not know or counts otherwise than `regex` does; under
Hugging Face's rules also texts on which the normal form of `tokenizers`, whose tables are older, is another.
"""

import argparse
import gzip
import html.entities
import json
import pathlib
import random
import struct
import sys
import unicodedata
import zlib

import ftfy
import regex
from open_clip.tokenizer import SimpleTokenizer, basic_clean, whitespace_clean
from tokenizers import normalizers
from transformers import CLIPTokenizer

SOT, EOT = 49406, 49407


# Tokenizers


def openai_tokenizer():
    tokenizer = SimpleTokenizer()
    ours = ["<|startoftext|>", "<|endoftext|>"]
    for name, own in zip(["<start_of_text>", "<end_of_text>"], ours):
        tokenizer.encoder[own] = tokenizer.encoder.pop(name)
    tokenizer.cache = {name: name for name in ours}
    tokenizer.pat = regex.compile(
        "|".join(map(regex.escape, ours)) + r"|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
        regex.IGNORECASE,
    )
    tokenizer.clean_fn = lambda text: regex.sub(r"\s+", " ", basic_clean(text)).strip().lower()
    return tokenizer


def huggingface_tokenizer(reference):
    names = {v: k for k, v in reference.encoder.items()} | {SOT: "<|startoftext|>", EOT: "<|endoftext|>"}
    merges = sorted(reference.bpe_ranks, key=reference.bpe_ranks.get)
    return CLIPTokenizer(vocab={name: i for i, name in names.items()}, merges=merges)


# Strings


def usable(c):
    category = unicodedata.category(c)
    if category in ("Cs", "Cn"):
        return False
    return (category[0] == "L") == bool(regex.match(r"\p{L}", c)) and (category[0] == "N") == bool(
        regex.match(r"\p{N}", c)
    )


class Strings:
    """Kinds of text, each a method that returns one string of it."""

    def __init__(self, seed, words):
        self.r = random.Random(seed)
        self.words = words
        every = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
        self.usable = [c for c in every if usable(c)]
        self.blocks = {}
        for c in self.usable:
            if unicodedata.category(c) != "Co":
                self.blocks.setdefault(ord(c) >> 7, []).append(c)
        self.names = sorted(html.entities.html5)
        of = lambda *kinds: [c for c in self.usable if unicodedata.category(c) in kinds]
        self.marks, self.numbers = of("Mn", "Mc", "Me"), of("Nd", "No", "Nl")
        self.marks_of_text = [c for c in self.usable if unicodedata.category(c)[0] in "PS"]
        self.capitals = of("Lu", "Lt")
        self.emoji = [c for c in self.usable if 0x1F300 <= ord(c) < 0x1FAFF or 0x2600 <= ord(c) < 0x27C0]
        self.kinds = [
            self.script,
            self.anything,
            self.ascii,
            self.entities,
            self.emojis,
            self.accents,
            self.contractions,
            self.digits,
            self.punctuation,
            self.repeats,
            self.controls,
            self.caption,
            self.widths,
            self.specials,
            self.greek,
            self.lines,
        ]

    def some(self, what, low, high):
        return [self.r.choice(what) for _ in range(self.r.randint(low, high))]

    def script(self):
        block = self.r.choice(list(self.blocks.values()))
        return "".join(self.some(block + [" "] * (len(block) // 6), 1, 12))

    def anything(self):
        return "".join(self.some(self.usable, 1, 6))

    def ascii(self):
        return "".join(chr(self.r.randrange(128)) for _ in range(self.r.randint(1, 24)))

    def entity(self):
        r = self.r
        kind = r.randrange(6)
        if kind == 0:
            return f"&#{r.choice([r.randrange(256), r.randrange(0x3000), r.randrange(0x120000), 10 ** 20])}" + r.choice(
                [";", ";", ""]
            )
        if kind == 1:
            return (
                f"&#{r.choice('xX')}{r.choice([r.randrange(256), r.randrange(0x20000)]):{r.choice('xX')}}"
                + r.choice([";", ";", ""])
            )
        name = (
            r.choice(self.names)
            if kind > 2
            else r.choice(
                ["amp;", "lt;", "gt;", "quot;", "nbsp;", "eacute;", "copy", "not", "notit;", "hellip;", "rsquo;"]
            )
        )
        if kind == 5:
            name = name.upper()
        return "&" + name

    def entities(self):
        text = " ".join(self.entity() + self.r.choice(["", "a", ";", "1"]) for _ in range(self.r.randint(1, 3)))
        for _ in range(self.r.choice([0, 0, 1, 2, 3])):
            text = text.replace("&", "&amp;")
        return self.r.choice(["", "", "x<y "]) + text

    def emojis(self):
        parts = []
        for _ in range(self.r.randint(1, 4)):
            e = self.r.choice(self.emoji)
            parts.append(
                e
                + self.r.choice(
                    [
                        "",
                        "",
                        "\ufe0f",
                        chr(0x1F3FB + self.r.randrange(5)),
                        "\u200d" + self.r.choice(self.emoji),
                        "\u20e3",
                        " ",
                    ]
                )
            )
        return "".join(parts) + self.r.choice(["", "\U0001f1e9\U0001f1ea", "1\ufe0f\u20e3"])

    def accents(self):
        return "".join(
            self.r.choice("aeiouyncszAEIOU\u00c5\u03b1\u0438\uac00\u1100\u1161 ")
            + "".join(self.some(self.marks[:120] + self.marks, 0, 3))
            for _ in range(self.r.randint(1, 6))
        )

    def contractions(self):
        return " ".join(
            self.r.choice(self.words)
            + self.r.choice("'''\u2019\u02bc\u2018")
            + self.r.choice(["s", "t", "re", "ve", "m", "ll", "d", "S", "LL", "\u017f", "x", "'s"])
            for _ in range(self.r.randint(1, 4))
        )

    def digits(self):
        return "".join(self.some(list("0123456789.,-:/x% ") + self.some(self.numbers, 4, 4), 1, 14))

    def punctuation(self):
        return "".join(
            self.some(list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ a") + self.some(self.marks_of_text, 6, 6), 1, 12)
        )

    def repeats(self):
        return self.r.choice(
            [self.r.choice("az0!- \u00e9\u4e00"), self.r.choice(self.words), "ha", "\U0001f600", "'s"]
        ) * self.r.choice([7, 33, 70])

    def controls(self):
        pool = [
            chr(c) for c in (*range(32), *range(127, 160), 0x200B, 0x200D, 0x2060, 0xFEFF, 0x206A, 0xFFF9, 0xFFFD, 0xAD)
        ]
        pool += ["\x1b[31m", "\x1b[0;1m", "\x1b["]
        return "".join(self.r.choice(self.words) + self.r.choice(pool) for _ in range(self.r.randint(1, 4)))

    def caption(self):
        words = self.some(self.words, 2, 6)
        return (
            self.r.choice(["a photo of ", "A ", "", "THE "])
            + self.r.choice([" ", "  ", "-", "_"]).join(words).title()
            + self.r.choice([".", "", "!", " #tag", " http://x.y/?a=1&b=2"])
        )

    def widths(self):
        forms = [chr(c) for c in range(0xFF01, 0xFFEF) if usable(chr(c))]
        return "".join(self.some(forms + list("\u3000\ufb01\ufb02\ufb06\u0133\u01c5\u0149\u01f2\u2126\u212a "), 1, 10))

    def specials(self):
        names = [
            "<|startoftext|>",
            "<|endoftext|>",
            "<|EndOfText|>",
            "<start_of_text>",
            "<end_of_text>",
            "<\u017ftart_of_text>",
        ]
        return "".join(self.some(names + ["<|", "|>", "<", "!", " ", "cat", "&lt;"], 1, 5))

    def greek(self):
        return "".join(
            self.some(
                list("\u03a3\u03a3\u03c3\u03c2\u0391\u03b1\u0130\u0131I'. \u00ad:") + self.some(self.capitals, 3, 3),
                1,
                10,
            )
        )

    def lines(self):
        return "".join(
            self.r.choice(self.words)
            + self.r.choice(
                [
                    "\n",
                    "\r\n",
                    "\r",
                    "\u2028",
                    "\u2029",
                    "\x0b",
                    "\x0c",
                    "\x1c",
                    "\x85",
                    "\xa0",
                    "\u3000",
                    "\t",
                    " <b>\n",
                    " &amp;\n",
                ]
            )
            for _ in range(self.r.randint(1, 5))
        )

    def one(self):
        kinds = [self.r.choice(self.kinds)] if self.r.random() < 0.85 else self.some(self.kinds, 2, 3)
        return self.r.choice(["", "", "", " "]).join(kind() for kind in kinds)


def left_alone(text):
    """Whether ftfy's repair of the encoding changes nothing."""
    return ftfy.fix_text(text) == ftfy.fix_text(text, fix_encoding=False)


def damaged(strings):
    """A text decoded with the wrong encoding."""
    r = strings.r
    text = r.choice(
        [
            "caf\u00e9",
            "na\u00efve",
            "\u201cquoted\u201d",
            "l\u2019\u00e9t\u00e9",
            "\u00a9 2021",
            "sch\u00f6n",
            "\u4f60\u597d",
            "\U0001f600",
            "\u043f\u0440\u0438\u0432\u0435\u0442",
            "\u2014",
            "\u20ac5",
            "\u00bd",
        ]
    )
    text = f"{r.choice(strings.words)} {text} {r.choice(strings.words)}" + r.choice(
        ["", " &amp; so", "\u2026", "!", "&eacute;"]
    )
    for _ in range(r.choice([1, 1, 2])):
        try:
            text = text.encode("utf-8").decode(
                r.choice(["latin-1", "sloppy-windows-1252", "sloppy-windows-1251", "macroman", "cp437"])
            )
        except UnicodeError:
            pass
    return text


# Files


def write_compressed(path, value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_bytes(gzip.compress(text.replace("],[", "],\n[").encode(), 9, mtime=0))


def datasets(data):
    """Name and texts of every data set of prompts."""
    classes, templates = (json.loads((data / f"imagenet_{name}.json").read_text()) for name in ("classes", "templates"))
    yield "ImageNet", [t.replace("{}", c) for c in classes for t in templates]
    for name, parts in sorted(json.loads((data / "zero_shot_prompts_26_datasets.json").read_text()).items()):
        classes = [c for one in parts["classes"] for c in (one if isinstance(one, list) else [one])]
        yield name + " (prompts)", [t.replace("{}", c) for c in classes for t in parts["templates"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10500)
    a = parser.parse_args()
    assert unicodedata.unidata_version == "14.0.0", "Python 3.11 has Unicode 14"

    openai, open_clip = openai_tokenizer(), SimpleTokenizer()
    huggingface = huggingface_tokenizer(open_clip)
    assert open_clip.clean_fn(" A\x1cB ") == whitespace_clean(basic_clean(" A\x1cB ")).lower()
    assert openai.encode("Hello World!") == [3306, 1002, 256]
    words = sorted({w for _, texts in datasets(a.data) for t in texts for w in t.split()})
    strings = Strings(a.seed, words)

    texts = {}
    while len(texts) < a.count:
        text = strings.one()
        if text not in texts and left_alone(text) and all(map(usable, openai.clean_fn(text))):
            texts[text] = openai.encode(text)
    some = list(texts)[:1700]
    same_form = lambda text: normalizers.NFC().normalize_str(text) == unicodedata.normalize("NFC", text)
    write_compressed(
        a.output / "texts.json.gz",
        {
            "openai": [[t, *ids] for t, ids in texts.items()],
            "open_clip": [[t, *open_clip.encode(t)] for t in some if open_clip.encode(t) != texts[t]],
            "huggingface": [[t, *huggingface(t)["input_ids"][1:-1]] for t in some if same_form(t)],
        },
    )

    repaired = {}
    while len(repaired) < 600:
        text = damaged(strings)
        if not left_alone(text):
            repaired[text] = [ftfy.fix_text(text), *openai.encode(text)]
    write_compressed(a.output / "texts_repaired.json.gz", [[t, *rest] for t, rest in repaired.items()])

    sums = {}
    for name, prompts in datasets(a.data):
        ids = [i for t in prompts for i in (SOT, *openai.encode(t), EOT)]
        sums[name] = [len(prompts), len(ids), zlib.crc32(struct.pack(f"<{len(ids)}i", *ids))]
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in sums.items())
    (a.output / "texts_datasets.json").write_text("{\n" + lines + "\n}\n")
    for name in ("texts.json.gz", "texts_repaired.json.gz", "texts_datasets.json"):
        print(name, (a.output / name).stat().st_size, "bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
