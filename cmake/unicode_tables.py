#!/usr/bin/env python3
"""Writes unicode/unicode_tables.hpp, unicode/word_tables.hpp and clean/html_entities.hpp of include/clip/tokenizer.

    python3 cmake/unicode_tables.py [include/clip/tokenizer]

Reads nothing but Python's own tables (unicodedata, html.entities), so the Unicode version is that of the Python that
runs it; the committed files come from Python 3.11 (Unicode 14.0), the version the reference ids were made with.
Python 3.13 and later carry a newer Unicode and change the files.
"""
import html.entities
import os
import sys
import unicodedata

WIDTH = 130
EVERY = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def ranges(kinds):
    """[(code, kind)] ascending -> [(first, last, kind)]; a kind of None is left out."""
    out = []
    for code, kind in kinds:
        if kind is None:
            continue
        if out and out[-1][2] == kind and out[-1][1] == code - 1:
            out[-1][1] = code
        else:
            out.append([code, code, kind])
    return out


def letter_or_number(c):
    return {"L": 1, "N": 2}.get(unicodedata.category(c)[0])


def word_kind(c):
    """What BERT's basic tokenizer tells apart: what it drops, what it strips from letters, what it splits at."""
    category = unicodedata.category(c)
    return 1 if category[0] == "C" else 2 if category == "Mn" else 3 if category[0] == "P" else None


def sigma_context(c):
    """How Python's own final-sigma rule sees c: an ignorable character is looked through, a cased one is a letter beside it."""
    if (c + "\u03a3").lower().endswith("\u03c2"):
        return 1
    if ("A" + c + "\u03a3").lower().endswith("\u03c2"):
        return 2
    return None


def lower_runs():
    """(first, last, step, distance) of characters with a lower-case form of one character; U+0130 is the only other."""
    runs = []
    for c in EVERY:
        low = c.lower()
        if low == c or len(low) != 1:
            continue
        code, distance = ord(c), ord(low) - ord(c)
        if runs and runs[-1][3] == distance:
            first, last, step, _ = runs[-1]
            if (first == last and code - last <= 2) or code - last == step:
                runs[-1][1:3] = [code, code - last]
                continue
        runs.append([code, code, 1, distance])
    return runs


def fill(items):
    """Comma-separated items on lines of at most WIDTH characters."""
    lines, line = [], " "
    for item in items:
        if len(line) + len(item) + 2 > WIDTH:
            lines.append(line)
            line = " "
        line += " " + item + ","
    return "\n".join(lines + [line])


def table(comment, declaration, items):
    items = list(items)
    return f"/// {comment}\ninline constexpr {declaration}[] = {{\n{fill(items)}\n}};\n"


def header(name, sentence, body, includes="#include <clip/core/abi.hpp>\n\n#include <cstdint>\n\n"):
    return (f"// clip/tokenizer/{name}: {sentence}\n//\n// Written by cmake/unicode_tables.py; not edited by hand.\n#pragma once\n\n// clang-format off\n\n"
            + includes +
            "namespace clip::inline CLIP_ABI::detail {\n\n" + body + "\n}  // namespace clip::inline CLIP_ABI::detail\n")


def unicode_tables():
    canonical = []
    for c in EVERY:
        mapped = unicodedata.decomposition(c)
        if mapped and not mapped.startswith("<"):
            parts = [int(x, 16) for x in mapped.split()] + [0]
            canonical.append((ord(c), parts[0], parts[1]))
    composed = sorted((a, b, c) for c, a, b in canonical if b and unicodedata.normalize("NFC", chr(c)) == chr(c))
    wide = [(ord(c), unicodedata.normalize("NFKC", c)) for c in map(chr, range(0xFF01, 0xFFF0))]
    assert [c for c, w in wide if len(w) > 1] == [0xFFE3]  # a macron: space and U+0304, written out where the table is used
    wide = [(c, ord(w[0])) for c, w in wide]
    body = [
        "/// A run of codes that share a value.\nstruct CodeRange {\n  char32_t first, last;\n  std::uint8_t value;\n};\n",
        "/// Every `step`-th code from first to last becomes lower case by adding `distance`.\n"
        "struct LowerRun {\n  char32_t first, last;\n  std::int32_t step, distance;\n};\n",
        "/// `code` is `first` followed by `second` (0: by nothing).\nstruct Decomposition {\n  char32_t code, first, second;\n};\n",
        "/// `first` followed by `second` is `code`.\nstruct Composition {\n  char32_t first, second, code;\n};\n",
        f'inline constexpr const char* unicode_version = "{unicodedata.unidata_version}";\n',
        table("1: letters (categories Lu Ll Lt Lm Lo). 2: numbers (Nd Nl No).", "CodeRange class_ranges",
              (f"{{0x{a:X}, 0x{b:X}, {k}}}" for a, b, k in ranges((ord(c), letter_or_number(c)) for c in EVERY))),
        table("Beside a capital sigma, 1: a cased letter. 2: a character the final-sigma rule looks through.", "CodeRange sigma_ranges",
              (f"{{0x{a:X}, 0x{b:X}, {k}}}" for a, b, k in ranges((ord(c), sigma_context(c)) for c in EVERY))),
        table("Lower-case forms of one character.", "LowerRun lower_runs",
              (f"{{0x{a:X}, 0x{b:X}, {s}, {d}}}" for a, b, s, d in lower_runs())),
        table("Canonical combining classes other than 0.", "CodeRange combining_ranges",
              (f"{{0x{a:X}, 0x{b:X}, {k}}}" for a, b, k in ranges((ord(c), unicodedata.combining(c) or None) for c in EVERY))),
        table("Canonical decompositions, one step, by code; Hangul syllables are computed.", "Decomposition decompositions",
              (f"{{0x{c:X}, 0x{a:X}, 0x{b:X}}}" for c, a, b in canonical)),
        table("Canonical compositions, by the pair; Hangul syllables are computed.", "Composition compositions",
              (f"{{0x{a:X}, 0x{b:X}, 0x{c:X}}}" for a, b, c in composed)),
        table("U+FF01 ... U+FFEF in their usual width (NFKC); U+FFE3 is U+0020 U+0304.", "char16_t usual_width", (f"0x{w:X}" for _, w in wide)),
    ]
    sentence = f"letters, numbers, lower case and normal forms of Unicode {unicodedata.unidata_version}."
    return header("unicode/unicode_tables.hpp", sentence, "\n".join(body))


def word_tables():
    body = table("1: dropped (categories Cc Cf Co Cn). 2: marks (Mn). 3: punctuation (P*).", "CodeRange word_ranges",
                 (f"{{0x{a:X}, 0x{b:X}, {k}}}" for a, b, k in ranges((ord(c), word_kind(c)) for c in EVERY)))
    sentence = f"controls, marks and punctuation of Unicode {unicodedata.unidata_version}, as WordPiece needs them."
    return header("unicode/word_tables.hpp", sentence, body, "#include <clip/tokenizer/unicode/unicode_tables.hpp>\n\n")


def html_entities():
    names = html.entities.html5
    items = []
    for name in sorted(names, key=str.encode):
        codes = [ord(c) for c in names[name]] + [0]
        items.append(f'{{"{name}", 0x{codes[0]:X}, 0x{codes[1]:X}}}')
    body = ("/// Names that end in `;`, and the older ones that need none.\n"
            "struct HtmlEntity {\n  const char* name;\n  char32_t first, second;  // second: 0 where the name means one character\n};\n\n"
            + table("The named references of HTML 5, in byte order of their names.", "HtmlEntity html_entities", items))
    return header("clean/html_entities.hpp", "the named character references of HTML 5.", body)


if __name__ == "__main__":
    here = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "include", "clip", "tokenizer")
    for name, text in (("unicode/unicode_tables.hpp", unicode_tables()), ("unicode/word_tables.hpp", word_tables()), ("clean/html_entities.hpp", html_entities())):
        with open(os.path.join(here, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
