"""Writes wordpiece_vocabulary.txt and wordpiece.json.gz: ids of BERT's tokenizer, against which the C++ tests compare.

    python3 make_wordpiece.py DATA [--output FOLDER]

Needs what make_tokenizer.py needs. DATA is the folder of test data. Run by hand; the files are committed.

    wordpiece_vocabulary.txt  a small vocabulary in the form of BERT's vocab.txt: the most frequent words of the prompts in DATA, in
                              their own case and in lower case, endings of words, and single characters
    wordpiece.json.gz         {letters: [[text, id, id, ...], ...]} for the letters uncased and cased, without [CLS] and [SEP]

Only texts on which transformers' two implementations agree are kept. They differ at capital sigmas that end a word, at decomposed
letters in cased models (one of them composes first, which BERT's own code does not) and at characters newer than their tables.
"""

import argparse
import collections
import pathlib
import sys
import unicodedata

from make_tokenizer import Strings, datasets, write_compressed
from transformers import BertTokenizer
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy


def vocabulary(words):
    """words: how often each occurs."""
    ordered = [w for w, _ in sorted(words.items(), key=lambda item: (-item[1], item[0]))]
    characters = sorted(
        {c for w in words for c in w}
        | set(map(chr, range(33, 127)))
        | set("éüßñçøåαβγδεικλμνοπρστυωσςабвгдежийклмнопстия你好世界日本ひらがなカタ한국어عربي€£½²³°©®™–—‘’“”…")
    )
    endings = collections.Counter(w[-n:] for w in words for n in range(2, 6) if len(w) > n and w.isalpha())
    pieces = (
        ["[PAD]"]
        + [f"[unused{i}]" for i in range(5)]
        + ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        + characters
        + ["##" + c for c in characters]
    )
    pieces += [w for w in ordered if w.isalpha() and len(w) > 1][:1600]
    pieces += ["##" + e for e, _ in sorted(endings.items(), key=lambda item: (-item[1], item[0]))[:900]]
    return list(dict.fromkeys(pieces))


class WordStrings(Strings):
    def __init__(self, seed, words):
        super().__init__(seed, words)
        self.kinds += [self.pieces] * 8

    def pieces(self):
        r = self.r
        word = lambda: r.choice(
            [
                r.choice(self.words),
                r.choice(self.words).upper(),
                r.choice(self.words)[:5] + r.choice(self.words)[-4:],
                "x" * r.choice([99, 100, 101]),
                "é" * 100,
                r.choice(["[MASK]", "[SEP]", "[mask]", "[CLS]x", "[UNK][PAD]", "[", "a[SEP]b", "[unused1]"]),
                r.choice("你好世界日本") + r.choice("世界a"),
                "naïve",
                "e\u0301t\u00e9",
                "don't",
            ]
        )
        return r.choice([" ", " ", "-", "", "\u00ad", "\u2028"]).join(word() for _ in range(r.randint(1, 6)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--count", type=int, default=1500)
    a = parser.parse_args()
    assert unicodedata.unidata_version == "14.0.0", "Python 3.11 has Unicode 14"

    words = collections.Counter(
        w for _, texts in datasets(a.data) for t in texts for word in t.split() for w in (word, word.lower())
    )
    path = a.output / "wordpiece_vocabulary.txt"
    path.write_text("".join(piece + "\n" for piece in vocabulary(words)), encoding="utf-8")
    ids = {line: i for i, line in enumerate(path.read_text(encoding="utf-8").split("\n")[:-1])}

    strings = WordStrings(a.seed, sorted(words))
    out = {}
    for letters in ("uncased", "cased"):
        slow = BertTokenizerLegacy(str(path), do_lower_case=letters == "uncased")
        fast = BertTokenizer(vocab=ids, do_lower_case=letters == "uncased")
        rows, left_out = {}, 0
        while len(rows) < a.count:
            text = strings.one()
            one, other = ([*tokenizer(text)["input_ids"]][1:-1] for tokenizer in (slow, fast))
            if one == other:
                rows[text] = one
            else:
                left_out += 1
        print(letters, len(rows), "texts;", left_out, "left out", file=sys.stderr)
        out[letters] = [[t, *row] for t, row in rows.items()]
    write_compressed(a.output / "wordpiece.json.gz", out)


if __name__ == "__main__":
    main()
