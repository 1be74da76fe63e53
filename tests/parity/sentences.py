"""Compares the features of a folder of sentence-transformers with those of transformers. See README.md."""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import numpy as np
import torch
from transformers import AutoModel, BertTokenizer

SUBJECTS = ["a cat", "the old lighthouse keeper", "two children", "an astronaut", "my neighbour's dog", "the committee", "nobody", "a flock of starlings",
            "Dr. Müller", "the naïve café owner", "Ångström's student", "3 engineers", "北京的猫", "кошка", "η γάτα", "an e-mail from 2019", "the U.S. team"]
VERBS = ["sleeps on", "photographs", "does not believe in", "paints", "quickly repairs", "argues about", "will inherit", "is thinking of", "sold",
         "couldn't find", "re-reads", "accidentally dropped", "measures", "dreams of", "unquestionably prefers"]
OBJECTS = ["a red sofa", "the antidisestablishmentarian pamphlet", "quantum chromodynamics", "3.14159 pies", "an umbrella & a coat", "the river at dawn",
           "state-of-the-art transformers", "sushi (or ramen?)", "the year 1848", "https://example.org/a?b=c", "crème brûlée", "half of the evidence",
           "a very, very long sentence", "the #1 hit", "“quoted” words", "its own reflection", "日本の山", "snow \u2603", "zzyzx"]
ENDS = [".", "!", "?", " in the rain.", ", or so they say.", " while everyone else is waiting for the train that never comes.", "", " ...", " \u2014 again."]


def sentences(count, seed, prompts):
    rng = random.Random(seed)
    parts = []
    if prompts:
        for entry in json.loads(prompts.read_text()).values():
            for template in entry.get("templates", []):
                parts += [template.replace("{}", str(name)) for name in rng.sample(entry["classes"], min(3, len(entry["classes"])))]
    made = []
    while len(made) < count:
        if parts and rng.random() < 0.4:
            made.append(rng.choice(parts))
            continue
        sentence = f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(OBJECTS)}{rng.choice(ENDS)}"
        made.append(" ".join([sentence] * rng.choice([1] * 12 + [2, 3, 16])) if rng.random() < 0.9 else sentence.upper())
    return made


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("program", type=pathlib.Path)
    options.add_argument("folder", type=pathlib.Path, help="of cmake/minilm.sh")
    options.add_argument("--count", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--prompts", type=pathlib.Path, help="a JSON file of classes and templates by data set, whose prompts are mixed in")
    options.add_argument("--tolerance", type=float, default=1e-5)
    options = options.parse_args()

    texts = sentences(options.count, options.seed, options.prompts)
    limit = json.loads((options.folder / "sentence_bert_config.json").read_text())["max_seq_length"]
    config = json.loads((options.folder / "tokenizer_config.json").read_text())
    tokenizer = BertTokenizer.from_pretrained(options.folder, do_lower_case=config["do_lower_case"])
    model = AutoModel.from_pretrained(options.folder).eval()
    expected = []
    with torch.no_grad():
        for begin in range(0, len(texts), 50):
            batch = tokenizer(texts[begin:begin + 50], padding=True, truncation=True, max_length=limit, return_tensors="pt")
            mask = batch["attention_mask"].unsqueeze(-1).float()
            mean = (model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)
            expected.append(torch.nn.functional.normalize(mean).numpy())
    expected = np.concatenate(expected)
    with tempfile.TemporaryDirectory() as folder:
        lines = pathlib.Path(folder) / "texts.txt"
        lines.write_text("".join(text + "\n" for text in texts))
        out = pathlib.Path(folder) / "features.npy"
        subprocess.run([options.program, options.folder, lines, out], check=True)
        found = np.load(out)
    lengths = sorted({len(tokenizer(t)["input_ids"]) for t in texts})
    difference = np.abs(found - expected).max(axis=1)
    worst = int(difference.argmax())
    print(f"{len(texts)} sentences of {lengths[0]} to {lengths[-1]} ids, {len(set(texts))} different: largest difference of unit-length features "
          f"{difference.max():.2e} ({texts[worst][:60]!r}), mean of the largest {difference.mean():.2e}")
    sys.exit(not (found.shape == expected.shape and difference.max() <= options.tolerance))


if __name__ == "__main__":
    main()
