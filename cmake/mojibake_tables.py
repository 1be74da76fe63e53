#!/usr/bin/env python3
"""Writes clean/mojibake_tables.hpp of include/clip/tokenizer: the tables by which ftfy finds wrongly decoded text.

    python3 cmake/mojibake_tables.py [include/clip/tokenizer]

Needs ftfy 6.3.1 from PyPI and Python 3.11 (Unicode 14.0), as the reference token ids do. ftfy states its heuristics as two regular
expressions over sets of characters. Here each different set gets a bit, each character the bits of its sets, and each alternative of the
first expression becomes a row of bits. The character sets are those of Python's codecs, completed as ftfy completes them.
"""

import html
import html.entities
import os
import re
import sys
from re import _constants as op
from re import _parser as parser

import ftfy
from ftfy import badness, chardata

from unicode_tables import fill, ranges, table

assert ftfy.__version__ == "6.3.1", ftfy.__version__

# Sets of many characters, which the code computes: \s, \w, [^A-Za-z], and any character but a line end.
COMPUTED = {"space": 60, "word": 61, "not_latin": 62, "not_line_end": 63}


def computed(kind, argument):
    """The name of a computed set, or None."""
    if kind == op.ANY:
        return "not_line_end"
    if kind != op.IN:
        return None
    if argument == [(op.CATEGORY, op.CATEGORY_SPACE)]:
        return "space"
    if argument == [(op.CATEGORY, op.CATEGORY_WORD)]:
        return "word"
    if argument[0] == (op.NEGATE, None):
        assert argument[1:] == [(op.RANGE, (65, 90)), (op.RANGE, (97, 122))]
        return "not_latin"
    return None


def members(kind, argument):
    """The characters of a set or a literal."""
    codes = set()
    for kind, argument in argument if kind == op.IN else [(kind, argument)]:
        first, last = argument if kind == op.RANGE else (argument, argument)
        codes |= set(range(first, last + 1))
        assert kind in (op.RANGE, op.LITERAL)
    return frozenset(codes)


class Sets:
    """Numbers the sets that occur from 1."""

    def __init__(self):
        self.bits = {}

    def bit(self, codes):
        return self.bits.setdefault(codes, len(self.bits) + 1)

    def element(self, kind, argument):
        """A set's bit, or a character of at least 64 by itself."""
        if name := computed(kind, argument):
            return COMPUTED[name]
        if kind == op.LITERAL and argument >= 64:
            return argument
        return self.bit(members(kind, argument))

    def masks(self):
        codes = sorted(set().union(*self.bits))
        assert len(self.bits) < min(COMPUTED.values()) and codes[-1] <= 0xFFFF
        return ranges((c, sum(1 << bit for s, bit in self.bits.items() if c in s)) for c in codes)


def sequences(sets):
    """The rows (whether only at the beginning, elements) of the expression of unlikely sequences."""
    ((kind, (_, alternatives)),) = parser.parse(badness.BADNESS_RE.pattern, re.VERBOSE)
    assert kind == op.BRANCH
    for alternative in alternatives:
        rows, at_start = [[]], False
        for kind, argument in alternative:
            if kind == op.AT:
                assert argument == op.AT_BEGINNING and rows == [[]]
                at_start = True
            elif kind == op.MAX_REPEAT:
                low, high, ((kind, argument),) = argument
                assert (low, high) == (0, 1)
                rows += [row + [sets.element(kind, argument)] for row in rows]
            else:
                rows = [row + [sets.element(kind, argument)] for row in rows]
        for row in rows:
            yield at_start, row


def capitals():
    """(code, codes of its capital form) of the characters whose entity ftfy also knows in capitals, where they differ."""
    found = {}
    for name, text in html.entities.html5.items():
        capital = "&" + name.upper()
        if name.endswith(";") and name == name.lower() and html.unescape(capital) == capital:
            assert text.upper() == "".join(c.upper() for c in text)
            found |= {ord(c): [ord(u) for u in c.upper()] for c in text if c.upper() != c}
    assert max(map(len, found.values())) <= 3
    return sorted(found.items())


def codes_of(encoding):
    """The characters of bytes 0x80 to 0xFF."""
    text = bytes(range(0x80, 0x100)).decode(encoding)
    assert len(set(text)) == 128 and bytes(range(0x1A)).decode(encoding) == "".join(map(chr, range(0x1A)))
    assert (b"\x1a".decode(encoding) == "\ufffd") == encoding.startswith("sloppy")
    return [ord(c) for c in text]


def mojibake_tables():
    sets = Sets()
    rows = list(sequences(sets))
    longest = max(len(row) for _, row in rows)
    clues = {name: sets.bit(members(*parser.parse(f"[{chars}]")[0])) for name, chars in chardata.UTF8_CLUES.items()}
    names = {name.replace("utf8_", ""): bit for name, bit in clues.items()} | COMPUTED
    encodings = [
        f"{{\"{name.replace('sloppy-', '')}\", {str(name.startswith('sloppy')).lower()}, {{\n"
        + fill(f"0x{c:X}" for c in codes_of(name))
        + "}}"
        for name in chardata.CHARMAP_ENCODINGS
    ]
    body = [
        "/// The bits of the sets of characters that have a name; the others occur in the rows below only.\n"
        + "".join(f"inline constexpr unsigned {name}_set = {bit};\n" for name, bit in names.items()),
        "/// A range of codes that are in the same sets: bit b for set b.\n"
        "struct CodeSets {\n  char16_t first, last;\n  std::uint64_t sets;\n};\n",
        table(
            "The characters that wrongly decoded text has; without the sets from 60 on, which are computed.",
            "CodeSets code_sets",
            (f"{{0x{a:X}, 0x{b:X}, 0x{m:X}}}" for a, b, m in sets.masks()),
        ),
        "/// Neighbours that hardly occur in intended text. An element below 64 is a set, others are the character itself; 0 ends\n/// a row.\n"
        f"struct UnlikelySequence {{\n  bool at_start;  // only at the beginning of a text\n  char16_t elements[{longest + 1}];\n}};\n",
        table(
            "A text in which one of them occurs is taken for wrongly decoded.",
            "UnlikelySequence unlikely_sequences",
            (
                f"{{{str(start).lower()}, {{{', '.join(str(e) if e < 64 else f'0x{e:X}' for e in row)}}}}}"
                for start, row in rows
            ),
        ),
        "/// An encoding of one byte per character: ASCII below 0x80.\n"
        "struct ByteEncoding {\n  const char* name;\n"
        "  bool sloppy;  // bytes without a character stand for themselves, and 0x1A for U+FFFD\n  char16_t high[128];\n};\n",
        "/// The encodings in the order in which they are tried.\n"
        "inline constexpr ByteEncoding byte_encodings[] = {\n" + ",\n".join(encodings) + "};\n",
        "/// The capital form of a character: one to three characters, 0 behind them.\n"
        "struct Capital {\n  char16_t code, capital[3];\n};\n",
        table(
            "The capital forms of the characters with a named reference that is also read in capitals (&EACUTE;).",
            "Capital capitals",
            (f"{{0x{c:X}, {{{', '.join(f'0x{u:X}' for u in upper)}}}}}" for c, upper in capitals()),
        ),
    ]
    return (
        "// clip/tokenizer/clean/mojibake_tables.hpp: tables of ftfy 6.3.1 about wrongly decoded text.\n//\n"
        "// Generated by cmake/mojibake_tables.py; do not edit.\n#pragma once\n\n// clang-format off\n\n"
        "#include <clip/core/abi.hpp>\n\n#include <cstdint>\n\nnamespace clip::inline CLIP_ABI::detail {\n\n"
        + "\n".join(body)
        + "\n}  // namespace clip::inline CLIP_ABI::detail\n"
    )


if __name__ == "__main__":
    default = os.path.join(os.path.dirname(__file__), "..", "include", "clip", "tokenizer")
    here = sys.argv[1] if len(sys.argv) > 1 else default
    with open(os.path.join(here, "clean", "mojibake_tables.hpp"), "w", encoding="utf-8", newline="\n") as file:
        file.write(mojibake_tables())
