#!/usr/bin/env python3
"""Two small vocabularies of RoBERTa's and XLM-R's kinds, and the ids of Hugging Face's tokenizers with them.

    HF_HUB_OFFLINE=1 python3 make_roberta.py

needs tokenizers, transformers and sentencepiece (made with tokenizers 0.23.3, transformers 5.23, sentencepiece 0.2.3). The texts are
those of texts.json.gz, on which both vocabularies are trained as well. Writes, beside itself,

    roberta/vocab.json, merges.txt   a byte-level BPE of 1500 ids, <s> 0, <pad> 1, </s> 2, <unk> 3, then the others in order of
                                     frequency and not of merges, as in the published files, <mask> last
    roberta/tokenizer.json           the same as transformers saves it
    roberta/ids.json.gz              [[text, id, id, ...], ...] without <s> and </s>
    xlmr/sentencepiece.bpe.model     a unigram model of 3500 pieces, <unk> 0, <s> 1, </s> 2
    xlmr/ids.json.gz                 the same of XLM-R's ids: of sentencepiece, shifted. Texts on which transformers' tokenizer differs
                                     are left out (it keeps some white space that sentencepiece does not, and reads the names <s>,
                                     <pad>, </s>, <unk>, <mask> in a text)
"""
import collections
import gzip
import io
import json
import os
import random
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import sentencepiece
from tokenizers import AddedToken, ByteLevelBPETokenizer
from transformers import RobertaTokenizer, XLMRobertaTokenizer

FOLDER = os.path.dirname(os.path.abspath(__file__))
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def texts():
    with gzip.open(os.path.join(FOLDER, "texts.json.gz")) as f:
        rows = json.load(f)["openai"]
    some = sorted({row[0] for row in rows if len(row[0]) < 200})
    draw = random.Random(5)
    draw.shuffle(some)
    extra = ["", " ", "  a", "a  b", "a \n\n b", "\n\nb", "a \t", "don't DON'T we'LL 've", "x's 's", "<s>a</s>", "a  <mask> b<mask>", "<unk><pad>",
             "a\u00a0b \u3000c", "\u2003\u2003x", "naïve café", "1234 5", "³²¹ ¼", "😀😀 a", "\u0301\u0345", " \u200b x", "a\u0085b", "</S> <MASK>"]
    return extra + some[:2300]


def write_ids(name, rows):
    with gzip.GzipFile(os.path.join(FOLDER, name), "wb", mtime=0) as f:
        f.write(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode())


def roberta(lines):
    folder = os.path.join(FOLDER, "roberta")
    os.makedirs(folder, exist_ok=True)
    learned = ByteLevelBPETokenizer()
    learned.train_from_iterator(lines, vocab_size=1495, min_frequency=2, show_progress=False)
    count = collections.Counter(piece for line in lines for piece in learned.encode(line).tokens)
    order = sorted(learned.get_vocab().items(), key=lambda item: (-count[item[0]], item[1]))
    vocabulary = {name: i for i, name in enumerate(SPECIALS[:4] + [name for name, _ in order] + SPECIALS[4:])}
    with tempfile.TemporaryDirectory() as temporary:
        learned.save_model(temporary)
        with open(os.path.join(temporary, "merges.txt")) as f:
            merges = f.read()
    with open(os.path.join(folder, "merges.txt"), "w") as f:
        f.write(merges)
    with open(os.path.join(folder, "vocab.json"), "w") as f:
        json.dump(vocabulary, f, ensure_ascii=False)
    theirs = RobertaTokenizer(vocab=vocabulary, merges=[tuple(line.split(" ")) for line in merges.splitlines()[1:]],
                              mask_token=AddedToken("<mask>", lstrip=True, special=True, normalized=False))  # as published
    with tempfile.TemporaryDirectory() as temporary:
        theirs.save_pretrained(temporary)
        with open(os.path.join(temporary, "tokenizer.json")) as f:
            whole = json.load(f)
    with open(os.path.join(folder, "tokenizer.json"), "w") as f:
        json.dump(whole, f, ensure_ascii=False, separators=(",", ":"))
    write_ids("roberta/ids.json.gz", [[line, *theirs(line, add_special_tokens=False).input_ids] for line in lines])


def xlmr(lines):
    folder = os.path.join(FOLDER, "xlmr")
    os.makedirs(folder, exist_ok=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(line for line in lines if line.strip()), model_writer=model, vocab_size=3500,
                                             model_type="unigram", num_threads=1, hard_vocab_limit=False, character_coverage=0.98, minloglevel=2)
    path = os.path.join(folder, "sentencepiece.bpe.model")
    with open(path, "wb") as f:
        f.write(model.getvalue())
    pieces = sentencepiece.SentencePieceProcessor(model_file=path)
    shifted = lambda text: [i + 1 if i else 3 for i in pieces.encode(text)]
    with tempfile.TemporaryDirectory() as temporary:
        os.symlink(path, os.path.join(temporary, "sentencepiece.bpe.model"))
        theirs = XLMRobertaTokenizer.from_pretrained(temporary)
        print("size", len(theirs), len(pieces) + 2)
        rows = [[line, *shifted(line)] for line in lines]
        kept = [row for row in rows if theirs(row[0], add_special_tokens=False).input_ids == row[1:]]
        print(len(rows) - len(kept), "of", len(rows), "differ:", [row[0] for row in rows if row not in kept][:40])
    write_ids("xlmr/ids.json.gz", kept)


if __name__ == "__main__":
    roberta(texts())
    xlmr(texts())
