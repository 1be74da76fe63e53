"""Compares the cleaning of generated texts, most of them decoded with a wrong encoding, with ftfy's. See README.md."""

import argparse
import collections
import html
import pathlib
import random
import re
import string
import subprocess
import sys

import ftfy
from ftfy.badness import MOJIBAKE_CATEGORIES
from ftfy.chardata import CHARMAP_ENCODINGS, UTF8_CLUES

SENTENCES = [
    "a photo of a dog, 10° C — ‘cold’ and “windy” …",
    "Ein schöner Größenvergleich: Äpfel, Öl & Übermut – für 5 €",
    "à la carte, voilà le garçon; où est-il ? C’est déjà l’été à Nîmes",
    "¿Dónde está el niño? ¡Mañana en España!",
    "às vezes àquela ação não é fácil: São João, coração",
    "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "Zażółć gęślą jaźń, łódź i źrebię",
    "Árvíztűrő tükörfúrógép",
    "İstanbul'da güneşli ağaç ve ışık",
    "Įlinkdama fechtuotojo špaga sublykčiojusi pragręžė apvalų arbūzą",
    "Съешь же ещё этих мягких французских булок, да выпей чаю",
    "Щастливі їжаки їдять ґрунт",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία στο λύκειο",
    "صورة قطة جميلة في الحديقة ٣",
    "תמונה של כלב בפארק",
    "नमस्ते दुनिया, एक कुत्ता",
    "ภาพถ่ายของแมว",
    "猫の写真、犬と公園。",
    "一张小狗的照片，很可爱！",
    "강아지 사진입니다",
    "😀 happy cat 🐱‍👤 👍🏽 © ® ™ №5 ½ ×² ±3 µm",
    "smørrebrød på Ærø, Åse & Ðórður",
    "AT&amp;T caf&eacute; P&EACUTE;REZ &ATILDE;&SUP3; &#233; &#x1F600; &Atilde;&copy; <b>",
    "ﬁne ﬂuﬀ ĳ Ǆ ＦＵＬＬ　ｗｉｄｔｈ ｶﾞ ‚low‛ †‡ •",
]
OTHERS = ["cp850", "koi8-r", "iso-8859-15", "iso-8859-7", "cp1255", "cp1256", "cp1258", "gbk", "shift-jis"]
ALPHABET = "".join(
    re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), chars)
    for chars in [*MOJIBAKE_CATEGORIES.values(), *UTF8_CLUES.values()]
)


def cut(rng, text):
    """A part of a text; mostly whole words."""
    if rng.random() < 0.3:
        begin = rng.randrange(len(text))
        return text[begin : begin + rng.randint(1, 30)]
    words = text.split(" ")
    begin = rng.randrange(len(words))
    return " ".join(words[begin : begin + rng.randint(1, 6)])


def to_utf8(rng, text):
    """UTF-8, sometimes in Java's or Oracle's variant."""
    if rng.random() < 0.1:
        units = text.encode("utf-16-le", "surrogatepass")
        pairs = "".join(chr(units[i] | units[i + 1] << 8) for i in range(0, len(units), 2))
        return pairs.encode("utf-8", "surrogatepass").replace(b"\0", b"\xc0\x80")
    return text.encode("utf-8", "surrogatepass")


def wrong(rng, text):
    """A text decoded with a wrong encoding, one to three times over."""
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
        encoding = rng.choice(OTHERS if rng.random() < 0.1 else CHARMAP_ENCODINGS)
        how = "strict" if encoding.startswith("sloppy") or encoding == "latin-1" else "replace"
        if rng.random() < 0.15 and encoding.startswith("sloppy"):
            encoding, how = encoding[7:], "replace"
        text = to_utf8(rng, text).decode(encoding, how)
    return text


def damage(rng, text):
    letters = list(text)
    for _ in range(rng.choice([1, 1, 2, 4])):
        if not letters:
            break
        letters = list("".join(letters))
        at = rng.randrange(len(letters))
        kind = rng.choice(
            ["space", "space", "lost", "?", "drop", "swap", "insert", "ascii", "trim", "case", "\x1a", "control"]
        )
        if kind == "space":
            letters = [" " if c == "\xa0" else c for c in letters]
        elif kind in ("lost", "?", "\x1a"):
            wide = [i for i, c in enumerate(letters) if ord(c) > 127] or [at]
            letters[rng.choice(wide)] = {"lost": "\ufffd"}.get(kind, kind)
        elif kind == "drop":
            del letters[at]
        elif kind == "swap":
            letters[at], letters[at - 1] = letters[at - 1], letters[at]
        elif kind == "insert":
            letters.insert(at, rng.choice(ALPHABET))
        elif kind == "ascii":
            letters.insert(at, rng.choice(string.printable))
        elif kind == "trim":
            letters = letters[at:]
        elif kind == "case":
            letters = list(rng.choice([str.upper, str.lower, str.title])("".join(letters)))
        else:
            letters.insert(
                at,
                rng.choice(
                    ["\r\n", "\n", "\r", "\x85", "\u2028", "\x1b[31m", "\x00", "\ufeff", "\u206a", "\x1c", "&amp;"]
                ),
            )
    return "".join(letters)


def noise(rng):
    """Characters that occur in mojibake, in any order."""
    text = "".join(
        rng.choice(ALPHABET) if rng.random() < 0.7 else rng.choice(" aZ\n_5.é°×à") for _ in range(rng.randint(1, 12))
    )
    return text


def bytes_like(rng):
    """Bytes that are nearly UTF-8, decoded with a wrong encoding."""
    firsts = [*range(0x20, 0x7F, 9), *range(0xC0, 0xE4), 0xE2, 0xED, 0xED, 0xEF, 0xF0, 0xF0, 0xF3, 0xF4, 0xC0]
    data = bytearray()
    for _ in range(rng.randint(1, 5)):
        first = rng.choice(firsts)
        data.append(first)
        for _ in range((first >= 0xC0) + (first >= 0xE0) + (first >= 0xF0)):
            data.append(
                rng.choice(
                    [rng.randrange(0x80, 0xC0), rng.randrange(0x80, 0xC0), rng.randrange(0x80, 0xC0), 0xA0, 0x20, 0x3F]
                )
            )
        if first == 0xED and rng.random() < 0.6:
            data[-2] = rng.randrange(0xA0, 0xB0)
            data += bytes([0xED, rng.randrange(0xB0, 0xC0), rng.choice([0x3F, rng.randrange(0x80, 0xC0)])])
    if rng.random() < 0.2:
        data += b"\n"
    text = bytes(data).decode(rng.choice(CHARMAP_ENCODINGS))
    return damage(rng, text) if rng.random() < 0.3 else text


def generate(rng):
    kind = rng.choice(["wrong", "wrong", "wrong", "mixed", "mixed", "damaged", "damaged", "plain", "noise", "bytes"])
    part = lambda: cut(rng, rng.choice(SENTENCES))
    if kind == "wrong":
        return kind, wrong(rng, part())
    if kind == "mixed":
        parts = [
            rng.choice([part, part, lambda: wrong(rng, part()), lambda: damage(rng, wrong(rng, part()))])()
            for _ in range(rng.randint(2, 5))
        ]
        text = rng.choice([" ", " ", "", "\n"]).join(parts)
        return kind, html.escape(text) if rng.random() < 0.1 else text
    if kind == "damaged":
        return kind, damage(rng, wrong(rng, part()))
    if kind == "plain":
        return kind, damage(rng, part()) if rng.random() < 0.5 else part()
    return kind, noise(rng) if kind == "noise" else bytes_like(rng)


def usable(text):
    """Whether `text` is UTF-8, and without escapes whose digits are not ASCII, which ftfy removes as well."""
    return not re.search("[\ud800-\udfff]", text)


def openai(text):
    text = html.unescape(html.unescape(ftfy.fix_text(text))).strip()
    return re.sub(r"\s+", " ", text).strip().lower()


def canonicalize(text):
    """OpenCLIP's cleaning of this name."""
    text = html.unescape(html.unescape(ftfy.fix_text(text))).strip().replace("_", " ")
    return " ".join(text.translate(str.maketrans("", "", string.punctuation)).lower().split())


REFERENCES = {"ftfy": ftfy.fix_text, "openai+ftfy": openai, "canonicalize": canonicalize}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("program", type=pathlib.Path)
    options.add_argument("--count", type=int, default=20000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", type=int, default=10, help="differences to print")
    options = options.parse_args()

    rng = random.Random(options.seed)
    texts = []
    while len(texts) < options.count:
        kind, text = generate(rng)
        if usable(text):
            texts.append((kind, text))
    tasks = [(name, kind, text) for name in REFERENCES for kind, text in texts]
    lines = "".join(f"{name} {text.encode().hex()}\n" for name, _, text in tasks)
    answers = (
        subprocess.run([options.program], input=lines.encode(), stdout=subprocess.PIPE, check=True)
        .stdout.decode()
        .splitlines()
    )
    if len(answers) != len(tasks):
        sys.exit(f"{len(tasks)} texts were sent, {len(answers)} came back")

    all_of, equal, changed = (collections.Counter() for _ in range(3))
    shown = 0
    for (name, kind, text), answer in zip(tasks, answers):
        expected, found = REFERENCES[name](text), bytes.fromhex(answer).decode()
        for key in ((name, kind), (name, "all")):
            all_of[key] += 1
            equal[key] += expected == found
            changed[key] += expected != (text if name == "ftfy" else text.lower())
        if expected != found and shown < options.show:
            shown += 1
            print(f"{name}, {kind}: {text!a}\n  expected {expected!a}\n  found    {found!a}")
    print(f"ftfy {ftfy.__version__}, seed {options.seed}")
    for name, kind in all_of:
        key = (name, kind)
        print(f"{name:>12} {kind:>8}: {equal[key]} of {all_of[key]} equal, {changed[key]} changed by the reference")
    return 0 if equal == all_of else 1


if __name__ == "__main__":
    sys.exit(main())
