"""Tokenises the distinct prompts of ImageNet.

    python3 texts.py --peer huggingface-tokenizers

Every repeat uses a new tokenizer with an empty word cache; loading it is not measured. huggingface-tokenizers is the
Rust library, all texts in one call; open_clip is CLIP's Python code. Prints one line of JSON.
"""

import time

import common


def huggingface(a):
    from huggingface_tokenizer import new_tokenizer, read_merges, vocabulary

    merges = read_merges(a.data)
    names = vocabulary(merges)
    return lambda: new_tokenizer(names, merges).encode_batch_fast


def open_clip(a):
    from open_clip.tokenizer import SimpleTokenizer

    return lambda: SimpleTokenizer(bpe_path=str(a.data / "bpe_simple_vocab_16e6.txt.gz"))


PEERS = {"huggingface-tokenizers": huggingface, "open_clip": open_clip}


def main():
    a = common.arguments(__doc__, PEERS)
    classes, templates = common.imagenet(a.data)
    texts = list(dict.fromkeys(t.replace("{}", c) for c in classes for t in templates))
    make = PEERS[a.peer](a)
    taken = []
    for _ in range(a.repeats):
        tokenize = make()
        start = time.perf_counter()
        tokenize(texts)
        taken.append(time.perf_counter() - start)
    common.report(taken)


if __name__ == "__main__":
    common.run(main)
